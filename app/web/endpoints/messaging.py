"""Messaging: the endpoints that send messages to brokers and AWS services, and receive them.

What goes wrong with the service gives 400, JSON, `{"error": <why>}`: it cannot be reached, it refuses, or the
message does not come in time. A driver that is not installed gives 501.

`timeout` is how many seconds to wait at the most, 0 to 300; 60 if it is missing.
"""

from __future__ import annotations

from flask import Blueprint, Response

from app.capabilities import messaging as capability
from app.clients.errors import ServiceError
from app.web.inputs import argument, optional, required, settings, whole_number
from app.web.responses import json_document, plain_text

bp = Blueprint("messaging", __name__)

_MESSAGE = "Hello from the Python Lambda weblog"


@bp.errorhandler(ServiceError)
def failed(error: ServiceError) -> Response:
    """400: JSON, `{"error": ...}`."""
    return json_document({"error": str(error)}, 400)


@bp.get("/kafka/produce")
def kafka_produce() -> Response:
    """Send a message to a topic of Kafka.

    Argument: `topic`, required; `timeout`.

    200: JSON, `{"result": "ok"}`.
    400: no `topic`, or the service failed.
    501: confluent-kafka is not installed.
    Span: a child span `kafka.produce` with `span.kind` producer, `kafka.topic`,
    `messaging.kafka.bootstrap.servers`.
    Setting: `KAFKA_URL`; with `DD_KAFKA_PROPAGATION_ENABLED` the message carries the trace's context.
    """
    capability.kafka_produce(settings(), required("topic"), _MESSAGE, _seconds())
    return json_document({"result": "ok"})


@bp.get("/kafka/consume")
def kafka_consume() -> Response:
    """Receive the next message of a topic of Kafka.

    Argument: `topic`, required; `group`, the consumer group, `weblog` if it is missing; `timeout`.

    200: JSON, `{"result": "ok", "message": <text>}`.
    400: no `topic`, or the service failed.
    501: confluent-kafka is not installed.
    Span: spans `kafka.consume` with `span.kind` consumer; that with `kafka.received_message` True belongs to
    the producer's trace, with `DD_KAFKA_PROPAGATION_ENABLED`.
    Setting: `KAFKA_URL`.
    """
    return _message(
        capability.kafka_consume(settings(), required("topic"), optional("group", "weblog"), _seconds())
    )


@bp.get("/sqs/produce")
def sqs_produce() -> Response:
    """Send a message to a queue of SQS, which is made if it is not there.

    Argument: `queue`, required; `message`.

    200: `text/plain`, `SQS Produce ok`.
    400: no `queue`, or the service failed.
    501: boto3 is not installed.
    Span: a child span `sqs.command` with the resource `sqs.sendmessage` and `queuename`; the message has the
    attribute `_datadog` with the trace's context.
    Setting: `SYSTEM_TESTS_AWS_URL`.
    """
    capability.sqs_produce(settings(), required("queue"), optional("message", _MESSAGE))
    return plain_text("SQS Produce ok")


@bp.get("/sqs/consume")
def sqs_consume() -> Response:
    """Receive a message from a queue of SQS, and delete it.

    Argument: `queue`, required; `message`, the text to wait for, any if it is missing; `timeout`.

    200: JSON, `{"result": "ok", "message": <text>}`.
    400: no `queue`, or the service failed.
    501: boto3 is not installed.
    Span: spans `sqs.command` with the resource `sqs.receivemessage` and `queuename`; that of the message
    belongs to the producer's trace, with `DD_BOTOCORE_PROPAGATION_ENABLED`.
    Setting: `SYSTEM_TESTS_AWS_URL`.
    """
    return _message(capability.sqs_consume(settings(), required("queue"), _wanted(), _seconds()))


@bp.get("/sns/produce")
def sns_produce() -> Response:
    """Publish a message to a topic of SNS, with a queue of SQS behind it; both are made.

    Argument: `topic`, required, without SNS's envelope around the message if its name ends with `raw`;
    `queue`, required; `message`.

    200: JSON, `{"result": "ok"}`.
    400: no `topic` or `queue`, or the service failed.
    501: boto3 is not installed.
    Span: a child span `sns.command` with the resource `sns.publish` and `topicname`; the message has the
    attribute `_datadog`.
    Setting: `SYSTEM_TESTS_AWS_URL`.
    """
    topic, queue = required("topic"), required("queue")
    capability.sns_produce(settings(), topic, queue, optional("message", _MESSAGE))
    return json_document({"result": "ok"})


@bp.get("/sns/consume")
def sns_consume() -> Response:
    """Receive a message of SNS from the queue behind the topic, and delete it.

    Argument: `queue`, required; `message`, the text to wait for, any if it is missing; `timeout`.

    200: JSON, `{"result": "ok", "message": <text>}`.
    400: no `queue`, or the service failed.
    501: boto3 is not installed.
    Span: as for `/sqs/consume`.
    Setting: `SYSTEM_TESTS_AWS_URL`.
    """
    return _message(capability.sqs_consume(settings(), required("queue"), _wanted(), _seconds()))


