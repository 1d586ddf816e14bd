"""The servers that the function's endpoints use: how to start each on loopback, with its data in a folder.

`./run.sh --with`, `./compare.sh --with` and the tests start them. What a server needs is not installed here:
`needs` says what that is (`scripts/install-services.sh` installs it on Debian).
"""

from __future__ import annotations

import getpass
import os
import shutil
import socket
import subprocess
import sys
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import ClassVar

from scripts.programs import Program, Programs

HOST = "127.0.0.1"


class Service(ABC):
    """One server. Its folder exists, is empty, and can be entered by every user."""

    name: ClassVar[str]
    """What `--with` calls it."""
    needs: ClassVar[str]
    """What has to be installed: a package of Debian's, or of pip's."""

    def __init__(self, folder: Path, free_port: Callable[[], int]) -> None:
        self.folder = folder
        self.port = free_port()

    @classmethod
    @abstractmethod
    def is_installed(cls) -> bool:
        """Whether the server can be started on this machine."""

    def prepare(self) -> None:  # noqa: B027 - most have nothing to do
        """Make the server's data. Raises CalledProcessError, with the output, where that fails."""

    @property
    @abstractmethod
    def command(self) -> Sequence[str]:
        """Runs the server in the foreground; SIGTERM ends it."""

    @property
    def environment(self) -> Mapping[str, str]:
        """What the command needs, in addition to the environment of the caller."""
        return {}

    def is_up(self) -> bool:
        """Whether the server answers. Returns at once."""
        with socket.socket() as probe:
            probe.settimeout(1)
            return probe.connect_ex((HOST, self.port)) == 0

    @property
    @abstractmethod
    def settings(self) -> Mapping[str, str]:
        """The environment by which the function finds the server."""


class Postgres(Service):
    """PostgreSQL, with the user, password and database of the test suite."""

    name = "postgres"
    needs = "the Debian package postgresql (as root: scripts/install-services.sh)"

    @classmethod
    def is_installed(cls) -> bool:
        """Whether Debian's folder has the programs, which are not on the PATH."""
        return cls._programs() is not None

    @staticmethod
    def _programs() -> Path | None:
        versions = [path.parent for path in Path("/usr/lib/postgresql").glob("*/bin/initdb")]
        return max(versions, key=lambda path: int(path.parent.name), default=None)

    def _run_by(self, program: str) -> list[str]:
        programs = self._programs()
        if programs is None:
            raise FileNotFoundError(self.needs)
        # It refuses to run as root.
        become = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups", "--"]
        return [*(become if os.geteuid() == 0 else []), str(programs / program)]

    @property
    def _data(self) -> str:
        return str(self.folder / "data")

    def prepare(self) -> None:
        """Make the database; its password is asked for, as in the suite."""
        if os.geteuid() == 0:
            shutil.chown(self.folder, "postgres", "postgres")
        password = self.folder / "password"
        password.write_text("system_tests\n")
        password.chmod(0o644)
        options = ["--auth=scram-sha-256", "--locale=C", "--encoding=UTF8", "--no-sync"]
        user = ["--username=system_tests_user", f"--pwfile={password}"]
        _run([*self._run_by("initdb"), f"--pgdata={self._data}", *user, *options], self.folder)
        single = [*self._run_by("postgres"), "--single", "-F", "-D", self._data, "postgres"]
        _run(single, self.folder, b"CREATE DATABASE system_tests_dbname;\n")

    @property
    def command(self) -> Sequence[str]:
        """No socket but the port's, and no care for the data."""
        options = {"listen_addresses": HOST, "port": self.port, "unix_socket_directories": "", "fsync": "off"}
        words = [word for name, value in options.items() for word in ("-c", f"{name}={value}")]
        return [*self._run_by("postgres"), "-D", self._data, *words]

    def is_up(self) -> bool:
        """Whether it accepts sessions; its port is open earlier."""
        ask = [*self._run_by("pg_isready"), "--quiet", f"--host={HOST}", f"--port={self.port}"]
        return subprocess.run(ask, check=False, cwd=self.folder).returncode == 0  # noqa: S603 - its own program

    @property
    def settings(self) -> Mapping[str, str]:
        """The address."""
        account = "system_tests_user:system_tests"
        return {"POSTGRES_URL": f"postgresql://{account}@{HOST}:{self.port}/system_tests_dbname"}


