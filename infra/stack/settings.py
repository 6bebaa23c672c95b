"""Ports and passwords of a stack: made once, kept in one file `.env` of mode 600, and read from there ever after.

The names are those that `infra/compose.yaml` reads, so that one file serves both forms.
"""

from __future__ import annotations

import contextlib
import dataclasses
import os
import re
import secrets
import socket
from collections.abc import Collection, Mapping
from pathlib import Path

from gvio.errors import ConfigError
from gvio.files import write_bytes

ENV_FILE = ".env"
_PRIVATE = 0o600
_LINE = re.compile(r"([A-Z][A-Z0-9_]*)=(.*)")
_PLAIN = re.compile(r"[A-Za-z0-9._:/@+-]*")

# Where each server begins to look for a free port; S3 needs a row of them.
PORTS: Mapping[str, int] = {
    "POSTGRES_PORT": 15432,
    "S3_PORT": 18333,
    "MLFLOW_PORT": 15000,
    "PREFECT_PORT": 14200,
    "WORKER_PORT": 18080,
    "DASHBOARD_PORT": 18501,
}
S3_ROW = 8  # S3, master, volume and filer, each with HTTP and gRPC
SECRETS = (
    "POSTGRES_PASSWORD",
    "PREFECT_DATABASE_PASSWORD",
    "MLFLOW_DATABASE_PASSWORD",
    "S3_PIPELINE_KEY",
    "S3_PIPELINE_SECRET",
    "S3_DASHBOARD_KEY",
    "S3_DASHBOARD_SECRET",
    "S3_MLFLOW_KEY",
    "S3_MLFLOW_SECRET",
    "S3_KEEPER_KEY",
    "S3_KEEPER_SECRET",
    "S3_SIGNING_SECRET",
    "MLFLOW_ADMIN_PASSWORD",
    "MLFLOW_PIPELINE_PASSWORD",
    "MLFLOW_SESSION_SECRET",
    "PREFECT_PASSWORD",
)
PACK = "GVIO_PACK"
_HEAD = "# Ports and passwords of this stack, made once. Ports may be changed while the stack is down.\n"


@dataclasses.dataclass(frozen=True)
class Settings:
    """What one stack is made of. `folder` is absolute; `values` are the lines of its `.env`."""

    folder: Path
    values: Mapping[str, str]

    def port(self, name: str) -> int:
        """A port by its name in `PORTS`."""
        return int(self.values[name])

    def __getitem__(self, name: str) -> str:
        return self.values[name]

    @property
    def pack(self) -> str | None:
        """The region pack that the deployments are made for; None: not said yet."""
        return self.values.get(PACK) or None

    @property
    def s3_ports(self) -> range:
        """The row of ports that SeaweedFS takes."""
        return range(self.port("S3_PORT"), self.port("S3_PORT") + S3_ROW)

    @property
    def s3_url(self) -> str:
        """Address of the S3 server."""
        return f"http://127.0.0.1:{self['S3_PORT']}"

    @property
    def mlflow_url(self) -> str:
        """Address of the MLflow server."""
        return f"http://127.0.0.1:{self['MLFLOW_PORT']}"

    @property
    def prefect_url(self) -> str:
        """Address of Prefect's API."""
        return f"http://127.0.0.1:{self['PREFECT_PORT']}/api"

    @property
    def dashboard_url(self) -> str:
        """Address of the dashboard."""
        return f"http://127.0.0.1:{self['DASHBOARD_PORT']}"

    def database(self, name: str, driver: str = "postgresql") -> str:
        """Address of one of our databases: `prefect`, `mlflow` or `mlflow_users`, with its owner's password."""
        owner = name.partition("_")[0]
        password = self[f"{owner.upper()}_DATABASE_PASSWORD"]
        return f"{driver}://{owner}:{password}@127.0.0.1:{self['POSTGRES_PORT']}/{name}"


def load(folder: Path) -> Settings:
    """The settings of a stack that was made before.

    Raises:
        ConfigError: There is none, or a line or value of its file cannot be used.
    """
    path = folder.absolute() / ENV_FILE
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        raise ConfigError("there is no stack here", where=str(path), hint="Make one: `make stack-up`.") from None
    values = dict(_parsed(line, path) for line in lines if line.strip() and not line.startswith("#"))
    if missing := sorted({*PORTS, *SECRETS} - values.keys()):
        hint = "Put the line back, or remove the file where nothing was kept yet: `make stack-up` makes another."
        raise ConfigError(f"{missing[0]} is missing", where=str(path), hint=hint)
    for name in PORTS:
        if not values[name].isdigit() or not 1024 <= int(values[name]) <= 65_000:
            raise ConfigError(f"{name}={values[name]} is no port", where=str(path), hint="Write 1024 to 65000.")
    path.chmod(_PRIVATE)
    return Settings(folder.absolute(), values)


def load_or_make(folder: Path, pack: str | None = None) -> Settings:
    """The settings of a stack, made with free ports and new passwords where there are none.

    Args:
        folder: Of the stack.
        pack: Region pack to keep for the deployments; None leaves what is kept.

    Raises:
        ConfigError: As `load`; or the pack's name cannot be kept in the file.
    """
    if not (folder / ENV_FILE).exists():
        _write(folder.absolute(), {**_free_ports(), **{name: secrets.token_hex(16) for name in SECRETS}, PACK: ""})
    settings = load(folder)
    if pack is None or (known := _full(pack)) == settings.pack:
        return settings
    if not _PLAIN.fullmatch(known):
        hint = "Use letters, digits and . _ - + : @ / only."
        raise ConfigError(f"the pack {known!r} cannot be kept in a file of settings", where="PACK", hint=hint)
    _write(settings.folder, {**settings.values, PACK: known})
    return load(folder)


def is_free(port: int) -> bool:
    """Whether nobody listens on a port of this machine."""
    with contextlib.closing(socket.socket()) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


def write_private(path: Path, text: str) -> None:
    """Write a file that only its owner can read, as a whole."""
    before = os.umask(0o077)
    try:
        write_bytes(path, text.encode())
    finally:
        os.umask(before)
    path.chmod(_PRIVATE)


def _write(folder: Path, values: Mapping[str, str]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    write_private(folder / ENV_FILE, _HEAD + "".join(f"{name}={value}\n" for name, value in values.items()))


def _parsed(line: str, path: Path) -> tuple[str, str]:
    found = _LINE.fullmatch(line.strip())
    if found is None:
        raise ConfigError(f"{line[:20]!r} is no NAME=value", where=str(path), hint="Correct or remove the line.")
    return found[1], found[2]


def _free_ports() -> dict[str, str]:
    taken: set[int] = set()
    found: dict[str, str] = {}
    for name, first in PORTS.items():
        row = S3_ROW if name == "S3_PORT" else 1
        port = _first_free(first, row, taken)
        taken |= set(range(port, port + row))
        found[name] = str(port)
    return found


def _first_free(first: int, row: int, taken: Collection[int]) -> int:
    ports = (port for port in range(first, first + 2000, row))
    return next(p for p in ports if all(q not in taken and is_free(q) for q in range(p, p + row)))


def _full(pack: str) -> str:
    return pack if "://" in pack else str(Path(pack).absolute())
