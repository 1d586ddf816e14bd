"""Changes events field after field, and cuts them down: hypothesis draws the changes and shrinks."""

from __future__ import annotations

import json
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from typing import Any

from hypothesis import HealthCheck, Phase, Verbosity, errors, find, settings
from hypothesis import strategies as st
from hypothesis.database import InMemoryExampleDatabase, choices_to_bytes

Path = tuple[Any, ...]
"""Keys and indexes; TEXT and BASE64 step into the JSON that a string holds."""

TEXT, BASE64 = "<json>", "<base64>"

_DROPPED = object()

# What a field may become: first what tells most, then the rest.
_CHANGES: tuple[dict[str, Callable[[Any], Any]], ...] = (
    {
        "left out": lambda value: _DROPPED,
        "null": lambda value: None,
        "another type": lambda value: 5 if isinstance(value, (str, dict, list)) else "hello",
        "beyond ASCII": lambda value: value + "ë +%C3%A9" if isinstance(value, str) else value,
        "custom type": lambda value: f"{value}.custom" if value in ("Binary", "String") else value,
    },
    {
        "empty": lambda value: type(value)() if isinstance(value, (str, list, dict)) else "",
        "another container": lambda value: {"a": 1} if isinstance(value, list) else [value],
        "zero": lambda value: 0 if isinstance(value, (int, float)) else value,
        "later": lambda value: value * 2 if isinstance(value, (int, float)) else value,
        "digits or number": lambda value: _other_number(value),
        "base64": lambda value: b64encode(value.encode()).decode() if isinstance(value, str) else value,
        "another partition": lambda value: (
            value.replace("arn:aws:", "arn:aws-cn:") if isinstance(value, str) else value
        ),
    },
)

# Names that datadog_lambda looks for at the top of any event, added to it.
_ADDED = (
    ("Records", "_datadog", "Payload", "DurableExecutionArn"),
    (
        "awslogs",
        "requestContext",
        "detail-type",
        "detail",
        "source",
        "headers",
        "multiValueHeaders",
        "request",
    ),
)
_VALUES = (5, "hello", {"a": 1})

PASSES = range(len(_CHANGES))


def variants(event: Any, number: int) -> list[Any]:  # noqa: ANN401 - any JSON
    """The event with one field changed, or with one name added, in every way of that pass."""
    made = [_applied(event, path, change) for path in _places(event) for change in _CHANGES[number].values()]
    if isinstance(event, dict):
        names = [name for name in _ADDED[number] if name not in event]
        made += [{**event, name: value} for name in names for value in _VALUES]
    return [variant for variant in made if variant != event]


def smallest(event: Any, shows: Callable[[Any], bool]) -> Any:  # noqa: ANN401 - any JSON
    """The event without all that can be left out while `shows` stays true of it."""
    # hypothesis takes long for many choices, so what can go by itself goes first.
    event = _pruned(event, shows)
    best = event
    size = len(json.dumps(event))

    def shows_and_is_kept(part: Any) -> bool:  # noqa: ANN401
        nonlocal best, size
        if not shows(part):
            return False
        if len(json.dumps(part)) < size:
            best, size = part, len(json.dumps(part))
        return True

    # hypothesis begins with what is in its database: here, the choices that keep everything. Under the
    # second key, because it takes what is under the first for the smallest already.
    database = InMemoryExampleDatabase()
    database.save(b"whole.secondary", choices_to_bytes([True] * _nodes(event)))
    # It may not show twice: then what was found so far is kept.
    with suppress(errors.HypothesisException):
        find(
            _parts(event),
            shows_and_is_kept,
            settings=settings(
                database=database,
                phases=[Phase.reuse, Phase.shrink],
                suppress_health_check=list(HealthCheck),
                deadline=None,
                max_examples=1000,
                verbosity=Verbosity.quiet,
            ),
            database_key=b"whole",
        )
    return best