class MySql(Service):
    """MariaDB, with the user, password and database of the test suite."""

    name = "mysql"
    needs = "the Debian package mariadb-server (as root: scripts/install-services.sh)"

    @classmethod
    def is_installed(cls) -> bool:
        """Whether the server is on the PATH."""
        return _is_on_path("mariadbd", "mariadb-install-db")

    @property
    def _start(self) -> Path:
        return self.folder / "start.sql"

    def prepare(self) -> None:
        """Make the server's own tables; the first start makes the account."""
        install = ["mariadb-install-db", "--no-defaults", f"--datadir={self.folder / 'data'}"]
        options = [
            f"--user={getpass.getuser()}",
            "--skip-test-db",
            "--auth-root-authentication-method=normal",
        ]
        _run([*install, *options], self.folder)
        self._start.write_text(
            "CREATE DATABASE mysql_dbname;\n"
            "CREATE USER 'mysqldb'@'%' IDENTIFIED BY 'mysqldb';\n"
            "GRANT ALL ON mysql_dbname.* TO 'mysqldb'@'%';\n"
        )

    @property
    def command(self) -> Sequence[str]:
        """Clients may connect early: they wait until the account is made."""
        return [
            "mariadbd",
            "--no-defaults",
            f"--datadir={self.folder / 'data'}",
            f"--user={getpass.getuser()}",
            f"--bind-address={HOST}",
            f"--port={self.port}",
            f"--socket={self.folder / 'socket'}",
            f"--pid-file={self.folder / 'pid'}",
            f"--init-file={self._start}",
            "--skip-name-resolve",
            "--innodb-buffer-pool-size=16M",
        ]

    @property
    def settings(self) -> Mapping[str, str]:
        """The address."""
        return {"MYSQL_URL": f"mysql://mysqldb:mysqldb@{HOST}:{self.port}/mysql_dbname"}


class RabbitMq(Service):
    """RabbitMQ, with its own guest account."""

    name = "rabbitmq"
    needs = "the Debian package rabbitmq-server (as root: scripts/install-services.sh)"

    # The program of the same name on the PATH wants to be root or the user rabbitmq.
    _PROGRAM = "/usr/lib/rabbitmq/bin/rabbitmq-server"

    def __init__(self, folder: Path, free_port: Callable[[], int]) -> None:
        super().__init__(folder, free_port)
        self._name_server_port = free_port()
        self._cluster_port = free_port()

    @classmethod
    def is_installed(cls) -> bool:
        """Whether Debian's folder has the program."""
        return Path(cls._PROGRAM).exists() and _is_on_path("epmd")

    @property
    def command(self) -> Sequence[str]:
        """With Erlang's name server, which Erlang would otherwise start as a daemon, and leave behind."""
        script = f'epmd -address {HOST} & until epmd -names >/dev/null; do sleep 0.1; done; exec "$0"'
        return ["/bin/sh", "-c", script, self._PROGRAM]

    @property
    def environment(self) -> Mapping[str, str]:
        """Everything that it would otherwise keep in /var and in the home folder."""
        folder = str(self.folder)
        return {
            "HOME": folder,
            "ERL_EPMD_PORT": str(self._name_server_port),
            "ERL_EPMD_ADDRESS": HOST,
            "RABBITMQ_NODENAME": f"weblog{self.port}@localhost",
            "RABBITMQ_NODE_IP_ADDRESS": HOST,
            "RABBITMQ_NODE_PORT": str(self.port),
            "RABBITMQ_DIST_PORT": str(self._cluster_port),
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "-kernel inet_dist_use_interface {127,0,0,1}",
            "RABBITMQ_MNESIA_BASE": folder,
            "RABBITMQ_LOG_BASE": folder,
            "RABBITMQ_LOGS": "-",
            "RABBITMQ_CONFIG_FILE": f"{folder}/none",
            "RABBITMQ_ENABLED_PLUGINS_FILE": f"{folder}/plugins",
            "RABBITMQ_PID_FILE": f"{folder}/pid",
        }

    @property
    def settings(self) -> Mapping[str, str]:
        """The address."""
        return {"RABBITMQ_URL": f"amqp://guest:guest@{HOST}:{self.port}"}


