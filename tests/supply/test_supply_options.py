"""The option with the ports of the supply."""

from homeassistant.config_entries import ConfigEntryState, ConfigFlowResult
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import InvalidData
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from ..broker import Broker
from ..flows import open_settings
from ..home import config_entry, set_up
from ..meters import Meter, flm02, flm03
from ..supplies import HOUSE_TOTALS, three_phases, totals

OTHERS = {"power_interval": 6, "other_interval": 20, "waveform_interval": 10, "fill_gaps": True}


async def open_options(hass: HomeAssistant, entry: MockConfigEntry) -> ConfigFlowResult:
    """Open the form."""
    return await open_settings(hass, entry)


async def choose(
    hass: HomeAssistant, broker: Broker, entry: MockConfigEntry, *ports: str
) -> ConfigFlowResult:
    """Choose these ports and no others."""
    form = await open_options(hass, entry)
    answers = OTHERS | ({"supply_ports": list(ports)} if ports else {})
    result = await hass.config_entries.options.async_configure(form["flow_id"], answers)
    await broker.settle()
    return result


def offered(
    form: ConfigFlowResult, option: str = "supply_ports"
) -> tuple[list[tuple[str, str]], object]:
    """Return the options of the field, and what is selected."""
    assert form["data_schema"] is not None
    for field, selector in form["data_schema"].schema.items():
        if field == option:
            options = selector.config["options"]
            return [(each["value"], each["label"]) for each in options], field.description[
                "suggested_value"
            ]
    return [], None


async def test_the_ports_that_measure_electricity_are_offered_by_number_and_name(
    hass: HomeAssistant, broker: Broker
) -> None:
    entry = await set_up(hass, broker, flm03().with_port(2, name=""))

    options, chosen = offered(await open_options(hass, entry))

    assert options == [
        ("automatic", "Automatic (now none)"),
        *(("1", "1: main"), ("2", "2"), ("3", "3: solar"), ("6", "6: heat pump")),
    ]
    assert chosen == ["automatic"]


async def test_the_inputs_of_an_flm02_are_offered_by_what_is_printed_on_it_and_name(
    hass: HomeAssistant, broker: Broker
) -> None:
    entry = await set_up(hass, broker, flm02())

    options, chosen = offered(await open_options(hass, entry))

    assert options == [
        ("automatic", "Automatic (now P1)"),
        *(("1", "1: main"), ("1+2+3", "1+2+3: house"), ("P1", "P1: grid")),
    ]
    assert chosen == ["automatic"]


async def test_the_automatic_choice_says_which_ports_it_is_now_and_can_be_made_again(
    hass: HomeAssistant, broker: Broker
) -> None:
    hass.config.language = "de"
    entry = await set_up(hass, broker, three_phases())
    options, _ = offered(await open_options(hass, entry))
    assert options[0] == ("automatic", "Automatisch (jetzt 1, 2, 3)")
    await choose(hass, broker, entry, "1")

    await choose(hass, broker, entry, "automatic")

    assert entry.options == OTHERS
    assert offered(await open_options(hass, entry))[1] == ["automatic"]


async def test_automatic_and_ports_together_are_refused_until_one_of_them_is_deselected(
    hass: HomeAssistant, broker: Broker
) -> None:
    entry = await set_up(hass, broker, three_phases())

    form = await choose(hass, broker, entry, "automatic", "2")

    assert form["errors"] == {"supply_ports": "automatic_and_ports"}
    assert offered(form)[1] == ["automatic", "2"]
    await hass.config_entries.options.async_configure(
        form["flow_id"], OTHERS | {"supply_ports": ["2"]}
    )
    await broker.settle()
    assert entry.options == OTHERS | {"supply_ports": [2]}


async def test_another_input_of_an_flm02_can_be_chosen_than_its_p1_port(
    hass: HomeAssistant, broker: Broker
) -> None:
    meter = flm02()
    entry = await set_up(hass, broker, meter)
    assert "net_active_power" in totals(hass, meter)

    form = await open_options(hass, entry)
    others = {option: value for option, value in OTHERS.items() if option != "waveform_interval"}
    chosen = others | {"supply_ports": ["1+2+3"]}
    await hass.config_entries.options.async_configure(form["flow_id"], chosen)
    await broker.settle()

    assert entry.options == chosen
    assert "net_active_power" not in totals(hass, meter)
    assert offered(await open_options(hass, entry))[1] == ["1+2+3"]


