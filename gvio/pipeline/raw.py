"""Raw product files in the workspace: bringing a range of months, and looking whether they still are what they were.

Imports nothing of the model, so that `gvio fetch --from … --to …` starts at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from gvio.archives.archive import RemoteFile
from gvio.archives.manifest import verify
from gvio.config import OFFICIAL
from gvio.errors import ConfigError, GateRefused, UpstreamUnavailable
from gvio.pipeline.job import Job, StageReport
from gvio.pipeline.places import Place, places_of
from gvio.types import Month, Progress, month_range

_LATE = 3  # months after which an archive that lacks a month will hardly get it


def fetch_range(job: Job, first: Month, last: Month, progress: Progress | None = None) -> StageReport:
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
    for place in places_of(job):
        listed = place.listed(absent[0], absent[-1])
        wanted = listed if place.span is not None else [file for file in listed if file.month in absent]
        lost |= _bring(place, wanted, progress)
        folders += [str(place.folder)] if wanted else []
        files += sum(file.month in absent for file in wanted)
        absent = [month for month in absent if month not in {file.month for file in wanted}]
        if not absent:
            break
    _refuse_absent(job, last, absent, months)
    figures: dict[str, Any] = {"months": months - len(absent), "files": files - len(lost)}
    figures |= {"absent": [str(m) for m in absent], "lost": lost}
    return StageReport("fetch", str(last), "done", {"raw": ", ".join(folders)}, figures)


def verify_raw(job: Job, progress: Progress | None = None) -> StageReport:
    """Read every fetched file again and compare it with the manifest. Needs no network.

    Raises:
        ConfigError: The source is not official: its files are not ours to judge.
        GateRefused: A file is missing or not what was fetched.
    """
    if job.config.ntl.source != OFFICIAL:
        what = f"ntl.source {job.config.ntl.source!r} keeps no manifest of fetched files"
        raise ConfigError(what, where="--verify", hint="It is for source: official; of others every run hashes all.")
    checks = [check for place in places_of(job) for check in verify(place.folder, progress)]
    bad = [check.message for check in checks if not check.passed and check.required]
    if bad:
        what = f"{len(bad)} of {len(checks)} file(s) are not what was fetched: {bad[0]}"
        raise GateRefused(what, where=job.region, hint="Run `gvio fetch` with the same months to have them again.")
    figures = {"files": len(checks), "warnings": [check.message for check in checks if not check.passed]}
    return StageReport("verify", "-", "unchanged", {}, figures)


def _bring(place: Place, listed: Sequence[RemoteFile], progress: Progress | None) -> dict[str, str]:
    """Names of files that could not be had, and why."""
    if not listed:
        return {}
    return {file.name: str(error) for file, error in place.bring(listed, progress).lost.items()}


def _refuse_absent(job: Job, last: Month, absent: Sequence[Month], months: int) -> None:
    today = Month(job.as_of.year, job.as_of.month)
    if len(absent) == months or (last in absent and today - last <= _LATE):
        product = " or ".join(job.config.ntl.products)
        what = f"no {product} for {last} yet; {months - len(absent)} of {months} months are there"
        raise UpstreamUnavailable(what, where=job.config.ntl.source, hint="Try again later, or end the range earlier.")
