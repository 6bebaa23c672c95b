"""However a look ends, the store says so in one of four outcomes, and a monitor gets a sign of life."""

from __future__ import annotations

import contextlib
import dataclasses
import datetime as dt
import io
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from scripted_stages import ScriptedStages, write_pack

from gvio.cli.main import main
from gvio.errors import (
    ConflictError,
    GateRefused,
    GvioError,
    ModelError,
    ProductAbsent,
    StoreError,
    UpstreamUnavailable,
)
from gvio.run.context import Context, open_context
from gvio.run.order import run_month
from gvio.run.request import RunRequest
from gvio.store.local import LocalStore
from gvio.store.looks import read_look, write_look

DAY = dt.date(2021, 4, 20)
NOON = dt.datetime(2021, 4, 20, 12, tzinfo=dt.UTC)


@pytest.fixture
def request_(tmp_path: Path, region_yaml: str) -> RunRequest:
    pack = write_pack(tmp_path / "pack", region_yaml)
    beat = str(tmp_path / "monitors" / "gvio")
    return RunRequest(
        pack=str(pack), store=str(tmp_path / "store"), workspace=str(tmp_path / "w"), as_of=DAY, heartbeat=beat
    )


@pytest.fixture
def script(make_release: Callable[..., Any]) -> Callable[..., ScriptedStages]:
    return lambda **acts: ScriptedStages(make_release, **acts)


def opened(request: RunRequest, now: dt.datetime = NOON, **changes: Any) -> Context:
    return dataclasses.replace(open_context(request.model_copy(update=changes)), clock=lambda: now)


def look(request: RunRequest) -> Any:
    return read_look(LocalStore(Path(request.store)), "testland")


def test_published_then_unchanged(request_: RunRequest, script: Any) -> None:
    stages = script()
    report = run_month(opened(request_), stages)
    first = look(request_)
    assert (first.outcome, first.reason, first.release, first.month) == ("published", "", report.release, "2021-03")
    assert (first.newest_light, first.newest_figures, first.as_of) == ("2021-03", "2021-04-17", "2021-04-20")
    assert (first.looked_at, first.awaited) == ("2021-04-20T12:00:00Z", ())
    pointer = Path(request_.store, "testland", "latest.json").read_bytes()
    later = NOON + dt.timedelta(days=1)
    assert run_month(opened(request_, later, as_of=DAY + dt.timedelta(days=1)), stages).outcome == "unchanged"
    assert (look(request_).outcome, look(request_).looked_at) == ("unchanged", "2021-04-21T12:00:00Z")
    assert Path(request_.store, "testland", "latest.json").read_bytes() == pointer


@pytest.mark.parametrize("error", [GateRefused("light.coverage: 0.1 < 0.5"), ModelError("the champion is damaged")])
def test_refused_says_why_and_leaves_the_release(request_: RunRequest, script: Any, error: GvioError) -> None:
    run_month(opened(request_), script())
    pointer = Path(request_.store, "testland", "latest.json").read_bytes()
    refusing = script(validate=[error])
    refusing.light = "new files"
    with pytest.raises(type(error)):
        run_month(opened(request_), refusing)
    seen = look(request_)
    assert (seen.outcome, seen.reason, seen.month) == ("refused", str(error), "2021-03")
    assert Path(request_.store, "testland", "latest.json").read_bytes() == pointer


def test_late_says_what_is_awaited_since_the_first_look_that_missed_it(request_: RunRequest, script: Any) -> None:
    run_month(opened(request_), script())
    for days in (1, 2, 3):
        day = DAY + dt.timedelta(days=days)
        with pytest.raises(ProductAbsent):
            run_month(opened(request_, as_of=day, month="2021-04"), script(look=[ProductAbsent("no product")]))
    seen = look(request_)
    assert (seen.outcome, seen.reason, seen.as_of) == ("late", "no product", "2021-04-23")
    assert [(one.what, one.since) for one in seen.awaited] == [("light of 2021-04", "2021-04-21")]
    silent = UpstreamUnavailable("no answer", where="https://eogdata.mines.edu")
    with pytest.raises(UpstreamUnavailable):
        run_month(opened(request_), script(look=[silent]))
    assert look(request_).awaited[0].what == "an answer of https://eogdata.mines.edu"
    run_month(opened(request_), script())
    assert (look(request_).outcome, look(request_).awaited) == ("unchanged", ())


def test_nothing_new_is_late_when_the_next_month_is_overdue(request_: RunRequest, script: Any) -> None:
    """75 days after the end of April its light should be there."""
    stages = script()
    run_month(opened(request_), stages)
    for day, outcome in ((dt.date(2021, 7, 13), "unchanged"), (dt.date(2021, 7, 14), "late")):
        assert run_month(opened(request_, as_of=day), stages).outcome == "unchanged"
        assert look(request_).outcome == outcome
    assert [(one.what, one.since) for one in look(request_).awaited] == [("light of 2021-04", "2021-07-14")]


def test_what_was_archived_leaves_the_region_unchanged(request_: RunRequest, script: Any) -> None:
    stages = script()
    run_month(opened(request_), stages)
    assert run_month(opened(request_, as_of=dt.date(2021, 3, 20)), stages).outcome == "archived"
    assert look(request_).outcome == "unchanged"
    assert "was archived as release" in look(request_).reason


