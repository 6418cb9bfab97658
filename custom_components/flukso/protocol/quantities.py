"""The quantities that the sensors of a Fluksometer measure, and their units."""

from enum import StrEnum


class Unit(StrEnum):
    """The units in messages, as the firmware spells them (docs/protocol.md section 2)."""

    WATT = "W"
    WATT_HOUR = "Wh"
    VAR = "VAR"
    VAR_HOUR = "VARh"
    VOLT = "V"
    AMPERE = "A"
    DEGREE = "°"
    LITRE = "L"
    LITRE_PER_SECOND = "L/s"
    LITRE_PER_DAY = "L/day"
    GRAM = "g"
    GRAM_PER_SECOND = "g/s"
    SECOND = "s"
    PER_SECOND = "1/s"
    CELSIUS = "°C"
    PERCENT = "%"
    PASCAL = "Pa"
    HECTOPASCAL = "hPa"
    LUX = "lx"
    NONE = ""


class Quantity(StrEnum):
    """The quantity that a sensor measures: the subtype of a clamp, else the sensor's type."""

    PPLUS = "pplus"
    PMINUS = "pminus"
    Q1 = "q1"
    Q2 = "q2"
    Q3 = "q3"
    Q4 = "q4"
    VRMS = "vrms"
    IRMS = "irms"
    PF = "pf"
    VTHD = "vthd"
    ITHD = "ithd"
    ALPHA = "alpha"

    ELECTRICITY = "electricity"
    HEAT = "heat"
    WATER = "water"
    GAS = "gas"
    FUEL = "fuel"
    PELLET = "pellet"
    TIME = "time"
    OTHER = "other"

    TEMPERATURE = "temperature"
    HUMIDITY = "humidity"
    PRESSURE = "pressure"
    LIGHT = "light"
    BATTERY = "battery"
    ERROR = "error"
    MOVEMENT = "movement"
    VIBRATION = "vibration"
    PROXIMITY = "proximity"


#: The unit of the gauge of each quantity.
GAUGE_UNITS = {
    Quantity.PPLUS: Unit.WATT,
    Quantity.PMINUS: Unit.WATT,
    Quantity.Q1: Unit.VAR,
    Quantity.Q2: Unit.VAR,
    Quantity.Q3: Unit.VAR,
    Quantity.Q4: Unit.VAR,
    Quantity.VRMS: Unit.VOLT,
    Quantity.IRMS: Unit.AMPERE,
    Quantity.PF: Unit.NONE,
    Quantity.VTHD: Unit.NONE,
    Quantity.ITHD: Unit.NONE,
    Quantity.ALPHA: Unit.DEGREE,
    Quantity.ELECTRICITY: Unit.WATT,
    Quantity.HEAT: Unit.WATT,
    Quantity.WATER: Unit.LITRE_PER_SECOND,
    Quantity.GAS: Unit.LITRE_PER_SECOND,
    Quantity.FUEL: Unit.LITRE_PER_SECOND,
    Quantity.PELLET: Unit.GRAM_PER_SECOND,
    Quantity.TIME: Unit.NONE,
    Quantity.OTHER: Unit.PER_SECOND,
    Quantity.TEMPERATURE: Unit.CELSIUS,
    Quantity.HUMIDITY: Unit.PERCENT,
    Quantity.PRESSURE: Unit.PASCAL,
    Quantity.LIGHT: Unit.LUX,
    Quantity.BATTERY: Unit.VOLT,
    Quantity.ERROR: Unit.NONE,
    Quantity.MOVEMENT: Unit.NONE,
    Quantity.VIBRATION: Unit.NONE,
    Quantity.PROXIMITY: Unit.NONE,
}

#: The unit of the counter of each quantity that has one.
COUNTER_UNITS = {
    Quantity.PPLUS: Unit.WATT_HOUR,
    Quantity.PMINUS: Unit.WATT_HOUR,
    Quantity.Q1: Unit.VAR_HOUR,
    Quantity.Q2: Unit.VAR_HOUR,
    Quantity.Q3: Unit.VAR_HOUR,
    Quantity.Q4: Unit.VAR_HOUR,
    Quantity.ELECTRICITY: Unit.WATT_HOUR,
    Quantity.HEAT: Unit.WATT_HOUR,
    Quantity.WATER: Unit.LITRE,
    Quantity.GAS: Unit.LITRE,
    Quantity.FUEL: Unit.LITRE,
    Quantity.PELLET: Unit.GRAM,
    Quantity.TIME: Unit.SECOND,
    Quantity.OTHER: Unit.NONE,
    Quantity.MOVEMENT: Unit.NONE,
    Quantity.VIBRATION: Unit.NONE,
    Quantity.PROXIMITY: Unit.NONE,
}

#: The subtypes of clamps; two of them have a sign (docs/protocol.md section 9, quirk 3).
CLAMP_QUANTITIES = frozenset(
    {
        Quantity.PPLUS,
        Quantity.PMINUS,
        Quantity.Q1,
        Quantity.Q2,
        Quantity.Q3,
        Quantity.Q4,
        Quantity.VRMS,
        Quantity.IRMS,
        Quantity.PF,
        Quantity.VTHD,
        Quantity.ITHD,
        Quantity.ALPHA,
    }
)
SIGNED_CLAMP_QUANTITIES = frozenset({Quantity.PF, Quantity.ALPHA})

#: The types of pulse inputs.
PULSE_QUANTITIES = frozenset(
    {
        Quantity.ELECTRICITY,
        Quantity.HEAT,
        Quantity.WATER,
        Quantity.GAS,
        Quantity.FUEL,
        Quantity.PELLET,
        Quantity.TIME,
        Quantity.OTHER,
    }
)

#: The types of FluksoKube sensors.
KUBE_QUANTITIES = frozenset(
    {
        Quantity.TEMPERATURE,
        Quantity.HUMIDITY,
        Quantity.PRESSURE,
        Quantity.LIGHT,
        Quantity.BATTERY,
        Quantity.ERROR,
        Quantity.MOVEMENT,
        Quantity.VIBRATION,
        Quantity.PROXIMITY,
    }
)

#: The signs of the quadrants in the sum that is the reactive power: Q1 and Q2 are inductive.
QUADRANTS = {Quantity.Q1: 1, Quantity.Q2: 1, Quantity.Q3: -1, Quantity.Q4: -1}
