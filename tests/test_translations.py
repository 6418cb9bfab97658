"""Texts: every key that the code uses is there, none is left over, placeholders are filled."""

import ast
from collections.abc import Iterator
import json
from pathlib import Path
import re
from string import Formatter
from typing import Any

from homeassistant.data_entry_flow import FlowHandler
from homeassistant.util.yaml import load_yaml_dict
import pytest

import custom_components.flukso as integration
from custom_components.flukso import binary_sensor, config_flow, options_flow, repairs
from custom_components.flukso.const import (
    DEFAULT_WAVEFORM_INTERVAL,
    DOMAIN,
)
from custom_components.flukso.energy_dashboard.sources import Use
from custom_components.flukso.health.diagnosis import Problem
from custom_components.flukso.installation_report import Verdict
from custom_components.flukso.metering.clamp_checks import Doubt, Trouble
from custom_components.flukso.transport.mqtt_connection import ConnectFailure

HOUSE = Path(integration.__file__).parent
ENGLISH: dict[str, Any] = json.loads((HOUSE / "translations" / "en.json").read_text("utf-8"))
ICONS: dict[str, Any] = json.loads((HOUSE / "icons.json").read_text("utf-8"))
LANGUAGES = sorted((HOUSE / "translations").glob("*.json"))

#: The issues that are mended in a dialog of their own, and those that are mended elsewhere.
ISSUES: dict[str, Any] = ENGLISH["issues"]
FIXABLE = {key: issue for key, issue in ISSUES.items() if "fix_flow" in issue}

FIX_FLOWS = {
    "counter_break": repairs.CounterBreakFlow,
    "counter_began_anew": repairs.CounterBreakFlow,
    "unreachable": repairs.AddressFlow,
}
#: Steps that only lead on to another one.
PASSED = {"unreachable": {"init"}}

#: The modules that fill the sentences of answers and of the activity log.
SAYING = ("logbook.py", "metering/clamp_checks.py", "options_flow.py", "installation_report.py")

#: Home Assistant itself aborts with these.
ABORTS_OF_CORE = {"already_configured", "already_in_progress"}


def texts(tree: dict[str, Any], path: tuple[str, ...] = ()) -> Iterator[tuple[str, str]]:
    """Every text with its place in a file of translations."""
    for key, value in tree.items():
        if isinstance(value, dict):
            yield from texts(value, (*path, key))
        else:
            yield ".".join((*path, key)), value


def placeholders(text: str) -> set[str]:
    """The placeholders of a text."""
    return {name for _, name, _, _ in Formatter().parse(text) if name is not None}


def strings(module: str) -> set[str]:
    """Every string in a module."""
    tree = ast.parse((HOUSE / module).read_text("utf-8"))
    return {
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }


def keywords(name: str) -> set[str]:
    """Every string that is given as an argument of this name, anywhere in the integration."""
    return {
        node.value.value
        for module in HOUSE.rglob("*.py")
        for node in ast.walk(ast.parse(module.read_text("utf-8")))
        if isinstance(node, ast.keyword)
        and node.arg == name
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
    }


def raised(what: str) -> list[ast.expr]:
    """The translation key or placeholders of every error that has a text."""
    return [
        keyword.value
        for module in HOUSE.rglob("*.py")
        for node in ast.walk(ast.parse(module.read_text("utf-8")))
        if isinstance(node, ast.Call) and ast.unparse(node.func).endswith(("Error", "NotReady"))
        for keyword in node.keywords
        if keyword.arg == f"translation_{what}"
    ]


def filled_when_raised() -> set[str]:
    """The placeholders that errors are raised with."""
    given = [each for each in raised("placeholders") if isinstance(each, ast.Dict)]
    return {ast.literal_eval(name) for each in given for name in each.keys if name is not None}


def steps(flow: type[FlowHandler[Any, Any]]) -> set[str]:
    """The steps of a flow that have a form or menu, by the methods that were written for them."""
    own = [each for each in flow.mro() if each.__module__.startswith(integration.__name__)]
    names = [name for each in own for name in vars(each)]
    written = {name.removeprefix("async_step_") for name in names if "async_step_" in name}
    return written & (keywords("step_id") | {"init"})


def test_every_step_of_the_flows_has_its_texts_and_no_other_has() -> None:
    assert ENGLISH["config"]["step"].keys() == steps(config_flow.FluksoConfigFlow)
    assert ENGLISH["options"]["step"].keys() == steps(options_flow.FluksoOptionsFlow)
    assert FIXABLE.keys() == FIX_FLOWS.keys()
    for key, flow in FIX_FLOWS.items():
        assert FIXABLE[key]["fix_flow"]["step"].keys() == steps(flow) - PASSED.get(key, set())


def test_every_field_is_named_and_explained() -> None:
    for flow in ("config", "options"):
        for step in ENGLISH[flow]["step"].values():
            assert step.get("data", {}).keys() == step.get("data_description", {}).keys()
    forms = ENGLISH["config"]["step"]
    assert forms["direct"]["data"].keys() == {"host", "port"}
    assert forms["broker"]["data"].keys() == {"topic_prefix"}
    assert forms["meter"]["data"].keys() == {"device_id"}
    assert ENGLISH["options"]["step"]["settings"]["data"].keys() <= strings("const.py")


