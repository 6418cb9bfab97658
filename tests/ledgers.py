"""The ledger of a supply as it is kept on disk."""

from typing import Any

from .supplies import METER, NETTED, SUMS, slot

type Storage = dict[str, Any]

ENERGIES = NETTED | SUMS
#: A minute before ten o'clock of the day that the house lives on.
TIME = 1_778_572_740
IMPORTS, EXPORTS = (
    [METER.sensor_id(slot(port, subtype)) for port in (1, 2, 3)] for subtype in ("pplus", "pminus")
)
#: What the counters of a house showed, 40 Wh of import and 7 Wh of export before it is set up.
BEFORE = dict(zip(IMPORTS, (4990.0, 69_970.0, 0.0), strict=True)) | dict(
    zip(EXPORTS, (0.0, 1.5, 893.0), strict=True)
)
#: That ledger as it is on disk.
KEPT: Storage = {
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
