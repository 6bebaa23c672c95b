"""Lives the months of a region one by one, each as of its day, through the same look as every schedule.

The replay is a clock and a pack: before a look it shows the run what was there on that day (`gvio.replay.view`), hands
it that day and that hour, and keeps how it ended. It knows nothing of stages, and the run knows of the replay only
that what it publishes is to be marked so.
"""

from __future__ import annotations

import dataclasses
import functools
import hashlib
import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import ParamSpec, TypeVar

from gvio.config import digest
from gvio.errors import ConfigError, GvioError, InputRefused, RunHeld, StoreError
from gvio.events import ReplayCalendar, parse_replay_calendar
from gvio.files import held
from gvio.publish.look import LastLook
from gvio.replay.days import Look, looks_between
from gvio.replay.log import Asked, Began, LookLine, ReplayLog
from gvio.replay.pack_parts import PackParts, take_apart
from gvio.replay.request import ReplayRequest
from gvio.replay.view import require_fitting, show
from gvio.run.artifacts import DecidedHead, TrainedHead
from gvio.run.code import source_of_release
from gvio.run.context import Context
from gvio.run.executor import Executor, in_process
from gvio.run.order import Stages, run_month
from gvio.run.report import RunReport, ended_by
from gvio.run.request import RunRequest
from gvio.sections import as_text
from gvio.store.looks import read_look, write_look
from gvio.store.objects import open_store
from gvio.store.published import list_releases
from gvio.store.standing import standing
from gvio.types import Month

P = ParamSpec("P")
T = TypeVar("T")

VIEW, WORK, LOG = "pack", "work", "log"
Open = Callable[[RunRequest], Context]
Tell = Callable[[LookLine, int], None]
"""Told of every look that has ended, and of how many there are."""


@dataclasses.dataclass(frozen=True, eq=False)
class Replay:
    """A replay that is prepared: its parts, and where things lie."""

    request: ReplayRequest
    parts: PackParts
    calendar: ReplayCalendar
    looks: tuple[Look, ...]
    log: ReplayLog

    @property
    def region(self) -> str:
        """Name of the region."""
        return self.parts.config.name

    @property
    def folder(self) -> Path:
        """The workspace of the replay."""
        return Path(self.request.workspace)

    @property
    def beside(self) -> Path:
        """What `files` of the calendar are relative to."""
        return Path(self.request.calendar or ".").parent


class Cut(BaseException):
    """A planted restart. No `Exception`: nothing may handle it, as nothing handles a killed process."""


def live(request: ReplayRequest, open_: Open, stages: Stages, tell: Tell) -> tuple[Replay, list[LookLine]]:
    """Live the range, or go on where a replay of the same was stopped; every look that has ended.

    Raises:
        ConfigError: The calendar or the range is wrong, the pack's light lies in no folder, or the workspace holds
            another replay.
        InputRefused: The store holds releases that are not of this replay.
        RunHeld: Another replay works here.
        StoreError: The store cannot be read or written: run again, the replay goes on.
    """
    folder = Path(request.workspace)

    def refuse() -> RunHeld:
        return RunHeld("another replay works here", where=str(folder), hint="Wait for it, or use another --workspace.")

    with held(folder / ".replay.lock", refuse):
        replay, again = _prepared(request, open_)
        _require_own_store(replay, again)
        lines = replay.log.lines()
        for look in replay.looks[len(lines) :]:
            line = _lived(replay, look, open_, stages)
            replay.log.add(line)
            lines.append(line)
            tell(line, len(replay.looks))
    return replay, lines


def _prepared(request: ReplayRequest, open_: Open) -> tuple[Replay, bool]:
    """The replay, and whether one of the same has begun here before."""
    context = open_(_run_request(request, request.pack, WORK))
    parts = take_apart(context.root, context.config)
    text = "" if request.calendar is None else _read(Path(request.calendar))
    calendar = parse_replay_calendar(text, request.calendar or "calendar")
    looks = looks_between(Month.parse(request.first), Month.parse(request.last), calendar)
    _require_light(parts, Month.parse(request.first))
    require_fitting(parts, calendar, looks[-1].day, Path(request.calendar or ".").parent)
    log = ReplayLog(Path(request.workspace) / LOG)
    asked = Asked(
        region=parts.config.name,
        first=request.first,
        last=request.last,
        pack=_digest_of(parts, context),
        calendar=digest(calendar),
        params=context.params_digest,
        store=context.store.url,
        source=source_of_release(),
    )
    return Replay(request, parts, calendar, looks, log), log.begin(asked)


def _require_light(parts: PackParts, first: Month) -> None:
    known = [month for month in parts.light if month >= parts.config.start]
    if known and not min(known) <= first <= max(known):
        what = f"the pack has light from {min(known)} to {max(known)}, and none of {first}"
        raise ConfigError(what, where="--from", hint="Begin with a month between these two.")


def _digest_of(parts: PackParts, context: Context) -> str:
    """Of the pack: its small files by content, its light by name and size."""
    light = [(str(month), f.path.name, f.path.stat().st_size) for month, files in parts.light.items() for f in files]
    text = json.dumps([context.pack_digest, parts.figures.to_csv(index=False), light])
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _require_own_store(replay: Replay, again: bool) -> None:
    store = open_store(replay.request.store, replay.request.endpoint_url)
    if again or not list_releases(store, replay.region):
        return
    replay.log.forget()
    where = f"{store.url}/{replay.region}"
    hint = "Give a --store without this region: a replay begins with nothing published."
    raise InputRefused("holds releases that are not of this replay", where=where, hint=hint)


