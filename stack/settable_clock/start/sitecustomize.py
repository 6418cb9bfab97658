"""Run as Python starts with libfaketime, which makes each call of `time.sleep` fail."""

import select
import time

time.sleep = lambda seconds: select.select((), (), (), float(seconds)) and None
