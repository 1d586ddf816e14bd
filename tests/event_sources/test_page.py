"""docs/event-sources.md says what is true: its commands run, and its tables are complete."""

from __future__ import annotations

import json
import re
import shlex

import pytest

from event_sources import local_aws
from event_sources.__main__ import DESCRIPTION, main
from event_sources.mapping import FIELDS, Mapping
from event_sources.settings import MAPPINGS
from tests.support.processes import REPOSITORY

PAGE = (REPOSITORY / "docs/event-sources.md").read_text()
COMMANDS = re.findall(r"^\$ \.venv/bin/python -m event_sources (sample [^|\n]+)", PAGE, re.MULTILINE)


def test_the_page_has_a_sample_of_each_source() -> None:
    from event_sources.sources import SAMPLES

    assert {command.split()[1] for command in COMMANDS} == SAMPLES.keys()


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command(capsys: pytest.CaptureFixture[str], command: str) -> None:
    assert main(shlex.split(command)) == 0
    assert json.loads(capsys.readouterr().out)


def test_the_example_of_a_mapping() -> None:
    (example,) = re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL)
    (found,) = (Mapping.parse(item) for item in json.loads(example))
    assert found.filters.patterns == ({"body": {"kind": ["order"]}},)


def test_the_table_of_fields() -> None:
    rows = set(re.findall(r"^\| `([A-Za-z]+)` \| (?:all|SQS|streams|S3|EventBridge)", PAGE, re.MULTILINE))
    assert rows == set().union(*FIELDS.values()) | {"EventSourceArn", "FunctionName", "Enabled"}


def test_the_table_of_settings() -> None:
    table = PAGE.partition("| setting |")[2].partition("\n\n")[0]
    rows = set(re.findall(r"`([A-Z]+_[A-Z_]+)`", table))
    assert rows == set(re.findall(r"\b([A-Z]+_[A-Z_]+)\b", DESCRIPTION))


def test_the_resources_are_those_of_the_mappings() -> None:
    names = {
        mapping["EventSourceArn"].rpartition(":")[2].rpartition("/")[2]
        for mapping in json.loads(MAPPINGS.read_text())
    }
    assert names == {local_aws.NAME}
    for name in (local_aws.NAME, local_aws.DEAD_LETTERS, local_aws.FAILURES):
        assert f"`{name}`" in PAGE
