"""Fetch: every month of the region's light up to the run's month, on the region's grid."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING

from gvio.errors import SAME_OPTIONS, InputRefused
from gvio.run.artifacts import LIGHT, Fetched, FetchedHead
from gvio.run.code import source_of
from gvio.run.made import Kept, Made
from gvio.sources.read_before import ReadBefore
from gvio.stages.gather import Gathered, gather_light, survey_light
from gvio.stages.light_file import digest_by_month, light_bytes, light_digest, read_light
from gvio.types import LightStack

if TYPE_CHECKING:
    from gvio.run.context import Context

STAGE = "fetch"


def fetch(context: Context) -> Fetched:
    """Bring the light and read it; files that are as they were when they were last read are not opened again.

    Raises:
        UpstreamUnavailable: The source has no product of the month, or does not answer.
        ProductError: A file is damaged or off the grid, or a fallback cannot be compared.
        ConfigError: The source cannot be read, or credentials are wrong or absent.
        StoreError: A source under `s3://` cannot be read.
    """
    if not context.workspace.may_work(STAGE):
        return _as_kept(context)
    survey = survey_light(context)
    made = _made(context, survey.token)
    head = context.workspace.find(FetchedHead, STAGE, made)
    if head is not None:
        return kept_light(context, head)
    before = _read_before(context, made)
    gathered = gather_light(context, survey, before)
    stack = gathered.stack
    head = FetchedHead(
        made=made,
        month=str(stack.months[-1]),
        light=_digest(gathered),
        seen=before.noted,
        light_until={} if gathered.switches else digest_by_month(stack),
        provenance=tuple(p for month in stack.provenance for p in month),
        missing=tuple(str(m) for m in stack.missing),
        notes=gathered.notes,
        switches=gathered.switches,
    )
    return Fetched(context.workspace.keep(head, {LIGHT: light_bytes(stack)}), Kept.here(stack))


def _read_before(context: Context, made: Made) -> ReadBefore:
    """The light of the last fetch, of the same settings and code; none where another product filled its gaps."""
    last = context.workspace.last(FetchedHead, STAGE)
    same = last is not None and (last.made.inputs["settings"], last.made.source) == (
        made.inputs["settings"],
        made.source,
    )
    if last is None or not same or last.switches:
        return ReadBefore()

    def stack() -> LightStack | None:
        try:
            return read_light(context.workspace.data(last, LIGHT))
        except InputRefused:  # damaged: every file is read
            return None

    return ReadBefore(last.seen, stack)


def _as_kept(context: Context) -> Fetched:
    """What an earlier `gvio fetch` left, for a stage that runs by itself: no archive is asked again.

    Raises:
        InputRefused: It is of another month or of other settings.
    """
    head = context.workspace.newest(FetchedHead, STAGE)
    other = context.month is not None and str(context.month) != head.month
    if other or head.made.inputs["settings"] != _settings(context) or head.made.source != source_of(STAGE):
        what = "the light there is of another month, of other settings of ntl, or of other code"
        hint = f"Run `gvio fetch` {SAME_OPTIONS}."
        raise InputRefused(what, where=str(context.workspace.folder), hint=hint)
    return kept_light(context, head)


def kept_light(context: Context, head: FetchedHead) -> Fetched:
    """The artifact of a head, its light read when it is asked for."""
    return Fetched(head, Kept(lambda: read_light(context.workspace.data(head, LIGHT))))


def _made(context: Context, token: str) -> Made:
    return Made(stage=STAGE, inputs={"files": token, "settings": _settings(context)}, source=source_of(STAGE))


def _settings(context: Context) -> str:
    config = context.config
    wanted = json.dumps([config.ntl.model_dump(mode="json"), config.bounds, config.first_month])
    return hashlib.sha256(wanted.encode()).hexdigest()[:16]


def _digest(gathered: Gathered) -> str:
    """Hash of the product files; months on another product's level also depend on how they were brought there."""
    files = light_digest(gathered.stack.provenance)
    if not gathered.switches:
        return files
    text = json.dumps([files, *(switch.as_document() for switch in gathered.switches)], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]
