"""The method from samples to estimate: nothing later is looked at, and a packed model gives the same estimate."""

import dataclasses
import datetime as dt
import json

import numpy as np
import pandas as pd
import pytest
from model_samples import T, make_samples
from safetensors.torch import load, save

from gvio.config import ModelParams, Params
from gvio.errors import ModelError, OutdatedModel
from gvio.ledger.rows import COLUMNS, Ledger
from gvio.ledger.sums import Sums, sums_matrix
from gvio.map.intervals import KINDS, IntervalTable
from gvio.sample.samples import first_months
from gvio.scoreboard.board import Protocols, Scoreboard
from gvio.scoreboard.scores import MapScores
from gvio.stages.workers import Threads
from gvio.train.about import About, InputDigests
from gvio.train.fit import estimate, fit_model, losses, mean_member
from gvio.train.package import make_package, pack_model, read_package, unpack_model, weights_sha256

PARAMS = ModelParams(channels=3, epochs=2, finetune_epochs=1, seeds=2, hyper_months=24)
TRAIN = 26


def sums_of(samples, months: int = T, seed: int = 0) -> Sums:
    """Monthly figures of both districts and the city over the first `months` months."""
    x = 2 + 0.1 * np.random.default_rng(seed).standard_normal((2, T)).cumsum(axis=1)
    y = np.exp(np.vstack([x, np.log(np.exp(x).sum(axis=0))]))
    first, day = samples.months[0].ordinal, dt.date(2030, 1, 1)
    rows = [
        (area, first + t, first + t, y[i, t], "current", day, "", "")
        for i, area in enumerate(("A", "B", "CITY"))
        for t in range(months)
    ]
    frame = pd.DataFrame(rows, columns=list(COLUMNS))
    return sums_matrix(Ledger(frame), samples.area_ids, "CITY", samples.months)


@pytest.fixture(scope="module")
def samples():
    return make_samples()


@pytest.fixture(scope="module")
def fitted(samples):
    return fit_model(samples, sums_of(samples), TRAIN, PARAMS, 9)


ABOUT = About(
    region="testland",
    reason="retrain: asked for",
    inputs=InputDigests(
        month="2016-03",
        light_sha256="aa",
        ledger_sha256="bb",
        pack_digest="abc",
        params_digest="cc",
        source="dd",
        figures_public_until=None,
    ),
    architecture_digest="ee",
    parameters=Params(model={"epochs": 2}),
    code="gvio 0.1",
    scoreboard=Scoreboard(skill="weak", protocols=Protocols(maps=MapScores(truth={"native": {"sa-cnn": 0.5}}))),
)


def packed(fitted) -> tuple[bytes, bytes]:
    return pack_model(fitted, ABOUT)


def test_light_and_figures_after_training_are_not_looked_at(samples, fitted):
    other = make_samples(9)
    mixed = {
        name: np.concatenate([getattr(samples, name)[:TRAIN], getattr(other, name)[TRAIN:]])
        for name in ("radiance", "observations", "city_statistics", "region_light")
    }
    mixed["statistics"] = np.concatenate([samples.statistics[:, :TRAIN], other.statistics[:, TRAIN:]], axis=1)
    again = fit_model(dataclasses.replace(samples, **mixed), sums_of(samples, TRAIN), TRAIN, PARAMS, 9)
    assert packed(again) == packed(fitted)
    short = first_months(samples, TRAIN)
    assert packed(fit_model(short, sums_of(short, TRAIN), TRAIN, PARAMS, 9)) == packed(fitted)


def test_a_packed_model_is_the_model(samples, fitted):
    weights, document = packed(fitted)
    again, about = unpack_model(weights, document, About)
    assert about == ABOUT
    assert packed(again) == (weights, document)
    assert (again.area_ids, again.trained) == (("A", "B"), samples.months[TRAIN - 1])
    visible = sums_of(samples, TRAIN)
    one, two = (estimate(f, samples, visible) for f in (fitted, again))
    np.testing.assert_array_equal(one.mean, two.mean)
    np.testing.assert_array_equal(one.city_sd, two.city_sd)
    assert one.mean.shape == (2, T)


TABLE = IntervalTable(
    {kind: {50: (0.5, 0.6, 0.7, 0.8), 80: (0.9, 1.1, 1.2, 1.3), 95: (1.0, 1.1, 1.2, 1.4)} for kind in KINDS},
    dict.fromkeys(KINDS, 44),
)


def test_a_packed_table_of_intervals_is_the_table(fitted):
    weights, document = packed(dataclasses.replace(fitted, interval_table=TABLE))
    assert unpack_model(weights, document, About)[0].interval_table == TABLE
    assert unpack_model(*packed(fitted), About)[0].interval_table is None


@pytest.mark.parametrize("factors", [[1.0, 1.0, 1.0], [1.0, float("nan"), 1.0, 1.0], [1.0, 0.0, 1.0, 1.0]])
def test_a_table_that_does_not_fit_is_refused(fitted, factors):
    weights, document = packed(dataclasses.replace(fitted, interval_table=TABLE))
    head = json.loads(document)
    head["interval_table"]["factors"]["city_blind"]["80"] = factors
    with pytest.raises(ModelError, match="the model package is incomplete"):
        unpack_model(weights, json.dumps(head).encode(), About)


def test_weights_are_named_by_content(samples, fitted):
    weights, _ = packed(fitted)
    other = fit_model(samples, sums_of(samples), TRAIN, PARAMS.model_copy(update={"seed": 1}), 9)
    assert weights_sha256(weights) == weights_sha256(bytes(weights))
    assert weights_sha256(weights) != weights_sha256(packed(other)[0])
    assert len(weights_sha256(weights)) == 64


