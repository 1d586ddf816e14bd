"""The report: one entry for a difference that many share, everything escaped, nothing from elsewhere."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest

from comparison.imports import Imports
from comparison.report import Report
from comparison.run import Found, Results
from comparison.sides import Probe, Side
from comparison.speed import Speed, Times
from trace_checks.differences import Difference

NASTY = "<script>alert('&\"')</script>"


def probe(version: str) -> Probe:
    packages = {
        name: {"version": version, "folder": f"/{name}", "bytes": 500_000}
        for name in ("ddtrace", "datadog_lambda")
    }
    installed = {"ddtrace": version, "wrapt": f"{version}.5", "flask": "3"}
    return Probe(None, packages, installed=installed)


def found(*differences: Difference, broken: tuple[tuple[str, str], ...] = ()) -> Found:
    return Found(differences, frozenset(broken))


TAG = Difference("tag-missing", "aws.sqs > aws.lambda", "function_version", NASTY, None)
LOG = Difference("log-new", "log", NASTY, None, NASTY)


RECORDS = [{"log": [f"before {NASTY}"], "result": 1}, {"log": ["before", NASTY, "after"], "result": 2}]


def report() -> Report:
    made = Report((Side("pinned", {}), Side(NASTY, {})), (probe("1"), probe("2")), f"./compare.sh {NASTY}")
    for number in range(300):
        shared = found(TAG, broken=(("B", "duration"),))
        made.results.add(f"appsec: {NASTY} {number}", shared, shared)
    log = Found([LOG], records=RECORDS)
    made.results.add("appsec: sqs", log, log)
    made.results.add("appsec: sns", found(TAG, LOG), found())
    made.imports = Imports([{"old": 5, "both": 1}], [{"both": 30_000, "slow": 30_000}])
    made.speed = Speed(Times([100, 200, 300], [110, 220, 330]), Times([1, 2, 3], [1, 2, 3]))
    return made


def test_the_summary() -> None:
    assert list(report().lines()) == [
        "A: ddtrace 1, datadog_lambda 1 (pinned)",
        f"B: ddtrace 2, datadog_lambda 2 ({NASTY})",
        "they differ in other packages, too, which may be the reason: wrapt 1.5 and 2.5",
        "301 of 302 invocations differ in 2 ways",
        f"   300  tag-missing  aws.lambda: function_version, was {json.dumps(NASTY)}",
        f"     1  log-new  log: {NASTY}",
        "   300  only B breaks duration: no duration is negative or zero",
        "2 more did not come again; they do not count",
        "imported at a cold start: 1 modules more (30.0 ms), 1 less (0.0 ms), 1 slower",
        "        new  slow, 30.0 ms",
        "        slower  both, 0.0 ms to 30.0 ms",
        "cold start, B by A: 1.10 (1.10 to 1.10), medians 200.0 ms and 220.0 ms of 3",
        "warm, B by A: 1.00 (1.00 to 1.00), medians 2.0 ms and 2.0 ms of 3",
        "installed size, B by A: 1.000, 1.0 MB and 1.0 MB",
    ]


@pytest.mark.parametrize(
    ("difference", "told"),
    [
        (Difference("span-renamed", "aws.sqs", "aws.sqs", "aws.sqs", "aws.queue"), 'aws.sqs -> "aws.queue"'),
        (Difference("tag-renamed", "b", "c" * 50, "c" * 50, "d"), f'b: {"c" * 50} -> "d"'),
        (Difference("status", "result", "statusCode", 200, 500), "result: statusCode, 200 -> 500"),
        (Difference("tag-new", "a > b", "c", None, "d\x1b"), 'b: c, now "d\\u001b"'),
        (Difference("tag-changed", "b", "c", "d" * 50, "e"), 'b: c, now "e"'),
        (Difference("struct-new", "b", "c", None, {"d": 1}), "b: c"),
    ],
)
def test_short_values_stand_in_the_summary(difference: Difference, told: str) -> None:
    made = report()
    made.results = Results()
    made.results.add("1", found(difference), found(difference))
    assert f"     1  {difference.kind}  {told}" in made.lines()
    other = replace(difference, b="changed")
    made.results.add("2", found(other), found(other))
    assert not any('"changed"' in line for line in made.lines()), "the values are not the same in all"


class Page(HTMLParser):
    """The elements of the page, and how many entries it has."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.links: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.links += [value or "" for name, value in attrs if name in ("src", "href")]


def test_the_page(tmp_path: Path) -> None:
    text = report().write(tmp_path / "a/b").read_text()
    page = Page(text)
    assert "script" not in page.tags
    assert page.links == []
    assert "url(" not in text
    assert text.count("&lt;script&gt;") > 300
    entries = re.findall(r'<span class="count">(\d+)</span>', text)
    assert sorted(entries) == ["1", "1", "1", "300", "300"]


def test_the_json(tmp_path: Path) -> None:
    report().write(tmp_path)
    document = json.loads((tmp_path / "report.json").read_text())
    assert (document["same"], document["invocations"], document["differing"]) == (False, 302, 301)
    tag, log = document["ways"]
    assert (tag["kind"], len(tag["invocations"]), len(tag["examples"])) == ("tag-missing", 300, 3)
    assert log["examples"][0]["b"] == NASTY
    assert log["examples"][0]["around"] == [f"before {NASTY}", f"before\n{NASTY}\nafter"]
    assert tag["examples"][0]["around"] is None
    assert [way["name"] for way in document["unsteady"]] == ["function_version", NASTY]
    assert document["invariants"][0]["id"] == "duration"


def test_nothing_differs() -> None:
    made = Report((Side("pinned", {}), Side("pinned", {})), (probe("1"), probe("1")), "")
    made.results = Results()
    made.results.add("appsec: sqs", found(), found())
    assert made.is_same
    made.results.add("appsec: sns", found(TAG), found())
    assert made.is_same, "what does not come again does not count"
    made.imports = Imports([{}], [{"new": 1}])
    assert not made.is_same


def test_a_module_is_slower_only_where_each_start_says_so() -> None:
    assert Imports([{"a": 1_000}, {"a": 2_000}], [{"a": 20_000}, {"a": 13_000}]).slower == {
        "a": (2_000, 13_000)
    }
    assert Imports([{"a": 1_000}, {"a": 12_000}], [{"a": 20_000}, {"a": 23_000}]).is_same
    assert Imports([{"a": 1}, {}], [{"a": 1}, {"b": 1}]).is_same
