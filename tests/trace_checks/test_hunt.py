"""The search finds a known defect by itself, cuts its event down, and is silent about whole samples."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.processes import REPOSITORY, ProcessStarter
from trace_checks.hunt import APPSEC, SAMPLES, Hunt, Looker, key_of, load_samples, requests, with_path
from trace_checks.judge import Violation, violations
from trace_checks.mutations import PASSES, smallest, variants
from trace_checks.record import Settings, pretty
from trace_checks.recorder import NoAnswerError, Recorder
from trace_checks.sources import source_of
from trace_checks.system import System

FUNCTION_URL = {
    "version": "2.0",
    "rawPath": "/",
    "requestContext": {
        "domainName": "abc.lambda-url.us-east-1.on.aws",
        "http": {"method": "GET", "path": "/", "sourceIp": "203.0.113.7"},
        "stage": "$default",
        "timeEpoch": 1783711144000,
    },
}


@pytest.fixture(scope="module")
def system(tmp_path_factory: pytest.TempPathFactory, extension_folder: None) -> Iterator[System]:
    """A function with AppSec, started as the hunt starts it."""
    with System(tmp_path_factory.mktemp("hunt"), APPSEC) as started:
        started.start()
        yield started


@pytest.mark.emulator
def test_a_record(system: System) -> None:
    record = system.record({"healthcheck": True})
    (trace,) = record["traces"]
    (function,) = [span for span in trace if span["name"] == "aws.lambda"]
    assert record["request_id"] == function["meta"]["request_id"]
    assert (record["result"]["status"], record["function_error"]) == ("ok", None)
    assert record["started"] < function["start"] < record["ended"]
    assert any("REPORT RequestId" in line for line in record["log"])
    assert json.loads(json.dumps(record)) == record


@pytest.mark.emulator
def test_a_record_of_a_failure(system: System) -> None:
    record = system.record({"no": "known event"})
    assert record["function_error"] == "Unhandled"
    assert record["result"]["errorType"]


def test_nobody_answers() -> None:
    recorder = Recorder("http://127.0.0.1:1", "http://127.0.0.1:1")
    with pytest.raises(NoAnswerError, match=r"^http://127\.0\.0\.1:1/test/session/clear does not answer"):
        recorder.record({})


@pytest.mark.emulator
def test_whole_samples_show_nothing_but_known_findings(system: System) -> None:
    settings = Settings(service="weblog", appsec=True)
    for _ in range(2):
        before = None
        for name, event in load_samples(SAMPLES).items():
            record = system.record(event)
            new = [found for found in violations(record, before, settings) if not found.finding]
            assert new == [], name
            before = record


@pytest.mark.emulator
def test_a_lost_trace_is_found_and_cut_down(system: System) -> None:
    hunt = Hunt({"function-url": FUNCTION_URL}, seconds=300)
    hunt.begin(hunt.seconds)
    looker = Looker(hunt, system)
    for variant in variants(FUNCTION_URL, 0):
        looker.look(variant, "function-url")
    event: Any = hunt.found["event", "one-trace", "D1", ""].event
    assert json.dumps(event).count(",") <= 3
    assert not isinstance(event["requestContext"].get("timeEpoch"), int)
    # The function is well again after each of them.
    record = system.record({"healthcheck": True})
    assert [one.id for one in violations(record) if one.finding != "D12"] == []


@pytest.mark.emulator
def test_the_command(tmp_path: Path, extension_folder: None) -> None:
    samples = tmp_path / "samples"
    samples.mkdir()
    (samples / "function-url.json").write_text(json.dumps(FUNCTION_URL))
    out = tmp_path / "found.jsonl"
    done = subprocess.run(
        [
            *(sys.executable, "-m", "trace_checks", "hunt", "--seconds", "5"),
            *("--samples", samples, "--out", out),
        ],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stdout + done.stderr[-2000:]
    assert re.search(r"\d+% \|.*\| \d+/5 s, \d+ events (D\d+:\d+ ?)+", done.stderr)
    assert re.search(r"^D14 server-spans: every inferred span", done.stdout, re.MULTILINE)
    *_, last = done.stdout.splitlines()
    assert re.fullmatch(r"\d+ events, \d+ violations, 0 of them new, seed 0", last)
    records = [json.loads(line) for line in out.read_text().splitlines()]
    assert all(violations(record) for record in records)


@pytest.mark.emulator
def test_an_interrupted_search_keeps_what_it_found(
    tmp_path: Path, start_process: ProcessStarter, extension_folder: None
) -> None:
    out = tmp_path / "found.jsonl"
    process = start_process([sys.executable, "-m", "trace_checks", "hunt", "--out", out])
    process.wait_for_output(" D11:", timeout=120)
    assert process.stop(signal.SIGINT, timeout=60) == 0
    assert "interrupted; what was found so far:" in process.output
    told = re.search(r"^\d+ events, (\d+) violations, 0 of them new, seed 0$", process.output, re.MULTILINE)
    assert told
    assert int(told[1]) == len(out.read_text().splitlines()) > 0


def test_no_two_events_have_one_trace_id() -> None:
    samples = load_samples(SAMPLES)
    hunt = Hunt(samples, seconds=1)
    again = Hunt(samples, seconds=1)
    for name, event in samples.items():
        context = source_of(event).context or {}
        made = hunt.with_new_ids(event)
        assert made == again.with_new_ids(event), "the seed does not tell it"
        new = source_of(made).context or {}
        assert new.keys() == context.keys()
        is_of_state_machine = name in ("step-functions", "step-functions-nested", "step-functions-payload")
        if "x-datadog-trace-id" in context and not is_of_state_machine:
            assert new["x-datadog-trace-id"] != context["x-datadog-trace-id"], name
            assert new["x-datadog-parent-id"] == context["x-datadog-parent-id"]


def test_what_differs_in_its_values_alone_is_found_once() -> None:
    def key(detail: str) -> object:
        return key_of(Violation("one-trace", "exactly one trace", detail))

    assert key("AppSec ran on ['a', 'b'], not on ['c']") == key("AppSec ran on ['a'], not on ['d', 'e']")
    assert key("the parent is 5") == key("the parent is 678")
    assert key("the parent is 5") != key("the trace id is 5")


def test_smallest() -> None:
    event: Any = {"a": {"b": 1, "c": [1, 2, {"x": 1}]}, "d": "long", "e": {"f": {"g": 1, "h": 2}}}
    assert smallest(event, lambda part: "'g'" in str(part)) == {"e": {"f": {"g": 1}}}
    assert smallest(event, lambda part: part == event) == event


def test_pretty() -> None:
    for event in load_samples(SAMPLES).values():
        assert json.loads(pretty(event)) == event
    assert pretty({"a": [1, 2], "b": {"c": "d" * 40}, "e": 5, "f": 6}, width=40) == (
        '{"a": [1, 2],\n "b": {"c": "' + "d" * 40 + '"},\n "e": 5, "f": 6}'
    )


def test_variants_reach_into_embedded_json() -> None:
    event = {"body": json.dumps({"detail": {"a": 1}}), "data": "eyJhIjogMX0="}
    made = [variant for number in PASSES for variant in variants(event, number)]
    assert {"body": json.dumps({"detail": {}}), "data": "eyJhIjogMX0="} in made
    assert {"body": event["body"], "data": "e30="} in made
    assert {"body": event["body"]} in made
    assert {**event, "_datadog": 5} in made
    assert event not in made


@pytest.mark.parametrize("name", load_samples(SAMPLES))
def test_any_variant_can_be_judged(name: str) -> None:
    for number in PASSES:
        for variant in variants(load_samples(SAMPLES)[name], number):
            violations({"event": variant, "traces": []})


def test_every_endpoint_goes_through_every_front_door() -> None:
    samples = load_samples(SAMPLES)
    asked = list(requests(samples))
    doors = [name for name, sample in samples.items() if with_path(sample, "GET", "/") is not None]
    assert len(doors) >= 5
    assert len(asked) % len(doors) == 0
    assert {event.get("rawPath") or event["path"] for _, event in asked} >= {"/", "/waf", "/tag_value/a/500"}