async def test_a_clamp_that_is_disabled_is_not_offered(hass: HomeAssistant, broker: Broker) -> None:
    entry = await set_up(hass, broker, flm03().changed(*range(13, 25), enable=0))

    options, _ = offered(await open_options(hass, entry))

    assert options[1:] == [("1", "1: main"), ("3", "3: solar"), ("6", "6: heat pump")]


async def test_a_meter_that_measures_no_electricity_has_no_such_option(
    hass: HomeAssistant, broker: Broker
) -> None:
    entry = await set_up(hass, broker, flm02().changed(1, 2, 6, enable=0))

    assert offered(await open_options(hass, entry)) == ([], None)


async def test_the_chosen_ports_make_up_the_supply_at_once(
    hass: HomeAssistant, broker: Broker
) -> None:
    meter = flm03()
    entry = await set_up(hass, broker, meter)
    assert totals(hass, meter) == set()

    await choose(hass, broker, entry, "1", "2")

    assert entry.options == OTHERS | {"supply_ports": [1, 2]}
    assert entry.state is ConfigEntryState.LOADED
    assert "net_active_power" in totals(hass, meter)
    assert offered(await open_options(hass, entry))[1] == ["1", "2"]


async def test_without_a_choice_it_is_automatic_again(hass: HomeAssistant, broker: Broker) -> None:
    meter = flm03()
    entry = await set_up(hass, broker, meter)
    await choose(hass, broker, entry, "1")
    assert totals(hass, meter) != set()

    await choose(hass, broker, entry)

    assert entry.options == OTHERS
    assert totals(hass, meter) == set()


async def test_a_chosen_port_whose_clamp_is_gone_can_be_kept_or_deselected(
    hass: HomeAssistant, broker: Broker
) -> None:
    meter = three_phases()
    entry = await set_up(hass, broker, meter)
    await choose(hass, broker, entry, "1", "3")
    await broker.publish(*meter.changed(*range(25, 37), enable=0).sensor_report)

    options, chosen = offered(await open_options(hass, entry))
    assert options[1:] == [("1", "1: L1"), ("2", "2: L2"), ("3", "3")]
    assert chosen == ["1", "3"]
    await choose(hass, broker, entry, "1", "2")
    assert entry.options["supply_ports"] == [1, 2]


async def test_while_the_meter_is_not_set_up_the_chosen_ports_are_offered(
    hass: HomeAssistant,
) -> None:
    """Without MQTT, the configuration of the meter is unknown."""
    entry = config_entry(flm03())
    entry.add_to_hass(hass)
    hass.config_entries.async_update_entry(entry, options=OTHERS | {"supply_ports": [2]})
    await hass.config_entries.async_setup(entry.entry_id)

    options, chosen = offered(await open_options(hass, entry))

    assert (options[1:], chosen) == ([("2", "2")], ["2"])


@pytest.mark.parametrize("ports", [["7"], ["x"], "1", [None]])
async def test_a_port_that_is_no_clamp_of_the_meter_is_rejected(
    hass: HomeAssistant, broker: Broker, ports: object
) -> None:
    meter: Meter = flm03()
    entry = await set_up(hass, broker, meter)
    form = await open_options(hass, entry)

    with pytest.raises(InvalidData):
        await hass.config_entries.options.async_configure(
            form["flow_id"], OTHERS | {"supply_ports": ports}
        )


async def test_ports_of_the_production_can_be_all_but_a_p1_port(
    hass: HomeAssistant, broker: Broker
) -> None:
    for meter, ports in (
        (flm02(), [("1", "1: main"), ("1+2+3", "1+2+3: house")]),
        (flm03(), [("1", "1: main"), ("2", "2: main"), ("3", "3: solar"), ("6", "6: heat pump")]),
    ):
        entry = await set_up(hass, broker, meter)
        assert offered(await open_options(hass, entry), "production_ports") == (ports, [])


async def test_chosen_ports_of_the_production_are_kept(hass: HomeAssistant, broker: Broker) -> None:
    meter = three_phases()
    entry = await set_up(hass, broker, meter.changed(39, enable=1))
    form = await open_options(hass, entry)
    answers = OTHERS | {"production_ports": ["6"]}
    await hass.config_entries.options.async_configure(form["flow_id"], answers)
    await broker.settle()

    assert entry.options == OTHERS | {"production_ports": [6]}
    assert offered(await open_options(hass, entry), "production_ports")[1] == ["6"]
    assert totals(hass, meter) > HOUSE_TOTALS
