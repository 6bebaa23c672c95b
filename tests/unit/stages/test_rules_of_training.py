"""When a model is trained anew, when it is promoted, and what makes two runs the same run."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pandas as pd
import pytest

from gvio.config import ModelParams, Params
from gvio.ledger.rows import COLUMNS, Ledger
from gvio.ledger.sums import sums_matrix
from gvio.run.artifacts import DecidedHead
from gvio.run.digests import ledger_digest
from gvio.run.inputs import architecture_digest
from gvio.run.made import Kept, Made
from gvio.run.request import RunRequest
from gvio.run.workspace import Workspace
from gvio.scoreboard.board import Protocols, ProtocolScores, Scoreboard
from gvio.scoreboard.names import AS_USED, OURS
from gvio.scoreboard.scores import ModelScores
from gvio.stages import decide as deciding
from gvio.stages.decide import independent_figures, judge, no_interval
from gvio.stages.train import nothing_to_learn, training_rule
from gvio.train.about import InputDigests
from gvio.types import Month

MONTHS = [Month(2020, 1) + t for t in range(15)]


def _context(**request: Any) -> Any:
    """What the rules look at: the request, the parameters, the pack's hash."""
    asked = RunRequest(pack="pack", store="store", **request)
    return SimpleNamespace(request=asked, params=Params(), pack_digest="p1")


def _ledger(area: str = "CITY") -> Ledger:
    rows = [(area, m.ordinal, m.ordinal, 10.0 + i, "current") for i, m in enumerate(MONTHS)]
    frame = pd.DataFrame(rows, columns=["area_id", "start", "end", "value", "kind"])
    return Ledger(frame.assign(published=dt.date(2021, 4, 17), series="", source="")[list(COLUMNS)])


def _sampled(month: str = "2021-03") -> Any:
    return SimpleNamespace(samples=Kept.here(SimpleNamespace(months=(Month.parse(month),))))


def _package(
    area_ids: tuple[str, ...] = ("A", "B"), trained: str = "2021-02", shape: tuple[int, int] = (3, 4), **about: Any
) -> Any:
    kept = {
        "architecture_digest": architecture_digest(_context()),
        "inputs": SimpleNamespace(pack_digest="p1"),
        "skill": "weak",
        "scoreboard": _scoreboard(),
        "grid": "pixels",
    }
    normalisation = SimpleNamespace(mean_log_light=np.zeros(shape))
    fitted = SimpleNamespace(trained=Month.parse(trained), area_ids=area_ids, normalisation=normalisation)
    return SimpleNamespace(fitted=fitted, about=SimpleNamespace(**kept | about))


def _champion(trained: str = "2021-02", **about: Any) -> Any:
    return SimpleNamespace(package=_package(trained=trained, **about))


def _scoreboard(coverage80: float | None = 0.8) -> Scoreboard:
    block = ProtocolScores(models={OURS: ModelScores(coverage80=coverage80)})
    return Scoreboard(protocols=Protocols.model_validate({AS_USED: block}))


@pytest.mark.parametrize(
    ("month", "champion", "reason"),
    [
        ("2021-03", None, "retrain: no usable champion"),
        ("2021-03", _champion(architecture_digest="other"), "retrain: model or sample parameters changed"),
        ("2021-03", _champion(inputs=SimpleNamespace(pack_digest="p0")), "retrain: the region pack changed"),
        ("2021-03", _champion("2021-04"), "retrain: the champion has seen later months"),
        ("2021-01", _champion("2020-12"), "retrain: January's run"),
    ],
)
def test_training_starts_anew_for_a_reason(month: str, champion: Any, reason: str) -> None:
    assert training_rule(_context(), _sampled(month), champion) == (reason, None)


def test_otherwise_the_champion_is_fine_tuned() -> None:
    champion = _champion()
    reason, start = training_rule(_context(), _sampled(), champion)
    assert reason == "fine-tune: champion of 2021-02 on the newest figures"
    assert start is champion


def test_a_second_training_in_january_fine_tunes() -> None:
    assert training_rule(_context(), _sampled("2021-01"), _champion("2021-01"))[0].startswith("fine-tune")


INPUTS = InputDigests(
    month="2021-03",
    light_sha256="until march",
    ledger_sha256="figures",
    pack_digest="p1",
    params_digest="all",
    source="code",
    figures_public_until="2021-04-17",
)
LIGHT = {"2021-03": "until march", "2021-04": "until april"}
APRIL = {"month": "2021-04", "light_sha256": "until april"}


@pytest.mark.parametrize(
    ("now", "light", "figures_end", "nothing"),
    [
        (APRIL, LIGHT, "2021-03", True),
        (APRIL, LIGHT, "2021-04", False),
        (APRIL | {"ledger_sha256": "one more"}, LIGHT, "2021-03", False),
        (APRIL | {"params_digest": "others"}, LIGHT, "2021-03", False),
        (APRIL | {"source": "edited"}, LIGHT, "2021-03", False),
        (APRIL, LIGHT | {"2021-03": "revised"}, "2021-03", False),
        (APRIL, {}, "2021-03", False),
        ({}, LIGHT, "2021-03", False),
        ({"month": "2022-01", "light_sha256": "more"}, LIGHT, "2021-03", False),
    ],
    ids=[
        "new light only",
        "a figure of the new month was known already",
        "a new figure",
        "other parameters",
        "other code",
        "older light was revised",
        "another product filled gaps",
        "the same month",
        "january",
    ],
)
def test_there_is_nothing_to_learn_from_light_alone(
    now: dict[str, str], light: dict[str, str], figures_end: str, nothing: bool
) -> None:
    context: Any = _context()
    context.ledger = SimpleNamespace(rows=pd.DataFrame({"end": [0, Month.parse(figures_end).ordinal]}))
    fetched: Any = SimpleNamespace(head=SimpleNamespace(light_until=light))
    found = nothing_to_learn(context, fetched, INPUTS.model_copy(update=now), _champion(inputs=INPUTS))
    assert found is nothing