class Aws(Service):
    """moto's server: SQS, SNS, Kinesis, S3 and more, in memory."""

    name = "aws"
    needs = "the packages of requirements-drivers.txt"

    @classmethod
    def is_installed(cls) -> bool:
        """Whether moto and what its server needs are installed."""
        return bool(find_spec("moto") and find_spec("flask_cors"))

    @property
    def command(self) -> Sequence[str]:
        """The server, in the interpreter that runs this."""
        return [sys.executable, "-m", "moto.server", "--host", HOST, "--port", str(self.port)]

    @property
    def settings(self) -> Mapping[str, str]:
        """The address, and an account that the clients can sign with."""
        return {
            "SYSTEM_TESTS_AWS_URL": f"http://{HOST}:{self.port}",
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
        }


class Kafka(Service):
    """The broker that librdkafka brings for tests: Kafka's protocol, in memory, on a port that it chooses."""

    name = "kafka"
    needs = "the packages of requirements-drivers.txt"

    @classmethod
    def is_installed(cls) -> bool:
        """Whether the driver, which brings the broker, is installed."""
        return find_spec("confluent_kafka") is not None

    @property
    def _address(self) -> Path:
        return self.folder / "address"

    @property
    def command(self) -> Sequence[str]:
        """A program of our own around it; it writes its address into a file."""
        return [sys.executable, "-m", "scripts.kafka_broker", str(self._address)]

    def is_up(self) -> bool:
        """Whether the address is known."""
        return self._address.exists()

    @property
    def settings(self) -> Mapping[str, str]:
        """The address, known once the broker is up."""
        return {"KAFKA_URL": f"kafka://{self._address.read_text()}"}


class InternalServer(Service):
    """The HTTP mirror that `/external_request` calls, with a small Stripe, OpenAI and AI Guard."""

    name = "internal-server"
    needs = "nothing"

    @classmethod
    def is_installed(cls) -> bool:
        """It is made of the standard library."""
        return True

    @property
    def command(self) -> Sequence[str]:
        """A program of our own."""
        return [sys.executable, "-m", "scripts.internal_server", "--host", HOST, "--port", str(self.port)]

    @property
    def settings(self) -> Mapping[str, str]:
        """The address."""
        return {"INTERNAL_SERVER_URL": f"http://{HOST}:{self.port}"}


SERVICES: Mapping[str, type[Service]] = {
    service.name: service for service in (Postgres, MySql, RabbitMq, Kafka, Aws, InternalServer)
}
"""Every service, by its name."""


SERVICE_SECONDS = 120
"""How long a service may take until it is up: RabbitMQ needs ten, and more on a busy machine."""


class ServiceError(Exception):
    """There is no such service, or it is not installed, or does not start; the message says why."""


def read_services(lists: Sequence[str]) -> list[str]:
    """The services in these lists, whose names have commas between them; raises ServiceError."""
    names = [name for text in lists for name in text.split(",")]
    for name in names:
        if name not in SERVICES:
            raise ServiceError(f"--with {name!r} is not a service; there are {', '.join(SERVICES)}")
        if not SERVICES[name].is_installed():
            raise ServiceError(f"{name} is not installed: it takes {SERVICES[name].needs}")
    return list(dict.fromkeys(names))


def free_port() -> int:
    """A loopback port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def prepare_services(
    names: Sequence[str], stack: ExitStack, free_port: Callable[[], int] = free_port
) -> list[Service]:
    """The services, each with its data in a folder that lasts as long as `stack`. Raises ServiceError."""
    services = []
    for name in names:
        folder = TemporaryDirectory(prefix=f"weblog-{name}-", ignore_cleanup_errors=True)
        service = SERVICES[name](Path(stack.enter_context(folder)), free_port)
        # A service may run as a user of its own.
        service.folder.chmod(0o755)
        try:
            service.prepare()
        except subprocess.CalledProcessError as error:
            raise ServiceError(f"{name} cannot make its data: {error.stderr.decode()}") from error
        services.append(service)
    return services


def run_services(
    services: Sequence[Service], stack: ExitStack, shown: Callable[[str], str | None] = lambda line: line
) -> None:
    """Run them for as long as `stack` lasts; returns when all are up. Raises ProgramError.

    `shown` gets each line of their output; what it returns is written, None is nothing.
    """
    if services:
        programs = [
            Program(service.name, service.command, {**os.environ, **service.environment}, service.is_up)
            for service in services
        ]
        stack.enter_context(Programs(programs, shown)).wait_until_up(SERVICE_SECONDS)


def _is_on_path(*programs: str) -> bool:
    return all(map(shutil.which, programs))


def _run(command: Sequence[str], folder: Path, standard_input: bytes = b"") -> None:
    subprocess.run(command, cwd=folder, input=standard_input, capture_output=True, check=True)  # noqa: S603