def renewed(value: Any, ids: Mapping[str, str]) -> Any:  # noqa: ANN401 - any JSON
    """The value with each of these ids replaced by another of the same length, wherever it is encoded."""
    if isinstance(value, dict):
        return {key: renewed(part, ids) for key, part in value.items()}
    if isinstance(value, list):
        if value and all(isinstance(part, int) and 0 <= part < 256 for part in value):
            # Kafka has the bytes of its headers as numbers.
            return [*renewed(bytes(value).decode("latin-1"), ids).encode("latin-1")]
        return [renewed(part, ids) for part in value]
    if not isinstance(value, str):
        return value
    for old, new in ids.items():
        value = value.replace(old, new)
    for step in (TEXT, BASE64):
        held = _opened(value, step)
        if isinstance(held, dict) and (made := renewed(held, ids)) != held:
            return _closed(made, step)
    return value


def _pruned(value: Any, shows: Callable[[Any], bool]) -> Any:  # noqa: ANN401
    """The value without the parts that it does not need one by one, from the largest containers inwards."""
    if not isinstance(value, (dict, list)):
        return value
    keys = [*value] if isinstance(value, dict) else [*reversed(range(len(value)))]
    for key in sorted(keys, key=lambda key: -_nodes(value[key]) if isinstance(value, dict) else 0):
        rest = value.copy()
        del rest[key]
        if shows(rest):
            value = rest
    for key in [*value] if isinstance(value, dict) else range(len(value)):
        value = _with(value, key, _pruned(value[key], _within(shows, value, key)))
    return value


def _within(shows: Callable[[Any], bool], value: Any, key: Any) -> Callable[[Any], bool]:  # noqa: ANN401
    return lambda part: shows(_with(value, key, part))


def _with(value: Any, key: Any, part: Any) -> Any:  # noqa: ANN401
    made = value.copy()
    made[key] = part
    return made


@st.composite
def _parts(draw: st.DrawFn, value: Any) -> Any:  # noqa: ANN401
    """The value without some of its parts: a choice for each, of which the simplest is to leave it out."""
    if isinstance(value, dict):
        return {key: draw(_parts(part)) for key, part in value.items() if draw(st.booleans())}
    if isinstance(value, list):
        return [draw(_parts(part)) for part in value if draw(st.booleans())]
    return value


def _nodes(value: object) -> int:
    if isinstance(value, (dict, list)):
        parts = list(value.values()) if isinstance(value, dict) else value
        return len(parts) + sum(map(_nodes, parts))
    return 0


def _places(value: object, path: Path = ()) -> Iterator[Path]:
    """All fields, those in embedded JSON too."""
    if path and path[-1] not in (TEXT, BASE64):
        yield path
    if isinstance(value, dict):
        for key, part in value.items():
            yield from _places(part, (*path, key))
    elif isinstance(value, list):
        for index, part in enumerate(value):
            yield from _places(part, (*path, index))
    elif isinstance(value, str):
        for step in (TEXT, BASE64):
            held = _opened(value, step)
            if isinstance(held, dict):
                yield from _places(held, (*path, step))
                break


def _applied(value: Any, path: Path, change: Callable[[Any], Any]) -> Any:  # noqa: ANN401
    """A copy of the value with the change made at that place."""
    if not path:
        return change(value)
    step, rest = path[0], path[1:]
    if step in (TEXT, BASE64):
        return _closed(_applied(_opened(value, step), rest, change), step)
    made = _applied(value[step], rest, change)
    copy = value.copy()
    if made is _DROPPED:
        del copy[step]
    else:
        copy[step] = made
    return copy


def _opened(text: str, step: str) -> Any:  # noqa: ANN401
    try:
        return json.loads(text if step == TEXT else b64decode(text, validate=True))
    except ValueError:
        return None


def _closed(held: Any, step: str) -> str:  # noqa: ANN401
    text = json.dumps(held, ensure_ascii=False)
    return text if step == TEXT else b64encode(text.encode()).decode()


def _other_number(value: object) -> object:
    """A number as digits, digits as a number."""
    if isinstance(value, (int, float)):
        return str(value)
    return int(value) if isinstance(value, str) and value.isascii() and value.isdigit() else value
