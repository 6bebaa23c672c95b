"""What a run works on, opened once: configuration, parameters, places, statistics, registry, store, workspace.

Made by `open_context`. What is costly is read at its first use and kept, so that no stage opens a file again that
another stage of the same run has read.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import functools
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from gvio.archives.access import Credentials, Endpoints
from gvio.config import Params, RegionConfig, digest, parse_params, parse_region
from gvio.errors import ConfigError, PackError, ProductAbsent
from gvio.region.files import PackFiles
from gvio.registry.connection import default_uri
from gvio.run.origin import pack_folder
from gvio.run.request import RunRequest
from gvio.run.workspace import Workspace
from gvio.sections import as_text
from gvio.types import CheckResult, Month, Progress
from gvio.version import code_version

if TYPE_CHECKING:
    from gvio.ledger.rows import Ledger
    from gvio.region.pack import Places
    from gvio.store.objects import ObjectStore


def utc_now() -> dt.datetime:
    """The time now."""
    return dt.datetime.now(dt.UTC)


@dataclasses.dataclass(frozen=True, eq=False)
class Context:
    """One run's surroundings. `root` is the pack's folder on this machine, `as_of` the day of the run."""

    request: RunRequest
    root: Path
    config: RegionConfig
    params: Params
    as_of: dt.date
    code: str
    credentials: Credentials  # of the archives; never shown
    endpoints: Endpoints
    registry_login: Mapping[str, str]  # MLFLOW_TRACKING_…, where the registry's server asks for them; never shown
    progress: Progress | None = None
    notify: str | None = dataclasses.field(default=None, repr=False)  # address of a webhook, often a secret
    clock: Callable[[], dt.datetime] = utc_now  # tells the times that are published; `as_of` is the run's day
    replayed: bool = False  # this run is of a replay: what it publishes says so

    @property
    def region(self) -> str:
        """Name of the region."""
        return self.config.name

    @property
    def month(self) -> Month | None:
        """The month asked for; None: the newest with a product."""
        return self.request.wanted

    @property
    def endpoint_url(self) -> str | None:
        """Address of an S3-compatible server."""
        return self.request.endpoint_url

    @property
    def cutoff(self) -> Month:
        """The month asked for; else the newest that was complete on the day of the run.

        Raises:
            ProductAbsent: None was.
        """
        if self.month is not None:
            return self.month
        cutoff = Month(self.as_of.year, self.as_of.month) + -1
        if cutoff < self.config.start:
            what = f"no month was complete on {self.as_of}"
            raise ProductAbsent(what, where=self.region, hint="Choose a later --as-of.")
        return cutoff

    @functools.cached_property
    def workspace(self) -> Workspace:
        """Files of this region's work."""
        return Workspace(Path(self.request.workspace) / self.region)

    def path(self, name: str) -> Path:
        """A file of this region in the workspace."""
        return self.workspace.folder / name

    @functools.cached_property
    def files(self) -> PackFiles:
        """The pack's files; each is read once in a run."""
        return PackFiles(self.root)

    @functools.cached_property
    def places(self) -> Places:
        """Districts, factories and the urban mask's file, checked."""
        from gvio.region.pack import read_places  # geopandas takes a second

        return read_places(self.files, self.config)

    @functools.cached_property
    def vintages(self) -> Ledger:
        """Every published row of the statistics that was public on the day, all vintages."""
        from gvio.ledger.rows import public_on

        return public_on(self.all_statistics, self.as_of)

    @functools.cached_property
    def ledger(self) -> Ledger:
        """The statistics as known on the day, in areas of today: of every figure its newest vintage."""
        return self._present[0]

    @functools.cached_property
    def present_vintages(self) -> Ledger:
        """As `vintages`, in areas of today; of former districts the newest figures only, in their sums."""
        from gvio.ledger.extents import at_present_extents

        return at_present_extents(self.vintages, self.config.districts.changes)[0]

    @property
    def extents_note(self) -> CheckResult | None:
        """What of the figures of former districts could be used; None where no district ever changed."""
        return self._present[1]

    @functools.cached_property
    def _present(self) -> tuple[Ledger, CheckResult | None]:
        from gvio.ledger.extents import at_present_extents
        from gvio.ledger.rows import as_of

        return at_present_extents(as_of(self.all_statistics, self.as_of), self.config.districts.changes)

    @functools.cached_property
    def all_statistics(self) -> Ledger:
        """Every row of the pack's statistics, also those published later."""
        from gvio.region.pack import read_ledger

        return read_ledger(self.files, self.config, self.places)

    @functools.cached_property
    def store(self) -> ObjectStore:
        """The published store; opening it reads and writes nothing."""
        from gvio.store.objects import open_store

        return open_store(self.request.store, self.request.endpoint_url)

    @functools.cached_property
    def registry_uri(self) -> str:
        """Where MLflow keeps runs and models: as requested, else a database in the workspace."""
        return self.request.tracking_uri or default_uri(Path(self.request.workspace))

    @functools.cached_property
    def params_digest(self) -> str:
        """Hash of every scientific parameter."""
        return digest(self.params)

    @functools.cached_property
    def pack_digest(self) -> str:
        """Hash of what does not grow every month: configuration, districts, factories, urban mask."""
        from gvio.run.digests import pack_digest

        return pack_digest(self.files, self.config)

    @functools.cached_property
    def truth_digest(self) -> str:
        """Hash of the truth of a known-truth pack, by which the model is scored; the same for all packs without one."""
        from gvio.run.digests import TRUTH

        return self.files[TRUTH].digest

    @functools.cached_property
    def ledger_digest(self) -> str:
        """Hash of the statistics as known on the day."""
        from gvio.run.digests import ledger_digest

        return ledger_digest(self.ledger)

    @functools.cached_property
    def vintages_digest(self) -> str:
        """Hash of every row that was public on the day: a revision may leave the newest vintages as they are."""
        from gvio.run.digests import ledger_digest

        return ledger_digest(self.vintages)

    @functools.cached_property
    def public_until(self) -> str | None:
        """Day (ISO) of the latest publication among the statistics known; None when none is."""
        return str(max(self.ledger.rows["published"])) if len(self.ledger) else None


