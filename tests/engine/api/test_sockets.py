"""Replies on kept connections do not wait for receipts."""

from __future__ import annotations

import socket

from engine.api.sockets import send_at_once


def test_what_is_accepted_by_a_listening_socket_sends_at_once() -> None:
    with socket.socket(socket.AF_INET) as listening:  # without a protocol, as the server binds it
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        assert send_at_once() >= 1
        with socket.create_connection(listening.getsockname()), listening.accept()[0] as accepted:
            assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
