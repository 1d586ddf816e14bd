"""Each sample event is claimed by exactly one event type, and no type fails on any event."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from app.events import event_types, recognise
from tests.support.processes import REPOSITORY

SAMPLES = sorted((REPOSITORY / "events").glob("*.json"))


def titles(event: Any) -> list[str]:
    """The types that claim the event."""
    return [event_type.title for event_type in event_types() if event_type.matches(event)]


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda path: path.stem)
def test_a_sample_matches_exactly_one_type(sample: Path) -> None:
    event = json.loads(sample.read_text())
    (title,) = titles(event)
    assert recognise(event).title == title


def test_every_type_has_a_sample() -> None:
    claimed = {title for sample in SAMPLES for title in titles(json.loads(sample.read_text()))}
    assert claimed == {event_type.title for event_type in event_types()}


@pytest.mark.parametrize("value", [None, 1, "text", [], {}, [None], {"": None}, True], ids=repr)
def test_no_type_fails_on_a_broken_sample(value: object) -> None:
    for sample in SAMPLES:
        event = json.loads(sample.read_text())
        for key in [*event, "requestContext", "Records", "headers"]:
            assert len(titles({**event, key: value})) <= 1, f"{sample.name} with {key} = {value!r}"
        if isinstance(context := event.get("requestContext"), dict):
            for key in context:
                broken = {**event, "requestContext": {**context, key: value}}
                assert len(titles(broken)) <= 1, f"{sample.name} with requestContext.{key} = {value!r}"
