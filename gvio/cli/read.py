"""Commands that read a published store."""

from __future__ import annotations

import dataclasses
import datetime as dt
from typing import TYPE_CHECKING

import click

from gvio.cli.options import open_reading
from gvio.cli.output import emit, json_option

if TYPE_CHECKING:  # the names only: help stays instant
    from gvio.publish.look import LastLook
    from gvio.publish.moves import Move
    from gvio.store.objects import ObjectStore
    from gvio.store.published import PublishedRelease
    from gvio.store.served import Served


_store = click.option(
    "--store", required=True, metavar="URL", help="Folder, file:// or s3://bucket/prefix of releases."
)


@click.command()
@_store
@click.option("--region", metavar="NAME", help="Name of one region; default: all.")
@click.option("--as-of", type=click.DateTime(["%Y-%m-%d"]), metavar="YYYY-MM-DD", help="What was served on that day.")
@json_option
def status(store: str, region: str | None, as_of: dt.datetime | None, as_json: bool) -> None:
    """What is published, its age, checks, model and last look. Or what was served on a day."""
    from gvio.store.looks import regions_seen

    objects = open_reading(store)
    names = [region] if region else regions_seen(objects)
    now = dt.datetime.now(dt.UTC)
    if as_of is not None:
        served = [_served(objects, name, as_of.date(), now) for name in names]
        emit(served, [f"{one.day} {_line(one.published)}" for one in served], as_json)
        return
    found = [_describe(objects, name, now) for name in names]
    lines = [line for entry in found for line in _lines(entry, now)] or [f"nothing is published in {store}"]
    emit(found, lines, as_json)


@click.command("history")
@_store
@click.option("--region", required=True, metavar="NAME", help="Name of the region.")
@json_option
def history(store: str, region: str, as_json: bool) -> None:
    """Every move of latest.json. When, to which release, made by which model, and why."""
    from gvio.store.served import history as moves_of

    moves = moves_of(open_reading(store), region)
    emit(moves, [_move(one) for one in moves], as_json)


@click.command()
@_store
@click.option("--port", type=int, default=None, help="Port to serve on; default: 8501 or the next free one.")
@click.option("--address", default="127.0.0.1", show_default=True, help="Address to serve on.")
def dashboard(store: str, port: int | None, address: str) -> int:
    """Serve the dashboard over a published store."""
    from dashboards.launch import launch

    open_reading(store)
    return launch(store, port, address=address)


@dataclasses.dataclass(frozen=True)
class _Published:
    """A region's release, as `status` tells it; `look` how the last look ended, None where nobody looked."""

    region: str
    release: str | None
    month: str | None
    published_at: str | None
    age_days: int | None
    checks: int
    warnings: list[str]
    skill: str
    model: dict[str, object]
    invented: bool
    predecessor: str | None = None
    errata: list[str] = dataclasses.field(default_factory=list)
    changes: list[str] = dataclasses.field(default_factory=list)  # a sentence a district: why its newest changed
    drift: list[str] = dataclasses.field(default_factory=list)  # alarms that stand, each with what to do
    look: _Look | None = None
    skill_tested: bool = True  # False: skill is `none` because nothing could be compared


@dataclasses.dataclass(frozen=True)
class _Look:
    """The document of the last look, and what the day on which it is read makes of it."""

    document: LastLook
    light_age_days: int | None
    figures_age_days: int | None
    missed: bool


@dataclasses.dataclass(frozen=True)
class _Served:
    """What readers got on a day: the record of the move, the time for which it was served, and the release."""

    day: str
    number: int
    since: str | None
    until: str | None
    move: Move | None
    published: _Published


def _describe(objects: ObjectStore, region: str, now: dt.datetime) -> _Published:
    from gvio.store.documents import LATEST
    from gvio.store.looks import look_key, read_look
    from gvio.store.published import read_release

    look = read_look(objects, region)
    seen = None
    if look is not None:
        seen = _Look(look, look.light_age_days(now), look.figures_age_days(now), look.is_missed(now))
    if not objects.exists(f"{region}/{LATEST}") and objects.exists(look_key(region)):
        return _Published(region, None, None, None, None, 0, [], "", {}, False, look=seen)
    return dataclasses.replace(_of_release(objects, read_release(objects, region), now), look=seen)


def _of_release(objects: ObjectStore, release: PublishedRelease, now: dt.datetime) -> _Published:
    from gvio.report.verdict import skill_of
    from gvio.store.revisions import predecessor_named
    from gvio.store.sentences import change_sentences, drift_sentences, errata_sentences

    published = None if release.published_at is None else dt.datetime.fromisoformat(release.published_at)
    return _Published(
        region=release.region,
        release=release.release,
        month=release.month,
        published_at=release.published_at,
        age_days=None if published is None else (now - published).days,
        checks=len(release.checks),
        warnings=[check.message for check in release.checks if not check.passed],
        skill=release.manifest.skill,
        model=dict(release.manifest.model),
        invented=release.manifest.invented,
        predecessor=predecessor_named(release.manifest),
        errata=errata_sentences(objects, release.manifest),
        changes=change_sentences(objects, release.manifest),
        drift=drift_sentences(objects, release.manifest),
        skill_tested=skill_of(release.scoreboard, release.manifest) != "untested",
    )


def _served(objects: ObjectStore, region: str, day: dt.date, now: dt.datetime) -> _Served:
    from gvio.store.served import read_served, served_on

    one = served_on(objects, region, day, now.date())
    then = min(now, dt.datetime.combine(day, dt.time(23, 59, 59), dt.UTC))
    published = _of_release(objects, read_served(objects, region, one), then)
    return _Served(str(day), one.number, one.since, one.until, one.move, published)


def _lines(entry: _Published, now: dt.datetime) -> list[str]:
    from gvio.publish.look import look_line

    look = [] if entry.look is None else [f"  {look_line(entry.look.document, now)}"]
    return [_line(entry), *look, *entry.errata, *entry.drift]


def _line(entry: _Published) -> str:
    if entry.release is None:
        return f"{entry.region}: nothing is published"
    warnings = f"{len(entry.warnings)} warning{'' if len(entry.warnings) == 1 else 's'}"
    skill = entry.skill if entry.skill_tested else "not tested"
    return (
        f"{entry.region}: {entry.month}, release {entry.release}, {entry.age_days} days old; {entry.checks} checks, "
        f"{warnings}; {entry.model.get('name')} version {entry.model.get('version')}, skill {skill}"
        f"{', INVENTED DATA' if entry.invented else ''}"
    )


def _move(one: Served) -> str:
    since = (one.since or "not served yet").replace("T", " ").replace("Z", "")
    if one.move is None:
        return f"{one.number:>4}  {since:<19}  lost: its record is absent or damaged"
    move, model = one.move, one.move.model
    made = f"version {model.version} {model.weights_sha256[:12]}".rstrip() if model.version is not None else "-"
    as_of = (move.knowledge.as_of if move.knowledge else "") or "-"
    release = move.release or "nothing"
    return f"{one.number:>4}  {since:<19}  {release:<20}  as of {as_of:<10}  {made:<23}  {move.decision}: {move.reason}"
