import json
import re

import pytest

from simulator import Flm03

from .wire_reader import DEVICE, NOON, config

CLAMP_SUBTYPES = ["pplus", "pminus", "q1", "q2", "q3", "q4"]
CLAMP_SUBTYPES += ["vrms", "irms", "pf", "vthd", "ithd", "alpha"]


@pytest.fixture
def meter() -> Flm03:
    return Flm03(DEVICE, start=NOON)


@pytest.fixture
def plain() -> Flm03:
    """Three clamps and nothing else."""
    return Flm03(DEVICE, start=NOON, pulses=(), kubes=0)


def used(sensors: dict[str, dict[str, object]]) -> list[dict[str, object]]:
    return [entry for key, entry in sensors.items() if key.isdigit() and "enable" in entry]


def test_a_device_id_is_32_hex_digits() -> None:
    with pytest.raises(ValueError, match="32 lower-case hex digits"):
        Flm03("ABC", start=NOON)


def test_every_announced_topic_is_retained(meter: Flm03) -> None:
    messages = meter.announce()
    assert all(message.retain for message in messages)
    assert {message.topic for message in messages} == {
        f"/device/{DEVICE}/{what}"
        for what in ("config/sensor", "config/flx", "config/kube", "test/tap")
    }


def test_three_clamps_have_39_sensors_of_which_33_are_enabled(plain: Flm03) -> None:
    sensors = config(plain.announce(), "sensor")
    assert sorted(int(key) for key in sensors if key.isdigit()) == list(range(1, 129))
    assert len(used(sensors)) == 39
    assert sum(entry["enable"] == 1 for entry in used(sensors)) == 33


def test_a_clamp_port_has_twelve_sensors_in_the_order_of_the_firmware(plain: Flm03) -> None:
    sensors = config(plain.announce(), "sensor")
    for port in (1, 2, 3):
        entries = [sensors[str(12 * port - 11 + index)] for index in range(12)]
        assert [entry["subtype"] for entry in entries] == CLAMP_SUBTYPES
        assert all(entry["port"] == [port] for entry in entries)
        assert [entry.get("data_type") for entry in entries] == (
            ["counter"] * 6 + ["gauge"] * 5 + [None]
        )


def test_a_disabled_sensor_is_listed_without_data_type_and_rid(plain: Flm03) -> None:
    alpha = config(plain.announce(), "sensor")["12"]
    assert alpha["enable"] == 0
    assert not {"data_type", "rid"} & set(alpha)


def test_an_unused_slot_has_an_id_and_nothing_else(plain: Flm03) -> None:
    entry = config(plain.announce(), "sensor")["40"]
    assert set(entry) == {"id"}
    assert re.fullmatch(r"[0-9a-f]{32}", entry["id"])


def test_sections_that_are_no_sensors_stand_between_them(plain: Flm03) -> None:
    sensors = config(plain.announce(), "sensor")
    assert {key for key in sensors if not key.isdigit()} == {"main", "tmpo", "mqtt", "daemon"}
    assert sensors["main"] == {"max_provisioned_sensors": 128}


def test_sensor_ids_are_the_meters_own_and_stay() -> None:
    one, again, other = (
        config(Flm03(device, start=start).announce(), "sensor")
        for device, start in ((DEVICE, NOON), (DEVICE, NOON + 5), ("00" * 16, NOON))
    )
    assert one["1"]["id"] == again["1"]["id"] != other["1"]["id"]
    assert len({entry["id"] for key, entry in one.items() if key.isdigit()}) == 128


def test_the_keys_come_in_another_order_each_time(meter: Flm03) -> None:
    first, second = (list(config(meter.announce(), "sensor")) for _ in range(2))
    assert first != second
    assert sorted(first) == sorted(second)


def test_ports_are_described_as_the_firmware_does(meter: Flm03) -> None:
    flx = config(meter.announce(), "flx")
    assert flx["main"] == {"led_mode": 255, "phase": "3p+n", "math": "none"}
    assert flx["2"] == {"enable": 1, "class": "ct", "name": "L2", "current": 50, "shift": 4}
    pulse = {"enable": 1, "class": "pulse", "name": "gas", "constant": 10, "trigger": "edge"}
    assert flx["5"] == pulse
    assert flx["7"]["class"] == "uart"


