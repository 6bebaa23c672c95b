"""What was served on a day is answered byte for byte, and what is not known is said in one line."""

from __future__ import annotations

import contextlib
import datetime as dt
import io
import json
import shutil
from pathlib import Path

import pytest

from gvio.cli.main import main
from gvio.errors import ConfigError, StoreError
from gvio.publish.knowledge import Knowledge
from gvio.store.local import LocalStore
from gvio.store.published import read_release
from gvio.store.served import history, published_at, read_release_on, served_on
from gvio.store.writing import write_release
from gvio.types import Month

TODAY = dt.date(2021, 6, 30)
DAYS = [dt.datetime(2021, 3, 20, 23, 59, 59, tzinfo=dt.UTC), dt.datetime(2021, 4, 20, tzinfo=dt.UTC)]


@pytest.fixture(scope="module")
def releases(make_release):
    known = Knowledge(Month(2021, 2), "2021-02-18", "2021-03-20")
    return make_release("2021-02", knowledge=known), make_release("2021-03")


@pytest.fixture
def store(tmp_path: Path, releases, monkeypatch: pytest.MonkeyPatch) -> LocalStore:
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    written = LocalStore(tmp_path / "store")
    for release, day in zip(releases, DAYS, strict=True):
        write_release(written, "testland", release, clock=lambda day=day: day)
    return written


def call(*words: str) -> tuple[int, str, str]:
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err), pytest.raises(SystemExit) as left:
        main(list(words))
    return int(left.value.code or 0), out.getvalue(), err.getvalue()


@pytest.mark.parametrize(
    ("day", "index"), [("2021-03-20", 0), ("2021-04-19", 0), ("2021-04-20", 1), ("2021-05-01", 1), ("2021-06-30", 1)]
)
def test_the_release_of_a_day(store, releases, day, index) -> None:
    served = served_on(store, "testland", dt.date.fromisoformat(day), TODAY)
    assert (served.move.release, served.number) == (releases[index].id, index + 1)
    then = read_release_on(store, "testland", dt.date.fromisoformat(day), TODAY)
    now = read_release(store, "testland", releases[index].id)
    assert then.manifest == now.manifest
    assert then.estimates.equals(now.estimates)
    assert then.published_at == DAYS[index].isoformat().replace("+00:00", "Z")
    assert published_at(store, "testland", releases[index].id) == then.published_at


def test_days_that_cannot_be_answered_are_one_clear_line(store, releases, tmp_path) -> None:
    for day, error, message in (
        ("2021-03-19", StoreError, "nothing was published on 2021-03-19. Name 2021-03-20 or a later day"),
        ("2021-07-01", ConfigError, "2021-07-01 has not been yet"),
    ):
        with pytest.raises(error, match=message):
            served_on(store, "testland", dt.date.fromisoformat(day), TODAY)
    shutil.rmtree(Path(store.url) / "testland" / "history")
    (Path(store.url) / "testland" / "latest.json").write_bytes(releases[1].latest)
    with pytest.raises(StoreError, match="nothing is known of 2021-05-01: no moves were recorded then"):
        served_on(store, "testland", dt.date(2021, 5, 1), dt.date(2026, 6, 1))
    assert served_on(store, "testland", dt.date(2026, 5, 1), dt.date(2026, 6, 1)).move.release == releases[1].id
    with pytest.raises(StoreError, match="nothing is published"):
        history(LocalStore(tmp_path), "testland")


def test_a_lost_record_leaves_its_days_unknown_and_no_others(store, releases, make_release) -> None:
    newer = make_release(seed=3, knowledge=Knowledge(Month(2021, 3), "2021-02-18", "2021-05-20"))
    write_release(store, "testland", newer, clock=lambda: dt.datetime(2021, 5, 20, tzinfo=dt.UTC))
    (Path(store.url) / "testland" / "history" / "000002.json").write_text("{}")
    assert served_on(store, "testland", dt.date(2021, 4, 1), TODAY).move.release == releases[0].id
    assert served_on(store, "testland", dt.date(2021, 5, 20), TODAY).move.release == newer.id
    with pytest.raises(StoreError, match="what was served on 2021-05-01 is not known: its record 2 is lost"):
        served_on(store, "testland", dt.date(2021, 5, 1), TODAY)


def test_a_move_that_the_pointer_never_named_was_not_served(store, releases, make_release) -> None:
    class Killed:
        def __getattr__(self, name: str):
            return getattr(store, name)

        def replace(self, key: str, data: bytes, etag: str | None, media_type: str = "application/json") -> None:
            if key.endswith("latest.json"):
                raise KeyboardInterrupt
            store.replace(key, data, etag, media_type)

    newer = make_release(seed=3, knowledge=Knowledge(Month(2021, 3), "2021-02-18", "2021-05-20"))
    with pytest.raises(KeyboardInterrupt):
        write_release(Killed(), "testland", newer, clock=lambda: dt.datetime(2021, 5, 20, tzinfo=dt.UTC))
    assert history(store, "testland")[-1].since is None
    assert served_on(store, "testland", dt.date(2021, 5, 25), TODAY).move.release == releases[1].id
    write_release(store, "testland", newer, clock=lambda: dt.datetime(2021, 5, 28, tzinfo=dt.UTC))
    assert served_on(store, "testland", dt.date(2021, 5, 27), TODAY).move.release == releases[1].id
    assert served_on(store, "testland", dt.date(2021, 5, 28), TODAY).move.release == newer.id


def test_the_commands_say_the_same(store, releases) -> None:
    code, out, _ = call("status", "--store", store.url, "--region", "testland", "--as-of", "2021-04-01")
    assert (code, out.count("\n")) == (0, 1)
    assert out.startswith(f"2021-04-01 testland: 2021-02, release {releases[0].id}, 12 days old;")
    _, out, _ = call("status", "--store", store.url, "--region", "testland", "--as-of", "2021-04-01", "--json")
    (document,) = json.loads(out)
    assert (document["number"], document["move"]["decision"]) == (1, "published")
    assert (document["since"], document["until"]) == ("2021-03-20T23:59:59Z", "2021-04-20T00:00:00Z")
    code, _, err = call("status", "--store", store.url, "--region", "testland", "--as-of", "2021-03-01")
    assert (code, err.count("\n"), "nothing was published on 2021-03-01" in err) == (1, 1, True)
    code, out, _ = call("history", "--store", store.url, "--region", "testland")
    assert [release.id in line for release, line in zip(releases, out.splitlines(), strict=True)] == [True, True]
    _, out, _ = call("history", "--store", store.url, "--region", "testland", "--json")
    assert [one["move"]["release"] for one in json.loads(out)] == [release.id for release in releases]
