"""The configuration of event source mappings: what a mapping may say, by the names of AWS's API.

https://docs.aws.amazon.com/lambda/latest/api/API_CreateEventSourceMapping.html
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Collection
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from event_sources.arn import Arn
from event_sources.filters import FilterError, Filters
from event_sources.settings import SettingError

Json = dict[str, Any]

_POLLED = {"BatchSize", "MaximumBatchingWindowInSeconds", "FunctionResponseTypes", "FilterCriteria"}
_STREAM = _POLLED | {
    "StartingPosition",
    "BisectBatchOnFunctionError",
    "MaximumRetryAttempts",
    "MaximumRecordAgeInSeconds",
    "ParallelizationFactor",
    "DestinationConfig",
}
FIELDS: dict[str, set[str]] = {
    "sqs": _POLLED,
    "kinesis": _STREAM,
    "dynamodb": _STREAM,
    "sns": set(),
    "s3": {"Events"},
    "events": {"EventPattern"},
}
"""What a mapping may say, by the service in the ARN of its source; every mapping has `_ALWAYS` beside."""
_ALWAYS = {"EventSourceArn", "FunctionName", "Enabled"}

STARTING_POSITIONS = ("TRIM_HORIZON", "LATEST")
DESTINATIONS = ("sqs", "sns", "s3")
# In the API -1 stands for "without limit".
WITHOUT_LIMIT = -1


@dataclass(frozen=True)
class Mapping:
    """One event source mapping."""

    source: Arn
    function: str | None = None
    enabled: bool = True
    batch_size: int = 10
    window: int = 0
    """Seconds to wait for a batch to fill."""
    report_failures: bool = False
    """`ReportBatchItemFailures`: the function says which records failed."""
    filters: Filters = field(default_factory=Filters)
    starting_position: str = "TRIM_HORIZON"
    bisect: bool = False
    retries: int = WITHOUT_LIMIT
    record_age: int = WITHOUT_LIMIT
    """Seconds after which a record is given up."""
    parallel: int = 1
    """Batches of one shard that are under way at the same time, of different partition keys."""
    on_failure: Arn | None = None
    """Where a record goes that tells which batch was given up."""
    events: tuple[str, ...] = ("s3:ObjectCreated:*", "s3:ObjectRemoved:*")
    pattern: str | None = None

    @property
    def uuid(self) -> str:
        """The mapping's id, always the same for the same source."""
        return str(uuid.uuid5(uuid.NAMESPACE_URL, str(self.source)))

    @classmethod
    def parse(cls, found: object) -> Mapping:
        """The mapping that this JSON object configures; raises SettingError."""
        if not isinstance(found, dict):
            raise SettingError(f"a mapping is an object, not {found!r:.100}")
        source = _arn(found, "EventSourceArn", FIELDS)
        service = source.service
        unknown = found.keys() - FIELDS[service] - _ALWAYS
        if unknown:
            valid = ", ".join(sorted(FIELDS[service] | _ALWAYS))
            raise SettingError(f"a mapping of {service} has no {sorted(unknown)[0]}; valid are: {valid}")
        fifo = service == "sqs" and source.resource.endswith(".fifo")
        mapping = cls(
            source=source,
            function=_text(found, "FunctionName"),
            enabled=_switch(found, "Enabled", default=True),
            batch_size=_number(found, "BatchSize", 10 if service == "sqs" else 100, 1, 10 if fifo else 10000),
            window=_number(found, "MaximumBatchingWindowInSeconds", 0, 0, 0 if fifo else 300),
            report_failures=_one_of(found, "FunctionResponseTypes", ("ReportBatchItemFailures",)),
            filters=_filters(found),
            starting_position=_position(found),
            bisect=_switch(found, "BisectBatchOnFunctionError", default=False),
            retries=_number(found, "MaximumRetryAttempts", WITHOUT_LIMIT, WITHOUT_LIMIT, 10000),
            record_age=_number(found, "MaximumRecordAgeInSeconds", WITHOUT_LIMIT, WITHOUT_LIMIT, 604800),
            parallel=_number(found, "ParallelizationFactor", 1, 1, 10),
            on_failure=_destination(found),
            events=tuple(_texts(found, "Events", cls.events)),
            pattern=json.dumps(found["EventPattern"]) if "EventPattern" in found else None,
        )
        if service == "sqs" and mapping.batch_size > 10 and not mapping.window:
            raise SettingError("BatchSize over 10 takes a MaximumBatchingWindowInSeconds of at least 1")
        return mapping


