"""Mistakes that people make in statistics: which check finds each, what it says, and what is right."""

from __future__ import annotations

import dataclasses
import datetime as dt

import numpy as np
from typed_figures import (
    AREAS,
    FIRST,
    TRUE,
    T,
    averages,
    december,
    ends,
    honest,
    joint,
    months_of,
    moved,
    rates,
    row,
    scaled,
    scaled_year,
    small_districts,
    total,
    with_days,
    without,
    year_to_date,
    years_of,
)


@dataclasses.dataclass(frozen=True)
class Case:
    """`wrong` rows on which a check fires, what it says, and `right` rows that follow its advice."""

    check: str
    required: bool
    says: str
    wrong: list
    right: list | None = None


CASES = {
    "no row": Case("ledger.rows", True, "no official figure is public; add rows", [], honest()),
    "two series": Case(
        "ledger.series",
        True,
        r"series 'large' and 'all' give different values .* name the one to use as statistics\.series",
        [*((*r[:6], "large", "") for r in honest()), *(row("A", t, t, 2 * TRUE["A"][t], series="all") for t in (2, 3))],
        [(*r[:6], "large", "") for r in honest()],
    ),
    "unit of a figure": Case(
        "ledger.unit",
        True,
        "off the area's median by a factor of",
        honest(A=scaled("A", 1e4, lambda t: t == 14)),
        honest(),
    ),
    "unit of an area": Case("ledger.level", True, "times the city's; bring", honest(A=scaled("A", 1e4)), honest()),
    "year-to-date that falls": Case(
        "ledger.year_to_date",
        True,
        "falls to .* correct the row, or its kind",
        [*honest(), row("A", 0, 5, 700, "cumulative"), row("A", 0, 6, 600, "cumulative")],
        honest(),
    ),
    "vintages": Case(
        "ledger.vintages",
        False,
        "vintages of area A.* differ by",
        [*honest(), row("A", 5, 5, 1.2 * TRUE["A"][5], days=90)],
    ),
    "a quarter that is not its months": Case(
        "ledger.contradictions", False, "its parts sum to", [*honest(), row("A", 3, 5, 1.2 * total("A", 3, 5))]
    ),
    "city of another scope": Case(
        "ledger.city_sum", False, r"do not sum to the city, first in 2017-01: 0\.769", honest(CITY=scaled("CITY", 1.3))
    ),
    "city in another unit": Case(
        "ledger.city_sum",
        True,
        r"compare the scope, the unit and the period",
        honest(CITY=scaled("CITY", 0.1)),
        honest(),
    ),
    "years of districts against months of a city": Case(
        "ledger.city_sum",
        True,
        "in 5 of 5 periods",
        honest(**{a: years_of(a) for a in AREAS}, CITY=scaled("CITY", 0.1)),
        honest(**{a: years_of(a) for a in AREAS}),
    ),
    "a part above the whole, others unknown": Case(
        "ledger.city_sum", True, "do not sum to the city", honest(B=scaled("B", 4), A=[]), honest(A=[])
    ),
    "an area at ten times its unit": Case(
        "ledger.city_less_others",
        True,
        "figures of area B are 10 times above what the city and the other .*; bring them to the unit",
        honest(B=scaled("B", 10)),
        honest(),
    ),
    "index numbers of years": Case(
        "ledger.city_less_others",
        True,
        "figures of area B stay near 100 .* like index numbers; enter sums",
        honest(**{a: years_of(a) for a in AREAS if a != "B"}, B=rates("B", 100)),
        honest(**{a: years_of(a) for a in AREAS}),
    ),
    "a digit of one year of a small district": Case(
        "ledger.sum_moves",
        False,
        r"figures of area C from 2019-01 on, in 1 period\(s\), are 1\.4\S* times above what the city .*; compare them",
        honest(**{a: years_of(a) for a in AREAS if a != "C"}, C=scaled_year("C", 1.4, 24)),
        honest(**{a: years_of(a) for a in AREAS}),
    ),
    "a small district at ten times its unit, by its factories": Case(
        "ledger.against_factories",
        False,
        r"figures of area S9 are \S+ times above what its factories and their light say .*; enter sums",
        small_districts(S9=10.0),
        small_districts(),
    ),
    "monthly averages of a small district, by its factories": Case(
        "ledger.against_factories",
        False,
        r"figures of area S4 are \S+ times below .* not averages, index numbers or growth rates; if its factories",
        small_districts(S4=1 / 12),
        small_districts(),
    ),
    "year-to-date as months": Case(
        "ledger.year_to_date_as_months",
        True,
        r"B in 2017, 2018, 2019 and 2 more; enter these rows with start January and kind cumulative",
        honest(B=year_to_date("B", "month", "current")),
        honest(B=year_to_date("B", "January", "cumulative")),
    ),
    "year-to-date as months, of the city from a year on": Case(
        "ledger.year_to_date_as_months",
        True,
        "CITY in 2020, 2021; enter",
        honest(
            CITY=[
                *(r for r in months_of("CITY") if r[1] < FIRST.ordinal + 36),
                *(r for r in year_to_date("CITY", "month", "current") if r[1] >= FIRST.ordinal + 36),
            ]
        ),
    ),
    "year-to-date of quarters as months": Case(
        "ledger.year_to_date_as_months",
        True,
        "enter these rows with start January",
        honest(B=[r for r in year_to_date("B", "month", "current") if r[2] % 3 == 2]),
        honest(B=[r for r in year_to_date("B", "January", "cumulative") if r[2] % 3 == 2]),
    ),
    "year-to-date as months in the first half of the newest year": Case(
        "ledger.year_to_date_as_months",
        False,
        "B in 2021; enter",
        [
            r
            for r in honest(
                B=[
                    *(r for r in months_of("B") if r[1] < FIRST.ordinal + 48),
                    *(r for r in year_to_date("B", "month", "current") if r[1] >= FIRST.ordinal + 48),
                ]
            )
            if r[2] < FIRST.ordinal + 52
        ],
    ),
    "January and February as February": Case(
        "ledger.joint_months",
        True,
        r"A in 2017, .* enter them with start January and end February",
        honest(A=joint("A", 1)),
        honest(A=joint("A", 2)),
    ),
    **{
        f"sums of {k} months as months": Case(
            "ledger.sums_as_months",
            True,
            "A in months .* enter them with the first month of their period as start",
            honest(A=ends("A", k, 1)),
            honest(A=ends("A", k, k)),
        )
        for k in (3, 6, 12)
    },
    "the year in December's place": Case(
        "ledger.sums_as_months",
        True,
        "CITY in months 12 of",
        honest(CITY=december("CITY", 1)),
        honest(CITY=december("CITY", 12)),
    ),
    "averages of January and February": Case(
        "ledger.scales_with_period",
        True,
        "A over 2 months; enter the sum over the whole period",
        honest(A=averages("A")),
        honest(),
    ),
    "months of their own as year-to-date": Case(
        "ledger.scales_with_period",
        True,
        "figures of several months no larger than those of one",
        honest(A=[row("A", t // 12 * 12, t, TRUE["A"][t], "cumulative") for t in range(T)]),
        honest(A=[row("A", t, t, TRUE["A"][t]) for t in range(T)]),
    ),
    "a border that moved": Case(
        "ledger.level_break",
        True,
        r"area B is \S+ times higher from 2020-01 on, and area D .* the other way.* leave out the rows of both",
        moved(0.4, "D"),
        without(moved(0.4, "D"), "BD"),
    ),
    "an extent that grew": Case(
        "ledger.level_break",
        False,
        r"area B is \S+ times higher from 2020-01 on and the others are not; .* leave out its rows before",
        moved(0.55),
        without(moved(0.55), "B"),
    ),
    "another unit from a year on": Case(
        "ledger.level_break",
        True,
        "area C is .* times lower from 2020-01 on .* bring its older and its newer figures to one unit",
        honest(C=scaled("C", 0.1, lambda t: t >= 36)),
        honest(),
    ),
    "a decimal point": Case(
        "ledger.outlier",
        True,
        "the figure of area C to 2019-06 is .* compare it",
        honest(C=scaled("C", 10, lambda t: t == 29)),
        honest(),
    ),
    "decimal point of a city whose districts publish years": Case(
        "ledger.outlier",
        True,
        "the figure of area CITY to 2019-06 is .* no other area has figures to compare; compare it",
        honest(CITY=scaled("CITY", 10, lambda t: t == 29), **{a: years_of(a) for a in AREAS}),
        honest(**{a: years_of(a) for a in AREAS}),
    ),
    "a figure of another row": Case(
        "ledger.outlier",
        False,
        r"area C to 2019-06 is 2\.\d+ times above",
        honest(C=scaled("C", 2.5, lambda t: t == 29)),
        honest(),
    ),
    "growth rates": Case(
        "ledger.scatter",
        False,
        "differ from the one before by a factor of 1.6 or more; enter sums .*, not growth rates",
        honest(C=[row("C", t, t, 6 * np.exp(np.random.default_rng(t).normal(0, 1))) for t in range(T)]),
        honest(),
    ),
    "published with the last day": Case(
        "ledger.publication", False, "within 3 days of the end .* enter the day", with_days(0), with_days(17)
    ),
    "published on one day": Case(
        "ledger.publication",
        False,
        "all 275 figures are published on 2022-01-17: .* enter the day",
        [(*r[:5], dt.date(2022, 1, 17), *r[6:]) for r in honest()],
        honest(),
    ),
    "months one too early": Case(
        "ledger.publication", False, "the months are one too early", with_days(48), with_days(17)
    ),
    "some months one too early": Case(
        "ledger.publication",
        False,
        "published a month later than the other months were; check that the months",
        with_days(47, lambda r: r[0] == "C"),
        with_days(17),
    ),
    "the year of a day": Case(
        "ledger.publication",
        False,
        "published more than a year later than usual; correct the year",
        with_days(17 + 366, lambda r: r[0] == "C" and r[1] == FIRST.ordinal + 8),
        with_days(17),
    ),
    "periods a month off": Case(
        "ledger.periods",
        False,
        r"2016-12\.\.2017-01 is no quarter, half-year or year; compare start and end",
        [(r[0], r[1] - 1, r[2] - 1, *r[3:]) for r in honest()],
        honest(),
    ),
}
