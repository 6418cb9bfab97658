"""The energies of a supply as they are stored."""

from typing import Any

from ..supplies import METER, NETTED, SUMS, slot

type Storage = dict[str, Any]

ENERGIES = NETTED | SUMS
#: One minute before ten o'clock on the simulated day.
TIME = 1_778_572_740
IMPORTS, EXPORTS = (
    [METER.sensor_id(slot(port, subtype)) for port in (1, 2, 3)] for subtype in ("pplus", "pminus")
)
#: The counters of a house 40 Wh of import and 7 Wh of export before the setup.
BEFORE = dict(zip(IMPORTS, (4990.0, 69_970.0, 0.0), strict=True)) | dict(
    zip(EXPORTS, (0.0, 1.5, 893.0), strict=True)
)
#: The data of the file.
STORED: Storage = {
    "netting": {"time": TIME - 60, "values": BEFORE, "imported": 12_000.25, "exported": 500.0},
    "imported": {"total": 175_000.0, "values": {key: BEFORE[key] for key in IMPORTS}},
    "exported": {"total": 800.5, "values": {key: BEFORE[key] for key in EXPORTS}},
    "demand": {
        "time": TIME - 59,
        "energy": 12_000.25,
        "begin_energy": None,
        "last": None,
        "peak": {"demand": 4321.0, "quarter": TIME + 60 - 86_400},
    },
    "counters": {
        key: {
            "mark": {"time": TIME - 60, "value": value, "at": TIME - 59.5},
            "offset": 0.0,
            "rid": 0,
        }
        for key, value in BEFORE.items()
    },
}
