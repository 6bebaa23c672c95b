"""What `scoreboard.json` says, as sections of a report: sentences, tables, and which picture goes where."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping, Sequence

import pandas as pd

from gvio.report.score_charts import AS_USED, BANDS, BLIND
from gvio.report.scores import (
    MODELS,
    OURS,
    PROTOCOLS,
    Scores,
    held_out_map_table,
    models_of,
    number,
    ordered_models,
    score_table,
    show,
    truth_map_table,
)

LEFT_OUT, CITY_PUBLIC = "leave_one_district_out", "leave_one_district_out_city_public"
_CAPTIONS = {
    "map.png": "The newest month's map",
    "prediction-against-official.png": "Every scored estimate against its figure, as used",
}


@dataclasses.dataclass(frozen=True, eq=False)
class Section:
    """A part of the report: heading, sentences, a picture by file name, tables under their captions."""

    title: str
    text: tuple[str, ...] = ()
    picture: str | None = None
    tables: tuple[tuple[str, pd.DataFrame], ...] = ()


def sections(scoreboard: Scores, pictures: Mapping[str, bytes]) -> list[Section]:
    """Those that have something to say, in the order of reading."""
    every = [
        *_out_of_time(scoreboard),
        *_intervals(scoreboard),
        *_districts(scoreboard),
        *_light(scoreboard),
        *_reasons(scoreboard),
        *_withheld(scoreboard),
        *_maps(scoreboard),
        *(Section(_CAPTIONS[name], picture=name) for name in _CAPTIONS if name in pictures),
    ]
    known = [dataclasses.replace(s, picture=s.picture if s.picture in pictures else None) for s in every]
    return [section for section in known if section.text or section.picture or section.tables]


def _out_of_time(scoreboard: Scores) -> Iterator[Section]:
    tables = [(PROTOCOLS[name][0], _with_tests(scoreboard, name)) for name in (AS_USED, BLIND)]
    tables = [(caption, table) for caption, table in tables if len(table)]
    if not tables:
        yield Section("Out of time", ("The series is too short for this test.",))
        return
    origins = ", ".join(_block(scoreboard, AS_USED).get("origins") or [])
    text = (
        f"Figures of districts end at an origin ({origins}) and up to two years after it are predicted. As used, the "
        "city's figures go on; blind, no later figure at all is known. What counts is change inside districts: pooled "
        "R² is near 1 for whoever knows that large districts are large.",
        "“Chance” is the p-value of a Diebold–Mariano test that the model and ours err alike, on monthly losses with a "
        "year of autocorrelation; below 0.05 the difference is more than chance.",
    )
    yield Section("Out of time", text, "models.png", tuple(tables))


def _intervals(scoreboard: Scores) -> Iterator[Section]:
    rows = []
    for protocol in (AS_USED, BLIND):
        for area, bands in (_block(scoreboard, protocol).get("horizons") or {}).items():
            rows += [
                (PROTOCOLS[protocol][0].split(", ")[-1], area, BANDS[band], *_held(bands[band]))
                for band in BANDS
                if number(bands.get(band), "n")
            ]
    if rows:
        head = ["Test", "Areas", "Months ahead", "50 % holds", "80 % holds", "95 % holds", "80 % is ±", "Figures"]
        text = (
            "Each origin's intervals are calibrated on the errors of the other origins. Few figures make the shares "
            "rough: of 24, a true 80 % interval holds anything between 63 and 96 %.",
        )
        yield Section("Do the intervals hold?", text, "intervals.png", (("By months ahead", _frame(rows, head)),))


def _held(block: Scores) -> Iterator[str]:
    for level in (50, 80, 95):
        yield show(number(block, f"coverage{level}"), "percent")
    yield show(number(block, "half_width80"), "percent")
    yield show(number(block, "n"), "count")


def _districts(scoreboard: Scores) -> Iterator[Section]:
    rows = [
        (
            row["name"],
            show(float(row["labels"]), "count"),
            show(number(row, "skill"), "number"),
            show(number(row, "within_r2"), "number"),
            show(number(row, "mape"), "percent"),
            show(number(row, "rival_mape"), "percent"),
        )
        for row in _block(scoreboard, AS_USED).get("districts") or []
    ]
    if rows:
        head = ["District", "Own figures known", "Skill", "Within-district R²", "MAPE", "MAPE of the rival"]
        rival = MODELS.get(str(scoreboard.get("best_naive")), "the best naive forecast")
        text = (f"Against the best naive forecast: {rival[0].lower()}{rival[1:]}. Skill above 0 is better.",)
        yield Section("District by district", text, "districts.png", (("As used", _frame(rows, head)),))


def _light(scoreboard: Scores) -> Iterator[Section]:
    text = [sentence for sentence in (_placebo_sentence(scoreboard), _moran_sentence(scoreboard)) if sentence]
    if text:
        yield Section("Is it light that helps?", tuple(text), "placebos.png")


def _reasons(scoreboard: Scores) -> Iterator[Section]:
    rows = [
        (row["name"], show(number(row, "moved"), "percent"), show(number(row, "believed"), "percent"))
        for row in scoreboard.get("light_in_districts") or []
    ]
    if rows:
        table = _frame(rows, ["District", "Light moves the estimate by", "Of what figures leave open, light settles"])
        text = (
            "Means over all months, against the same figures without light. Where figures speak, light has little left "
            "to say; that is not a defect of it. The picture: where around a factory the network looks.",
        )
        yield Section("What light changes", text, "saliency.png", (("By district", table),))


def _placebo_sentence(scoreboard: Scores) -> str:
    found = scoreboard.get("placebos") or {}
    if not found.get("gain"):
        return ""
    values = {name: show(float(value), "number") for name, value in found["gain"].items()}
    judged = (
        "Neither gains beyond chance, as it must be."
        if found.get("passed")
        else "A placebo gains beyond chance: what is called skill here is not only light."
    )
    return (
        f"At the origin {found.get('origin')} light avoids {values.get('light as it is', '–')} of the squared error "
        f"that remains without it. Trained again on light whose months were shuffled it is "
        f"{values.get('months', '–')}, on light dealt to other factories and districts {values.get('factories', '–')}. "
        f"{judged}"
    )


def _moran_sentence(scoreboard: Scores) -> str:
    found = _block(scoreboard, AS_USED).get("morans_i")
    if not found:
        return ""
    i, expected, p_value = (show(number(found, key), "number") for key in ("i", "expected", "p_value"))
    word = "Neighbours err alike" if found["p_value"] < 0.05 and found["i"] > found["expected"] else "No pattern"
    return (
        f"{word}: Moran's I of the districts' mean errors is {i} ({expected} without any pattern; p = {p_value}, "
        f"{found['n']} districts)."
    )


def _withheld(scoreboard: Scores) -> Iterator[Section]:
    for name in ("leave_one_year_out", LEFT_OUT, CITY_PUBLIC):
        models = models_of(scoreboard, name)
        if not models:
            continue
        block, (title, says) = _block(scoreboard, name), PROTOCOLS[name]
        text = [says]
        if name != "leave_one_year_out":
            one_by_one = "One by one." if block.get("one_by_one") else "In groups, because one by one takes too long."
            in_part = bool(block.get("hidden_in_part"))
            hidden = "only in part, because the region is small" if in_part else "pixel by pixel"
            text.append(f"{one_by_one} What the districts' factories see was hidden from training, {hidden}.")
            if in_part:
                text.append("In some folds less was hidden: too little light would have been left to learn from.")
        if name == LEFT_OUT:
            text.append("Without any figure of the district every naive forecast is its share of light.")
        if name == CITY_PUBLIC and block.get("one_by_one"):
            text.append(
                "A single district is then the city less the others: this asks about arithmetic more than light."
            )
        levels = _levels(block)
        tables = [("Levels of the districts", levels)] if len(levels) else [("Scores", _with_tests(scoreboard, name))]
        yield Section(title, tuple(text), None, tuple(tables))


def _levels(block: Scores) -> pd.DataFrame:
    levels = block.get("levels") or {}
    coverage = number((block.get("models") or {}).get(OURS), "coverage80")
    rows = [
        (
            MODELS.get(name, name),
            show(number(levels[name], "log_r2"), "number"),
            show(number(levels[name], "total_error"), "percent"),
            show(coverage, "percent") if name == OURS else "–",
        )
        for name in ordered_models(levels)
    ]
    return _frame(rows, ["Model", "R² of log level", "Error of the total", "80 % interval holds"])


def _maps(scoreboard: Scores) -> Iterator[Section]:
    tables = [("Summed to districts that were left out", held_out_map_table(scoreboard))]
    tables += [("Against the planted truth", truth_map_table(scoreboard))]
    tables = [(caption, table) for caption, table in tables if len(table) and len(table.columns)]
    if tables:
        yield Section("Maps", (), "pixels.png", tuple(tables))


def _with_tests(scoreboard: Scores, protocol: str) -> pd.DataFrame:
    """The scores of a protocol with the p-value of every rival beside them."""
    models = models_of(scoreboard, protocol)
    table = score_table(models)
    table = table[[name for name in table.columns if "interval" not in name and name != "Scored"]]
    tests = _block(scoreboard, protocol).get("diebold_mariano") or {}
    if len(table) and tests:
        values = [number(tests.get(model), "p_value") for model in ordered_models(models)]
        table = table.assign(Chance=["" if v is None else "< 0.01" if v < 0.01 else show(v, "number") for v in values])
    return table


def _block(scoreboard: Scores, protocol: str) -> Scores:
    return (scoreboard.get("protocols") or {}).get(protocol) or {}


def _frame(rows: Sequence[Sequence[str]], head: Sequence[str]) -> pd.DataFrame:
    return pd.DataFrame(
        [row[1:] for row in rows], columns=list(head[1:]), index=pd.Index([r[0] for r in rows], name=head[0])
    )
