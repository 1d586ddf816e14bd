"""Sends and receives messages: Kafka, SQS, SNS, Kinesis, RabbitMQ; one function each way.

All raise ServiceError where the service cannot be reached, refuses, or has no such message in time, and
MissingPackage without the driver. Those that wait take seconds.
"""

from __future__ import annotations

from collections.abc import Callable

from app.settings import Settings

INTEGRATIONS = ("kafka", "sqs", "sns", "kinesis", "rabbitmq")


def kafka_produce(settings: Settings, topic: str, message: str, seconds: float) -> None:
    """Send to a topic."""
    from app.clients import kafka

    kafka.produce(settings.kafka_url, topic, message, seconds)


def kafka_consume(settings: Settings, topic: str, group: str, seconds: float) -> str:
    """Receive the group's next message of a topic."""
    from app.clients import kafka

    return kafka.consume(settings.kafka_url, topic, group, seconds)


def sqs_produce(settings: Settings, queue: str, message: str) -> None:
    """Send to a queue."""
    from app.clients import sqs

    sqs.produce(settings.aws_url, queue, message)


def sqs_consume(settings: Settings, queue: str, message: str | None, seconds: float) -> str:
    """Receive this message, or any for None, from a queue; messages of SNS too."""
    from app.clients import sqs

    return sqs.consume(settings.aws_url, queue, message, seconds)


def sns_produce(settings: Settings, topic: str, queue: str, message: str) -> None:
    """Publish to a topic with this queue behind it."""
    from app.clients import sns

    sns.produce(settings.aws_url, topic, queue, message)


def kinesis_produce(settings: Settings, stream: str, message: str, seconds: float) -> None:
    """Put a record into a stream."""
    from app.clients import kinesis

    kinesis.produce(settings.aws_url, stream, message, seconds)


def kinesis_consume(settings: Settings, stream: str, message: str | None, seconds: float) -> str:
    """Read this record, or any for None, from a stream."""
    from app.clients import kinesis

    return kinesis.consume(settings.aws_url, stream, message, seconds)


def rabbitmq_produce(settings: Settings, queue: str, exchange: str, routing_key: str, message: str) -> None:
    """Send through an exchange to a queue."""
    from app.clients import rabbitmq

    rabbitmq.produce(settings.rabbitmq_url, queue, exchange, routing_key, message)


def rabbitmq_consume(settings: Settings, queue: str, exchange: str, routing_key: str, seconds: float) -> str:
    """Receive the next message of a queue."""
    from app.clients import rabbitmq

    return rabbitmq.consume(settings.rabbitmq_url, queue, exchange, routing_key, seconds)


def in_threads(produce: Callable[[], object], consume: Callable[[], object]) -> None:
    """Produce, then consume, each in a thread of its own.

    The tracer keeps a message's pathway with the thread: in a thread that had none, a pathway begins. Its
    spans stay in the trace of the request, because the tracer hands its context on to such threads.
    """
    from concurrent.futures import ThreadPoolExecutor

    for step in (produce, consume):
        with ThreadPoolExecutor(max_workers=1) as executor:
            executor.submit(step).result()
