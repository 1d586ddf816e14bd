"""Who waits for a record, and for how long."""

from __future__ import annotations

import asyncio

import pytest

from tests.trace_view.parts import began, exchange, invocation
from trace_view.errors import ApiError
from trace_view.settings import Settings
from trace_view.view import Json, View


async def waited_for(*parts: Json) -> Json:
    """The record that is answered to who waits for `a`, after these parts."""
    view = View(Settings.read({"TRACE_VIEW_WAIT": "1"}))
    working = asyncio.create_task(view.work())
    try:
        view.add(parts)
        # What runs is told again.
        asyncio.get_running_loop().call_later(3, view.add, parts[:1])
        return await view.wait_for("a")
    finally:
        working.cancel()


def test_what_outlasts_its_front_door_is_answered_as_running() -> None:
    record = asyncio.run(waited_for(began("a", source="lambda_proxy"), exchange("a")))
    assert (record["running"], record["complete"], record["ended"]) == (True, False, None)
    assert (record["incomplete"], record["response"]["status"]) == ("It still runs.", 200)


def test_what_has_ended_without_a_trace_is_answered_with_the_reason() -> None:
    record = asyncio.run(waited_for(began("a"), invocation("a")))
    assert (record["running"], record["complete"]) == (False, False)
    assert record["incomplete"].startswith("No trace with the request id a came within 1 s.")


def test_of_what_nothing_is_known_there_is_no_record() -> None:
    with pytest.raises(ApiError, match="nothing about a came here"):
        asyncio.run(waited_for(began("b")))