def open_context(
    request: RunRequest,
    credentials: Credentials | None = None,
    endpoints: Endpoints | None = None,
    progress: Progress | None = None,
    registry_login: Mapping[str, str] | None = None,
) -> Context:
    """Read `region.yaml` and the parameters, nothing else. A pack under `s3://` is first brought into the workspace.

    Raises:
        ConfigError: A key or value of the YAML is wrong, the workspace's name cannot be used, or the month lies before
            the region's first.
        PackError: The pack has no `region.yaml`, or nothing lies under its prefix.
        StoreError, UpstreamUnavailable, RunHeld: A pack under `s3://` cannot be fetched.
    """
    if request.tracking_uri is None:
        default_uri(Path(request.workspace))  # refuses a place where no registry can lie, before anything is made
    root = pack_folder(request.pack, Path(request.workspace), request.endpoint_url, progress)
    text = _read(root / "region.yaml", PackError, "Name a region pack's folder.")
    config = parse_region(text, str(root / "region.yaml"))
    _require_month(request, config)
    return Context(
        request=request,
        root=root,
        config=config,
        params=read_params(request.params_file),
        as_of=request.as_of or dt.datetime.now(dt.UTC).date(),
        code=code_version(),
        credentials=credentials or Credentials(),
        endpoints=endpoints or Endpoints(),
        registry_login=registry_login or {},
        progress=progress,
    )


def read_params(path: str | None) -> Params:
    """The scientific parameters of a file; the built-in ones for None.

    Raises:
        ConfigError: The file cannot be read, or a key or value is wrong.
    """
    return Params() if path is None else parse_params(_read(Path(path), ConfigError, "Check --params."), path)


def _require_month(request: RunRequest, config: RegionConfig) -> None:
    if request.wanted is not None and request.wanted < config.start:
        what = f"month {request.wanted} is before the region's first month {config.start}"
        raise ConfigError(what, where="--month", hint="Ask for a later month.")


def _read(path: Path, error: type[PackError] | type[ConfigError], hint: str) -> str:
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        raise error("no such file", where=str(path), hint=hint) from None
    except NotADirectoryError:
        raise error("no such file: its folder is a file", where=str(path), hint=hint) from None
    except (OSError, ValueError) as cause:  # ValueError: a name with a NUL
        what = f"cannot be read ({type(cause).__name__})"
        raise error(what, where=str(path), hint="Make it a file that this user can read.") from None
    return as_text(data, str(path))
