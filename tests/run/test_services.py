"""./run.sh --with: the servers that endpoints need, beside the system."""

from __future__ import annotations

import re
import signal
from pathlib import Path

import pytest
import requests

from scripts.services import SERVICES
from tests.support.processes import REPOSITORY, ProcessStarter, descendants, still_running

pytestmark = pytest.mark.emulator


@pytest.mark.services
def test_services_beside_the_system(start_process: ProcessStarter, ports: dict[str, str]) -> None:
    installed = [name for name, service in SERVICES.items() if service.is_installed()]
    if not installed:
        pytest.skip("NO SERVICE: none is installed; scripts/install-services.sh gets them")
    process = start_process([REPOSITORY / "run.sh", "--with", ",".join(installed)], env=ports)
    process.wait_for_output("\nready: ", timeout=150)
    calls = {
        "postgres": ("/dbm?integration=psycopg&operation=execute", "YEAH"),
        "mysql": ("/db?service=mysql&operation=init", "YEAH"),
        "rabbitmq": ("/rabbitmq/produce?queue=q", '{"result":"ok"}\n'),
        "kafka": ("/kafka/produce?topic=t", '{"result":"ok"}\n'),
        "aws": ("/sqs/produce?queue=q", "SQS Produce ok"),
        "internal-server": ("/external_request?status=201", '{"status":201,'),
    }
    for name in installed:
        path, text = calls[name]
        answer = requests.get(f"http://127.0.0.1:{ports['LAMBDA_PROXY_PORT']}{path}", timeout=60)
        assert (answer.status_code, answer.text[: len(text)]) == (200, text), name
    started = descendants(process.popen.pid)
    folders = re.findall(r"/tmp/weblog-[a-z]+-\w+", process.output)
    assert process.stop(signal.SIGTERM, timeout=10) == 0
    assert not still_running(started)
    assert not [folder for folder in folders if Path(folder).exists()]
