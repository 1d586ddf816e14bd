"""The servers that tests use, each started when a test first asks for it and shared by the whole session."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import pytest

from scripts.services import SERVICES, Service
from tests.support.processes import Process, ProcessStarter, free_port, wait_for


@dataclass
class Services:
    """Starts each service at its first use. The ports are known before, so one function can use all."""

    starter: ProcessStarter
    _started: dict[str, Process] = field(default_factory=dict)

    def start(self, name: str) -> None:
        """Have this service run. Skips the test where it is not installed."""
        service = SERVICES[name]
        if not service.is_installed():
            pytest.skip(f"NO SERVICE: {name} is not installed; it takes {service.needs}")
        if name not in self._started:
            self._start(self._services[name])

    @cached_property
    def settings(self) -> Mapping[str, str]:
        """The environment by which a function finds all services that are installed."""
        installed = [service for service in self._services.values() if service.is_installed()]
        for service in installed:
            # Its broker chooses the port itself.
            if service.name == "kafka":
                self.start("kafka")
        return {name: value for service in installed for name, value in service.settings.items()}

    @cached_property
    def _services(self) -> dict[str, Service]:
        return {name: service(self._folder(name), free_port) for name, service in SERVICES.items()}

    @staticmethod
    def _folder(name: str) -> Path:
        # Not pytest's folder, which no other user can enter; PostgreSQL runs as another one.
        folder = Path(tempfile.mkdtemp(prefix=f"weblog-{name}-"))
        folder.chmod(0o755)
        return folder

    def _start(self, service: Service) -> None:
        service.prepare()
        process = self._started[service.name] = self.starter(service.command, env=service.environment)

        def up() -> bool:
            assert process.is_running(), f"{service.name} has ended:\n{process.output}"
            return service.is_up()

        # RabbitMQ takes seconds on a quiet machine, and many more on a busy one.
        wait_for(up, what=f"{service.name} to answer", timeout=120)

    def stop(self) -> None:
        """End them all, and remove their data."""
        self.starter.stop_all()
        for service in self._services.values():
            shutil.rmtree(service.folder, ignore_errors=True)
