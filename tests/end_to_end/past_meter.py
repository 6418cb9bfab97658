"""A meter with a memory of months, made of a household's truth: its messages and its blocks."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
import gzip
from itertools import pairwise
import json
from random import Random

from simulator import Flm03, Message, blocks, wire
from simulator.clamp import GAUGE_UNITS, SUBTYPES
from simulator.config import Sensor, encode
from simulator.installation import clamp_slots, pulse_slot
from simulator.random_values import identity

from .past_household import COUNTERS, HOUR, STEP, Household

_LEVELS = (20, 16, 12)
#: A block is published so long after its span (s).
_GRACE = 60
#: What the counters show when the meter's memory begins, in thousandths.
_START = 7_654_321_000
#: Where it shows something else: until the sensor id was used again.
_OTHER_USE = 3
_SOLAR_PORT = 4
_MINUTE = 60
#: Each pulse is stored (thousandths of Wh): of some in a row it is the last that matters, but after
#: a silence (s) the first.
_PULSE, _SILENCE = 1000, 300

#: The slots in use: counters with their powers, and the voltage of the first phase.
SLOTS = {f"import{port}": clamp_slots(port)[0] for port in (1, 2, 3)}
SLOTS |= {f"export{port}": clamp_slots(port)[1] for port in (1, 2, 3)}
SLOTS |= {"solar": pulse_slot(_SOLAR_PORT), "voltage": clamp_slots(1)[SUBTYPES.index("vrms")]}


@dataclass(frozen=True)
class Faults:
    """What happened to a meter in its past (s since 1970, of a reading).

    Its board was exchanged after the reading at ``reset``, a whole minute. The sensor of ``reused``
    was used for something else before a time. In ``lost`` seconds nothing was stored of the second
    phase.
    """

    reset: int | None = None
    reused: tuple[str, int] | None = None
    lost: range = range(0)


class RememberedMeter:
    """An FLM03 with three clamps and a pulse input, which remembers all since ``begin``.

    It stores the readings of whole minutes, and from the hour of ``now`` on all of them: the demand
    of a quarter-hour is known second by second only.
    """

    def __init__(
        self, name: str, household: Household, begin: int, now: int, *, faults: Faults
    ) -> None:
        """Install it."""
        self.household = household
        self._finely = now // HOUR * HOUR
        self.begin = begin
        self.faults = faults
        self.device_id = identity(name)
        self._flm = Flm03(
            self.device_id,
            start=begin,
            pulses=("electricity",),
            kubes=0,
            waveforms=False,
            blocks=False,
        )
        for slot, sensor in self._flm.sensors.items():
            if sensor.enable and slot not in SLOTS.values():
                self._flm.enable(slot, on=False)
        if faults.reused is not None:
            slot = SLOTS[faults.reused[0]]
            self._flm.sensors[slot] = replace(self._flm.sensors[slot], rid=1)
        self.sync_topic = f"/d/device/{self.device_id}/tmpo/sync"
        self._blocks: dict[tuple[str, int, int], list[Message]] = {}

    def sensor(self, what: str) -> Sensor:
        """The sensor of a counter, or of the voltage."""
        return self._flm.sensors[SLOTS[what]]

    def announce(self) -> list[Message]:
        """What the meter retains."""
        return self._flm.announce()

    def shown(self, what: str, time: int) -> int:
        """What a counter showed at a reading, in thousandths."""
        counted = self.household.counted(what, time)
        reset = self.faults.reset
        if reset is None or time <= reset:
            return _START + counted - self.household.counted(what, self.begin)
        return counted - self.household.counted(what, reset)

    def second(self, time: int) -> Iterator[Message]:
        """What is said with a reading."""
        for what in COUNTERS:
            counted = self.shown(what, time) - self.shown(what, time - STEP)
            if what == "solar" and not counted:
                continue
            topic = f"/sensor/{self.sensor(what).id}"
            watts = counted * 3600 / STEP / 1000
            yield Message(f"{topic}/counter", wire.counter(time, self.shown(what, time), "Wh"))
            if what == "import1" or not time % 60:
                yield Message(f"{topic}/gauge", wire.gauge(time, wire.fixed(watts), "W"))
        volts = wire.fixed(self.household.volts(time) / 1000)
        topic = f"/sensor/{self.sensor('voltage').id}/gauge"
        yield Message(topic, wire.gauge(time, volts, GAUGE_UNITS[SUBTYPES.index("vrms")]))

    def hear(self, payload: bytes, now: float) -> list[Message]:
        """The answer to a request for blocks: all that end after the one that is named."""
        told = []
        for wanted in json.loads(payload):
            [what] = [each for each in SLOTS if self.sensor(each).id == wanted["sid"]]
            since = wanted["bid"] + (1 << wanted["lvl"])
            told += self._told(what, since, now)
        return told

    def closed(self, since: float, now: float) -> list[Message]:
        """The blocks whose spans were over, and that came, between two times."""
        spans = [
            (level, end - (1 << level))
            for level in _LEVELS
            if (end := int(now - _GRACE) >> level << level) > since - _GRACE
        ]
        return [block for what in SLOTS for span in spans for block in self._block(what, *span)]

    def remember(self, now: float) -> None:
        """Make the blocks until a time, which takes some seconds, once for all requests."""
        for what in SLOTS:
            for _ in self._told(what, 0, now):
                pass

    def _told(self, what: str, since: int, now: float) -> Iterator[Message]:
        begin = self.begin
        for level in _LEVELS:
            end = int(now - _GRACE) >> level << level
            for bid in range(begin >> level << level, end, 1 << level):
                if bid + (1 << level) > since:
                    yield from self._block(what, level, bid)
            begin = max(begin, end)

    def _block(self, what: str, level: int, bid: int) -> list[Message]:
        """Return a block, if there are readings in it, and that of an earlier use."""
        key = what, level, bid
        if key not in self._blocks:
            self._blocks[key] = list(self._made(what, level, bid))
        return self._blocks[key]

    def _made(self, what: str, level: int, bid: int) -> Iterator[Message]:
        first, end = -(-max(bid, self.begin) // _MINUTE) * _MINUTE, bid + (1 << level)
        sensor, used = self.sensor(what), first
        if self.faults.reused is not None and what == self.faults.reused[0]:
            used = self.faults.reused[1]
            earlier = [
                (time, _OTHER_USE * self.shown(what, time))
                for time in range(first, min(end, used), 600)
            ]
            if earlier:
                yield _message(replace(sensor, rid=0), blocks.of_readings(level, earlier))
        if what not in ("solar", "voltage"):
            runs = list(self._runs(what, max(first, used), end))
            if runs:
                yield self._counter_block(what, level, runs)
        elif readings := list(self._readings(what, first, end)):
            yield _message(sensor, blocks.of_readings(level, readings))

    def _readings(self, what: str, first: int, end: int) -> Iterator[blocks.Reading]:
        if what == "voltage":
            for time in range(first, end, _MINUTE):
                volts = wire.fixed(self.household.volts(time) / 1000)
                yield time, wire.gauge_misread(volts)
            return
        before, last = self.shown(what, first - STEP), first
        for time in range(first, end, STEP):
            shown = self.shown(what, time)
            if shown != before:
                if time - last > _SILENCE:  # the first pulse after a silence
                    yield time - STEP + 1, before + _PULSE
                yield time, shown
                last = time
            before = shown

    def _runs(self, what: str, first: int, end: int) -> Iterator[range]:
        """Yield the readings from a time until another, between which nothing else happened."""
        bounds = {first, end, self._finely}
        if self.faults.reset is not None:
            bounds.add(self.faults.reset + _MINUTE)
        if what in ("import2", "export2"):
            bounds |= {self.faults.lost.start, self.faults.lost.stop}
        times = sorted(bound for bound in bounds if first <= bound <= end)
        for begin, stop in pairwise(times):
            if begin not in self.faults.lost or what not in ("import2", "export2"):
                yield range(begin, stop, STEP if begin >= self._finely else _MINUTE)

    def _counter_block(self, what: str, level: int, runs: Sequence[range]) -> Message:
        """Return a block of a counter that is stored with every reading."""
        first, last = runs[0][0], runs[-1][-1]
        times, values = [], []
        for before, run in zip((None, *runs), runs, strict=False):
            if before is not None:
                times.append(f",{run[0] - before[-1]}")
                step = self.shown(what, run[0]) - self.shown(what, before[-1])
                values.append(f",{step / 1000:.14g}")
            times.append(f",{run.step}" * (len(run) - 1))
            values.append(self.household.texts(what, run[0], run[-1], run.step))
        head, tail = ([time, self.shown(what, time) / 1000] for time in (first, last))
        sensor = self.sensor(what)
        header = {"head": head, "tail": tail, "vsn": 1, "cfg": sensor.log_entry()}
        text = b'{"h":%b,"t":[0%b],"v":[0%b]}' % (
            encode(header, Random(1)),
            "".join(times).encode(),
            "".join(values).encode(),
        )
        bid = first >> level << level
        return Message(_topic(sensor, level, bid), gzip.compress(text, 1, mtime=0))


def _message(sensor: Sensor, block: blocks.Block) -> Message:
    payload = block.payload(sensor.log_entry(), Random(1))
    return Message(_topic(sensor, block.level, block.bid), payload)


def _topic(sensor: Sensor, level: int, bid: int) -> str:
    return f"/sensor/{sensor.id}/tmpo/{sensor.rid or 0}/{level}/{bid}/gz"