def read(path: Path) -> list[Mapping]:
    """The mappings in the file, a JSON list; raises SettingError with the file's name."""
    try:
        found = json.loads(path.read_text())
    except OSError as error:
        raise SettingError(f"cannot read the mappings in {path}: {error.strerror}") from error
    except ValueError as error:
        raise SettingError(f"{path} is not JSON: {error}") from error
    if not isinstance(found, list):
        raise SettingError(f"{path} has to be a list of mappings")
    mappings = [_numbered(path, number, item) for number, item in enumerate(found, start=1)]
    sources = [str(mapping.source) for mapping in mappings]
    for source in sources:
        if sources.count(source) > 1:
            raise SettingError(f"{path} has more than one mapping of {source}; valid is one of each source")
    return mappings


def _numbered(path: Path, number: int, item: object) -> Mapping:
    try:
        return Mapping.parse(item)
    except SettingError as error:
        raise SettingError(f"{path}, mapping {number}: {error}") from error


def _arn(found: Json, name: str, services: Collection[str]) -> Arn:
    try:
        arn = Arn.parse(str(found.get(name)))
    except ValueError as error:
        raise SettingError(f"{name}: {error}") from error
    if arn.service not in services:
        raise SettingError(f"{name} names the service {arn.service!r}; valid are: {', '.join(services)}")
    return arn


def _number(found: Json, name: str, default: int, least: int, most: int) -> int:
    value = found.get(name, default)
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
        raise SettingError(f"{name} is {value!r}; valid are whole numbers from {least} to {most}")
    return value


def _switch(found: Json, name: str, *, default: bool) -> bool:
    value = found.get(name, default)
    if not isinstance(value, bool):
        raise SettingError(f"{name} is {value!r}; valid are: true, false")
    return value


def _text(found: Json, name: str) -> str | None:
    value = found.get(name)
    if value is not None and not (isinstance(value, str) and value):
        raise SettingError(f"{name} is {value!r}; valid is a string")
    return value


def _texts(found: Json, name: str, default: tuple[str, ...] = ()) -> list[str]:
    value = found.get(name, list(default))
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise SettingError(f"{name} is {value!r}; valid is a list of strings")
    return value


def _one_of(found: Json, name: str, valid: tuple[str, ...]) -> bool:
    values = _texts(found, name)
    if set(values) - set(valid):
        raise SettingError(f"{name} is {values!r}; valid are: {', '.join(valid)}")
    return bool(values)


def _position(found: Json) -> str:
    value = found.get("StartingPosition", STARTING_POSITIONS[0])
    if value not in STARTING_POSITIONS:
        raise SettingError(f"StartingPosition is {value!r}; valid are: {', '.join(STARTING_POSITIONS)}")
    return str(value)


def _filters(found: Json) -> Filters:
    try:
        return Filters.parse(found.get("FilterCriteria", {"Filters": []}))
    except FilterError as error:
        raise SettingError(f"FilterCriteria: {error}") from error


def _destination(found: Json) -> Arn | None:
    if "DestinationConfig" not in found:
        return None
    try:
        destination = found["DestinationConfig"]["OnFailure"]
        return _arn(destination, "Destination", DESTINATIONS)
    except (KeyError, TypeError, AttributeError) as error:
        raise SettingError(
            'DestinationConfig: valid is an object such as {"OnFailure": {"Destination": "arn:aws:sqs:..."}}'
        ) from error
    except SettingError as error:
        raise SettingError(f"DestinationConfig.OnFailure.{error}") from error
