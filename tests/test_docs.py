"""The documentation says what is true: endpoints, settings, ports, and every answer that the README shows."""

from __future__ import annotations

import inspect
import json
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.function import Functions
from tests.support.processes import REPOSITORY, ProcessStarter, free_port

README = (REPOSITORY / "README.md").read_text()
ENDPOINTS = (REPOSITORY / "docs/endpoints.md").read_text()

# In the first column of the table.
SETTINGS = {
    name
    for row in re.findall(r"^\| (`[A-Z].*?) \|", README, re.MULTILINE)
    for name in re.findall(r"`([A-Z][A-Z_]+[A-Z])`", row)
}

VOLATILE = (
    "server:",
    "date:",
    "x-amzn-requestid:",
    "x-amz-apigw-id:",
    "x-amzn-trace-id:",
    "apigw-requestid:",
)


def test_the_page_of_endpoints_is_made_from_the_docstrings() -> None:
    from app.settings import Settings
    from app.web.factory import create_app
    from scripts import endpoints_page

    app = create_app(Settings())
    assert endpoints_page.PAGE.read_text() == endpoints_page.page(app), (
        "docs/endpoints.md is not up to date; make it with: .venv/bin/python -m scripts.endpoints_page"
    )
    headings = {line.split("`")[1] for line in ENDPOINTS.splitlines() if line.startswith("### `")}
    assert headings == {rule.rule for rule in app.url_map.iter_rules()}


def test_every_view_has_a_contract() -> None:
    from app.settings import Settings
    from app.web.factory import create_app

    found = []
    for view in create_app(Settings()).view_functions.values():
        code = inspect.unwrap(view).__code__
        place = (
            f"{Path(code.co_filename).relative_to(REPOSITORY)}, line {code.co_firstlineno}: {view.__name__}"
        )
        found += [f"{place}: {missing}" for missing in missing_in_contract(view.__doc__)]
    assert not found, "\n".join(found)


def missing_in_contract(docstring: str | None) -> list[str]:
    """What a view's docstring lacks, in sentences; app/web/endpoints has many that lack nothing."""
    if not docstring:
        return ["it has no docstring; the docstring is the endpoint's contract (see CONTRIBUTING.md)"]
    first, _, fields = docstring.partition("\n")
    missing = []
    if not first.endswith("."):
        missing.append(
            f"the docstring's first line is to say the effect and to end with a full stop: {first!r}"
        )
    # A status, or the argument that says which.
    if not re.search(r"^ +([1-5]\d\d|`\w+`): \S", fields, re.MULTILINE):
        missing.append(
            "the docstring has no line for a status; write one for each, such as '418: `text/plain`, `no`.'"
        )
    return missing


@pytest.mark.parametrize(
    ("docstring", "missing"),
    [
        (None, ["it has no docstring"]),
        ("Be a teapot.\n\n    418: JSON.\n    ", []),
        ("Be a teapot.\n\n    `code`: JSON.\n    ", []),
        ("Be a teapot\n\n    200: JSON.\n    ", ["the docstring's first line"]),
        ("Be a teapot.\n\n    Span: none.\n    ", ["the docstring has no line for a status"]),
        ("Be a teapot.\n\n    418:\n    ", ["the docstring has no line for a status"]),
        ("Be", ["the docstring's first line", "the docstring has no line for a status"]),
    ],
)
def test_what_a_contract_lacks(docstring: str | None, missing: list[str]) -> None:
    found = missing_in_contract(docstring)
    assert len(found) == len(missing)
    assert all(said.startswith(begin) for said, begin in zip(found, missing, strict=True))


@pytest.mark.parametrize("script", ["run.sh", "entrypoint.sh"])
def test_every_setting_of_a_script_is_in_the_readme(script: str) -> None:
    done = subprocess.run([REPOSITORY / script, "--help"], capture_output=True, text=True, check=True)
    listed = re.findall(r"^  ([A-Z][A-Z_]*[A-Z])\b", done.stdout, re.MULTILINE)
    assert len(listed) >= 5
    assert set(listed) - {"AWS_LAMBDA_RUNTIME_API"} <= SETTINGS


