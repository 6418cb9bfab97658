"""Drawing of one cycle of the mains as SVG: voltage and current, each with a scale of its own.

Its only texts are numbers and symbols of units, which need no translation. Its colours follow the
light or dark scheme of the browser.
"""

from collections.abc import Sequence
from math import floor, log10

from ..metering.waveform_analysis import rms

#: The length of a cycle (ms), and the times of the grid lines.
_CYCLE = 20
_TIMES = range(0, _CYCLE + 1, 5)
#: Steps of both scales above zero, as many below it, and the end of the smallest scale (V, A):
#: noise of a clamp without current must not look like a current.
_STEPS = 2
_SMALLEST_SCALE = 0.1

#: Sized for a card as wide as a phone, where its text is about as large as that of the page.
_WIDTH, _HEIGHT = 400, 270
_LEFT, _RIGHT, _TOP, _BOTTOM = 60, 340, 46, 238
_MIDDLE = (_TOP + _BOTTOM) / 2
_GAP = 6
#: The legend: the length of the sample line of each curve, and the baseline of the text.
_SAMPLE, _LEGEND = 18, 22

_STYLE = """
svg { font: 15px Roboto, system-ui, sans-serif; fill: #5f6368; }
.ground { fill: #fff; }
.grid { stroke: #e3e5e8; } .zero { stroke: #80868b; stroke-width: 1.5; }
.wave { fill: none; stroke-linejoin: round; stroke-linecap: round; }
.voltage { stroke: #d2691e; stroke-width: 2; } .current { stroke: #1565c0; stroke-width: 3; }
.volts { fill: #b35412; } .amperes { fill: #1565c0; }
@media (prefers-color-scheme: dark) {
  svg { fill: #b0b4ba; }
  .ground { fill: #1c1c1c; }
  .grid { stroke: #3a3d41; } .zero { stroke: #9aa0a6; }
  .voltage { stroke: #ffa657; } .current { stroke: #6cb6ff; }
  .volts { fill: #ffa657; } .amperes { fill: #6cb6ff; }
}
"""


def draw(voltage: Sequence[float], current: Sequence[float]) -> str:
    """Return the drawing of samples in V and A, evenly spaced over one cycle."""
    size = f'width="{_WIDTH}" height="{_HEIGHT}"'
    return "".join(
        (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" {size}>',
            f'<style>{_STYLE}</style><rect class="ground" {size}/>',
            *_grid(),
            *_scale(voltage, "volts", "V", _LEFT - _GAP, "end"),
            *_scale(current, "amperes", "A", _RIGHT + _GAP, "start"),
            _wave(current, "current"),
            _wave(voltage, "voltage"),
            _sample(_LEFT, "voltage"),
            _text(_LEFT + _SAMPLE + _GAP, _LEGEND, f"{rms(voltage):.1f} V RMS", "volts", "start"),
            _text(_RIGHT - _SAMPLE - _GAP, _LEGEND, f"{rms(current):.2f} A RMS", "amperes", "end"),
            _sample(_RIGHT - _SAMPLE, "current"),
            "</svg>",
        )
    )


def _grid() -> list[str]:
    lines = []
    for time in _TIMES:
        x = _x(time / _CYCLE)
        lines.append(f'<path class="grid" d="M{x:g} {_TOP}V{_BOTTOM}"/>')
        label = f"{time} ms" if time == _CYCLE else str(time)
        lines.append(_text(x, _BOTTOM + 20, label, "times", "middle"))
    for step in range(-_STEPS, _STEPS + 1):
        y, kind = _y(step / _STEPS), "grid" if step else "zero"
        lines.append(f'<path class="{kind}" d="M{_LEFT} {y:g}H{_RIGHT}"/>')
    return lines


def _scale(samples: Sequence[float], kind: str, unit: str, x: float, anchor: str) -> list[str]:
    step = _scale_end(samples) / _STEPS
    labels = []
    for place in range(-_STEPS, _STEPS + 1):
        number = f"{place * step:g}".replace("-", "−")
        label = f"{number} {unit}" if place == _STEPS else number
        labels.append(_text(x, _y(place / _STEPS) + 5, label, kind, anchor))
    return labels


def _wave(samples: Sequence[float], kind: str) -> str:
    """Return the curve through the samples, up to the first one of the next cycle."""
    scale_end, count = _scale_end(samples), len(samples)
    points = " ".join(
        f"{_x(place / count):.1f},{_y(sample / scale_end):.1f}"
        for place, sample in enumerate((*samples, samples[0]))
    )
    return f'<polyline class="wave {kind}" points="{points}"/>'


def _sample(x: float, kind: str) -> str:
    """Return the sample line of a curve in the legend."""
    return f'<path class="wave {kind}" d="M{x:g} {_LEGEND - 5}h{_SAMPLE}"/>'


def _scale_end(samples: Sequence[float]) -> float:
    """Return the end of the smallest scale for the samples with steps of 1, 2 or 5 times 10ⁿ."""
    smallest_step = max(*map(abs, samples), _SMALLEST_SCALE) / _STEPS
    power: float = 10 ** floor(log10(smallest_step))
    step = next(each * power for each in (1, 2, 5, 10) if each * power >= smallest_step)
    return _STEPS * step


def _x(share: float) -> float:
    return _LEFT + share * (_RIGHT - _LEFT)


def _y(share: float) -> float:
    return _MIDDLE - share * (_BOTTOM - _TOP) / 2


def _text(x: float, y: float, text: str, kind: str, anchor: str) -> str:
    return f'<text class="{kind}" x="{x:g}" y="{y:g}" text-anchor="{anchor}">{text}</text>'