@pytest.mark.parametrize("language", LANGUAGES, ids=lambda path: path.stem)
def test_the_options_tell_their_defaults(language: Path) -> None:
    form = json.loads(language.read_text("utf-8"))["options"]["step"]["settings"]
    told = {
        option: set(re.findall(r"\b\d+", text)) for option, text in form["data_description"].items()
    }

    assert told == {
        "power_interval": {"15", "3", "0"},
        "other_interval": {"0"},
        "waveform_interval": {str(DEFAULT_WAVEFORM_INTERVAL)},
        "supply_ports": set(),
        "production_ports": set(),
        "fill_gaps": set(),
    }


def test_every_error_and_abort_has_its_text() -> None:
    aborts = set(ENGLISH["config"]["abort"]) | set(ENGLISH["options"]["abort"])
    for issue in FIXABLE.values():
        aborts |= issue["fix_flow"].get("abort", {}).keys()

    assert aborts == keywords("reason") | ABORTS_OF_CORE
    named = {
        text
        for module in ("config_flow.py", "meter_search.py")
        for text in strings(module)
        if re.fullmatch(r"(mqtt|invalid|nothing|only|others|all)_\w+", text)
    }
    assert (
        ENGLISH["options"]["error"].keys()
        == {"measured_twice", "automatic_and_ports"}
        <= strings("energy_dashboard/step.py") | strings("options_flow.py")
    )
    assert named | set(ConnectFailure) == ENGLISH["config"]["error"].keys() | {
        "invalid_discovery_info"
    }


def test_the_address_is_asked_for_in_a_repair_as_in_the_config_flow() -> None:
    form = ENGLISH["config"]["step"]["direct"]
    fix_flow = FIXABLE["unreachable"]["fix_flow"]

    for part in ("data", "data_description"):
        assert fix_flow["step"]["address"][part] == form[part]
    of_address = set(ConnectFailure) | {"nothing_there", "only_readings_there", "others_there"}
    assert fix_flow["error"] == {key: ENGLISH["config"]["error"][key] for key in of_address}


def test_both_ways_are_offered_in_the_same_words() -> None:
    new, other = (ENGLISH["config"]["step"][step] for step in ("user", "reconfigure"))

    for part in ("menu_options", "menu_option_descriptions"):
        assert new[part] == other[part]
        assert new[part].keys() == {"direct", "broker"}


def test_the_options_of_a_menu_are_its_steps() -> None:
    written = {name.removeprefix("async_step_") for name in dir(options_flow.FluksoOptionsFlow)}

    for step in ENGLISH["options"]["step"].values():
        assert step.get("menu_options", {}).keys() <= written
        assert step.get("menu_option_descriptions", {}).keys() <= written
    assert ENGLISH["options"]["progress"].keys() == keywords("progress_action")
    assert ENGLISH["options"]["step"]["energy"]["data"].keys() == set(Use)


def test_the_options_of_a_repair_are_its_steps() -> None:
    written = {name.removeprefix("async_step_") for name in vars(repairs.CounterBreakFlow)}
    assert FIXABLE["counter_break"]["fix_flow"]["step"]["init"]["menu_options"].keys() <= written


def test_what_is_mended_elsewhere_says_what_to_do() -> None:
    assert ISSUES.keys() == set(Problem) | FIXABLE.keys()
    for issue in ISSUES.values():
        assert placeholders(issue["title"]) == {"name"}
    for problem in ISSUES.keys() - FIXABLE.keys():
        assert ISSUES[problem].keys() == {"title", "description"}
        assert placeholders(ISSUES[problem]["description"]) <= strings("health/monitor.py")


def test_every_exception_has_its_text() -> None:
    given = {ast.literal_eval(key) for key in raised("key") if isinstance(key, ast.Constant)}

    assert ENGLISH["exceptions"].keys() == given | set(ConnectFailure)


def test_every_finding_and_every_line_of_the_activity_log_has_its_text() -> None:
    findings = {f"finding_{trouble}" for trouble in Trouble}
    findings |= {f"doubt_{doubt}" for doubt in Doubt}
    findings |= {f"check_{verdict}" for verdict in Verdict}
    lines = {f"activity_{text}" for text in strings("logbook.py") if text.startswith("hours_")}

    labels = {text for text in strings("options_flow.py") if text.startswith("automatic_")}
    names = {f"energy_{use}" for use in Use if use is not Use.DEVICES} | {"energy_left"}

    told = findings | lines | names | (labels - {"automatic_and_ports"})
    assert ENGLISH["common"].keys() == told


def test_every_action_is_named_explained_and_has_an_icon() -> None:
    actions = load_yaml_dict(HOUSE / "services.yaml")

    assert ENGLISH["services"].keys() == ICONS["services"].keys() == actions.keys()
    for name, action in actions.items():
        told = ENGLISH["services"][name]
        assert told["name"]
        assert told["description"]
        assert told["fields"].keys() == action["fields"].keys()
        assert all(field.keys() == {"name", "description"} for field in told["fields"].values())