def test_every_setting_of_the_readme_is_in_a_help() -> None:
    scripts = ([REPOSITORY / "run.sh"], [REPOSITORY / "entrypoint.sh"])
    proxy = [sys.executable, "-m", "lambda_proxy"]
    helps = [
        subprocess.run(
            [*command, "--help"], capture_output=True, text=True, check=True, cwd=REPOSITORY
        ).stdout
        for command in (*scripts, proxy)
    ]
    told = set(re.findall(r"[A-Z][A-Z_]+[A-Z]", " ".join(helps)))
    assert SETTINGS - told == set()


@pytest.mark.parametrize("link", re.findall(r"\]\(((?!http)[^)#]+)", README))
def test_links(link: str) -> None:
    assert (REPOSITORY / link).exists()


def test_the_scripts_that_the_readme_names_are_there() -> None:
    for script in set(re.findall(r"(?:^|`|\s)(\./[a-z]+\.sh)", README)):
        assert (REPOSITORY / script).stat().st_mode & 0o111, script


def test_the_configuration_for_vs_code() -> None:
    (block,) = re.findall(r"`\.vscode/launch\.json`:\n\n```json\n(.*?)```", README, re.DOTALL)
    here, image = json.loads(block)["configurations"]
    for configuration in (here, image):
        assert (configuration["type"], configuration["request"]) == ("debugpy", "attach")
        assert configuration["connect"] == {"host": "127.0.0.1", "port": 5678}
        assert configuration["justMyCode"] is False
    assert {mapping["remoteRoot"].rpartition("/")[2] for mapping in image["pathMappings"]} == {
        *("app", "ddtrace", "datadog_lambda")
    }


def examples() -> list[tuple[str, str, str]]:
    """The README's answers of front doors: event type, command, what it shows."""
    pattern = r"\$ LAMBDA_EVENT_TYPE=(\S+) \./run\.sh\n\$ (curl [^\n]+)\n(.*?)```"
    return re.findall(pattern, README, re.DOTALL)


def test_the_readme_has_an_example_of_each_front_door() -> None:
    assert [event_type for event_type, _, _ in examples()] == [
        "apigateway-rest",
        "apigateway-http",
        "function-url",
        "application-load-balancer",
        "application-load-balancer-multi",
    ]


@pytest.mark.emulator
@pytest.mark.parametrize(("event_type", "command", "shown"), examples())
def test_an_answer_of_a_front_door(
    start_process: ProcessStarter, functions: Functions, event_type: str, command: str, shown: str
) -> None:
    function = functions()
    port = free_port()
    env = {
        "LAMBDA_EVENT_TYPE": event_type,
        "LAMBDA_PROXY_PORT": str(port),
        "RIE_PORT": str(function.port),
    }
    proxy = start_process([REPOSITORY / ".venv/bin/python", "-m", "lambda_proxy"], env=env)
    proxy.wait_for_output("lambda_proxy: ")
    words = shlex.split(command.replace("localhost:7777", f"127.0.0.1:{port}"))
    got = subprocess.run(
        [*words, "--silent", "--retry", "20", "--retry-connrefused", "--retry-delay", "1"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    lines = [line for line in got.splitlines() if not line.lower().startswith(VOLATILE)]
    assert lines == shown.rstrip("\n").splitlines()


@pytest.mark.emulator
def test_every_sample_event_is_answered(functions: Functions) -> None:
    function = functions()
    samples = sorted(Path(REPOSITORY / "events").glob("*.json"))
    assert len(samples) >= 6
    for sample in samples:
        result = function.invoke(json.loads(sample.read_text()))
        shown = re.search(rf"-d @events/{sample.name}\n(.*)\n", README)
        if shown:
            assert json.loads(shown[1]) == result
        assert result.get("statusCode", 200) == 200, sample
        assert "errorType" not in result
