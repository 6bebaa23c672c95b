"""The order of work: one lock, one try of the store before anything is computed, one way of finding nothing to do."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from scripted_stages import ScriptedStages, write_pack

from gvio.errors import (
    ConfigError,
    ConflictError,
    GateRefused,
    InputRefused,
    RunHeld,
    StoreError,
    UpstreamUnavailable,
)
from gvio.run.context import Context, open_context
from gvio.run.order import STAGES, region_held, run_month, run_stage
from gvio.run.range import run_range
from gvio.run.request import RangeRequest, RunRequest, make_request
from gvio.store.standing import standing

DAY = dt.date(2021, 4, 20)


@pytest.fixture
def request_(tmp_path: Path, region_yaml: str) -> RunRequest:
    pack = write_pack(tmp_path / "pack", region_yaml)
    return RunRequest(pack=str(pack), store=str(tmp_path / "store"), workspace=str(tmp_path / "w"), as_of=DAY)


@pytest.fixture
def script(make_release: Callable[..., Any]) -> Callable[..., ScriptedStages]:
    return lambda **acts: ScriptedStages(make_release, **acts)


def opened(request: RunRequest, **changes: Any) -> Context:
    return open_context(request.model_copy(update=changes))


def pointer(request: RunRequest) -> dict[str, Any]:
    return dict(json.loads(Path(request.store, "testland", "latest.json").read_text()))


def test_a_month_goes_through_every_stage_once(request_: RunRequest, script: Any) -> None:
    stages = script()
    report = run_month(opened(request_), stages)
    assert tuple(stages.calls) == STAGES == tuple(line.stage for line in report.stages)
    assert (report.outcome, report.month, report.release) == ("published", "2021-03", pointer(request_)["release"])
    assert (report.verdict, report.decision) == ("A script.", "promote: scripted")


@pytest.mark.parametrize(("config", "works"), [("1" * 64, False), ("2" * 64, True)])
def test_a_champion_of_the_same_weights_and_another_configuration_maps_again(
    request_: RunRequest, script: Any, config: str, works: bool
) -> None:
    stages = script()
    run_month(opened(request_), stages)
    version = SimpleNamespace(weights_sha256="0" * 64, config_sha256=config)
    stages.champion, stages.registry = lambda *_: SimpleNamespace(version=version), "approved since"
    stages.calls.clear()
    run_month(opened(request_), stages)
    assert ("map" in stages.calls) is works


def test_at_a_glance_there_is_nothing_to_do(request_: RunRequest, script: Any) -> None:
    stages = script()
    first = run_month(opened(request_), stages)
    stages.calls.clear()
    again = run_month(opened(request_), stages)
    assert (again.outcome, again.release, stages.calls) == ("unchanged", first.release, [])


def test_a_day_later_counts_only_when_a_figure_came_out(request_: RunRequest, script: Any) -> None:
    stages = script()
    run_month(opened(request_, as_of=dt.date(2021, 3, 20)), stages)
    stages.calls.clear()
    assert run_month(opened(request_, as_of=dt.date(2021, 4, 16)), stages).outcome == "unchanged"
    assert stages.calls == []
    assert run_month(opened(request_, as_of=dt.date(2021, 4, 17)), stages).outcome == "published"
    assert tuple(stages.calls) == STAGES


@pytest.mark.parametrize("change", ["light", "registry", "statistics.csv", "factories.csv", "retrain", "month"])
def test_whatever_changes_is_noticed(request_: RunRequest, script: Any, change: str) -> None:
    stages, more = script(), {}
    run_month(opened(request_), stages)
    stages.calls.clear()
    if change in {"light", "registry"}:
        setattr(stages, change, "another")
    elif change.endswith(".csv"):
        path = Path(request_.pack, change)
        path.write_text(path.read_text().replace("42.5", "43.5").replace("120.07", "120.08"))
    else:
        more = {"retrain": True} if change == "retrain" else {"month": "2021-02"}
    run_month(opened(request_, **more), stages)
    assert "fetch" in stages.calls
    # a moved registry says nothing about the inputs: what made the release is compared, and it is the same
    assert ("publish" in stages.calls) is (change != "registry")


def test_what_made_the_release_is_compared_where_the_glance_is_not_sure(request_: RunRequest, script: Any) -> None:
    stages = script()
    first = run_month(opened(request_), stages)
    Path(request_.workspace, "testland", "look.json").unlink()
    stages.calls.clear()
    report = run_month(opened(request_), stages)
    assert (report.outcome, report.release, stages.calls) == ("unchanged", first.release, ["fetch"])
    stages.calls.clear()
    assert run_month(opened(request_), stages).outcome == "unchanged"
    assert stages.calls == [], "and the glance is sure again"


@pytest.mark.parametrize("lost", ["collection.json", "catalog.json", "releases/*/estimates.parquet", "grids/*/*.tif"])
def test_nothing_to_do_includes_a_whole_store(request_: RunRequest, script: Any, lost: str) -> None:
    stages = script()
    run_month(opened(request_), stages)
    path = next(Path(request_.store, "testland").glob(lost))
    path.unlink()
    report = run_month(opened(request_), stages)
    assert report.outcome in {"published", "unchanged"}
    assert path.exists()
    assert standing(opened(request_).store, "testland").whole


def test_the_store_is_tried_before_anything_is_computed(request_: RunRequest, script: Any, tmp_path: Path) -> None:
    (tmp_path / "a-file").write_text("no folder")
    stages = script()
    with pytest.raises(StoreError, match=r"a-file"):
        run_month(opened(request_, store=str(tmp_path / "a-file" / "store")), stages)
    assert stages.calls == []


def test_a_refusal_ends_the_run_and_publishes_nothing(request_: RunRequest, script: Any) -> None:
    stages = script(validate=[GateRefused("light.coverage: 0.1 < 0.5", where="2021-03")])
    with pytest.raises(GateRefused, match=r"light\.coverage"):
        run_month(opened(request_), stages)
    assert stages.calls == ["fetch", "validate"]
    assert [path.name for path in Path(request_.store, "testland").iterdir()] == ["last-look.json"]


def test_one_run_holds_the_region(request_: RunRequest, script: Any) -> None:
    stages, context = script(), opened(request_)
    with region_held(context), pytest.raises(RunHeld, match="another run holds this region"):
        run_month(opened(request_), stages)
    assert stages.calls == []


def test_older_knowledge_is_archived_and_the_pointer_stays(request_: RunRequest, script: Any) -> None:
    stages = script()
    run_month(opened(request_), stages)
    newest = pointer(request_)
    report = run_month(opened(request_, as_of=dt.date(2021, 3, 20)), stages)
    assert report.outcome == "archived"
    assert report.release != newest["release"]
    assert pointer(request_) == newest
    assert run_month(opened(request_), stages).outcome == "unchanged", "an archived run is not the last look"
    again = run_month(opened(request_, as_of=dt.date(2021, 3, 20)), stages)
    assert (again.outcome, pointer(request_)) == ("archived", newest), "a second time it is not the published one, too"


def test_a_slow_publisher_does_not_put_the_clock_back(request_: RunRequest, script: Any, tmp_path: Path) -> None:
    """While a run of the older day computes, another host publishes what is known a month later."""
    other = request_.model_copy(update={"workspace": str(tmp_path / "other host")})

    def overtaken(context: Context) -> None:
        run_month(open_context(other), script())

    slow = script(evaluate=[overtaken])
    report = run_month(opened(request_, as_of=dt.date(2021, 3, 20)), slow)
    assert report.outcome == "archived"
    assert pointer(request_)["as_of"] == str(DAY)


def test_a_lost_publication_begins_again(request_: RunRequest, script: Any, tmp_path: Path) -> None:
    """Another host publishes the same month with the same knowledge: this run then knows of it, and moves on."""
    other = request_.model_copy(update={"workspace": str(tmp_path / "other host")})

    def overtaken(context: Context) -> None:
        hasty = script()
        hasty.light = "other files"
        run_month(open_context(other), hasty)

    slow = script(evaluate=[overtaken])
    report = run_month(opened(request_), slow)
    assert report.outcome == "published"
    assert pointer(request_)["release"] == report.release
    assert slow.calls.count("fetch") == 2


def test_a_publication_that_always_loses_gives_up(request_: RunRequest, script: Any) -> None:
    stages = script(publish=[ConflictError("somebody else published")] * 3)
    with pytest.raises(ConflictError, match="somebody else"):
        run_month(opened(request_), stages)
    assert stages.calls.count("publish") == 3


def test_a_single_stage_takes_the_artifacts_of_the_others(request_: RunRequest, script: Any) -> None:
    (fetched,) = run_stage(opened(request_), "fetch", script())
    assert fetched.head.made.stage == "fetch"
    every = run_stage(opened(request_), "evaluate", script(), alone=False)
    assert [artifact.head.made.stage for artifact in every] == list(STAGES[:5])


def ranged(request: RunRequest, first: str, last: str, **more: Any) -> RangeRequest:
    return RangeRequest(**request.model_dump(exclude={"month"}), first=first, last=last, **more)


def test_a_range_publishes_each_month_under_one_hold(request_: RunRequest, script: Any) -> None:
    stages = script()
    report = run_range(ranged(request_, "2021-02", "2021-03"), open_context, stages)
    assert [release[:7] for release in report.releases] == ["2021-02", "2021-03"]
    assert pointer(request_)["month"] == "2021-03"
    assert (report.refused, report.absent) == ({}, {})


def test_refused_and_absent_months_are_skipped_and_named(request_: RunRequest, script: Any) -> None:
    acts = [InputRefused("no light"), None, UpstreamUnavailable("no product")]
    report = run_range(ranged(request_, "2021-01", "2021-03"), open_context, script(fetch=acts))
    assert [release[:7] for release in report.releases] == ["2021-02"]
    assert (report.refused, report.absent) == ({"2021-01": "no light"}, {"2021-03": "no product"})


@pytest.mark.parametrize(
    ("acts", "error", "message"),
    [
        (
            [InputRefused("bad"), UpstreamUnavailable("gone")],
            InputRefused,
            "2021-01 was refused: bad. Correct the input",
        ),
        ([UpstreamUnavailable("gone")] * 2, UpstreamUnavailable, "2021-01 is absent: gone. Choose months that"),
    ],
)
def test_a_range_without_a_release_says_why(
    request_: RunRequest, script: Any, acts: list[Any], error: Any, message: str
) -> None:
    with pytest.raises(error, match=rf"backfill: no month was published; {message}"):
        run_range(ranged(request_, "2021-01", "2021-02"), open_context, script(fetch=acts))


def test_an_archive_that_does_not_answer_the_look_is_an_absent_month(request_: RunRequest, script: Any) -> None:
    report = run_range(
        ranged(request_, "2021-01", "2021-02"), open_context, script(look=[UpstreamUnavailable("silent")])
    )
    assert report.absent == {"2021-01": "silent"}


def test_an_empty_range_is_a_matter_of_usage(request_: RunRequest, script: Any) -> None:
    with pytest.raises(ConfigError, match=r"the range 2021-03\.\.2021-02 is empty. Swap the two months"):
        run_range(ranged(request_, "2021-03", "2021-02"), open_context, script())


def test_a_single_release_holds_the_grids_of_the_range(request_: RunRequest, script: Any) -> None:
    stages = script()
    report = run_range(ranged(request_, "2021-01", "2021-03", single_release=True), open_context, stages)
    assert len(report.releases) == 1
    assert stages.contexts[0].request.also == ("2021-01", "2021-02", "2021-03")


def test_a_pack_edited_while_a_run_works_is_published_by_the_next(request_: RunRequest, script: Any) -> None:
    statistics = Path(request_.pack, "statistics.csv")
    at_first = opened(request_).ledger_digest

    def edit(context: Context) -> None:
        statistics.write_text(statistics.read_text().replace("42.5", "43.5"))

    first = run_month(opened(request_), script(fetch=[edit]))
    made_of = standing(opened(request_).store, "testland").manifest
    assert made_of is not None
    assert made_of.inputs["ledger_sha256"] == at_first, "what was hashed is what was read"
    second = run_month(opened(request_), script())
    assert (second.outcome, second.release != first.release) == ("published", True)


def test_a_month_of_the_past_run_again_is_found(request_: RunRequest, script: Any) -> None:
    run_month(opened(request_), script())
    past = run_month(opened(request_, month="2021-02"), script())
    again, stages = pointer(request_), script()
    report = run_month(opened(request_, month="2021-02"), stages)
    assert (past.outcome, report.outcome, report.release) == ("archived", "unchanged", past.release)
    assert (stages.calls, pointer(request_)) == (["fetch"], again)


def test_wrong_knowledge_is_superseded_by_hand_with_the_reason(request_: RunRequest, script: Any) -> None:
    """A day of publication was typed too late: by the order of knowledge the corrected pack knows less."""
    statistics = Path(request_.pack, "statistics.csv")
    right = statistics.read_text()
    statistics.write_text(right.replace("2021-04-17", "2021-04-19"))
    wrong = run_month(opened(request_), script())
    statistics.write_text(right)
    for _ in range(2):
        report = run_month(opened(request_), script())
        assert (report.outcome, report.latest) == ("archived", wrong.release)
    mended = run_month(opened(request_, supersede="published on the 17th"), script())
    assert (mended.outcome, pointer(request_)["public_until"]) == ("published", "2021-04-17")
    assert run_month(opened(request_), script()).outcome == "unchanged"
    earlier = opened(request_, month="2021-02", supersede="a month back")
    assert run_month(earlier, script()).outcome == "archived", "only a release of the same month is superseded"


def test_a_reason_of_blanks_is_none(request_: RunRequest) -> None:
    with pytest.raises(ConfigError, match="--supersede"):
        make_request(pack=request_.pack, store=request_.store, supersede="  ")


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (("districts.geojson", '"east"', '"north"'), None),
        (("districts.geojson", 'st", "name"', 'st-2", "name"'), r"2 of its 2 districts \(east, west, …\) are not"),
        (("region.yaml", "city_id: CITY", "city_id: TOWN"), "its city is 'CITY', the pack's 'TOWN'"),
        (("region.yaml", "[120.0,", "[119.0,"), None),
        (
            ("region.yaml", "120.0, 30.9, 120.1, 31.0", "119.0, 30.0, 120.06, 30.95"),
            r"its bounds are \[120\.0, 30\.9,",
        ),
    ],
)
def test_another_region_of_the_same_name_is_refused(
    request_: RunRequest, script: Any, change: tuple[str, str, str], told: str | None
) -> None:
    run_month(opened(request_), script())
    path, before = Path(request_.pack, change[0]), pointer(request_)
    text = path.read_text()
    assert change[1] in text
    path.write_text(text.replace(change[1], change[2]))
    statistics = Path(request_.pack, "statistics.csv")
    statistics.write_text(statistics.read_text().replace("CITY", open_context(request_).config.city_id))
    if told is None:
        assert run_month(opened(request_), script()).outcome == "published"
        return
    stages = script()
    with pytest.raises(InputRefused, match=rf"another region is published under this name: {told}.*--replace-region"):
        run_month(opened(request_), stages)
    assert (stages.calls, pointer(request_)) == ([], before)
    assert run_month(opened(request_, replace_region=True), script()).outcome == "published"
