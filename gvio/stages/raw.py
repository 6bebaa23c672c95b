"""Raw product files in the workspace: bringing a range of months, and looking whether they still are what they were.

Imports nothing of the model, so that `gvio fetch --from … --to …` starts at once.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from gvio.archives.archive import RemoteFile
from gvio.archives.manifest import read_manifest, verify
from gvio.config import OFFICIAL
from gvio.errors import ConfigError, GateRefused, ProductAbsent
from gvio.stages.light_sources import LightSource, light_sources
from gvio.types import CheckResult, Month, Progress, month_range

if TYPE_CHECKING:
    from gvio.run.context import Context

_LATE = 3  # months after which an archive that lacks a month will hardly get it


@dataclasses.dataclass(frozen=True)
class FetchedRange:
    """Months and files that are there, months that are absent, and files that could not be had, with the reason."""

    month: str
    months: int
    files: int
    folders: tuple[str, ...]
    absent: tuple[str, ...]
    lost: Mapping[str, str]


@dataclasses.dataclass(frozen=True)
class VerifiedRaw:
    """Files that are what was fetched, and warnings about others."""

    files: int
    warnings: tuple[str, ...]


def fetch_range(context: Context, first: Month, last: Month, progress: Progress | None = None) -> FetchedRange:
    """Bring the product files of a range of months; what is there whole is not asked for again.

    A fallback is asked for the months that the product itself lacks. An absent month does not fail the range: it is
    named in the report. The last one does while it can still appear.

    Raises:
        ConfigError: The range is empty, or credentials are wrong or absent.
        UpstreamUnavailable: The last month is not there yet, no month is, or the archive does not answer.
        StoreError: A source under `s3://` cannot be read, or the disk not written.
    """
    absent = list(month_range(first, last))
    if not absent:
        raise ConfigError(f"the range {first}..{last} is empty", where="--from/--to", hint="Swap the two months.")
    months, files, lost, folders = len(absent), 0, dict[str, str](), []
    for source in light_sources(context):
        listed = source.listed(absent[0], absent[-1])
        wanted = listed if source.span is not None else [file for file in listed if file.month in absent]
        lost |= _bring(source, wanted, progress)
        folders += [str(source.folder)] if wanted else []
        files += sum(file.month in absent for file in wanted)
        absent = [month for month in absent if month not in {file.month for file in wanted}]
        if not absent:
            break
    _refuse_absent(context, last, absent, months)
    there, missing = months - len(absent), tuple(str(m) for m in absent)
    return FetchedRange(str(last), there, files - len(lost), tuple(folders), missing, lost)


def verify_raw(context: Context, progress: Progress | None = None) -> VerifiedRaw:
    """Read every fetched file again and compare it with the manifest. Needs no network.

    Raises:
        ConfigError: The source is not official: its files are not ours to judge.
        GateRefused: A file is missing or not what was fetched.
    """
    if context.config.ntl.source != OFFICIAL:
        what = f"ntl.source {context.config.ntl.source!r} keeps no manifest of fetched files"
        raise ConfigError(what, where="--verify", hint="It is for source: official; of others every run hashes all.")
    checks, months = list[CheckResult](), set[str]()
    for source in light_sources(context):
        found = verify(source.folder, progress)
        known = read_manifest(source.folder)
        months |= {known[check.subject].month for check in found if not check.passed and check.required}
        checks += found
    bad = [check.message for check in checks if not check.passed and check.required]
    if bad:
        what = f"{len(bad)} of {len(checks)} file(s) are not what was fetched: {bad[0]}"
        command = f"gvio fetch --from {min(months)} --to {max(months)}"
        hint = f"Remove them, and run `{command}` with the same --region, --workspace and --params."
        raise GateRefused(what, where=context.region, hint=hint)
    return VerifiedRaw(len(checks), tuple(check.message for check in checks if not check.passed))


def _bring(source: LightSource, listed: Sequence[RemoteFile], progress: Progress | None) -> dict[str, str]:
    """Names of files that could not be had, and why."""
    if not listed:
        return {}
    return {file.name: str(error) for file, error in source.bring(listed, progress).lost.items()}


def _refuse_absent(context: Context, last: Month, absent: Sequence[Month], months: int) -> None:
    today = Month(context.as_of.year, context.as_of.month)
    if len(absent) == months or (last in absent and today - last <= _LATE):
        product = " or ".join(context.config.ntl.products)
        what = f"no {product} for {last} yet; {months - len(absent)} of {months} months are there"
        raise ProductAbsent(what, where=context.config.ntl.source, hint="Try again later, or end the range earlier.")
