"""RabbitMQ, with kombu."""

from __future__ import annotations

from types import ModuleType
from typing import Any

from app.clients.errors import ServiceError, service_errors
from app.clients.packages import import_package
from app.clients.waiting import until

SETTING = "RABBITMQ_URL"


def produce(url: str, queue: str, exchange: str, routing_key: str, message: str) -> None:
    """Send the message through the exchange to the queue; both are made if they are not there."""
    kombu = _kombu()
    with _errors(kombu), _connection(kombu, url) as connection, connection.channel() as channel:
        producer = kombu.Producer(channel)
        target = _queue(kombu, queue, exchange, routing_key)
        producer.publish(message, exchange=target.exchange, routing_key=routing_key, declare=[target])


def consume(url: str, queue: str, exchange: str, routing_key: str, seconds: float) -> str:
    """The text of the queue's next message; ServiceError if none comes within so many seconds."""
    kombu = _kombu()
    texts: list[str] = []

    def receive(body: object, message: Any) -> None:  # noqa: ANN401 - a class of kombu
        message.ack()
        texts.append(str(body))

    with _errors(kombu), _connection(kombu, url) as connection, connection.channel() as channel:
        source = _queue(kombu, queue, exchange, routing_key)
        consumer = kombu.Consumer(channel, queues=[source], callbacks=[receive], prefetch_count=1)
        with consumer:
            for left in until(seconds):
                try:
                    connection.drain_events(timeout=max(left, 0.1))
                except TimeoutError:
                    break
                if texts:
                    return texts[0]
    raise ServiceError(f"the queue {queue} had no message within {seconds} s")


def _kombu() -> ModuleType:
    from ddtrace import patch

    # The one integration used here that is off by default.
    patch(kombu=True)
    return import_package("kombu", "kombu")


def _connection(kombu: ModuleType, url: str) -> Any:  # noqa: ANN401 - a class of kombu
    return kombu.Connection(url, connect_timeout=5)


def _errors(kombu: ModuleType) -> Any:  # noqa: ANN401 - the context manager of service_errors
    exceptions = import_package("amqp.exceptions", "kombu")
    return service_errors(SETTING, kombu.exceptions.KombuError, exceptions.AMQPError, OSError)


def _queue(kombu: ModuleType, queue: str, exchange: str, routing_key: str) -> Any:  # noqa: ANN401
    return kombu.Queue(queue, exchange=kombu.Exchange(exchange, type="direct"), routing_key=routing_key)
