"""Unsubscribe functions that are called together."""

from functools import partial

import pytest

from custom_components.flukso.transport.subscriptions import Subscriptions


def test_they_are_called_once_and_the_last_first() -> None:
    called: list[str] = []
    with Subscriptions() as subscriptions:
        subscriptions.add(partial(called.append, "first"))
        subscriptions.add(partial(called.append, "second"))
    assert called == []

    subscriptions.close()
    subscriptions.close()

    assert called == ["second", "first"]


def test_one_that_raises_keeps_none_of_the_others_from_being_called() -> None:
    called: list[str] = []
    subscriptions = Subscriptions()
    subscriptions.add(partial(called.append, "first"))
    subscriptions.add(partial({}.__delitem__, "gone"))
    subscriptions.add(partial(called.append, "last"))

    with pytest.raises(KeyError):
        subscriptions.close()

    assert called == ["last", "first"]


def begin(called: list[str]) -> None:
    """Add one, and fail to add another."""
    with Subscriptions() as subscriptions:
        subscriptions.add(partial(called.append, "first"))
        raise LookupError


def test_they_are_called_if_not_all_could_be_added() -> None:
    called: list[str] = []
    with pytest.raises(LookupError):
        begin(called)
    assert called == ["first"]