def _lived(replay: Replay, look: Look, open_: Open, stages: Stages) -> LookLine:
    """One look, and once more where it is to be cut off."""
    began = replay.log.began(look.number)
    if began is None:
        if look.loses:
            for lost in replay.folder.glob(f"{WORK}*"):
                shutil.rmtree(lost, ignore_errors=True)
        began = _note_beginning(replay, look)
    show(replay.parts, replay.calendar, look.day, replay.folder / VIEW, replay.beside)
    cut = False
    if look.cut_after is not None:
        context = _context(replay, look, open_)
        try:
            return _ended(
                replay, look, began, _look(context, stages, functools.partial(_cut_off, look.cut_after)), False
            )
        except Cut:
            cut = True
    context = _context(replay, look, open_)
    return _ended(replay, look, began, _look(context, stages, in_process), cut)


def _note_beginning(replay: Replay, look: Look) -> Began:
    store = open_store(replay.request.store, replay.request.endpoint_url)
    latest = standing(store, replay.region).latest
    releases = tuple(list_releases(store, replay.region))
    began = Began(number=look.number, release=None if latest is None else latest.release, releases=releases)
    replay.log.note(began)
    return began


def _context(replay: Replay, look: Look, open_: Open) -> Context:
    """A run of the view on the look's day, on the look's clock."""
    work = f"{WORK}-{look.losses}" if look.losses else WORK  # MLflow keeps a database open that it has opened once
    request = _run_request(replay.request, str(replay.folder / VIEW), work).model_copy(update={"as_of": look.day})
    return dataclasses.replace(open_(request), clock=lambda: look.at, replayed=True)


def _run_request(request: ReplayRequest, pack: str, work: str) -> RunRequest:
    return RunRequest(
        pack=pack,
        store=request.store,
        workspace=str(Path(request.workspace) / work),
        params_file=request.params_file,
        endpoint_url=request.endpoint_url,
    )


def _look(context: Context, stages: Stages, do: Executor) -> Context:
    """The look of a schedule: it may end in an error of ours, and then says so itself at the store.

    Raises:
        GvioError: It could not look at all: the store or its lock failed.
    """
    try:
        run_month(context, stages, do)
    except GvioError as error:
        if ended_by(error) is None:
            raise
    return context


def _cut_off(after: str, name: str, step: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
    made = step(*args, **kwargs)
    if name == after:
        raise Cut
    return made


def _ended(replay: Replay, look: Look, began: Began, context: Context, cut: bool) -> LookLine:
    """The line of a look, told from the store: the same whether it was killed in between or not."""
    said = read_look(context.store, context.region)
    if said is None:
        what, hint = "nothing says how the look ended", "Run the same command again: the replay goes on."
        raise StoreError(what, where=f"{context.store.url}/{context.region}", hint=hint)
    told = _true_outcome(context, began, said)
    told = dataclasses.replace(told, reason=_without_places(replay, context, told.reason))
    if told != said:
        write_look(context.store, told)
    line = LookLine(
        number=look.number,
        day=str(look.day),
        month=str(look.month),
        outcome=told.outcome,
        reason=told.reason,
        release=told.release,
        release_month=told.month,
        awaited=tuple((one.what, one.since) for one in told.awaited),
        begun_again=cut,
        lost=look.loses,
    )
    new = set(list_releases(context.store, context.region)) - set(began.releases)
    return line.model_copy(update=_model_of(context)) if new else line


def _true_outcome(context: Context, began: Began, said: LastLook) -> LastLook:
    """What a look that went on after a kill did, it does not know: the store does."""
    if said.outcome not in ("unchanged", "late") or said.reason:
        return said
    if said.release != began.release:
        return dataclasses.replace(said, outcome="published")
    new = set(list_releases(context.store, context.region)) - set(began.releases)
    if not new:
        return said
    (release,) = sorted(new)[-1:]
    archived = RunReport(
        region=context.region, month=release[:7], outcome="archived", release=release, latest=said.release
    )
    return dataclasses.replace(said, reason=archived.ended.reason)


def _model_of(context: Context) -> dict[str, object]:
    """How the newest challenger was trained and what became of it."""
    trained = context.workspace.last(TrainedHead, "train")
    decided = context.workspace.last(DecidedHead, "decide")
    if trained is None or decided is None:
        return {}
    return {"trained": trained.reason, "version": decided.version, "decision": decided.reason}


def _without_places(replay: Replay, context: Context, text: str) -> str:
    """A reason that says the same wherever the replay lies."""
    for place in sorted(_places(replay, context), key=len, reverse=True):
        text = text.replace(f"{place}/", "").replace(place, ".")
    return text


def _places(replay: Replay, context: Context) -> Iterator[str]:
    for path in (replay.folder / VIEW, Path(context.request.workspace), replay.folder):
        yield str(path)
        yield str(path.resolve())
    yield context.store.url
    yield replay.request.store


def _read(path: Path) -> str:
    try:
        return as_text(path.read_bytes(), str(path))
    except OSError as error:
        what = f"the calendar cannot be read ({error.strerror or type(error).__name__})"
        raise ConfigError(what, where=str(path), hint="Check --calendar.") from None