@bp.get("/kinesis/produce")
def kinesis_produce() -> Response:
    """Put a record into a stream of Kinesis, which is made if it is not there.

    Argument: `stream`, required; `message`; `timeout`.

    200: JSON, `{"result": "ok"}`.
    400: no `stream`, or the service failed.
    501: boto3 is not installed.
    Span: a child span `kinesis.command` with the resource `kinesis.putrecord` and `streamname`; the record,
    a JSON object, has a member `_datadog`.
    Setting: `SYSTEM_TESTS_AWS_URL`.
    """
    stream, message = required("stream"), optional("message", _MESSAGE)
    capability.kinesis_produce(settings(), stream, message, _seconds())
    return json_document({"result": "ok"})


@bp.get("/kinesis/consume")
def kinesis_consume() -> Response:
    """Read a record from a stream of Kinesis.

    Argument: `stream`, required; `message`, the text to wait for, any if it is missing; `timeout`.

    200: JSON, `{"result": "ok", "message": <text>}`.
    400: no `stream`, or the service failed.
    501: boto3 is not installed.
    Span: spans `kinesis.command` with the resource `kinesis.getrecords`; that of the record belongs to
    the producer's trace, with `DD_BOTOCORE_PROPAGATION_ENABLED`.
    Setting: `SYSTEM_TESTS_AWS_URL`.
    """
    return _message(capability.kinesis_consume(settings(), required("stream"), _wanted(), _seconds()))


@bp.get("/rabbitmq/produce")
def rabbitmq_produce() -> Response:
    """Send a message through an exchange of RabbitMQ to a queue; both are made.

    Argument: `queue`, required; `exchange`, `routing_key`, the queue's name if they are missing; `message`.

    200: JSON, `{"result": "ok"}`.
    400: no `queue`, or the service failed.
    501: kombu is not installed.
    Span: a child span `kombu.publish` with `span.kind` producer, `kombu.exchange`, `kombu.routing_key`; the
    message carries the trace's context.
    Setting: `RABBITMQ_URL`.
    """
    capability.rabbitmq_produce(settings(), *_queue(), optional("message", _MESSAGE))
    return json_document({"result": "ok"})


@bp.get("/rabbitmq/consume")
def rabbitmq_consume() -> Response:
    """Receive the next message of a queue of RabbitMQ.

    Argument: `queue`, required; `exchange`, `routing_key`, the queue's name if they are missing; `timeout`.

    200: JSON, `{"result": "ok", "message": <text>}`.
    400: no `queue`, or the service failed.
    501: kombu is not installed.
    Span: a span `kombu.receive` with `span.kind` consumer, in the producer's trace.
    Setting: `RABBITMQ_URL`.
    """
    return _message(capability.rabbitmq_consume(settings(), *_queue(), _seconds()))


@bp.get("/dsm")
def dsm() -> Response:
    """Send a message and receive it, for Data Streams Monitoring.

    Argument: `integration`, one of `kafka`, `sqs`, `sns`, `kinesis`, `rabbitmq`; required.
    Argument: `queue`, required unless it is kinesis; for kafka it is the topic.
    Argument: `topic`, for sns; `stream`, for kinesis; `group`, for kafka; `exchange` and `routing_key`, for
    rabbitmq; all required there. `message`, `timeout`.

    200: `text/plain`, `ok`.
    400: an argument is missing, or the service failed.
    406: another integration.
    501: the driver is not installed.
    Span: those of the endpoints above. Pipeline statistics, every ten seconds: a checkpoint with
    `direction:out` and one with `direction:in`, whose parent it is.
    Setting: `DD_DATA_STREAMS_ENABLED`, and those of the endpoints above.
    """
    integration, here, seconds = required("integration"), settings(), _seconds()
    message = optional("message", _MESSAGE)
    if integration == "kafka":
        topic, group = required("queue"), required("group")
        capability.in_threads(
            lambda: capability.kafka_produce(here, topic, message, seconds),
            lambda: capability.kafka_consume(here, topic, group, seconds),
        )
    elif integration == "sqs":
        queue = required("queue")
        capability.in_threads(
            lambda: capability.sqs_produce(here, queue, message),
            lambda: capability.sqs_consume(here, queue, message, seconds),
        )
    elif integration == "sns":
        queue, topic = required("queue"), required("topic")
        capability.in_threads(
            lambda: capability.sns_produce(here, topic, queue, message),
            lambda: capability.sqs_consume(here, queue, message, seconds),
        )
    elif integration == "kinesis":
        stream = required("stream")
        capability.in_threads(
            lambda: capability.kinesis_produce(here, stream, message, seconds),
            lambda: capability.kinesis_consume(here, stream, message, seconds),
        )
    elif integration == "rabbitmq":
        address = required("queue"), required("exchange"), required("routing_key")
        capability.in_threads(
            lambda: capability.rabbitmq_produce(here, *address, message),
            lambda: capability.rabbitmq_consume(here, *address, seconds),
        )
    else:
        valid = ", ".join(capability.INTEGRATIONS)
        return plain_text(f"integration {integration!r} is not one of {valid}\n", 406)
    return plain_text("ok")


def _seconds() -> int:
    return whole_number("timeout", 60, most=300)


def _wanted() -> str | None:
    return None if argument("message") is None else required("message")


def _queue() -> tuple[str, str, str]:
    queue = required("queue")
    return queue, optional("exchange", queue), optional("routing_key", queue)


def _message(text: str) -> Response:
    return json_document({"result": "ok", "message": text})
