"""Draws the comparison as an SVG for light and dark pages."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from math import ceil, log10

from .side_by_side import Compared

_WIDTH, _HEIGHT = 860, 340
#: The positions of the two charts: left, right, top and bottom of their axes.
_BARS = (60, 420, 70, 290)
_LINES = (510, 700, 70, 290)
_STYLE = """
  .page { fill: #ffffff } text { fill: #1f2328; font: 13px system-ui, sans-serif }
  .title { font-weight: 600; font-size: 14px } .small { fill: #59636e; font-size: 12px }
  .grid { stroke: #d1d9e0 } .line { fill: none; stroke-width: 2.5 }
  .c0 { fill: #8c959f; stroke: #8c959f } .c1 { fill: #0969da; stroke: #0969da }
  .c2 { fill: #1a9c8a; stroke: #1a9c8a } .c3 { fill: #d4730b; stroke: #d4730b }
  .pale { fill-opacity: .35 }
  @media (prefers-color-scheme: dark) {
    .page { fill: #0d1117 } text { fill: #f0f6fc } .small { fill: #9198a1 }
    .grid { stroke: #3d444d }
  }
"""


def draw(streams: Mapping[str, Compared], growth: Mapping[int, Compared]) -> str:
    """Draw the cost of a message by stream, and the processor's load by the number of meters.

    Args:
        streams: the results of at most two streams with the same number of meters.
        growth: the results of one stream, by the number of meters.
    """
    parts = [
        f'<rect class="page" width="{_WIDTH}" height="{_HEIGHT}" rx="6"/>',
        *_bars(streams),
        *_lines(growth),
    ]
    body = "\n".join(f"  {part}" for part in parts)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" '
        f'width="{_WIDTH}" height="{_HEIGHT}" role="img">\n'
        f"  <title>What a message costs</title>\n  <style>{_STYLE}  </style>\n{body}\n</svg>\n"
    )


def _bars(streams: Mapping[str, Compared]) -> Iterator[str]:
    """Draw a group of bars for each peer, with a bar for each stream."""
    left, right, top, bottom = _BARS
    yield _text(left - 35, 28, "Processor time for a message, µs", "title")
    yield _text(left - 35, 47, " · pale: ".join(streams), "small")
    peers = [cost.peer for cost in next(iter(streams.values())).costs]
    ticks = _ticks(max(cost.message for of in streams.values() for cost in of.costs))
    height = _scale(0, ticks[-1], bottom, top)
    yield from _grid(_BARS, ticks, height)
    group = (right - left) / len(peers)
    width = group * 0.72 / len(streams)
    for place, peer in enumerate(peers):
        begin = left + place * group + group * 0.14
        for number, compared in enumerate(streams.values()):
            value = compared.cost(peer).message
            x, y = begin + number * width, height(value)
            pale = " pale" if number else ""
            yield (
                f'<rect class="c{place}{pale}" x="{x:.1f}" y="{y:.1f}" '
                f'width="{width - 2:.1f}" height="{bottom - y:.1f}"/>'
            )
            yield _text(x + width / 2 - 1, y - 5, f"{value:.0f}", "small", "middle")
        for line, words in enumerate(_short(peer).split(", ")):
            yield _text(begin + group * 0.36, bottom + 20 + 16 * line, words, "", "middle")


def _lines(growth: Mapping[int, Compared]) -> Iterator[str]:
    """Draw a line for each peer, with its name at the end."""
    left, right, top, bottom = _LINES
    yield _text(left - 35, 28, "Load of one processor, %", "title")
    yield _text(left - 35, 47, "by the number of meters with three clamps", "small")
    peers = [cost.peer for cost in next(iter(growth.values())).costs]
    loads = {peer: [compared.load(peer) * 100 for compared in growth.values()] for peer in peers}
    ticks = _ticks(max(max(of) for of in loads.values()))
    height, across = _scale(0, ticks[-1], bottom, top), _scale(0, max(growth), left, right)
    yield from _grid(_LINES, ticks, height)
    for meters in growth:
        yield _text(across(meters), bottom + 20, str(meters), "small", "middle")
    ends = _apart([height(of[-1]) for of in loads.values()], 18)
    for place, (peer, of) in enumerate(loads.items()):
        points = [(across(meters), height(load)) for meters, load in zip(growth, of, strict=True)]
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
        yield f'<polyline class="line c{place}" style="fill: none" points="{path}"/>'
        for x, y in points:
            yield f'<circle class="c{place}" cx="{x:.1f}" cy="{y:.1f}" r="3"/>'
        mark = f'x="{right + 12}" y="{ends[place] - 5:.1f}" width="9" height="9"'
        yield f'<rect class="c{place}" {mark}/>'
        yield _text(right + 27, ends[place] + 4, _short(peer))


def _grid(
    chart: tuple[int, int, int, int], ticks: Sequence[float], height: Callable[[float], float]
) -> Iterator[str]:
    left, right, _, _ = chart
    for tick in ticks:
        y = height(tick)
        yield f'<line class="grid" x1="{left}" x2="{right}" y1="{y:.1f}" y2="{y:.1f}"/>'
        yield _text(left - 8, y + 4, f"{tick:g}", "small", "end")


def _ticks(most: float) -> Sequence[float]:
    """Return round numbers from 0 to the first that is not less than ``most``."""
    power = 10 ** int(log10(most / 4))
    step = next(power * by for by in (1, 2, 2.5, 5, 10, 20) if most <= power * by * 5)
    return [step * number for number in range(ceil(most / step) + 1)]


def _scale(low: float, high: float, begin: float, end: float) -> Callable[[float], float]:
    return lambda value: begin + (value - low) / (high - low) * (end - begin)


def _apart(places: Sequence[float], distance: float) -> Sequence[float]:
    """Move labels upwards until they do not overlap."""
    moved: dict[int, float] = {}
    last = float("inf")
    for number in sorted(range(len(places)), key=places.__getitem__, reverse=True):
        last = moved[number] = min(places[number], last - distance)
    return [moved[number] for number in range(len(places))]


def _short(peer: str) -> str:
    return peer.replace("this integration", "Flukso")


def _text(x: float, y: float, words: str, kind: str = "", anchor: str = "start") -> str:
    return f'<text class="{kind}" x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{words}</text>'
