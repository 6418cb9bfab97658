"""The ports that the tests and the demo choose for their servers."""

from stack import free_port


def test_no_port_is_chosen_twice_before_its_server_listens(socket_enabled: None) -> None:
    ports = [free_port() for _ in range(1000)]

    assert len({*ports}) == len(ports)
