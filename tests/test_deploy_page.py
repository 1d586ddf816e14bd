"""docs/deploy.md cannot be run without an AWS account: each command and option is one that AWS has."""

from __future__ import annotations

import re
import shlex

import botocore.session
import pytest
from botocore import xform_name

from tests.support.processes import REPOSITORY

PAGE = (REPOSITORY / "docs/deploy.md").read_text()
# Of the AWS command line itself, not of a service.
OPTIONS = {"query", "output", "cli_binary_format"}
COMMANDS = ("ecr get-login-password", "configure export-credentials")

SESSION = botocore.session.get_session()


def commands() -> list[str]:
    """Each call of `aws` in the page's examples, with its continued lines, up to what the shell does next."""
    blocks = "\n".join(re.findall(r"^    .*$", PAGE, re.MULTILINE)).replace("\\\n", " ")
    # A line that ends inside quotes goes on in the next one.
    blocks = re.sub(r"'\{[^']*\}'", lambda quoted: quoted[0].replace("\n", " "), blocks)
    found = []
    for line in blocks.splitlines():
        for match in re.finditer(r"(?:^\s*|\$\()aws (.+)", line):
            text = match[1].partition(" && ")[0].partition(" | ")[0].strip()
            found.append(text.removesuffix('"').removesuffix(")") if "$(aws" in line else text)
    return found


def test_the_page_is_read() -> None:
    assert len(commands()) > 40
    assert all("--" in command or command.startswith(COMMANDS) for command in commands())


@pytest.mark.parametrize("command", [text for text in commands() if not text.startswith(COMMANDS)])
def test_aws_knows_command_and_options(command: str) -> None:
    service, operation, *words = shlex.split(command)
    model = SESSION.get_service_model(service)
    if operation == "wait":
        waiters = SESSION.get_waiter_model(service)
        by_name = {xform_name(name, "-"): waiters.get_waiter(name).operation for name in waiters.waiter_names}
        assert words[0] in by_name
        operation = xform_name(by_name[words[0]], "-")
    operations = {xform_name(name, "-"): name for name in model.operation_names}
    assert operation in operations
    shape = model.operation_model(operations[operation]).input_shape
    options = {word.removeprefix("--").replace("-", "_") for word in words if word.startswith("--")}
    assert options - OPTIONS <= {xform_name(name) for name in shape.members}
    required = {xform_name(name) for name in shape.required_members}
    assert required <= options


def test_no_front_door_is_open_to_everybody() -> None:
    for command in commands():
        if command.startswith("lambda add-permission"):
            assert "--source-arn" in command
        if re.match(r"apigateway(v2 create-route|.* put-method)|lambda create-function-url-config", command):
            assert "AWS_IAM" in command
        assert not re.match(r"apigatewayv2 create-api .*--target", command)
