"""Writes S3 objects into an S3 that moto plays in this process; nothing is kept. Their bodies are their keys.

The packages are optional: without them the functions raise MissingPackage. They raise Refused as well.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from app.capabilities.errors import Refused
from app.clients.packages import import_package

# Of an object that is written in parts; S3 takes no part below 5 MiB, the last one apart.
_PARTS_BYTES = 15_000_000


def put_object(bucket: str, key: str) -> str:
    """Write an object; its ETag, without quotes, as AWS sends it in events."""
    with _s3(bucket) as s3:
        return _etag(s3.put_object(Bucket=bucket, Key=key, Body=key.encode()))


def copy_object(original_bucket: str, original_key: str, bucket: str, key: str) -> str:
    """Write an object, and copy it; the ETag of the copy."""
    with _s3(original_bucket, bucket) as s3:
        s3.put_object(Bucket=original_bucket, Key=original_key, Body=original_key.encode())
        source = {"Bucket": original_bucket, "Key": original_key}
        return _etag(s3.copy_object(Bucket=bucket, Key=key, CopySource=source)["CopyObjectResult"])


def multipart_upload(bucket: str, key: str) -> str:
    """Write an object of 15 MB, its key again and again, in two parts; its ETag."""
    text = key.encode()
    body = text * (_PARTS_BYTES // max(len(text), 1))
    half = len(body) // 2
    with _s3(bucket) as s3:
        upload = {"Bucket": bucket, "Key": key}
        upload["UploadId"] = s3.create_multipart_upload(**upload)["UploadId"]
        parts = []
        for number, part in enumerate((body[:half], body[half:]), start=1):
            answer = s3.upload_part(**upload, PartNumber=number, Body=part)
            parts.append({"PartNumber": number, "ETag": answer["ETag"]})
        return _etag(s3.complete_multipart_upload(**upload, MultipartUpload={"Parts": parts}))


@contextmanager
def _s3(*buckets: str) -> Iterator[Any]:
    """A client of an S3 that has these buckets. Raises Refused where it or the client refuses a call."""
    boto3 = import_package("boto3", "boto3")
    exceptions = import_package("botocore.exceptions", "boto3")
    moto = import_package("moto", "moto")
    with moto.mock_aws():
        s3 = boto3.client("s3", region_name="us-east-1")
        try:
            for bucket in dict.fromkeys(buckets):
                s3.create_bucket(Bucket=bucket)
            yield s3
        except (exceptions.ClientError, exceptions.ParamValidationError) as error:
            raise Refused(f"S3 refuses it: {error}") from error


def _etag(answer: dict[str, str]) -> str:
    return answer["ETag"].strip('"')