@pytest.mark.parametrize("error", [StoreError("unreachable"), ConflictError("lost"), KeyboardInterrupt(), OSError(28)])
def test_a_run_that_could_not_look_leaves_the_last_look_with_its_time(
    request_: RunRequest, script: Any, error: BaseException
) -> None:
    run_month(opened(request_), script())
    beat = Path(str(request_.heartbeat))
    beat.unlink()
    before = look(request_)
    stages = script()

    def die(context: Context) -> None:
        raise error

    stages.acts["fetch"] = [die] * 3
    stages.light = "new files"
    with pytest.raises(type(error)):
        run_month(opened(request_, NOON + dt.timedelta(days=9)), stages)
    assert look(request_) == before
    assert not beat.exists()


@pytest.mark.parametrize("how", ["published", "unchanged", "refused", "late"])
def test_the_heartbeat_file_is_touched_whatever_the_outcome(request_: RunRequest, script: Any, how: str) -> None:
    beat, stages = Path(str(request_.heartbeat)), script()
    if how != "published":
        run_month(opened(request_), stages)
        os.utime(beat, (0, 0))
        stages.light = stages.light if how == "unchanged" else "new"
        acts = {"refused": [GateRefused("bad")], "late": [ProductAbsent("none")]}
        stages.acts = {"fetch": acts.get(how, [])}
    with contextlib.suppress(GvioError):
        run_month(opened(request_), stages)
    assert (look(request_).outcome, beat.stat().st_mtime > 1e9) == (how, True)


@pytest.mark.enable_socket
@pytest.mark.parametrize("answer", [200, 500])
def test_an_address_is_asked_and_its_failure_is_one_line_of_warning(
    request_: RunRequest, script: Any, monitor: Any, caplog: pytest.LogCaptureFixture, answer: int
) -> None:
    monitor.answer = answer
    url = f"http://127.0.0.1:{monitor.server_port}/a-secret"
    assert run_month(opened(request_, heartbeat=url), script()).outcome == "published"
    assert monitor.seen == ["/a-secret"]
    warned = [record.getMessage() for record in caplog.records]
    assert len(warned) == (0 if answer == 200 else 1)
    assert "secret" not in "".join(warned)


@pytest.mark.enable_socket
@pytest.mark.parametrize(
    "target", ["http://127.0.0.1:1/x", "https://", "http://127.0.0.1:port/", "/dev/null/under-a-file", "a\0name"]
)
def test_a_heartbeat_that_cannot_be_given_never_fails_the_run(
    request_: RunRequest, script: Any, caplog: pytest.LogCaptureFixture, target: str
) -> None:
    assert run_month(opened(request_, heartbeat=target), script()).outcome == "published"
    assert len(caplog.records) == 1


def test_a_store_that_cannot_be_written_costs_a_warning(
    request_: RunRequest, script: Any, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise StoreError("read-only")

    monkeypatch.setattr("gvio.run.looks.write_look", refuse)
    with pytest.raises(GateRefused):
        run_month(opened(request_), script(validate=[GateRefused("bad")]))
    assert ["could not be left" in record.getMessage() for record in caplog.records] == [True]


def test_a_look_that_ended_earlier_does_not_replace_a_later_one(request_: RunRequest, script: Any) -> None:
    run_month(opened(request_), script())
    later = look(request_)
    earlier = dataclasses.replace(later, looked_at="2021-04-20T11:00:00Z", outcome="refused")
    store = LocalStore(Path(request_.store))
    write_look(store, earlier)
    assert look(request_) == later
    (Path(request_.store) / "testland" / "last-look.json").write_text("{")
    assert look(request_) is None
    write_look(store, earlier)
    assert look(request_) == earlier


def _call(*words: str) -> str:
    out = io.StringIO()
    with contextlib.redirect_stdout(out), pytest.raises(SystemExit) as left:
        main(list(words))
    assert not left.value.code, out.getvalue()
    return out.getvalue()


def test_status_shows_the_look_its_ages_and_a_schedule_that_stopped(
    request_: RunRequest, script: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    refusing = script(validate=[GateRefused("light.coverage: 0.1 < 0.5")])
    with pytest.raises(GateRefused):
        run_month(opened(request_), refusing)
    first, second = _call("status", "--store", request_.store).splitlines()
    assert first == "testland: nothing is published"
    assert "refused (light.coverage: 0.1 < 0.5)" in second
    now = dt.datetime.now(dt.UTC)
    due = now + dt.timedelta(days=1)
    run_month(opened(request_, now, next_look=due), script())
    shown = _call("status", "--store", request_.store)
    assert "(today): published" in shown
    assert f"next look {due:%Y-%m-%d}" in shown
    document = json.loads(_call("status", "--store", request_.store, "--json"))[0]["look"]
    assert (document["document"]["outcome"], document["missed"]) == ("published", False)
    assert document["light_age_days"] == (now.date() - dt.date(2021, 3, 31)).days
    assert document["figures_age_days"] == (now.date() - dt.date(2021, 4, 17)).days
    run_month(opened(request_, NOON, next_look=NOON + dt.timedelta(days=1)), script())
    assert "schedule may have stopped" not in _call("status", "--store", request_.store), "an older look writes none"
    Path(request_.store, "testland", "last-look.json").unlink()
    run_month(opened(request_, NOON, next_look=NOON + dt.timedelta(days=1)), script())
    assert "the look of 2021-04-21 12:00 UTC did not end" in _call("status", "--store", request_.store)


def test_status_writes_nothing(request_: RunRequest, script: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    run_month(opened(request_), script())
    folder = Path(request_.store)
    before = {path: path.stat().st_mtime_ns for path in folder.rglob("*")}
    day = str(dt.datetime.now(dt.UTC).date())
    for words in (["status"], ["status", "--as-of", day], ["history", "--region", "testland"]):
        _call(*words, "--store", request_.store)
    assert {path: path.stat().st_mtime_ns for path in folder.rglob("*")} == before
