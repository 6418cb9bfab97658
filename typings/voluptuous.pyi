# Home Assistant serves probatio to custom integrations under the name of voluptuous.
from probatio import *
