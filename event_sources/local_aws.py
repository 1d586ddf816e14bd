"""An AWS endpoint on this machine: moto's server, with the resources that the mappings name."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Any
from urllib.parse import urlsplit

from event_sources import aws
from event_sources.settings import SettingError, Settings
from invoke_api.other_sites import OtherSites

NAME = "weblog"
"""Of every resource: queue, topic, bucket, stream, table and bus."""
DEAD_LETTERS = f"{NAME}-dead-letters"
"""The queue for messages that were received three times."""
FAILURES = f"{NAME}-failures"
"""The queue for the records of batches that were given up."""

Environ = dict[str, Any]
StartResponse = Callable[[str, list[tuple[str, str]]], object]
WsgiApp = Callable[[Environ, StartResponse], Iterable[bytes]]


def serve(settings: Settings) -> None:
    """Serve the endpoint in the background, on the address in the settings.

    Raises SettingError when that is not an address of this machine, or in use.
    """
    address = urlsplit(settings.endpoint)
    if address.hostname not in ("127.0.0.1", "localhost") or address.port is None:
        raise SettingError(
            f"AWS_ENDPOINT_URL is {settings.endpoint!r}; with --aws valid is http://127.0.0.1:PORT"
        )
    # A second of imports, which only this command needs.
    from moto.moto_server.werkzeug_app import (
        DomainDispatcherApplication,
        MotoRequestHandler,
        create_backend_app,
    )
    from werkzeug.serving import make_server

    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    app = _refusing_other_sites(DomainDispatcherApplication(create_backend_app))
    try:
        server = make_server(
            "127.0.0.1", address.port, app, threaded=True, request_handler=MotoRequestHandler
        )
    except (OSError, SystemExit) as error:
        raise SettingError(f"cannot listen on {settings.endpoint}: is the port in use?") from error
    threading.Thread(target=server.serve_forever, daemon=True).start()


def _refusing_other_sites(app: WsgiApp) -> WsgiApp:
    """The same WSGI app, for everybody but pages of other web sites in a browser."""
    sites = OtherSites.from_environment()

    def answer(environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        headers = [
            (name[5:].replace("_", "-"), value) for name, value in environ.items() if name.startswith("HTTP_")
        ]
        refusal = sites.refusal(environ["REQUEST_METHOD"], headers)
        if refusal is None:
            return app(environ, start_response)
        start_response("403 Forbidden", [("Content-Type", "text/plain")])
        return [f"{refusal}\n".encode()]

    return answer


def make_resources(settings: Settings) -> None:
    """Make what `mappings.json` names; what is there already stays as it is."""
    queues = aws.client(settings, "sqs")
    dead_letters = queues.create_queue(QueueName=DEAD_LETTERS)["QueueUrl"]
    attributes = queues.get_queue_attributes(QueueUrl=dead_letters, AttributeNames=["QueueArn"])
    arn = attributes["Attributes"]["QueueArn"]
    redrive = f'{{"deadLetterTargetArn": "{arn}", "maxReceiveCount": 3}}'
    # The default of 30 seconds would be a long wait for the second try.
    queues.create_queue(QueueName=NAME, Attributes={"RedrivePolicy": redrive, "VisibilityTimeout": "10"})
    queues.create_queue(QueueName=FAILURES)
    aws.client(settings, "sns").create_topic(Name=NAME)
    streams = aws.client(settings, "kinesis")
    with suppress(streams.exceptions.ResourceInUseException):
        streams.create_stream(StreamName=NAME, ShardCount=1)
    buckets = aws.client(settings, "s3")
    with suppress(buckets.exceptions.BucketAlreadyOwnedByYou, buckets.exceptions.BucketAlreadyExists):
        buckets.create_bucket(Bucket=NAME)
    tables = aws.client(settings, "dynamodb")
    with suppress(tables.exceptions.ResourceInUseException):
        tables.create_table(
            TableName=NAME,
            KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
            StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"},
        )
    buses = aws.client(settings, "events")
    with suppress(buses.exceptions.ResourceAlreadyExistsException):
        buses.create_event_bus(Name=NAME)
