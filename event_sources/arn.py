"""Amazon resource names: `arn:PARTITION:SERVICE:REGION:ACCOUNT:RESOURCE`."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Arn:
    """A name in its parts; `str()` makes it whole again."""

    partition: str
    service: str
    region: str
    account: str
    resource: str

    @classmethod
    def parse(cls, text: str) -> Arn:
        """The parts; raises ValueError for what has not all of them."""
        start, *parts = text.split(":", 5)
        if start != "arn" or len(parts) != 5 or not (parts[0] and parts[1] and parts[4]):
            raise ValueError(f"{text!r} is not an ARN such as arn:aws:sqs:us-east-1:123456789012:weblog")
        return cls(*parts)

    def __str__(self) -> str:
        return f"arn:{self.partition}:{self.service}:{self.region}:{self.account}:{self.resource}"

    @property
    def name(self) -> str:
        """The resource without its kind: `weblog` of `table/weblog/stream/2026` and of `weblog`."""
        parts = self.resource.split("/")
        return parts[1] if len(parts) > 1 else parts[0]
