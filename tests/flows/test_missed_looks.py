"""Whatever looks were missed, the newest month is looked at once."""

from __future__ import annotations

import dataclasses
import datetime as dt
import signal
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from prefect.client.orchestration import get_client
from prefect.client.schemas.objects import StateType
from prefect.settings import PREFECT_API_URL, temporary_settings
from prefect.states import Running
from schedule_case import deployments, end, looks, miss, serving, until, write_dark_pack

from flows.missed import SKIPPED, Look, owed, seen_by, waiting_for_nothing
from flows.server import scheduling_server
from gvio.store.looks import read_look
from gvio.store.objects import open_store

SIX = dt.datetime(2026, 3, 10, 6, tzinfo=dt.UTC)
DAY = dt.timedelta(days=1)


def look(due: dt.datetime, began: dt.datetime | None = None, state: str = "Scheduled", asked: str = "a") -> Look:
    kind = StateType.COMPLETED if state == SKIPPED else StateType(state.upper())
    return Look(uuid4(), state, due, began, kind, state, asked)


def test_of_missed_looks_the_first_to_begin_sees_what_all_were_to_see() -> None:
    noon = SIX + dt.timedelta(hours=6)
    missed = [look(SIX - days * DAY) for days in range(30)]
    oldest = dataclasses.replace(missed[-1], began=noon, type=StateType.RUNNING, state="Running")
    assert waiting_for_nothing(oldest, missed) == missed[:-1]
    assert seen_by(missed[0], [oldest]) is None, "it may still be killed"
    done = dataclasses.replace(oldest, type=StateType.COMPLETED, state="Completed")
    assert seen_by(missed[0], [done]) == done
    assert seen_by(look(noon + dt.timedelta(minutes=1)), [done]) is None


@pytest.mark.parametrize("state", ["Crashed", "Cancelled", SKIPPED])
def test_a_look_that_saw_nothing_makes_no_other_needless(state: str) -> None:
    assert seen_by(look(SIX), [look(SIX, SIX, state)]) is None


def test_a_refusal_has_seen_the_month_too() -> None:
    refused = look(SIX - DAY, SIX, "Failed")
    assert seen_by(look(SIX), [refused]) == refused


def test_a_schedule_that_fires_twice_looks_once() -> None:
    first, second = look(SIX, SIX, "Completed"), look(SIX)
    assert seen_by(second, [first, second]) == first


def test_a_look_that_is_asked_something_else_is_another_one() -> None:
    done = look(SIX, SIX, "Completed", asked="retrain")
    assert seen_by(look(SIX), [done]) is None
    assert waiting_for_nothing(done, [look(SIX - DAY)]) == []


def test_time_zones_do_not_matter() -> None:
    shanghai = dt.timezone(dt.timedelta(hours=8))
    done = look(SIX, dt.datetime(2026, 3, 10, 14, tzinfo=shanghai), "Completed")
    assert seen_by(look(SIX), [done]) == done
    assert seen_by(look(SIX + dt.timedelta(seconds=1)), [done]) is None


@pytest.mark.parametrize(
    ("states", "expected"),
    [
        ([], False),
        (["Completed"], False),
        (["Failed"], False),
        (["Crashed"], True),
        (["Cancelled", "Completed"], True),  # the newest first
        (["Completed", "Crashed"], False),
        (["Scheduled", "Crashed"], False),
        (["Running", "Crashed"], False),
        ([SKIPPED, "Crashed"], True),
    ],
)
def test_a_look_that_was_cut_off_is_owed_until_another_one_ended(states: list[str], expected: bool) -> None:
    listed = [look(SIX - n * DAY, SIX - n * DAY, state) for n, state in enumerate(states)]
    assert owed(listed) is expected


@pytest.mark.slow
@pytest.mark.enable_socket
@pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning")
def test_after_a_downtime_one_look_is_carried_out(tmp_path: Path, region_yaml: str) -> None:
    """With a true server, its scheduler and `gvio serve`, whose last look was killed with its machine."""
    write_dark_pack(tmp_path, region_yaml)
    with scheduling_server(str(tmp_path / "server")) as server:
        first = serving(tmp_path, server)
        until(lambda: bool(deployments(server)), "the schedule is registered")
        end(first, signal.SIGTERM)
        miss(server, 5)
        killed = looks(server)[0].id
        with temporary_settings({PREFECT_API_URL: server}), get_client(sync_client=True) as client:
            client.set_flow_run_state(killed, Running(), force=True)
        _left_by_a_dead_process(tmp_path, killed)
        second = serving(tmp_path, server)
        try:
            until(lambda: all(run.state and run.state.is_final() for run in looks(server)), "no look waits any more")
            states = [run.state.name for run in looks(server) if run.state]
            assert states[0] == "Crashed"
            assert sorted(states[1:]) == ["Failed", SKIPPED, SKIPPED, SKIPPED], states
            (done,) = [run for run in looks(server) if run.state and run.state.name == "Failed"]
            assert {"gvio", "testland", "late"} <= set(done.tags)
            assert done.name == "testland newest month"
            assert done.state is not None
            assert "the folder is empty" in str(done.state.message)
            assert "\n" not in str(done.state.message)
            left = read_look(open_store(str(tmp_path / "store")), "testland")
            assert left is not None
            assert (left.outcome, left.next_look is None) == ("late", False)
        finally:
            assert end(second, signal.SIGTERM) == 0
    assert "Traceback" not in (tmp_path / "serve.log").read_text()
    assert "never awaited" not in (tmp_path / "serve.log").read_text()


def _left_by_a_dead_process(folder: Path, number: UUID) -> None:
    lock = folder / "w" / "prefect" / "runs" / f"{number}.lock"
    lock.parent.mkdir(parents=True, exist_ok=True)
    lock.touch()
