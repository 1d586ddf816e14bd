"""./run.sh with a handler of the user's own, sound or broken, in the folder that they are in."""

from __future__ import annotations

import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import pytest
import requests

from tests.support.emulator import INVOCATIONS
from tests.support.processes import REPOSITORY, Process, ProcessStarter, wait_for

pytestmark = pytest.mark.emulator

HTTP_RESULT = '{"statusCode": 200, "body": "repaired"}'


def start(
    start_process: ProcessStarter,
    settings: dict[str, str],
    folder: Path,
    until: str,
    *,
    handler: str = "mine.handler",
) -> Process:
    """Start run.sh from this folder, with this handler in it, and wait for a line that begins so."""
    env = {**settings, "DD_LAMBDA_HANDLER": handler}
    process = start_process([REPOSITORY / "run.sh"], env=env, cwd=folder)
    process.wait_for_output(f"\n{until}", timeout=90)
    return process


def get(settings: dict[str, str]) -> tuple[int, str]:
    answer = requests.get(f"http://127.0.0.1:{settings['LAMBDA_PROXY_PORT']}/", timeout=60)
    return answer.status_code, answer.text


def invoke(settings: dict[str, str], event: object = None) -> object:
    url = f"http://127.0.0.1:{settings['RIE_PORT']}{INVOCATIONS}"
    return requests.post(url, json=event or {}, timeout=60).json()


def test_it_may_return_anything_and_fail_on_the_healthcheck(
    start_process: ProcessStarter, ports: dict[str, str], tmp_path: Path
) -> None:
    (tmp_path / "beside.txt").write_text("beside")
    # The names of the weblog's own folders are free: the user's folder comes first.
    (tmp_path / "app.py").write_text("VALUES = {'nothing': None, 'text': 'text', 'list': [1, 2]}\n")
    # As in Lambda, the function works in the folder that holds it.
    (tmp_path / "mine.py").write_text(
        "import app\n\n"
        "def handler(event, context):\n"
        "    return open(event['file']).read() if 'file' in event else app.VALUES[event['value']]\n"
    )
    start(start_process, ports, tmp_path, "ready: ")
    assert [invoke(ports, {"value": name}) for name in ("nothing", "text", "list")] == [None, "text", [1, 2]]
    assert invoke(ports, {"file": "beside.txt"}) == "beside"


@pytest.mark.parametrize(
    ("source", "shown"),
    [
        (
            "import json\nimport nowhere",
            "Unable to import module 'traced_handler': No module named 'nowhere' ({folder}/mine.py, line 2)",
        ),
        (
            "def handler(event, context)",
            "Syntax error in module 'traced_handler': expected ':' (mine.py, line 1)",
        ),
        ("1 / 0", 'ZeroDivisionError: division by zero\n  File "/'),
        (
            "import json\n\njson.nothing",
            "AttributeError: module 'json' has no attribute 'nothing'\n  File \"/",
        ),
    ],
)
def test_a_broken_one_is_shown_and_can_be_repaired(
    start_process: ProcessStarter,
    ports: dict[str, str],
    tmp_path: Path,
    source: str,
    shown: str,
) -> None:
    file = tmp_path / "mine.py"
    file.write_text(source)
    process = start(start_process, ports, tmp_path, "not ready: ")
    message = process.output.partition("\nnot ready: ")[2]
    assert shown.format(folder=tmp_path) in message
    assert "\nready: " not in process.output
    assert get(ports) == (502, '{"message": "Internal server error"}')
    file.write_text(f"def handler(event, context):\n    return {HTTP_RESULT}\n")
    process.wait_for_output("\nready: ")
    assert get(ports) == (200, "repaired")


@pytest.mark.parametrize(
    ("handler", "problem"),
    [
        ("nowhere.handler", "No module named 'nowhere'"),
        ("package.mine.nothing", "Module 'package.mine' has no 'nothing'"),
    ],
)
def test_a_handler_that_is_nowhere(
    start_process: ProcessStarter,
    ports: dict[str, str],
    tmp_path: Path,
    handler: str,
    problem: str,
) -> None:
    (tmp_path / "package").mkdir()
    (tmp_path / "package" / "mine.py").write_text("def handler(event, context):\n    return 1\n")
    process = start(start_process, ports, tmp_path, "not ready: ", handler=handler)
    process.wait_for_output("each one starts it anew")
    assert process.output.partition("\nnot ready: ")[2].splitlines()[:2] == [
        "the function failed with Runtime.ImportModuleError: Unable to import module 'traced_handler': "
        f"{problem} (DD_LAMBDA_HANDLER is {handler})",
        "Everything else runs. Repair the function, and send a request to"
        f" http://localhost:{ports['LAMBDA_PROXY_PORT']}: each one starts it anew.",
    ]
    # A line says it; where the tracer looked for it is of no use.
    assert 'File "' not in process.output


