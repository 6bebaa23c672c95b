"""What a run is asked to do, and where its files are."""

from __future__ import annotations

import contextlib
import dataclasses
import datetime as dt
import importlib.metadata
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Literal

from gvio.archives.access import Credentials, Endpoints
from gvio.config import Params, RegionConfig, parse_params, parse_region
from gvio.errors import ConfigError, InputRefused, PackError, RunHeld
from gvio.files import held as held_file
from gvio.files import write_bytes as write_bytes
from gvio.files import write_json as write_json
from gvio.pipeline.origin import pack_folder
from gvio.types import Month, Progress

Outcome = Literal["done", "unchanged"]

_NONE, _PUBLIC = Credentials(), Endpoints()


@dataclasses.dataclass(frozen=True)
class StageReport:
    """What a stage did: files it wrote and figures worth reading, both JSON-serialisable."""

    stage: str
    month: str
    outcome: Outcome
    outputs: Mapping[str, str] = dataclasses.field(default_factory=dict)
    figures: Mapping[str, Any] = dataclasses.field(default_factory=dict)


@dataclasses.dataclass(frozen=True)
class Job:
    """One run of one region. Made by `make_job`; stages read and write below `folder`."""

    pack: Path
    store: str
    workspace: Path
    config: RegionConfig
    month: Month | None
    as_of: dt.date
    params: Params
    endpoint_url: str | None
    tracking_uri: str | None
    code: str
    retrain: bool = False
    also: tuple[Month, ...] = ()  # further months whose grids the release shall hold
    credentials: Credentials = _NONE  # of the archives; never shown
    endpoints: Endpoints = _PUBLIC

    @property
    def region(self) -> str:
        """Name of the region."""
        return self.config.name

    @property
    def folder(self) -> Path:
        """Files of this region in the workspace."""
        return self.workspace / self.region

    def path(self, name: str) -> Path:
        """A file of this region in the workspace."""
        return self.folder / name


def make_job(
    pack: str,
    store: str,
    workspace: str,
    month: str | None = None,
    as_of: str | None = None,
    params_file: str | None = None,
    endpoint_url: str | None = None,
    tracking_uri: str | None = None,
    retrain: bool = False,
    progress: Progress | None = None,
    credentials: Credentials | None = None,
    endpoints: Endpoints | None = None,
) -> Job:
    """Turn texts, as flags and flows have them, into a job. Reads `region.yaml` and the parameters, nothing else.

    A pack under `s3://` is first brought up to date in the workspace.

    Raises:
        ConfigError: A text is not what it should be, or a key of the YAML is wrong.
        PackError: The pack has no `region.yaml`, or nothing lies under its prefix.
        StoreError, UpstreamUnavailable, RunHeld: A pack under `s3://` cannot be fetched.
    """
    root = pack_folder(pack, Path(workspace), endpoint_url, progress)
    config = parse_region(
        _read(root / "region.yaml", PackError, "Name a region pack's folder."), str(root / "region.yaml")
    )
    params = (
        parse_params(_read(Path(params_file), ConfigError, "Check --params."), params_file) if params_file else Params()
    )
    return Job(
        pack=root,
        store=store,
        workspace=Path(workspace),
        config=config,
        month=_asked(month, config),
        as_of=_parse(dt.date.fromisoformat, as_of, "as-of date") if as_of else dt.datetime.now(dt.UTC).date(),
        params=params,
        endpoint_url=endpoint_url,
        tracking_uri=tracking_uri,
        code=f"gvio {importlib.metadata.version('gvio')}",
        retrain=retrain,
        credentials=credentials or _NONE,
        endpoints=endpoints or _PUBLIC,
    )


@contextlib.contextmanager
def held(job: Job) -> Iterator[None]:
    """Hold the region's workspace: one run per region at a time.

    Raises:
        RunHeld: Another run holds it.
        ConfigError: The workspace cannot be created.
    """
    try:
        job.folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        hint = "Choose another --workspace."
        raise ConfigError(f"cannot be created ({type(error).__name__})", where=str(job.folder), hint=hint) from None
    with held_file(job.path(".lock"), lambda: _taken(job)):
        yield


def _taken(job: Job) -> RunHeld:
    hint = "Wait for it to end, or use another --workspace."
    return RunHeld("another run holds this region", where=str(job.folder), hint=hint)


def read_json(job: Job, name: str, stage: str) -> Any:
    """Read a file an earlier stage wrote.

    Raises:
        InputRefused: That stage has not run here, or its file is damaged.
    """
    try:
        return json.loads(job.path(name).read_text())
    except (OSError, ValueError) as error:
        hint = f"Run `gvio {stage}` with the same --region and --workspace first."
        what = f"{name} cannot be read ({type(error).__name__})"
        raise InputRefused(what, where=str(job.folder), hint=hint) from None


def _asked(month: str | None, config: RegionConfig) -> Month | None:
    asked = _parse(Month.parse, month, "month") if month else None
    if asked is not None and asked < config.start:
        what = f"month {asked} is before the region's first month {config.start}"
        raise ConfigError(what, where="--month", hint="Ask for a later month.")
    return asked


def _read(path: Path, error: type[PackError] | type[ConfigError], hint: str) -> str:
    try:
        return path.read_text()
    except FileNotFoundError:
        raise error("no such file", where=str(path), hint=hint) from None
    except (OSError, UnicodeDecodeError) as cause:
        raise error(f"cannot be read ({type(cause).__name__})", where=str(path), hint=hint) from None


def _parse(parser: Any, text: str, what: str) -> Any:
    try:
        return parser(text)
    except ValueError as error:
        raise ConfigError(f"{what} {text!r} is not valid ({error})", hint="See `gvio run --help`.") from None
