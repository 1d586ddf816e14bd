"""An AWS endpoint on this machine: moto's server, with the resources that the mappings name."""

from __future__ import annotations

import http.client
import logging
import threading
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Any

from event_sources.settings import KEY, SettingError, Settings
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
    """Serve the endpoint in the background, at AWS_PORT; raises SettingError when that is in use."""
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
            "127.0.0.1", settings.aws_port, app, threaded=True, request_handler=MotoRequestHandler
        )
    except (OSError, SystemExit) as error:
        raise SettingError(f"AWS_PORT: port {settings.aws_port} is in use") from error
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
    """Make what `mappings.json` names, the bucket last; what is there already stays as it is."""
    from event_sources import aws

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
    buckets = aws.client(settings, "s3")
    with suppress(buckets.exceptions.BucketAlreadyOwnedByYou, buckets.exceptions.BucketAlreadyExists):
        buckets.create_bucket(Bucket=NAME)


def environment(port: int) -> dict[str, str]:
    """What has the function, and boto3 in any process, use the endpoint at that port."""
    url = f"http://127.0.0.1:{port}"
    return {
        "AWS_ENDPOINT_URL": url,
        # The function's own setting, which would come first.
        "SYSTEM_TESTS_AWS_URL": url,
        "AWS_REGION": Settings.region,
        "AWS_DEFAULT_REGION": Settings.region,
        "AWS_ACCESS_KEY_ID": KEY,
        "AWS_SECRET_ACCESS_KEY": KEY,
    }


def is_up(port: int) -> bool:
    """Whether the endpoint at that port answers, and has its resources: the bucket is made last."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=1)
    try:
        connection.request("HEAD", f"/{NAME}")
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
