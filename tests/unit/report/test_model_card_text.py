"""The model card says how good the model is, against whom, and what it is not good for."""

from __future__ import annotations

from gvio.config import INVENTED, Params, parse_region
from gvio.report.model_card import model_card
from gvio.scoreboard.board import Protocols, ProtocolScores, Scoreboard
from gvio.scoreboard.names import AS_USED, Skill
from gvio.scoreboard.scores import ModelScores
from gvio.train.about import About, InputDigests
from gvio.types import Switch

YAML = """
{name: testland, title: Testland, bounds: [120.0, 30.9, 120.1, 31.0], area_crs: "EPSG:32651", first_month: "2021-01",
unit: million CNY, ntl: {product: vnl-monthly, source: ntl}, districts: {path: d.geojson}, city_id: CITY,
factories: {path: f.csv}, statistics: {path: s.csv}}
"""
INPUTS = InputDigests(
    month="2021-12",
    figures_public_until="2021-12-17",
    light_sha256="aa11",
    ledger_sha256="bb22",
    pack_digest="cc33",
    params_digest="dd44",
    source="ee55",
)
ABOUT = About(
    region="testland",
    reason="retrain: January's run",
    inputs=INPUTS,
    architecture_digest="ff66",
    parameters=Params(),
    code="gvio 0.1",
)


def _scoreboard(skill: Skill = "weak") -> Scoreboard:
    ours = ModelScores(within_r2=0.61, yoy_r2=None, mape=8.25, pooled_r2=0.99, coverage80=0.81)
    naive = ModelScores(within_r2=0.42, yoy_r2=0.1, mape=12.5, pooled_r2=0.98)
    block = ProtocolScores(models={"last-year-shares": naive, "sa-cnn": ours}, folds=("2020-01",))
    protocols = Protocols.model_validate({AS_USED: block})
    return Scoreboard(skill=skill, verdict="Better in 2 of 3.", months=("2021-01", "2021-12"), protocols=protocols)


def _card(skill: Skill = "weak", yaml: str = YAML) -> str:
    return model_card(parse_region(yaml), ABOUT, _scoreboard(skill), "promote: first model")


def test_the_card_names_what_went_in_and_why() -> None:
    card = _card()
    for text in (
        "Testland",
        "retrain: January's run",
        "promote: first model",
        "2021-12-17",
        "million CNY",
        "Better in 2",
    ):
        assert text in card
    for digest in ("aa11", "bb22", "cc33", "dd44"):
        assert digest in card


def test_every_model_stands_beside_ours_and_ours_comes_first() -> None:
    rows = [line for line in _card().splitlines() if line.startswith("| ") and "---" not in line and "MAPE" not in line]
    assert len(rows) == 2
    assert "0.61" in rows[0]
    assert "0.42" in rows[1]


def test_a_test_that_could_not_be_made_is_said_to_be_missing() -> None:
    assert _card().count("The series is too short for this test.") == 4


def test_limits_are_always_stated() -> None:
    for skill in ("proven", "weak", "none"):
        assert "What these numbers are not good for" in _card(skill)
    assert _card("proven") != _card("none")


def test_a_card_speaks_of_its_own_region_only() -> None:
    text = _card()
    for elsewhere in ("Shanghai", "Mumbai", "China"):
        assert elsewhere not in text
    assert "output can fall while the light stays" in text


def test_invented_data_are_called_invented_whatever_the_title_says() -> None:
    invented = YAML.replace("{name", "{invented: true, name")
    assert INVENTED in _card(yaml=invented)
    assert INVENTED not in _card(yaml=YAML.replace("title: Testland", "title: Testland demonstration (invented)"))


def test_equal_inputs_give_equal_text() -> None:
    assert _card() == _card()


def test_months_of_another_product_are_told() -> None:
    switch = Switch(
        main="vnp46a3",
        product="light-every-night",
        processing="npp/v10/ecm-slcorr",
        months=("2021-11", "2021-12"),
        gain=1.25,
        offset=-0.4,
        pixel_error=0.083,
        month_error=0.021,
        common_months=("2021-01",) * 24,
    )
    card = model_card(parse_region(YAML), ABOUT, _scoreboard(), "promote: first model", [switch])
    line = next(line for line in card.splitlines() if "Another product's light" in line)
    assert "light-every-night (npp/v10/ecm-slcorr) stands in for vnp46a3 in 2 months from 2021-11 to 2021-12" in line
    assert "as -0.4 + 1.25 × radiance, learned on 24 months both have; it leaves 8% at a pixel and 2.1% over" in line
    assert "Another product" not in _card()


def test_a_model_that_was_never_scored_has_a_card() -> None:
    card = model_card(parse_region(YAML), ABOUT, Scoreboard(), "promote: first model")
    assert "**Skill unknown.**" in card
    assert card.count("The series is too short for this test.") == 5
