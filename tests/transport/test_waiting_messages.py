"""Messages that wait to be delivered, those of a topic together."""

from collections.abc import Callable, Sequence

from homeassistant.core import CoreState, HomeAssistant
import pytest

from custom_components.flukso.protocol.reading import MAX_BYTES
from custom_components.flukso.transport.interface import BufferedSubscription, Message
from custom_components.flukso.transport.waiting_messages import WaitingMessages

type Delivered = list[tuple[str, list[bytes]]]


def topic(name: str, delivered: Delivered) -> BufferedSubscription:
    """Return a topic whose messages are noted when they are delivered."""
    return BufferedSubscription(
        name, lambda messages: delivered.append((name, [each.payload for each in messages]))
    )


def add(waiting: WaitingMessages, to: BufferedSubscription, *payloads: bytes) -> None:
    """Let messages arrive on a topic."""
    for payload in payloads:
        waiting.add(to, Message(to.topic, payload, False, 0))


def test_those_of_a_topic_are_delivered_together_once(hass: HomeAssistant) -> None:
    delivered: Delivered = []
    waiting = WaitingMessages(hass)
    first, second = topic("a", delivered), topic("b", delivered)
    add(waiting, second, b"1")
    add(waiting, first, b"2")
    add(waiting, second, b"3")

    waiting.deliver()
    waiting.deliver()

    assert delivered == [("b", [b"1", b"3"]), ("a", [b"2"])]


def test_those_of_topics_that_are_not_urgent_may_be_left_for_later(hass: HomeAssistant) -> None:
    delivered: Delivered = []
    waiting = WaitingMessages(hass)
    slow, urgent = topic("slow", delivered), topic("urgent", delivered)
    urgent.is_urgent = lambda _payload: False
    for payload in (b"1", b"2"):
        add(waiting, slow, payload)
        add(waiting, urgent, payload)
        waiting.deliver(only_urgent=True)
    assert delivered == [("urgent", [b"1"]), ("urgent", [b"2"])]

    waiting.deliver()

    assert delivered[2:] == [("slow", [b"1", b"2"])]


def test_of_a_message_that_is_too_long_for_a_reading_only_the_beginning_waits(
    hass: HomeAssistant,
) -> None:
    delivered: Delivered = []
    waiting = WaitingMessages(hass)
    add(waiting, topic("readings", delivered), b"1" * MAX_BYTES, b"2" * 4_000_000)

    waiting.deliver()

    assert delivered == [("readings", [b"1" * MAX_BYTES, b"2" * (MAX_BYTES + 1)])]


def test_a_flood_of_messages_does_not_wait(hass: HomeAssistant) -> None:
    delivered: Delivered = []
    waiting = WaitingMessages(hass)
    flooded = topic("flooded", delivered)
    for _ in range(1000):
        add(waiting, flooded, b"1")
        waiting.deliver(only_urgent=True)

    assert {len(payloads) for _, payloads in delivered} == {100}
    assert len(delivered) == 10


def test_an_error_on_one_topic_costs_no_other(
    hass: HomeAssistant, caplog: pytest.LogCaptureFixture
) -> None:
    delivered: Delivered = []

    def fail(_messages: Sequence[Message]) -> None:
        raise ZeroDivisionError

    waiting = WaitingMessages(hass)
    add(waiting, BufferedSubscription("/sensor/0123456789abcdef0123456789abcdef/gauge", fail), b"1")
    add(waiting, topic("a", delivered), b"2")

    waiting.deliver()

    assert delivered == [("a", [b"2"])]
    assert "Error while handling messages on /sensor/012345…/gauge" in caplog.text


def _stop(hass: HomeAssistant, _waiting: WaitingMessages) -> None:
    hass.set_state(CoreState.stopping)


def _discard(_hass: HomeAssistant, waiting: WaitingMessages) -> None:
    waiting.discard()


@pytest.mark.parametrize("end", [_stop, _discard])
def test_those_that_wait_are_dropped(
    hass: HomeAssistant, end: Callable[[HomeAssistant, WaitingMessages], None]
) -> None:
    delivered: Delivered = []
    waiting = WaitingMessages(hass)
    later = topic("a", delivered)
    add(waiting, later, b"1")

    end(hass, waiting)
    waiting.deliver()
    hass.set_state(CoreState.running)
    add(waiting, later, b"2")
    waiting.deliver()

    assert delivered == [("a", [b"2"])]