def test_retraining_can_be_asked_for() -> None:
    assert training_rule(_context(retrain=True), _sampled(), _champion()) == ("retrain: asked for", None)


@pytest.mark.parametrize(
    ("challenger", "champion", "promote", "reason"),
    [
        (_package(skill="none"), None, True, "promote: no usable champion to compare with, skill none"),
        (_package(scoreboard=_scoreboard(0.4)), _package(), False, "keep: the challenger's 80 % interval held 40% out"),
        (
            _package(scoreboard=_scoreboard(0.99)),
            _package(),
            False,
            "keep: the challenger's 80 % interval held 99% out",
        ),
        (_package(skill="none"), _package(), False, "keep: the challenger could not be tested"),
        (
            _package(skill="none", scoreboard=Scoreboard(best_naive="persistence")),
            _package(),
            False,
            "keep: the challenger is no better than the best naive forecast",
        ),
        (_package(skill="none"), _package(skill="none"), True, "promote: not worse than the champion beyond noise"),
        (_package(scoreboard=_scoreboard(None)), _package(), True, "promote: not worse than the champion beyond noise"),
    ],
)
def test_promotion_follows_its_rules(challenger: Any, champion: Any, promote: bool, reason: str) -> None:
    """The ledger has no district statistic: nothing can be scored again, so only the rules decide."""
    sums = sums_matrix(_ledger(), ("A", "B"), "CITY", MONTHS)
    decision = judge(cast("Any", None), sums, challenger, champion)
    assert decision.kind == ("promoted" if promote else "kept-champion")
    assert decision.reason.startswith(reason)


@pytest.mark.parametrize(
    ("held", "n", "refused"),
    [(1.0, 6, False), (1.0, 18, True), (0.5, 6, False), (0.3, 6, True), (0.5, 18, True), (0.8, 600, False)],
    ids=["all of one year's", "all of three years'", "half of six", "two of six", "half of eighteen", "as it should"],
)
def test_few_figures_do_not_show_that_an_interval_is_none(held: float, n: int, refused: bool) -> None:
    """In a replay no candidate passed for months: their intervals held all figures of the only year there was."""
    assert no_interval(held, n) is refused


def test_figures_of_one_year_and_district_count_once() -> None:
    row = {"name": "A", "labels": 8, "skill": 0.1}
    protocol = {"folds": ["2015-01", "2016-01"], "districts": [row | {"scored": 10}, row | {"scored": 1}]}
    assert independent_figures(Scoreboard.model_validate({"protocols": {AS_USED: protocol}})) == 3
    assert independent_figures(Scoreboard()) is None


def test_a_model_of_other_districts_is_a_first_one() -> None:
    sums = sums_matrix(_ledger(), ("A", "B"), "CITY", MONTHS)
    decision = judge(cast("Any", None), sums, _package(("A", "C")), _package())
    assert decision.reason.startswith("promote: the champion is of other districts")


@pytest.mark.parametrize("champion", [_package(shape=(3, 5)), _package(grid="moved by half a pixel")])
def test_a_model_of_other_pixels_is_not_asked_to_read_these(champion: Any) -> None:
    sums = sums_matrix(_ledger(), ("A", "B"), "CITY", MONTHS)
    decision = judge(cast("Any", None), sums, _package(), champion)
    assert decision.reason.startswith("promote: the champion is of other pixels")


@pytest.mark.parametrize(
    ("asked", "champion", "decisions"),
    [
        ([{}, {}], _champion(), 1),
        ([{}, {"supersede": "withdrawn"}, {"supersede": "withdrawn"}], _champion(), 2),
        ([{}, {}], SimpleNamespace(package=_package(("A", "C"))), 2),
    ],
    ids=["found again", "superseding is another decision", "a champion of other districts"],
)
def test_a_decision_is_found_again_while_it_can_be_what_was_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, asked: list[dict[str, Any]], champion: Any, decisions: int
) -> None:
    made_anew: list[Made] = []

    def decided(*args: Any) -> DecidedHead:
        (made,) = [arg for arg in args if isinstance(arg, Made)]
        made_anew.append(made)
        return DecidedHead(made=made, month="2021-03", version=1, decision="promoted", reason="")

    for name, value in {
        "_decide": decided,
        "read_champion": lambda *_: champion,
        "one_thread_each": lambda: None,
    }.items():
        monkeypatch.setattr(deciding, name, value)
    head = SimpleNamespace(key="of the evaluation", month="2021-03")
    evaluated: Any = SimpleNamespace(head=head, package=Kept.here(_package()))
    for request in asked:
        context = _context(**request)
        context.workspace = Workspace(tmp_path)
        deciding.decide(context, cast("Any", SimpleNamespace(head=head)), evaluated, Kept.here(champion))
    assert len(made_anew) == decisions


def test_the_order_of_rows_does_not_change_a_ledger_but_a_figure_does() -> None:
    ledger = _ledger()
    assert ledger_digest(Ledger(ledger.rows.iloc[::-1])) == ledger_digest(ledger)
    revised = ledger.rows.assign(value=ledger.rows["value"].where(ledger.rows.index != 3, 99.0))
    assert ledger_digest(Ledger(revised)) != ledger_digest(ledger)


def test_what_forbids_fine_tuning_is_model_and_sample_only() -> None:
    def of(params: Params) -> str:
        return architecture_digest(cast("Any", SimpleNamespace(params=params)))

    assert of(Params(model=ModelParams(channels=8))) != of(Params())
    assert of(Params(validate={"unit_factor": 50.0})) == of(Params())
