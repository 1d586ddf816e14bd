"""The documentation says what is true: endpoints, settings, ports, and every answer that the README shows."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
from pathlib import Path

import pytest

from tests.support.function import Functions
from tests.support.processes import REPOSITORY, ProcessStarter, free_port

README = (REPOSITORY / "README.md").read_text()
ENDPOINTS = (REPOSITORY / "docs/endpoints.md").read_text()

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

    for name, view in create_app(Settings()).view_functions.items():
        effect, _, fields = (view.__doc__ or "").partition("\n")
        says_a_status = re.search(r"^ +(\d{3}|`\w+`): ", fields, re.MULTILINE)
        assert (effect.endswith("."), bool(says_a_status)) == (True, True), (
            f"the docstring of the view {name} needs a first line that says its effect, and a line for"
            " each status, such as '200: `text/plain`, `OK`.'"
        )


@pytest.mark.parametrize("script", ["run.sh", "entrypoint.sh"])
def test_every_setting_of_a_script_is_in_the_readme(script: str) -> None:
    done = subprocess.run([REPOSITORY / script, "--help"], capture_output=True, text=True, check=True)
    listed = re.findall(r"^  ([A-Z][A-Z_]*[A-Z])\b", done.stdout, re.MULTILINE)
    assert len(listed) >= 5
    table = set(re.findall(r"`([A-Z][A-Z_]+)`", README))
    assert set(listed) - {"AWS_LAMBDA_RUNTIME_API"} <= table


@pytest.mark.parametrize("link", re.findall(r"\]\(((?!http)[^)#]+)", README))
def test_links(link: str) -> None:
    assert (REPOSITORY / link).exists()


def test_the_scripts_that_the_readme_names_are_there() -> None:
    for script in set(re.findall(r"(?:^|`|\s)(\./[a-z]+\.sh)", README)):
        assert (REPOSITORY / script).stat().st_mode & 0o111, script


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
