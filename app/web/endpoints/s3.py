"""S3: objects whose writing leaves a span pointer, in an S3 that is played inside the function.

The packages `boto3` and `moto` are optional; without them each answers 501.
"""

from __future__ import annotations

from flask import Blueprint, Response

from app.capabilities import s3 as capability
from app.capabilities.errors import Refused
from app.web.inputs import required
from app.web.responses import json_document, plain_text

bp = Blueprint("s3", __name__)

_METHODS = ["GET", "POST", "OPTIONS"]


@bp.route("/mock_s3/put_object", methods=_METHODS)
def put_object() -> Response:
    """Write an object; its body is its key.

    Argument: `bucket` and `key`, both required.

    200: JSON, `{"result": "ok", "object": {"e_tag"}}`, the ETag without quotes.
    400: no `bucket` or no `key`, or one that S3 does not take.
    501: `text/plain`, the package that is missing.
    Span: `s3.command` with the resource `s3.putobject` and a span link of the kind `aws.s3.object`,
    whose hash is that of bucket, key and ETag.
    """
    return written(capability.put_object(required("bucket"), required("key")))


@bp.route("/mock_s3/copy_object", methods=_METHODS)
def copy_object() -> Response:
    """Write an object, whose body is its key, and copy it.

    Argument: `original_bucket`, `original_key`, `bucket` and `key`, all required.

    200: JSON, as above, of the copy.
    400: one of the four is missing, or S3 does not take it.
    501: `text/plain`, the package that is missing.
    Span: as above, with the resource `s3.copyobject`.
    """
    original = required("original_bucket"), required("original_key")
    return written(capability.copy_object(*original, required("bucket"), required("key")))


@bp.route("/mock_s3/multipart_upload", methods=_METHODS)
def multipart_upload() -> Response:
    """Write an object of 15 MB, its key again and again, in two parts.

    Argument: `bucket` and `key`, both required.

    200: JSON, as above.
    400: no `bucket` or no `key`, or one that S3 does not take.
    501: `text/plain`, the package that is missing.
    Span: as above, with the resource `s3.completemultipartupload`.
    """
    return written(capability.multipart_upload(required("bucket"), required("key")))


@bp.errorhandler(Refused)
def refused(error: Refused) -> Response:
    """Why S3 did not take it."""
    return plain_text(f"{error}\n", 400)


def written(etag: str) -> Response:
    """The response that tells of an object."""
    return json_document({"result": "ok", "object": {"e_tag": etag}})
