"""What a look leaves behind, however it ended: its outcome at the store, and a heartbeat."""

from __future__ import annotations

import contextlib
import logging
from typing import TYPE_CHECKING

from gvio.errors import GvioError, InputRefused, StoreError
from gvio.publish.look import Awaited, LastLook, overdue
from gvio.publish.moves import utc_text
from gvio.run.artifacts import FetchedHead
from gvio.run.heartbeat import beat
from gvio.run.notice import notices, send
from gvio.run.report import Ended, RunReport, ended_by
from gvio.store.documents import readable_latest
from gvio.store.looks import read_look, write_look
from gvio.types import Month

if TYPE_CHECKING:
    from gvio.publish.latest import Latest
    from gvio.run.context import Context

_log = logging.getLogger("gvio.run")


def leave_look(context: Context, how: RunReport | GvioError) -> None:
    """Write how the look ended to the store, tell who wants to be told, and give a sign of life.

    Nothing is left where the run could not look at all: the store or its lock failed. A store that cannot be written
    is one line of warning here: the run has its own outcome.
    """
    report = how if isinstance(how, RunReport) else None
    ended = how.ended if isinstance(how, RunReport) else ended_by(how)
    if ended is None:
        return
    try:
        before = read_look(context.store, context.region)
        made_now = report is not None and report.outcome == "published"
        look = look_of(context, ended, before, of_release=report if made_now else before)
        write_look(context.store, look)
        if context.notify is not None and not context.replayed:
            for notice in notices(before, look, None if report is None else report.awaiting):
                send(context.notify, notice)
    except StoreError as error:
        _log.warning("the outcome of this look could not be left at the store: %s", error)
    if context.request.heartbeat is not None:
        beat(context.request.heartbeat)


def look_of(
    context: Context, ended: Ended, before: LastLook | None, of_release: RunReport | LastLook | None
) -> LastLook:
    """The document of a look that has just ended, after the one `before`; `of_release` tells what only who made the
    latest release knows of it.

    Raises:
        StoreError: The store cannot be read.
    """
    latest = readable_latest(context.store, context.region)
    newest = _newest_light(context, latest)
    late = None if newest is None else overdue(newest, context.as_of)
    now = context.clock()
    awaited = _awaited(context, ended, newest, late, () if before is None else before.awaited)
    request = context.request
    return LastLook(
        region=context.region,
        outcome="late" if ended.outcome == "unchanged" and late is not None else ended.outcome,
        reason=ended.reason,
        looked_at=utc_text(now),
        next_look=None if request.next_look is None else utc_text(request.next_look),
        asked=request.month,
        as_of=str(context.as_of),
        release=None if latest is None else latest.release,
        month=None if latest is None else latest.month,
        newest_light=None if newest is None else str(newest),
        newest_figures=None if latest is None else latest.public_until,
        awaited=awaited,
        skill=None if of_release is None else of_release.skill,
        drift=None if of_release is None else of_release.drift,
        replayed=context.replayed,
    )


def _awaited(
    context: Context, ended: Ended, newest: Month | None, late: Awaited | None, before: tuple[Awaited, ...]
) -> tuple[Awaited, ...]:
    """What is late, and since when: since it was due, or since the first of the looks that did not find it."""
    if ended.outcome != "late":
        return () if late is None else (late,)
    month = context.month or (context.cutoff if newest is None else newest + 1)
    what = f"light of {month}" if ended.absent else f"an answer of {ended.where or 'the source'}"
    if late is not None and late.what == what:
        return (late,)
    known = next((one for one in before if one.what == what), None)
    return (known or Awaited(what, str(context.as_of)),)


def _newest_light(context: Context, latest: Latest | None) -> Month | None:
    """The newest month whose light is published, or was read here."""
    months = [] if latest is None else [Month.parse(latest.month)]
    with contextlib.suppress(InputRefused):  # nothing was read here yet
        months.append(Month.parse(context.workspace.newest(FetchedHead, "fetch").month))
    return max(months, default=None)
