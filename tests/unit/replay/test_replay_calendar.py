"""The calendar of a replay: what is there on a day, which looks there are, and what does not fit."""

from __future__ import annotations

import datetime as dt

import pytest

from gvio.errors import ConfigError
from gvio.events import parse_replay_calendar
from gvio.replay.days import looks_between
from gvio.replay.request import make_replay_request
from gvio.types import Month

MAY = Month(2018, 5)


def on(text: str) -> dt.date:
    return dt.date.fromisoformat(text)


def test_without_a_calendar_light_comes_once_and_every_month_is_looked_at() -> None:
    calendar = parse_replay_calendar("")
    assert not calendar.has_light(MAY, on("2018-06-14"))
    assert calendar.has_light(MAY, on("2018-06-15"))
    looks = looks_between(MAY, MAY + 1, calendar)
    assert [(look.number, str(look.month), str(look.day)) for look in looks] == [
        (1, "2018-05", "2018-06-20"),
        (2, "2018-06", "2018-07-20"),
    ]


def test_light_is_late_missing_withdrawn_and_written_again() -> None:
    calendar = parse_replay_calendar(
        """
late: [{light: 2018-05, arrives: 2018-08-02}]
missing: [2018-06]
withdrawn: [{light: 2018-05, day: 2018-09-01, until: 2018-10-01}]
republished: [{light: 2018-05, day: 2018-11-01, factor: 1.4}, {light: 2018-05, day: 2018-12-01, files: [a.tif]}]
"""
    )
    seen = {day: calendar.has_light(MAY, on(day)) for day in ("2018-08-01", "2018-08-02", "2018-09-01", "2018-10-01")}
    assert list(seen.values()) == [False, True, False, True]
    assert not calendar.has_light(MAY + 1, on("2030-01-01"))
    assert calendar.edition(MAY, on("2018-10-31")) is None
    assert calendar.edition(MAY, on("2018-11-05")).factor == 1.4
    assert calendar.edition(MAY, on("2019-01-01")).files == ("a.tif",)


def test_a_look_happens_twice_is_cut_off_or_loses_its_workspace() -> None:
    calendar = parse_replay_calendar(
        "{twice: [2018-06-20], restarts: [{day: 2018-07-01, after: map}], lost_workspace: [2018-07-20]}"
    )
    first, again, second = looks_between(MAY, MAY + 1, calendar)
    assert (str(first.at), str(again.at)) == ("2018-06-20 06:00:00+00:00", "2018-06-20 06:01:00+00:00")
    assert (second.cut_after, second.loses, second.losses, first.losses) == ("map", True, 1, 0)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("late: [{light: 2018-05, arrives: 2018-06-01}]", "no later than usual"),
        ("{late: [{light: 2018-05, arrives: 2018-09-01}], missing: [2018-05]}", "both late and missing"),
        ("missing: [2018-05, 2018-05]", "names 2018-05 twice"),
        ("looks: [20, 5]", "not ascending"),
        ("{looks: [10], light_day: 15}", "after the last look"),
        ("republished: [{light: 2018-05, day: 2018-09-01}]", "either factor or files"),
        ("revised: [{area: D01, start: 2018-05, day: 2018-09-01}]", "either factor or value"),
        ("withdrawn: [{light: 2018-05, day: 2018-09-01, until: 2018-08-01}]", "not after"),
        ("laet: []", "late"),
    ],
)
def test_a_calendar_that_cannot_be_is_one_line(text: str, said: str) -> None:
    with pytest.raises(ConfigError, match=said) as caught:
        parse_replay_calendar(text, "cal.yaml")
    assert "cal.yaml" in str(caught.value)


def test_an_event_after_the_last_look_and_an_empty_range_are_one_line() -> None:
    with pytest.raises(
        ConfigError, match=r"twice names 2019-01-01, after the last look on 2018-06-20\. Name an earlier"
    ):
        looks_between(MAY, MAY, parse_replay_calendar("twice: [2019-01-01]"))
    with pytest.raises(ConfigError, match=r"the range 2018-05\.\.2018-04 is empty\. Swap the two months"):
        looks_between(MAY, MAY + -1, parse_replay_calendar(""))
    with pytest.raises(ConfigError, match="--from: month '2018' is not valid; write it as YYYY-MM"):
        make_replay_request(pack="p", store="s", workspace="w", first="2018", last="2018-02")
