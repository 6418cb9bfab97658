"""The check of the installation of all clamps of a meter: what is found at each port, as text."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import partial

from homeassistant.core import HomeAssistant
from homeassistant.exceptions import ServiceValidationError
from homeassistant.helpers.translation import async_get_translations

from .const import CONF_PRODUCTION_PORTS, DOMAIN
from .devices import part_of
from .formats import plain_name
from .health.clamp_readings import async_listen_to_clamps, clamp_figures
from .metering.clamp_checks import ClampDoubt, ClampFinding, Trouble, check_clamp, doubt_clamp
from .models import FluksoConfigEntry
from .waveform.capture import LISTEN_SECONDS, async_capture, async_wait
from .waveform.waveforms import figures_of


class Verdict(StrEnum):
    """What a check says of a port."""

    OK = "ok"
    PROBLEM = "problem"
    INCONCLUSIVE = "inconclusive"


@dataclass(frozen=True, slots=True)
class PortReport:
    """What was found at a port: problems, or why it is not known whether there are any."""

    port: int
    name: str
    findings: Sequence[ClampFinding]
    reason: ClampDoubt | None

    @property
    def verdict(self) -> Verdict:
        """Whether all is well, as far as is known."""
        if self.findings:
            return Verdict.PROBLEM
        return Verdict.OK if self.reason is None else Verdict.INCONCLUSIVE


def figures_of_finding(finding: ClampFinding) -> dict[str, float]:
    """Return the figures that the text of a finding has."""
    if finding.trouble is Trouble.NO_READINGS:
        return finding.figures | {"seconds": LISTEN_SECONDS}
    return finding.figures


async def async_check_installation(
    hass: HomeAssistant, entry: FluksoConfigEntry
) -> Sequence[PortReport]:
    """Listen to the clamps of a meter for some seconds, and check each.

    Raises:
        ServiceValidationError: the meter has no clamps that can be checked.
    """
    runtime = entry.runtime_data
    oscilloscopes, configuration = runtime.waveforms.oscilloscopes(), runtime.meter.configuration
    if configuration.model == "FLM02":
        raise ServiceValidationError(
            translation_domain=DOMAIN,
            translation_key="check_of_flm02",
            translation_placeholders={"name": entry.title},
        )
    if not oscilloscopes:
        raise ServiceValidationError(
            translation_domain=DOMAIN,
            translation_key="check_without_clamps",
            translation_placeholders={"name": entry.title},
        )
    means, captures = await asyncio.gather(
        async_listen_to_clamps(
            runtime.meter, runtime.transport, partial(async_wait, hass, asyncio.Event())
        ),
        asyncio.gather(
            *(
                async_capture(hass, runtime.waveforms, oscilloscope)
                for oscilloscope in oscilloscopes
            )
        ),
    )
    chosen = map(str, entry.options.get(CONF_PRODUCTION_PORTS, []))
    sources = {int(port) for port in chosen if port.isdigit()}
    reports = []
    for oscilloscope, capture in zip(oscilloscopes, captures, strict=True):
        part = part_of(runtime.meter, oscilloscope.sensor)
        shape = figures_of(capture) if capture else {}
        figures = clamp_figures(oscilloscope.sensor, means, configuration, shape, sources)
        findings = check_clamp(figures)
        reason = None if findings else doubt_clamp(figures)
        reports.append(PortReport(oscilloscope.port, part.name or part.place, findings, reason))
    return reports


class ReportTexts:
    """The sentences of a report, in Home Assistant's language."""

    def __init__(self, texts: Mapping[str, str]) -> None:
        self._texts = texts

    def of_finding(self, finding: ClampFinding, name: str) -> str:
        """Return what is wrong, and what to do."""
        return self._text(f"finding_{finding.trouble}", name, figures_of_finding(finding))

    def of_reason(self, reason: ClampDoubt, name: str) -> str:
        """Return why it is not known whether something is wrong, and what to do."""
        return self._text(f"doubt_{reason.doubt}", name, reason.figures)

    def of_port(self, report: PortReport) -> str:
        """Return a line in Markdown."""
        name = plain_name(report.name)
        sentences = [self.of_finding(finding, name) for finding in report.findings]
        if report.reason is not None:
            sentences = [self.of_reason(report.reason, name)]
        verdict = self._text(f"check_{report.verdict}", name, {"port": report.port})
        return " ".join([verdict, *sentences])

    def _text(self, key: str, name: str, figures: Mapping[str, float]) -> str:
        return self._texts[f"component.{DOMAIN}.common.{key}"].format(name=name, **figures)


async def async_report_texts(hass: HomeAssistant) -> ReportTexts:
    """Return the sentences of reports."""
    return ReportTexts(await async_get_translations(hass, hass.config.language, "common", [DOMAIN]))
