"""What a scoreboard says, as sections of a report: sentences, tables, and which picture goes where."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping, Sequence

import pandas as pd

from gvio.report.map_scores import held_out_map_table, truth_map_table
from gvio.report.score_charts import BANDS
from gvio.report.scores import (
    MODELS,
    PROTOCOLS,
    distribution_sentences,
    ordered_models,
    score_table,
    show,
)
from gvio.report.tables import month_text
from gvio.scoreboard.board import ProtocolScores, Scoreboard
from gvio.scoreboard.names import (
    AS_USED,
    BLIND,
    CITY,
    CITY_PUBLIC,
    DISTRICTS,
    FACTORIES,
    LEFT_OUT,
    LEVELS,
    MONTHS,
    OURS,
    SIGNIFICANT,
    TRUE,
    YEAR_OUT,
)
from gvio.scoreboard.scores import HeldShares

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


def sections(scoreboard: Scoreboard, pictures: Mapping[str, bytes]) -> list[Section]:
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


def _out_of_time(scoreboard: Scoreboard) -> Iterator[Section]:
    tables = [(PROTOCOLS[name][0], _with_tests(scoreboard, name)) for name in (AS_USED, BLIND)]
    tables = [(caption, table) for caption, table in tables if len(table)]
    if not tables:
        yield Section("Out of time", ("The series is too short for this test.",))
        return
    origins = ", ".join(scoreboard.protocol(AS_USED).origins)
    text = (
        f"Figures of districts end at an origin ({origins}) and up to two years after it are predicted. As used, the "
        "city's figures go on; blind, no later figure at all is known. What counts is change inside districts: pooled "
        "R² is near 1 for whoever knows that large districts are large.",
        "“Chance” is the p-value of a Diebold–Mariano test that the model and ours err alike, on monthly losses with a "
        "year of autocorrelation; below 0.05 the difference is more than chance.",
        *distribution_sentences(scoreboard),
    )
    yield Section("Out of time", text, "models.png", tuple(tables))


def _intervals(scoreboard: Scoreboard) -> Iterator[Section]:
    rows = []
    for protocol in (AS_USED, BLIND):
        for area in (DISTRICTS, CITY):
            bands = scoreboard.protocol(protocol).horizons.get(area, {})
            rows += [
                (PROTOCOLS[protocol][0].split(", ")[-1], area, BANDS[band], *_held(bands[band]))
                for band in BANDS
                if band in bands and bands[band].n
            ]
    if rows:
        head = ["Test", "Areas", "Months ahead", "50 % holds", "80 % holds", "95 % holds", "80 % is ±", "Figures"]
        text = (
            "Each origin's intervals are calibrated on the errors of the other origins. Few figures make the shares "
            "rough: of 24, a true 80 % interval holds anything between 63 and 96 %.",
        )
        yield Section("Do the intervals hold?", text, "intervals.png", (("By months ahead", _frame(rows, head)),))


def _held(shares: HeldShares) -> Iterator[str]:
    for level in LEVELS:
        yield show(shares.coverage(level), "percent")
    yield show(shares.half_width80, "percent")
    yield show(shares.n, "count")


def _districts(scoreboard: Scoreboard) -> Iterator[Section]:
    rows = [
        (
            row.name,
            show(row.labels, "count"),
            show(row.skill, "number"),
            show(row.within_r2, "number"),
            show(row.mape, "percent"),
            show(row.rival_mape, "percent"),
        )
        for row in scoreboard.protocol(AS_USED).districts
    ]
    if rows:
        head = ["District", "Own figures known", "Skill", "Within-district R²", "MAPE", "MAPE of the rival"]
        rival = MODELS.get(scoreboard.best_naive or "", "the best naive forecast")
        text = (f"Against the best naive forecast: {rival[0].lower()}{rival[1:]}. Skill above 0 is better.",)
        yield Section("District by district", text, "districts.png", (("As used", _frame(rows, head)),))


def _light(scoreboard: Scoreboard) -> Iterator[Section]:
    text = [sentence for sentence in (_placebo_sentence(scoreboard), _moran_sentence(scoreboard)) if sentence]
    if text:
        yield Section("Is it light that helps?", tuple(text), "placebos.png")


def _reasons(scoreboard: Scoreboard) -> Iterator[Section]:
    rows = [
        (row.name, show(row.moved, "percent"), show(row.believed, "percent"))
        for row in scoreboard.light_in_districts or ()
    ]
    if rows:
        table = _frame(rows, ["District", "Light moves the estimate by", "Of what figures leave open, light settles"])
        text = (
            "Means over all months, against the same figures without light. Where figures speak, light has little left "
            "to say; that is not a defect of it. The picture: where around a factory the network looks.",
        )
        yield Section("What light changes", text, "saliency.png", (("By district", table),))


def _placebo_sentence(scoreboard: Scoreboard) -> str:
    found = scoreboard.placebos
    if found is None:
        return ""
    lit, months, factories = (show(found.gain.get(name), "number") for name in (TRUE, MONTHS, FACTORIES))
    judged = (
        "Neither gains beyond chance, as it must be."
        if found.passed
        else "A placebo gains beyond chance: what is called skill here is not only light."
    )
    return (
        f"At the origin {found.origin} light avoids {lit} of the squared error that remains without it. Trained again "
        f"on light whose months were shuffled it is {months}, on light dealt to other factories and districts "
        f"{factories}. {judged}"
    )


def _moran_sentence(scoreboard: Scoreboard) -> str:
    found = scoreboard.protocol(AS_USED).morans_i
    if found is None:
        return ""
    i, expected, p_value = (show(value, "number") for value in (found.i, found.expected, found.p_value))
    word = "Neighbours err alike" if found.p_value < SIGNIFICANT and found.i > found.expected else "No pattern"
    return (
        f"{word}: Moran's I of the districts' mean errors is {i} ({expected} without any pattern; p = {p_value}, "
        f"{found.n} districts)."
    )


def _withheld(scoreboard: Scoreboard) -> Iterator[Section]:
    for name in (YEAR_OUT, LEFT_OUT, CITY_PUBLIC):
        block, (title, says) = scoreboard.protocol(name), PROTOCOLS[name]
        if not block.models:
            continue
        text = [says]
        if block.known_until is not None:
            text.append(f"Asked once a year: with the light up to {month_text(block.known_until)} and its figures.")
        if name != YEAR_OUT:
            text += _hidden(block)
        if name == LEFT_OUT:
            text.append("Without any figure of the district every naive forecast is its share of light.")
        if name == CITY_PUBLIC and block.one_by_one:
            text.append(
                "A single district is then the city less the others: this asks about arithmetic more than light."
            )
        levels = _levels(block)
        tables = [("Levels of the districts", levels)] if len(levels) else [("Scores", _with_tests(scoreboard, name))]
        yield Section(title, tuple(text), None, tuple(tables))


def _hidden(block: ProtocolScores) -> Iterator[str]:
    """How districts were withheld."""
    one_by_one = "One by one." if block.one_by_one else "In groups, because one by one takes too long."
    if block.hidden_px:  # of an older version
        hidden = "only in part, because the region is small" if block.hidden_in_part else "pixel by pixel"
        yield f"{one_by_one} What the districts' factories see was hidden from training, {hidden}."
    else:
        yield f"{one_by_one} Their figures were withheld, their light was not: the network learns from no figure."


def _levels(block: ProtocolScores) -> pd.DataFrame:
    ours = block.models.get(OURS)
    rows = [
        (
            MODELS.get(name, name),
            show(block.levels[name].log_r2, "number"),
            show(block.levels[name].total_error, "percent"),
            show(ours.coverage80, "percent") if ours is not None and name == OURS else "–",
        )
        for name in ordered_models(block.levels)
    ]
    return _frame(rows, ["Model", "R² of log level", "Error of the total", "80 % interval holds"])


def _maps(scoreboard: Scoreboard) -> Iterator[Section]:
    tables = [("Summed to districts that were left out", held_out_map_table(scoreboard))]
    tables += [("Against the planted truth", truth_map_table(scoreboard))]
    tables = [(caption, table) for caption, table in tables if len(table) and len(table.columns)]
    if tables:
        yield Section("Maps", (), "pixels.png", tuple(tables))


def _with_tests(scoreboard: Scoreboard, protocol: str) -> pd.DataFrame:
    """The scores of a protocol with the p-value of every rival beside them."""
    models, tests = scoreboard.protocol(protocol).models, scoreboard.protocol(protocol).diebold_mariano
    table = score_table(models)
    table = table[[name for name in table.columns if not name.endswith("interval holds") and name != "Scored"]]
    if len(table) and tests:
        found = [tests.get(model) for model in ordered_models(models)]
        values = [None if test is None else test.p_value for test in found]
        table = table.assign(Chance=["" if v is None else show(v, "chance") for v in values])
    return table


def _frame(rows: Sequence[Sequence[str]], head: Sequence[str]) -> pd.DataFrame:
    return pd.DataFrame(
        [row[1:] for row in rows], columns=list(head[1:]), index=pd.Index([r[0] for r in rows], name=head[0])
    )
