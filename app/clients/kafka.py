"""Kafka, with confluent-kafka."""

from __future__ import annotations

from app.clients.errors import ServiceError, service_errors
from app.clients.packages import import_package
from app.clients.waiting import until

SETTING = "KAFKA_URL"


def produce(url: str, topic: str, message: str, seconds: float) -> None:
    """Send the message to the topic, and wait until the broker has it; ServiceError if that takes longer."""
    driver = import_package("confluent_kafka", "confluent-kafka")
    failures: list[object] = []

    def delivered(error: object, _: object) -> None:
        if error is not None:
            failures.append(error)

    with service_errors(SETTING, driver.KafkaException):
        producer = driver.Producer(
            {"bootstrap.servers": _servers(url), "message.timeout.ms": int(seconds * 1000)}
        )
        producer.produce(topic, value=message.encode(), callback=delivered)
        left = producer.flush(seconds + 1)
    if failures or left:
        cause = failures[0] if failures else f"no answer within {seconds} s"
        raise ServiceError(f"the service of {SETTING} failed: {cause}")


def consume(url: str, topic: str, group: str, seconds: float) -> str:
    """The text of the group's next message in the topic; ServiceError if none comes in so many seconds."""
    driver = import_package("confluent_kafka", "confluent-kafka")
    with service_errors(SETTING, driver.KafkaException):
        consumer = driver.Consumer(
            {"bootstrap.servers": _servers(url), "group.id": group, "auto.offset.reset": "earliest"}
        )
        try:
            partitions: list[int] = []
            for left in until(seconds):
                if not partitions:
                    # Assigned, not subscribed: one consumer has nothing to share with others, and a group
                    # takes seconds to find that out. The group still keeps the place.
                    partitions = list(
                        consumer.list_topics(topic, timeout=max(left, 1)).topics[topic].partitions
                    )
                    consumer.assign([driver.TopicPartition(topic, number) for number in partitions])
                message = consumer.poll(min(left, 1))
                # An error here passes: for example, the topic is not known yet.
                if message is not None and message.error() is None:
                    return str(message.value().decode())
        finally:
            consumer.close()
    raise ServiceError(f"the topic {topic} had no message within {seconds} s")


def _servers(url: str) -> str:
    return url.partition("://")[2]