@pytest.mark.parametrize(
    ("handler", "problem"),
    [
        ("package/folder/nowhere.handler", "No module named 'package.folder.nowhere'"),
        ("package.nowhere.mine.handler", "No module named 'package.nowhere'"),
        ("package.folder.mine.nowhere.handler", "No module named 'package.folder.mine.nowhere'"),
        ("package.handler", "Module 'package' has no 'handler'"),
        # The weblog's own package, and one of Python's.
        ("app.nowhere.handler", "No module named 'app.nowhere'"),
        ("json.nowhere.handler", "No module named 'json.nowhere'"),
        # These are there, in folders without a file __init__.py.
        ("package.folder.mine.handler", None),
        ("package/folder/mine.handler", None),
    ],
)
def test_where_a_handler_is_looked_for(tmp_path: Path, handler: str, problem: str | None) -> None:
    folder = tmp_path / "package" / "folder"
    folder.mkdir(parents=True)
    (folder / "mine.py").write_text("def handler(event, context):\n    return 1\n")
    done = subprocess.run(
        [sys.executable, "-c", "import traced_handler"],
        env={
            "PYTHONPATH": f"{tmp_path}:{REPOSITORY}",
            "DD_LAMBDA_HANDLER": handler,
            "DD_TRACE_ENABLED": "false",
        },
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    if problem is None:
        assert (done.returncode, done.stderr) == (0, "")
    else:
        assert done.stderr.splitlines()[-1] == f"ImportError: {problem} (DD_LAMBDA_HANDLER is {handler})"
        assert done.stderr.count("Traceback") == 1


def has_ended(process: Process, times: int) -> bool:
    return process.output.count("the emulator ended with 0; starting it again") == times


def test_a_change_starts_it_anew(
    start_process: ProcessStarter,
    ports: dict[str, str],
    tmp_path: Path,
) -> None:
    helper = tmp_path / "package" / "helper.py"
    helper.parent.mkdir()
    helper.write_text("VALUE = 0\n")
    source = "from package.helper import VALUE\n\ndef handler(event, context):\n    return {} + VALUE\n"
    (tmp_path / "mine.py").write_text(source.format(0))
    process = start(start_process, ports, tmp_path, "ready: ")
    assert invoke(ports) == 0
    for value in range(1, 4):
        (tmp_path / "mine.py").write_text(source.format(value))
        ended = partial(has_ended, process, value)
        wait_for(ended, what="the end of the function with the old code")
        # Whoever comes while it starts anew waits.
        assert invoke(ports) == value
    helper.write_text("VALUE = 40\n")
    wait_for(partial(has_ended, process, 4), what="the end of the function with the old module")
    assert invoke(ports) == 43
    assert process.output.count("\nready: ") == 1
    assert f"\nreload: {helper} changed; the function starts anew" in process.output


def test_the_invocation_under_way_fails_alone(
    start_process: ProcessStarter,
    ports: dict[str, str],
    tmp_path: Path,
) -> None:
    file = tmp_path / "mine.py"
    file.write_text(
        "import time\n\ndef handler(event, context):\n"
        "    if 'long' in event:\n        print('it runs')\n        time.sleep(60)\n"
    )
    process = start(start_process, ports, tmp_path, "ready: ")
    with ThreadPoolExecutor() as pool:
        under_way = pool.submit(invoke, ports, {"long": True})
        process.wait_for_output("function| it runs")
        waiting = pool.submit(invoke, ports)
        file.write_text("def handler(event, context):\n    return 'changed'\n")
        assert waiting.result() == "changed"
        assert under_way.result() == {
            "Message": "the emulator ended while the function ran",
            "Type": "Service",
        }
    assert f"\nreload: {file} changed; " in process.output


def test_it_can_be_turned_off(
    start_process: ProcessStarter,
    ports: dict[str, str],
    tmp_path: Path,
) -> None:
    file = tmp_path / "mine.py"
    file.write_text("def handler(event, context):\n    return 1\n")
    start(start_process, {**ports, "RELOAD": "false"}, tmp_path, "ready: ")
    file.write_text("def handler(event, context):\n    return 2\n")
    # What is not to happen would happen within a tenth of this.
    time.sleep(2)
    assert invoke(ports) == 1
