"""Single readings, for arithmetic that processes many at once."""

from custom_components.flukso.metering.house_energy import HouseEnergy
from custom_components.flukso.metering.netting import Netting


def take(netting: Netting, key: str, time: int, value: float) -> list[tuple[int, float]]:
    """Net a reading; return the known import up to the end of each second that it completed."""
    booked = netting.take({key: ([time], [value])})
    return [(each.time, each.imported) for each in booked if each.is_known]


def take_grid(house: HouseEnergy, time: int, imported: float, exported: float) -> None:
    """Process the netted import and export up to a second."""
    house.take([(time, imported, exported)], {})


def take_production(house: HouseEnergy, key: str, time: int, value: float) -> None:
    """Process the value of a counter of the production."""
    house.take((), {key: ([time], [value])})
