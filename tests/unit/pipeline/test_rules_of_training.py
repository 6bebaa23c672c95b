"""When a model is trained anew, when it is promoted, and what makes two runs the same run."""

from __future__ import annotations

import dataclasses
import datetime as dt
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pandas as pd
import pytest

from gvio.config import ModelParams, Params, parse_region
from gvio.ledger.rows import COLUMNS, Ledger
from gvio.ledger.sums import sums_matrix
from gvio.pipeline.inputs import Inputs, architecture_digest, ledger_digest
from gvio.pipeline.job import Job
from gvio.pipeline.learn import training_rule
from gvio.pipeline.promotion import decide
from gvio.scoreboard.board import Protocols, ProtocolScores, Scoreboard
from gvio.scoreboard.names import AS_USED, OURS, Skill
from gvio.scoreboard.scores import ModelScores
from gvio.train.metadata import ModelMetadata
from gvio.types import Month

YAML = """
{name: testland, title: Testland, bounds: [120.0, 30.9, 120.1, 31.0], area_crs: "EPSG:32651", first_month: "2020-01",
unit: million CNY, ntl: {product: vnl-monthly, source: ntl}, districts: {path: d.geojson}, city_id: CITY,
factories: {path: f.csv}, statistics: {path: s.csv}}
"""
JOB = Job(
    pack=Path("pack"),
    store="store",
    workspace=Path("w"),
    config=parse_region(YAML),
    month=None,
    as_of=dt.date(2021, 5, 20),
    params=Params(),
    endpoint_url=None,
    tracking_uri=None,
    code="gvio 0",
)
MONTHS = [Month(2020, 1) + t for t in range(15)]


def _ledger(area: str = "CITY") -> Ledger:
    rows = [(area, m.ordinal, m.ordinal, 10.0 + i, "current") for i, m in enumerate(MONTHS)]
    frame = pd.DataFrame(rows, columns=["area_id", "start", "end", "value", "kind"])
    return Ledger(frame.assign(published=dt.date(2021, 4, 17), series="", source="")[list(COLUMNS)])


def _inputs(month: str = "2021-03", **changes: Any) -> Any:
    """Inputs whose ledger has no district figure: nothing can be scored again, so only the rules speak."""
    sums = sums_matrix(_ledger(), ("A", "B"), "CITY", MONTHS)
    fields = {"pack": None, "ledger": None, "samples": None, "sums": sums, "month": Month.parse(month)}
    return Inputs(**{**fields, "hashes": {"pack_digest": "p1"}, **changes})


def _champion(trained: str = "2021-02", skill: str = "weak", **about: Any) -> Any:
    kept = {"architecture_digest": architecture_digest(Params()), "inputs": {"pack_digest": "p1"}, "skill": skill}
    return SimpleNamespace(trained=Month.parse(trained), area_ids=("A", "B")), ModelMetadata.model_validate(
        kept | about
    )


@pytest.mark.parametrize(
    ("month", "champion", "reason"),
    [
        ("2021-03", None, "retrain: no usable champion"),
        ("2021-03", _champion(architecture_digest="other"), "retrain: model or sample parameters changed"),
        ("2021-03", _champion(inputs={"pack_digest": "p0"}), "retrain: the region pack changed"),
        ("2021-03", _champion("2021-04"), "retrain: the champion has seen later months"),
        ("2021-01", _champion("2020-12"), "retrain: January's run"),
    ],
)
def test_training_starts_anew_for_a_reason(month: str, champion: Any, reason: str) -> None:
    assert training_rule(JOB, _inputs(month), champion) == (reason, None)


def test_otherwise_the_champion_is_fine_tuned() -> None:
    champion = _champion()
    reason, start = training_rule(JOB, _inputs(), champion)
    assert reason == "fine-tune: champion of 2021-02 on the newest figures"
    assert start is champion[0]


def test_a_second_training_in_january_fine_tunes() -> None:
    assert training_rule(JOB, _inputs("2021-01"), _champion("2021-01"))[0].startswith("fine-tune")


def test_retraining_can_be_asked_for() -> None:
    job = dataclasses.replace(JOB, retrain=True)
    assert training_rule(job, _inputs(), _champion()) == ("retrain: asked for", None)


def _scoreboard(skill: Skill = "weak", coverage80: float | None = 0.8) -> Scoreboard:
    block = ProtocolScores(models={OURS: ModelScores(coverage80=coverage80)})
    return Scoreboard(skill=skill, protocols=Protocols.model_validate({AS_USED: block}))


CHALLENGER: Any = SimpleNamespace(area_ids=("A", "B"))


@pytest.mark.parametrize(
    ("scoreboard", "champion", "promote", "reason"),
    [
        (_scoreboard("none"), None, True, "promote: first model of these districts, skill none"),
        (_scoreboard(coverage80=0.4), _champion(), False, "keep: the challenger's 80 % interval held 40% out of time"),
        (_scoreboard(coverage80=0.99), _champion(), False, "keep: the challenger's 80 % interval held 99% out of time"),
        (_scoreboard("none"), _champion(), False, "keep: the challenger is no better than the best naive forecast"),
        (_scoreboard("none"), _champion(skill="none"), True, "promote: not worse than the champion beyond noise"),
        (_scoreboard(coverage80=None), _champion(), True, "promote: not worse than the champion beyond noise"),
    ],
)
def test_promotion_follows_its_rules(scoreboard: Scoreboard, champion: Any, promote: bool, reason: str) -> None:
    decision = decide(_inputs(), CHALLENGER, scoreboard, champion)
    assert decision.promote is promote
    assert decision.reason.startswith(reason)


def test_a_model_of_other_districts_is_a_first_one() -> None:
    other: Any = SimpleNamespace(area_ids=("A", "C"))
    assert decide(_inputs(), other, _scoreboard(), _champion()).reason.startswith("promote: first model of these")


def test_the_order_of_rows_does_not_change_a_ledger_but_a_figure_does() -> None:
    ledger = _ledger()
    assert ledger_digest(Ledger(ledger.rows.iloc[::-1])) == ledger_digest(ledger)
    revised = ledger.rows.assign(value=ledger.rows["value"].where(ledger.rows.index != 3, 99.0))
    assert ledger_digest(Ledger(revised)) != ledger_digest(ledger)


def test_what_forbids_fine_tuning_is_model_and_sample_only() -> None:
    wider = Params(model=ModelParams(channels=16))
    assert architecture_digest(wider) != architecture_digest(Params())
    assert architecture_digest(Params(validate={"unit_factor": 50.0})) == architecture_digest(Params())


def test_inputs_are_named_by_all_their_hashes() -> None:
    one, two = _inputs(hashes={"a": "1", "b": "2"}), _inputs(hashes={"b": "2", "a": "1"})
    assert one.key == two.key
    assert _inputs(hashes={"a": "1", "b": "3"}).key != one.key
