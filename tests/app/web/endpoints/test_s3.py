"""Objects in an S3 that moto plays inside the function, and the span pointers that they leave."""

from __future__ import annotations

import sys
from hashlib import md5, sha256
from typing import Any
from urllib.parse import urlencode

import pytest

from tests.app.conftest import Handled
from tests.support.events import EVENT_TYPES
from tests.support.function import Function

pytest.importorskip("moto", reason="moto is not installed; pip install -r requirements-drivers.txt")
pytest.importorskip("boto3", reason="boto3 is not installed; pip install -r requirements-drivers.txt")

REST = EVENT_TYPES[0]
OBJECT = md5(b"The weblog wrote this object.\n").hexdigest()
# S3's way to make the ETag of an object that came in parts.
IN_PARTS = md5(2 * md5(bytes(5 * 1024 * 1024)).digest()).hexdigest() + "-2"

WRITTEN: dict[str, tuple[dict[str, str], str, str]] = {
    "/mock_s3/put_object": ({"bucket": "mybucket", "key": "käse & brot"}, OBJECT, "s3.putobject"),
    "/mock_s3/copy_object": (
        {"original_bucket": "original", "original_key": "a b", "bucket": "copies", "key": "ü"},
        OBJECT,
        "s3.copyobject",
    ),
    "/mock_s3/multipart_upload": (
        {"bucket": "mybucket", "key": "big"},
        IN_PARTS,
        "s3.completemultipartupload",
    ),
}


@pytest.mark.parametrize("path", WRITTEN)
def test_writing(handled: Handled, path: str) -> None:
    arguments, etag, _ = WRITTEN[path]
    for method in ["GET", "POST"]:
        response = handled(path, query=urlencode(arguments), method=method)
        assert (response.status, response.json) == (200, {"result": "ok", "object": {"e_tag": etag}})


def test_a_copy_within_a_bucket(handled: Handled) -> None:
    query = "original_bucket=mybucket&original_key=a&bucket=mybucket&key=b"
    assert handled("/mock_s3/copy_object", query=query).json["object"]["e_tag"] == OBJECT


@pytest.mark.parametrize("path", WRITTEN)
def test_a_missing_argument(handled: Handled, path: str) -> None:
    arguments, _, _ = WRITTEN[path]
    for missing in arguments:
        query = urlencode({name: value for name, value in arguments.items() if name != missing})
        response = handled(path, query=query)
        assert (response.status, response.body.decode().split(" is required")[0]) == (
            400,
            f"argument {missing}",
        )


@pytest.mark.parametrize(
    ("bucket", "key", "problem"),
    [
        ("xy", "key", "InvalidBucketName"),
        ("a b", "key", "Invalid bucket name"),
        ("mybucket", "", "Invalid length"),
    ],
)
def test_what_s3_does_not_take(handled: Handled, bucket: str, key: str, problem: str) -> None:
    response = handled("/mock_s3/put_object", query=urlencode({"bucket": bucket, "key": key}))
    assert response.status == 400
    assert response.body.startswith(b"S3 refuses it: ")
    assert problem in response.body.decode()


@pytest.mark.parametrize("package", ["boto3", "moto"])
def test_a_missing_package(handled: Handled, monkeypatch: pytest.MonkeyPatch, package: str) -> None:
    monkeypatch.setitem(sys.modules, package, None)
    response = handled("/mock_s3/put_object", query="bucket=mybucket&key=a")
    assert response.status == 501
    assert response.body.decode().startswith(f"the package {package} is not installed")


@pytest.mark.emulator
@pytest.mark.parametrize("path", WRITTEN)
def test_a_span_pointer(with_services: Function, path: str) -> None:
    arguments, etag, resource = WRITTEN[path]
    response, trace = with_services.request(REST, path=path, query=urlencode(arguments))
    assert response.status == 200
    (span,) = [span for span in trace.named("s3.command") if span["resource"] == resource]
    name = "|".join((arguments["bucket"], arguments["key"], etag))
    assert pointers(span) == [("aws.s3.object", "d", sha256(name.encode()).hexdigest()[:32])]


def pointers(span: dict[str, Any]) -> list[tuple[str, str, str]]:
    """The kind, the direction and the hash of each span pointer."""
    attributes = [link["attributes"] for link in span["span_links"]]
    return [
        (each["ptr.kind"], each["ptr.dir"], each["ptr.hash"])
        for each in attributes
        if each["link.kind"] == "span-pointer"
    ]
