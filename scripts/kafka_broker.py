"""Runs the Kafka broker that librdkafka has for tests: `python -m scripts.kafka_broker FILE`.

It speaks Kafka's protocol on a loopback port of its own choice, and keeps topics and groups in memory. Its
address (host:port) is written into FILE when it is up. SIGTERM ends it.
"""

from __future__ import annotations

import signal
import sys
from pathlib import Path

from confluent_kafka import Producer


def main(file: Path) -> None:
    """Run until SIGTERM or Ctrl-C."""
    stop = {signal.SIGTERM, signal.SIGINT}
    signal.pthread_sigmask(signal.SIG_BLOCK, stop)
    # The broker lives as long as this client does.
    owner = Producer({"test.mock.num.brokers": 1})
    (broker,) = owner.list_topics(timeout=10).brokers.values()
    unfinished = file.with_suffix(".unfinished")
    unfinished.write_text(f"{broker.host}:{broker.port}")
    unfinished.rename(file)
    signal.sigwait(stop)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