def test_the_faults_of_a_kube_have_their_names_and_its_binary_sensors_those_of_home_assistant() -> (
    None
):
    texts_of = ENGLISH["entity"]["binary_sensor"]

    assert texts_of.keys() == {"problem"} <= keywords("translation_key")
    assert texts_of["problem"].keys() == {"state_attributes"}
    faults = texts_of["problem"]["state_attributes"]["faults"]["state"]
    assert list(faults) == list(binary_sensor.FAULTS)


def test_no_sensor_is_named_that_is_not_described() -> None:
    described = (
        strings("sensor_descriptions.py")
        | strings("supply_descriptions.py")
        | {
            f"reactive_{word}_q{quadrant}"
            for word in ("power", "energy")
            for quadrant in range(1, 5)
        }
    )

    for key in ENGLISH["entity"]["sensor"]:
        assert {key, key.removeprefix("supply_"), key.removeprefix("p1_")} & described, key


def test_every_device_that_needs_it_has_its_name() -> None:
    kinds = {"port", "kube"} & strings("devices.py")

    assert ENGLISH["device"].keys() == kinds | {f"named_{kind}" for kind in kinds}
    for text in ENGLISH["device"].values():
        assert placeholders(text["name"]) <= {"name", "place"} & strings("devices.py")


def test_every_icon_belongs_to_an_entity() -> None:
    for platform, icons in ICONS["entity"].items():
        assert icons.keys() <= ENGLISH["entity"][platform].keys()
    assert ICONS.keys() == {"entity", "services"}
    for place, icon in texts(ICONS):
        assert place.endswith((".default", ".service"))
        assert icon.startswith("mdi:")


@pytest.mark.parametrize(
    ("place", "filled"),
    [
        ("config.flow_title", {"name"}),
        ("config.step.confirm.description", {"model", "id", "sensors", "ports"}),
        ("config.step.confirm_silent.description", {"model", "id", "sensors", "ports"}),
        ("config.error.nothing_heard", {"topics"}),
        ("config.error.only_readings_heard", {"sensors", "prefix"}),
        ("config.error.only_readings_there", {"sensors"}),
        ("options.abort.check_failed", {"error"}),
        ("options.step.checked.description", {"results"}),
        ("issues.counter_b", set(strings("repairs.py"))),
        ("issues.unreachable", {"name", "host", "sensors"}),
        ("exceptions.", filled_when_raised()),
        ("common.energy", {"names"}),
        ("common.", set().union({"names"}, *map(strings, SAYING))),
        ("options.step.energy.description", {"left"}),
        ("options.abort.energy_added", {"added"}),
        ("options.abort.energy_nothing_to_add", {"left"}),
    ],
)
def test_every_placeholder_is_filled(place: str, filled: set[str]) -> None:
    asked = {
        placeholder
        for where, text in texts(ENGLISH)
        if where.startswith(place)
        for placeholder in placeholders(text)
    }

    assert asked
    assert asked <= filled


def test_no_other_text_has_placeholders() -> None:
    filled = ("config.flow_title", "config.step.confirm", "issues.", "device.")
    filled += ("options.abort.check_failed", "options.step.checked.description")
    filled += ("options.step.energy.description", "options.abort.energy_")
    filled += ("exceptions.", "common.", "config.error.nothing_heard", "config.error.only_readings")

    for where, text in texts(ENGLISH):
        assert not placeholders(text) or where.startswith(filled)


@pytest.mark.parametrize("language", LANGUAGES, ids=lambda path: path.stem)
def test_every_language_says_what_english_says(language: Path) -> None:
    translated = dict(texts(json.loads(language.read_text("utf-8"))))

    assert translated.keys() == dict(texts(ENGLISH)).keys()
    for place, text in texts(ENGLISH):
        assert placeholders(translated[place]) == placeholders(text)


@pytest.mark.parametrize("language", LANGUAGES, ids=lambda path: path.stem)
def test_texts_are_plain(language: Path) -> None:
    for place, text in texts(json.loads(language.read_text("utf-8"))):
        assert text == text.strip(), place
        assert not re.search(r"://|www\.", text), place
        assert all(re.fullmatch(r"[a-z0-9]+(_[a-z0-9]+)*", key) for key in place.split(".")), place
        assert "[%key" not in text, place
        assert not re.search(r"<[a-z/]", text), place
        assert "'{" not in text, f"{place}: a quote before a placeholder keeps it from being filled"
        assert all(name.isidentifier() for name in placeholders(text)), place


def test_the_integration_keeps_its_texts_to_the_keys_that_home_assistant_reads() -> None:
    assert ENGLISH.keys() <= {
        *("common", "config", "options", "device", "entity", "exceptions", "issues", "services"),
        "title",
    }
    assert all((HOUSE / f"{platform}.py").is_file() for platform in ENGLISH["entity"])
    assert HOUSE.name == DOMAIN
