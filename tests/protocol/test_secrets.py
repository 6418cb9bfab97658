"""The secrets of the kubes are dropped when a message is read (docs/protocol.md section 5)."""

import json

from hypothesis import given, strategies as st
import pytest

from custom_components.flukso.protocol.configuration import parse_config, read_config
from custom_components.flukso.protocol.topics import CONFIG_REPORTS, ConfigReport, Report
from custom_components.flukso.protocol.validation import Json, ProtocolError

from .slots import KUBES, Config, payload
from .strategies import any_json, as_payload, parsed_or_refused

_SECRETS = ("key", "null_key", "hw_id", "5ec7e7", "0ddba11", "1dea", "12345678")

reports = st.sampled_from(CONFIG_REPORTS)


@pytest.mark.parametrize("report", CONFIG_REPORTS)
def test_no_secret_of_the_kubes_survives_the_reading(report: ConfigReport) -> None:
    kept = json.dumps(read_config(payload(KUBES), report))
    assert not [secret for secret in _SECRETS if secret in kept]


def test_no_secret_of_the_kubes_survives_the_parsing() -> None:
    kubes = repr(parse_config(read_config(payload(KUBES), Report.KUBES), Report.KUBES))
    assert not [secret for secret in _SECRETS if secret in kubes]


@given(any_json, st.sampled_from(("key", "null_key", "hw_id")), reports)
def test_no_secret_survives_whatever_its_shape(
    nonsense: Json, secret: str, report: ConfigReport
) -> None:
    config: Config = {"main": {secret: nonsense}, "1": {secret: nonsense}}
    kept = parsed_or_refused(lambda: read_config(as_payload(config), report))
    assert kept in (None, {"main": {}, "1": {}})


@given(any_json, reports)
def test_no_secret_survives_in_a_section_that_is_no_object(
    nonsense: Json, report: ConfigReport
) -> None:
    config: Config = {
        "main": [{"key": nonsense}],
        "1": [{"key": nonsense}, "5ec7e7"],
        "2": "5ec7e7",
    }
    kept = parsed_or_refused(lambda: read_config(as_payload(config), report))
    assert kept in (None, {"main": False, "1": False, "2": False})


@pytest.mark.parametrize("hidden", [{"key": "5ec7e7"}, [{"key": "5ec7e7"}], [[5, "5ec7e7"]]])
@pytest.mark.parametrize(
    ("report", "setting"),
    [(Report.SENSORS, "port"), (Report.PORTS, "name"), (Report.KUBES, "name")],
)
def test_no_secret_within_a_setting_survives(
    hidden: Json, report: ConfigReport, setting: str
) -> None:
    kept = json.dumps(read_config(payload({"1": {setting: hidden}}), report))
    assert "5ec7e7" not in kept
    assert setting in kept


def test_a_broken_message_does_not_show_its_secrets() -> None:
    message = payload(KUBES)
    for broken in (message[:-1], message + b"}", b'"' + message + b'"', message + b"\xff"):
        with pytest.raises(ProtocolError) as refusal:
            read_config(broken, Report.KUBES)
        assert not [secret for secret in _SECRETS if secret in str(refusal.value)]
