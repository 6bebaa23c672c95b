"""Everything a run is asked, as one frozen value: the only parameter of every flow, command and stage."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, Field, ValidationError, model_validator

from gvio.errors import ConfigError
from gvio.sections import Frozen
from gvio.types import Month


def _month(text: str) -> str:
    return str(Month.parse(text))


_BYTES = {"MB": 10**6, "GB": 10**9, "MiB": 2**20, "GiB": 2**30}
_MEMORY_TEXT = rf"^\d+(\.\d+)? ?({'|'.join(_BYTES)})$"
_HOST = r"([^\s/:\[\]]+|\[[0-9A-Fa-f:]+\])"
_PORT = r"([1-9]\d{0,3}|[1-5]\d{4}|6[0-4]\d{3}|65[0-4]\d{2}|655[0-2]\d|6553[0-5])"
_ADDRESS_TEXT = rf"^(tcp|tls)://{_HOST}:{_PORT}$"
MonthText = Annotated[str, AfterValidator(_month), Field(pattern=r"^\d{4}-\d{2}$", examples=["2021-12"])]
"""A month as `YYYY-MM`: texts, so that Prefect can show, store and validate a request."""


_SUPERSEDE = "why the release takes the pointer although one of the same month knows more; recorded; None: it does not"
_HEARTBEAT = "file to touch, or https address to ask, after every look, whatever its outcome; None: neither"
_APPROVAL = "who promotes a candidate that passed the gate: the rule, or a person (gvio registry approve, or Prefect)"
_APPROVAL_HOURS = "how long a flow of Prefect waits for a person; the champion stays then"
_WORKERS = "processes that folds, members and images are spread over; 1: in turn; None: threads of this process"
_CLUSTER = "address of the scheduler of a Dask cluster that runs, in place of processes of this machine"
_MEMORY = "memory limit of each process of `workers`; None: this machine's, shared among them and this one"


class RunRequest(Frozen):
    """One monthly run of one region. Holds no secret: credentials come from the environment of whoever runs it."""

    pack: str = Field(description="region pack: folder or s3://bucket/prefix")
    store: str = Field(description="where releases are published: folder, file:// or s3://bucket/prefix")
    workspace: str = Field(".gvio", description="folder for the files of the work")
    month: MonthText | None = Field(None, description="month to publish; None: the newest with a product")
    as_of: dt.date | None = Field(None, description="statistics published later are hidden; None: today (UTC)")
    params_file: str | None = Field(None, description="YAML of scientific parameters; None: the built-in ones")
    endpoint_url: str | None = Field(None, description="address of an S3-compatible server; None: boto3's own")
    tracking_uri: str | None = Field(None, description="MLflow registry; None: a database in the workspace")
    retrain: bool = Field(False, description="train from scratch whatever the rule says")
    supersede: Annotated[str, Field(pattern=r"\S")] | None = Field(None, description=_SUPERSEDE)
    replace_region: bool = Field(False, description="publish although the store holds another region of this name")
    approval: Literal["rule", "hand"] = Field("rule", description=_APPROVAL)
    approval_hours: float = Field(12.0, gt=0, le=168, description=_APPROVAL_HOURS)
    heartbeat: Annotated[str, Field(pattern=r"\S")] | None = Field(None, description=_HEARTBEAT)
    workers: int | None = Field(None, ge=1, description=_WORKERS)
    cluster: str | None = Field(None, pattern=_ADDRESS_TEXT, description=_CLUSTER)
    worker_memory: str | None = Field(None, pattern=_MEMORY_TEXT, description=_MEMORY)
    next_look: dt.datetime | None = Field(None, description="when the schedule looks next; None: unknown")
    also: tuple[MonthText, ...] = Field((), description="further months whose grids the release shall hold")

    @model_validator(mode="after")
    def _one_kind_of_workers(self) -> Self:
        if self.cluster is not None and (self.workers is not None or self.worker_memory is not None):
            raise ValueError(_TWO_KINDS)
        if self.worker_memory is not None and (self.workers or 1) == 1:
            raise ValueError(_ALONE)
        return self

    @property
    def worker_bytes(self) -> int | None:
        """`worker_memory` as a number."""
        if self.worker_memory is None:
            return None
        unit = next(unit for unit in _BYTES if self.worker_memory.endswith(unit))
        return int(float(self.worker_memory.removesuffix(unit)) * _BYTES[unit])

    @property
    def wanted(self) -> Month | None:
        """`month` as a value."""
        return None if self.month is None else Month.parse(self.month)


class RangeRequest(RunRequest):
    """The monthly run over a range of months; `month` and `also` are set by the range."""

    first: MonthText = Field(description="first month of the range")
    last: MonthText = Field(description="last month of the range")
    single_release: bool = Field(False, description="one release with all grids instead of one a month")

    def of_month(self, month: Month, also: tuple[Month, ...] = ()) -> RunRequest:
        """The request for one month of the range."""
        shared = {name: getattr(self, name) for name in RunRequest.model_fields}
        return RunRequest(**shared | {"month": str(month), "also": tuple(map(str, also))})


def workers_asked(given: Mapping[str, Any], environment: Mapping[str, str]) -> dict[str, Any]:
    """Fields of a request that say who works: as `given`; where that names no workers, of GVIO_WORKERS or GVIO_CLUSTER.

    A limit of memory in the environment (GVIO_WORKER_MEMORY) is for processes of this machine and means nothing else.
    """
    kinds, memory = ("workers", "cluster"), given.get("worker_memory")
    asked = {kind: given.get(kind) for kind in kinds}
    if all(value is None for value in asked.values()):
        asked = {kind: environment.get(f"GVIO_{kind.upper()}") or None for kind in kinds}
    if asked["workers"] not in (None, 1, "1") and memory is None:
        memory = environment.get("GVIO_WORKER_MEMORY") or None
    return {**asked, "worker_memory": memory}


def make_request(**given: Any) -> RunRequest:
    """A request from texts, as flags have them.

    Raises:
        ConfigError: A month or a day is not valid; the flag is named.
    """
    try:
        return RunRequest(**given)
    except ValidationError as error:
        raise _wrong(error) from None


def make_range(**given: Any) -> RangeRequest:
    """A request for a range of months; raises as `make_request`."""
    try:
        return RangeRequest(**given)
    except ValidationError as error:
        raise _wrong(error) from None


def revised(request: RunRequest, **changes: Any) -> RunRequest:
    """The request with other values; raises as `make_request`."""
    try:
        return type(request)(**dict(request) | changes)
    except ValidationError as error:
        raise _wrong(error) from None


_FLAGS = {
    "as_of": "--as-of",
    "month": "--month",
    "first": "--from",
    "last": "--to",
    "params_file": "--params",
    "supersede": "--supersede",
    "workers": "--workers, or GVIO_WORKERS",
    "cluster": "--cluster, or GVIO_CLUSTER",
    "worker_memory": "--worker-memory, or GVIO_WORKER_MEMORY",
}
_FORMS = {
    "as_of": "it as YYYY-MM-DD",
    "supersede": "the reason",
    "workers": "a whole number from 1 on",
    "cluster": "it as tcp://host:port",
    "worker_memory": "it as 2GB",
}


_TWO_KINDS = "a cluster has workers of its own, with limits of their own"
_ALONE = "it is the limit of each of two or more --workers"
_TOGETHER = {
    _TWO_KINDS: ("--cluster and --workers", "Give --cluster alone, or --workers with or without --worker-memory."),
    _ALONE: ("--worker-memory", "Add --workers 2, or leave --worker-memory out."),
}
"""Where it is, and what to do, of what fits no single field."""


def _wrong(error: ValidationError) -> ConfigError:
    item = error.errors()[0]
    if not item["loc"]:  # what fits no single field
        what = str(item["ctx"]["error"])
        where, hint = _TOGETHER[what]
        return ConfigError(what, where=where, hint=hint)
    name = str(item["loc"][0])
    what = f"{name.replace('_', '-')} {item['input']!r} is not valid; write {_FORMS.get(name, 'it as YYYY-MM')}"
    return ConfigError(what, where=_FLAGS.get(name, name), hint="See `gvio run --help`.")
