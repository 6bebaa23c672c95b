"""Everything a run is asked, as one frozen value: the only parameter of every flow, command and stage."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, ValidationError

from gvio.errors import ConfigError
from gvio.sections import Frozen
from gvio.types import Month


def _month(text: str) -> str:
    return str(Month.parse(text))


MonthText = Annotated[str, AfterValidator(_month), Field(pattern=r"^\d{4}-\d{2}$", examples=["2021-12"])]
"""A month as `YYYY-MM`: texts, so that Prefect can show, store and validate a request."""


_SUPERSEDE = "why the release takes the pointer although one of the same month knows more; recorded; None: it does not"
_HEARTBEAT = "file to touch, or https address to ask, after every look, whatever its outcome; None: neither"
_APPROVAL = "who promotes a candidate that passed the gate: the rule, or a person (gvio registry approve, or Prefect)"
_APPROVAL_HOURS = "how long a flow of Prefect waits for a person; the champion stays then"


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
    next_look: dt.datetime | None = Field(None, description="when the schedule looks next; None: unknown")
    also: tuple[MonthText, ...] = Field((), description="further months whose grids the release shall hold")

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


_FLAGS = {
    "as_of": "--as-of",
    "month": "--month",
    "first": "--from",
    "last": "--to",
    "params_file": "--params",
    "supersede": "--supersede",
}


def _wrong(error: ValidationError) -> ConfigError:
    item = error.errors()[0]
    name = str(item["loc"][0]) if item["loc"] else "request"
    form = {"as_of": "it as YYYY-MM-DD", "supersede": "the reason"}.get(name, "it as YYYY-MM")
    what = f"{name.replace('_', '-')} {item['input']!r} is not valid; write {form}"
    return ConfigError(what, where=_FLAGS.get(name, name), hint="See `gvio run --help`.")
