"""The action that checks whether all clamps are installed as they should be."""

from homeassistant.const import ATTR_CONFIG_ENTRY_ID
from homeassistant.core import (
    HomeAssistant,
    ServiceCall,
    ServiceResponse,
    SupportsResponse,
    callback,
)
from homeassistant.helpers import config_validation as cv
from homeassistant.helpers.service import async_get_config_entry
from homeassistant.util.json import JsonArrayType, JsonObjectType
import voluptuous as vol

from ..const import DOMAIN
from ..installation_report import (
    PortReport,
    ReportTexts,
    async_check_installation,
    async_report_texts,
    figures_of_finding,
)
from ..models import FluksoConfigEntry

_SCHEMA = vol.Schema({vol.Required(ATTR_CONFIG_ENTRY_ID): cv.string})


@callback
def async_setup_installation_check(hass: HomeAssistant) -> None:
    """Register the action."""
    hass.services.async_register(
        DOMAIN, "check_installation", _async_check_installation, _SCHEMA, SupportsResponse.ONLY
    )


async def _async_check_installation(call: ServiceCall) -> ServiceResponse:
    """Capture the waveforms and the readings of all clamps, and return what may be wrong.

    Raises:
        ServiceValidationError: no such meter, it is not loaded, or has no clamps to check.
    """
    hass = call.hass
    entry: FluksoConfigEntry = async_get_config_entry(hass, DOMAIN, call.data[ATTR_CONFIG_ENTRY_ID])
    reports, texts = await async_check_installation(hass, entry), await async_report_texts(hass)
    clamps: JsonArrayType = [_response(report, texts) for report in reports]
    return {"clamps": clamps}


def _response(report: PortReport, texts: ReportTexts) -> JsonObjectType:
    """Return the report of a port, with sentences in Home Assistant's language."""
    findings: JsonArrayType = [
        {
            "finding": finding.trouble,
            "text": texts.of_finding(finding, report.name),
            "figures": dict(figures_of_finding(finding)),
        }
        for finding in report.findings
    ]
    response: JsonObjectType = {
        "port": report.port,
        "name": report.name,
        "result": report.verdict,
        "findings": findings,
    }
    if report.reason is not None:
        response["because"] = {
            "reason": report.reason.doubt,
            "text": texts.of_reason(report.reason, report.name),
            "figures": dict(report.reason.figures),
        }
    return response
