"""What the sensors of a Fluksometer measure, and in which unit each of them says so."""

from enum import StrEnum


class Unit(StrEnum):
    """The units of the wire, as the firmware spells them (docs/protocol.md section 2)."""

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
    """What a sensor measures: the subtype of a clamp, else the sensor's type."""

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


_U, _Q = Unit, Quantity

#: The unit of the gauge of each quantity.
GAUGE_UNITS = {
    **dict.fromkeys((_Q.PPLUS, _Q.PMINUS, _Q.ELECTRICITY, _Q.HEAT), _U.WATT),
    **dict.fromkeys((_Q.Q1, _Q.Q2, _Q.Q3, _Q.Q4), _U.VAR),
    **dict.fromkeys((_Q.VRMS, _Q.BATTERY), _U.VOLT),
    _Q.IRMS: _U.AMPERE,
    **dict.fromkeys((_Q.PF, _Q.VTHD, _Q.ITHD, _Q.TIME, _Q.ERROR), _U.NONE),
    **dict.fromkeys((_Q.MOVEMENT, _Q.VIBRATION, _Q.PROXIMITY), _U.NONE),
    _Q.ALPHA: _U.DEGREE,
    **dict.fromkeys((_Q.WATER, _Q.GAS, _Q.FUEL), _U.LITRE_PER_SECOND),
    _Q.PELLET: _U.GRAM_PER_SECOND,
    _Q.OTHER: _U.PER_SECOND,
    _Q.TEMPERATURE: _U.CELSIUS,
    _Q.HUMIDITY: _U.PERCENT,
    _Q.PRESSURE: _U.PASCAL,
    _Q.LIGHT: _U.LUX,
}

#: The unit of the counter of each quantity that has one.
COUNTER_UNITS = {
    **dict.fromkeys((_Q.PPLUS, _Q.PMINUS, _Q.ELECTRICITY, _Q.HEAT), _U.WATT_HOUR),
    **dict.fromkeys((_Q.Q1, _Q.Q2, _Q.Q3, _Q.Q4), _U.VAR_HOUR),
    **dict.fromkeys((_Q.WATER, _Q.GAS, _Q.FUEL), _U.LITRE),
    _Q.PELLET: _U.GRAM,
    _Q.TIME: _U.SECOND,
    **dict.fromkeys((_Q.OTHER, _Q.MOVEMENT, _Q.VIBRATION, _Q.PROXIMITY), _U.NONE),
}

#: What clamps measure, by subtype; two of it have a sign (docs/protocol.md section 9, quirk 3).
CLAMP_QUANTITIES = frozenset(list(Quantity)[:12])
SIGNED_CLAMP_QUANTITIES = frozenset({_Q.PF, _Q.ALPHA})

#: What pulse inputs count, by type.
PULSE_QUANTITIES = frozenset(list(Quantity)[12:20])

#: What a FluksoKube senses, by type.
KUBE_QUANTITIES = frozenset(list(Quantity)[20:])
