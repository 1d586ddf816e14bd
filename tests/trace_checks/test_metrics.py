"""Metrics are taken as soon as they are sent, each once."""

from __future__ import annotations

import socket

from trace_checks.metrics import Metrics


def test_the_lines_since_the_last_call() -> None:
    metrics = Metrics()
    with socket.socket(type=socket.SOCK_DGRAM) as sender:
        sender.connect(("127.0.0.1", metrics.port))
        assert metrics.take() == []
        for datagram in (b"a:1|d", b"b:1|d\nc:2|d|#x:\xff"):
            sender.send(datagram)
        assert metrics.take() == ["a:1|d", "b:1|d", "c:2|d|#x:\ufffd"]
        assert metrics.take() == []
    metrics.close()