def test_only_pulse_sensors_of_electricity_have_a_subtype(meter: Flm03) -> None:
    sensors = config(meter.announce(), "sensor")
    assert [(sensors[slot]["type"], sensors[slot]["subtype"]) for slot in ("37", "38", "39")] == [
        ("water", ""),
        ("gas", ""),
        ("electricity", "pplus"),
    ]


def test_the_sum_of_the_phases_is_not_logged_twice() -> None:
    meter = Flm03(DEVICE, start=NOON, math="p1+p2+p3")
    sensors = config(meter.announce(), "sensor")
    logged = [sensors[slot].get("tmpo") for slot in ("1", "13", "14", "15", "25", "26")]
    assert logged == [None, 0, 0, None, 0, 0]


def test_kubes_take_nine_slots_each_from_40_on(meter: Flm03) -> None:
    messages = meter.announce()
    sensors, kubes = config(messages, "sensor"), config(messages, "kube")
    for kid in (1, 2):
        entries = [sensors[str(slot)] for slot in range(31 + 9 * kid, 40 + 9 * kid)]
        assert {entry["kid"] for entry in entries} == {kid}
        assert {entry["class"] for entry in entries} == {"kube"}
        assert len({entry["type"] for entry in entries}) == 9
        assert not any("port" in entry for entry in entries)
        assert kubes[str(kid)]["hw_type"] in {19217, 19218}


def test_the_radios_secrets_are_published_as_the_real_meter_does(meter: Flm03) -> None:
    kubes = config(meter.announce(), "kube")
    assert {"key", "null_key", "max_nodes", "collect_group"} <= set(kubes["main"])
    assert re.fullmatch(r"[0-9a-f]{32}", kubes["1"]["hw_id"])


def test_a_full_meter_uses_all_128_slots() -> None:
    sensors = config(Flm03(DEVICE, start=NOON, full=True).announce(), "sensor")
    assert len(used(sensors)) == 128
    assert sum(entry["enable"] == 1 for entry in used(sensors)) == 125


def test_the_self_test_names_serial_and_firmware(meter: Flm03) -> None:
    text = next(m.payload for m in meter.announce() if m.topic.endswith("tap")).decode()
    assert re.search(r"^# serial: FL07\d{6}$", text, re.MULTILINE)
    assert "# firmware: 382\n" in text


@pytest.mark.parametrize(
    ("name", "published"), [("oven", "oven"), ("123", 123), ("4.5", 4.5), ("1e3", 1000)]
)
def test_a_name_that_looks_like_a_number_becomes_one(
    meter: Flm03, name: str, published: str | float
) -> None:
    assert config(meter.rename(1, name), "flx")["1"]["name"] == published


def test_a_port_may_lose_its_name(meter: Flm03) -> None:
    assert "name" not in config(meter.rename(1, None), "flx")["1"]


def test_enabling_a_sensor_republishes_the_sensors(meter: Flm03) -> None:
    entry = config(meter.enable(12), "sensor")["12"]
    assert (entry["enable"], entry["data_type"], entry["rid"]) == (1, "gauge", 0)
    assert config(meter.enable(12, on=False), "sensor")["12"]["enable"] == 0


def test_a_slot_without_a_use_cannot_be_enabled(meter: Flm03) -> None:
    with pytest.raises(ValueError, match="slot 128"):
        meter.enable(128)


def test_retyping_a_pulse_port_changes_its_sensor(meter: Flm03) -> None:
    entry = config(meter.retype(6, "heat"), "sensor")["39"]
    assert (entry["type"], entry["subtype"]) == ("heat", "")


def test_a_kube_takes_the_first_free_slots_and_leaves_them_with_their_ids(meter: Flm03) -> None:
    paired = config(meter.pair_kube("attic"), "sensor")
    assert {paired[str(slot)]["kid"] for slot in range(58, 67)} == {3}
    left = config(meter.unpair_kube(3), "sensor")
    assert left["58"] == {"id": paired["58"]["id"], "rid": 0}
    again = config(meter.pair_kube(), "sensor")
    assert (again["58"]["id"], again["58"]["rid"]) == (paired["58"]["id"], 1)


def test_there_is_no_room_for_an_eleventh_kube() -> None:
    with pytest.raises(ValueError, match="no room"):
        Flm03(DEVICE, start=NOON, full=True).pair_kube()


def test_config_topics_are_compact_json(meter: Flm03) -> None:
    for message in meter.announce():
        if "/config/" in message.topic:
            parsed = json.loads(message.payload)
            compact = json.dumps(parsed, separators=(",", ":"), ensure_ascii=False).encode()
            assert message.payload == compact
