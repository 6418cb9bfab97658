"""The options: how often states are written, and the rest, in force without a restart."""

from homeassistant.config_entries import ConfigFlowResult
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType, InvalidData
import pytest

from .broker import Broker
from .flows import open_settings
from .home import AT_INTERVALS, config_entry, set_up_and_read, value_of
from .meters import flm02, flm03, reading
from .texts import texts


async def test_the_intervals_can_be_chosen_and_hold_at_once(
    hass: HomeAssistant, broker: Broker
) -> None:
    meter = flm03()
    entry = await set_up_and_read(hass, broker, meter)

    form = await open_settings(hass, entry)
    assert form["type"] is FlowResultType.FORM
    assert defaults(form) == {"waveform_interval": 10, "fill_gaps": True}
    assert suggestions(form) == AT_INTERVALS
    result = await hass.config_entries.options.async_configure(
        form["flow_id"],
        {
            "power_interval": 0.0,
            "other_interval": 60.0,
            "waveform_interval": 20.0,
            "fill_gaps": False,
        },
    )
    await broker.settle()

    assert result["type"] is FlowResultType.CREATE_ENTRY
    chosen = {
        "power_interval": 0,
        "other_interval": 60,
        "waveform_interval": 20,
        "fill_gaps": False,
    }
    assert entry.options == chosen
    assert all(isinstance(seconds, int) for seconds in entry.options.values())
    for power in (100, 200, 300):
        await broker.publish(meter.topic(1, "gauge"), reading(power, "W"))
        assert value_of(hass, meter, 1, "gauge") == power

    form = await open_settings(hass, entry)
    assert defaults(form) | suggestions(form) == chosen
    await hass.config_entries.options.async_configure(
        form["flow_id"], {"waveform_interval": 20, "fill_gaps": False}
    )
    await broker.settle()
    assert entry.options == {"waveform_interval": 20, "fill_gaps": False}


async def test_an_import_that_could_not_begin_yet_outlives_the_options(
    hass: HomeAssistant, broker: Broker
) -> None:
    entry = config_entry(flm03(), options={"import_history": True})
    entry.add_to_hass(hass)
    form = await open_settings(hass, entry)

    await hass.config_entries.options.async_configure(
        form["flow_id"], {"waveform_interval": 20, "fill_gaps": True}
    )

    assert entry.options == {"waveform_interval": 20, "fill_gaps": True, "import_history": True}


def defaults(form: ConfigFlowResult) -> object:
    """What a form says where nothing is filled in."""
    assert form["data_schema"] is not None
    return form["data_schema"]({})


def suggestions(form: ConfigFlowResult) -> dict[str, object]:
    """What a form suggests for the intervals of states."""
    assert form["data_schema"] is not None
    return {
        str(field): (field.description or {}).get("suggested_value")
        for field in form["data_schema"].schema
        if str(field) in ("power_interval", "other_interval")
    }


async def test_an_flm02_which_sends_no_waveforms_has_no_interval_of_them(
    hass: HomeAssistant, broker: Broker
) -> None:
    entry = await set_up_and_read(hass, broker, flm02())

    form = await hass.config_entries.options.async_init(entry.entry_id)

    assert defaults(form) == {"fill_gaps": True}
    await hass.config_entries.options.async_configure(form["flow_id"], {"fill_gaps": True})
    await broker.settle()
    assert entry.options == {"fill_gaps": True}


@pytest.mark.parametrize("language", ["en", "nl", "de", "fr"])
async def test_the_label_of_an_interval_says_that_it_is_one(language: str) -> None:
    labels = texts(language)["options"]["step"]["settings"]["data"]

    for option in ("power_interval", "other_interval", "waveform_interval"):
        assert labels[option].startswith("Interva")


@pytest.mark.parametrize(
    ("option", "seconds"),
    [
        *(("power_interval", wrong) for wrong in (-1, 3601, "often", None)),
        ("waveform_interval", 9),
    ],
)
async def test_an_interval_that_is_none_is_refused(
    hass: HomeAssistant, broker: Broker, option: str, seconds: object
) -> None:
    entry = await set_up_and_read(hass, broker, flm03())
    form = await open_settings(hass, entry)

    with pytest.raises(InvalidData):
        await hass.config_entries.options.async_configure(
            form["flow_id"], {"power_interval": 5, "other_interval": 30} | {option: seconds}
        )

    assert entry.options == AT_INTERVALS