def test_fine_tuning_takes_fewer_steps_from_where_the_champion_stopped(samples, fitted):
    told = []
    workers = Threads(lambda *at: told.append(at))
    tuned = fit_model(samples, sums_of(samples), T, PARAMS, 9, start=fitted, workers=workers)
    assert [each for each in told if each[0] != "plant"] == [
        ("prepare", 1, 2), ("prepare", 2, 2), ("train", 1, 2), ("train", 2, 2)
    ]  # fmt: skip
    assert [len(m.losses) for m in tuned.ensemble.members] == [2, 2]
    assert [len(m.losses) for m in fitted.ensemble.members] == [3, 3]
    assert tuned.trained == samples.months[-1]


def test_losses_are_means_over_members(fitted):
    table = losses(fitted)
    members = fitted.ensemble.members
    assert table["loss"] == pytest.approx(np.mean([m.losses for m in members], axis=0).tolist())
    assert set(table) == {"loss", "loss_held_out"}
    assert mean_member(members) == pytest.approx((members[0].best_epoch + members[1].best_epoch) / 2)


def test_the_plain_network_sees_no_surroundings(samples):
    plain = fit_model(samples, sums_of(samples), TRAIN, PARAMS, 9, statistics=False, size=1)
    assert not plain.ensemble.architecture.surroundings


def test_a_model_of_other_districts_is_refused(samples, fitted):
    other, sums = dataclasses.replace(samples, area_ids=("A", "C")), sums_of(samples)
    with pytest.raises(ModelError, match=r"the model knows districts \('A', 'B'\)…, the region has \('A', 'C'\)…"):
        estimate(fitted, other, sums)
    with pytest.raises(ModelError, match="the champion has other districts or another architecture"):
        fit_model(other, sums, TRAIN, PARAMS, 9, start=fitted)
    with pytest.raises(ModelError, match="the champion has other districts or another architecture"):
        fit_model(samples, sums_of(samples), TRAIN, PARAMS, 9, start=fitted, size=3)


@pytest.mark.parametrize("damage", [lambda w, d: (w[:100], d), lambda w, d: (w, d[:50]), lambda w, d: (b"", b"{}")])
def test_a_damaged_package_is_refused(fitted, damage):
    with pytest.raises(ModelError, match="the model package cannot be read"):
        unpack_model(*damage(*packed(fitted)), About)


def test_a_package_of_another_schema_is_refused(fitted):
    weights, document = packed(fitted)
    changed = json.dumps(json.loads(document) | {"schema_version": 99}).encode()
    with pytest.raises(OutdatedModel, match=r"model package of schema 99, this program reads 5.*gvio train --retrain"):
        unpack_model(weights, changed, About)


def test_weights_that_are_not_finite_are_refused(fitted):
    weights, document = packed(fitted)
    tensors = load(weights)
    tensors["member1.filter"] = tensors["member1.filter"] * float("nan")
    with pytest.raises(ModelError, match=r"weights member1\.filter are not finite.*gvio registry rollback"):
        unpack_model(save(tensors), document, About)


def test_a_document_without_its_fields_is_refused(fitted):
    weights, document = packed(fitted)
    head = json.loads(document)
    for field in ("hyper", "members", "architecture", "trained"):
        partial = {name: value for name, value in head.items() if name != field}
        with pytest.raises(ModelError, match=f"model package is incomplete .KeyError: '{field}'"):
            unpack_model(weights, json.dumps(partial).encode(), About)


@pytest.mark.parametrize("about", [{"scoreboard": {"p_value": "small"}}, {"inputs": "abc"}, {"scoreboard": "good"}])
def test_facts_that_cannot_be_read_are_refused_in_one_line(fitted, about):
    weights, document = packed(fitted)
    head = json.loads(document)
    damaged = json.dumps(head | {"about": head["about"] | about}).encode()
    what = rf"^model package: the facts of the model package are incomplete \({next(iter(about))}"
    with pytest.raises(OutdatedModel, match=what) as error:
        read_package(weights, damaged)
    assert "\n" not in str(error.value)
    assert "Run `gvio train --retrain` with the same --region" in str(error.value)


@pytest.mark.parametrize("fact", ["region", "reason", "inputs", "architecture_digest", "parameters", "code"])
def test_a_package_of_an_older_version_that_lacks_a_fact_is_outdated(fitted, fact):
    """The next run trains anew instead of guessing what its model was made from."""
    weights, document = packed(fitted)
    head = json.loads(document)
    del head["about"][fact]
    with pytest.raises(OutdatedModel, match=rf"incomplete \({fact}: Field required\)"):
        read_package(weights, json.dumps(head).encode())
    with pytest.raises(OutdatedModel, match=r"incomplete \(Input should be a valid"):
        read_package(weights, json.dumps(head | {"about": None}).encode())


def test_a_package_is_read_as_it_was_made(fitted):
    made = make_package(fitted, ABOUT.evaluated(Scoreboard(skill="proven", p_value=0.01)))
    again = read_package(made.weights, made.document)
    assert again.about == made.about
    assert (again.about.skill, again.about.scoreboard) == ("proven", Scoreboard(skill="proven", p_value=0.01))
    assert again.weights_sha256 == made.weights_sha256 == weights_sha256(made.weights)
    assert (ABOUT.skill, ABOUT.scoreboard.skill) == (None, "weak"), "facts do not change"


def test_what_was_not_evaluated_is_not_in_the_package(fitted):
    written = json.loads(packed(fitted)[1])["about"]
    assert written["scoreboard"] == ABOUT.scoreboard.document()
    assert written["skill"] is None
    assert written["parameters"]["model"]["epochs"] == 2
    bare = json.loads(pack_model(fitted, ABOUT.model_copy(update={"scoreboard": None}))[1])["about"]
    assert bare["scoreboard"] is None
