"""What a cell of the statistics file says: number, month, day, kind. Read for certain or refused, never guessed.

Every reader raises `ValueError` with the next action as its text; who reads the file adds the line.
"""

from __future__ import annotations

import datetime as dt
import re

from gvio.types import Month

KINDS = ("current", "cumulative")
# Digits and signs as wide as a Chinese character; no other character is one of ours: 1¹ is a figure with a footnote.
_FULL_WIDTH = {0xFF01 + i: 0x21 + i for i in range(94)} | {0x3000: 0x20}
_PLAIN = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)(e[+-]?\d+)?|[+-]?(nan|inf)", re.ASCII | re.IGNORECASE)
_UNKNOWN = re.compile(r"|[-–—−‒―_*.…x?/]+|n\.?/?a\.?|null|none|nil|missing|unknown|#\S*|无|缺", re.IGNORECASE)
_SEPARATED = re.compile(r"[+-]?\d[\d.,'’_\s]*", re.ASCII)
_YEAR = r"((?:19|20|21)\d\d)"
_MONTHS = tuple(
    re.compile(_YEAR + rest, re.ASCII) for rest in (r"-(\d{1,2})", r"/(\d{1,2})", r"年(\d{1,2})月", r"(\d{2})")
)
_MIDNIGHT = r"(?:[ T]0?0:00(?::00(?:\.0+)?)?)?"
_DAYS = tuple(
    re.compile(r"(\d{4})" + rest, re.ASCII)
    for rest in (
        rf"-(\d{{1,2}})-(\d{{1,2}}){_MIDNIGHT}",
        rf"/(\d{{1,2}})/(\d{{1,2}}){_MIDNIGHT}",
        r"年(\d{1,2})月(\d{1,2})日",
        r"(\d{2})(\d{2})",
    )
)


def read_number(cell: str) -> float:
    """A plain decimal number, full-width digits too; finiteness and sign are judged elsewhere.

    Raises:
        ValueError: Anything else: separators (1,234 is a thousand here and one there), signs of a missing figure,
            percentages, units. The text is the next action.
    """
    text = cell.translate(_FULL_WIDTH).strip()
    if _PLAIN.fullmatch(text):
        return float(text)
    if _UNKNOWN.fullmatch(text) or _UNKNOWN.fullmatch(cell):
        raise ValueError("Leave unknown figures out: remove the line.")
    if "%" in text or "‰" in text:
        raise ValueError("A percentage is no sum: enter the sum of the period, in the unit of region.yaml.")
    if _SEPARATED.fullmatch(text):
        raise ValueError("Write numbers plainly, like 1234.5: a point before the decimals, no other separator.")
    raise ValueError("Write numbers plainly, like 1234.5: without unit, note or sign, in the unit of region.yaml.")


def read_month(cell: str) -> int:
    """`Month.ordinal` of YYYY-MM, or of what can be nothing else: 2020-1, 2020/01, 202001, 2020年1月.

    Raises:
        ValueError: Anything else. The text is the next action.
    """
    text = cell.translate(_FULL_WIDTH).strip()
    for form in _MONTHS:
        found = form.fullmatch(text)
        if found and 1 <= int(found[2]) <= 12:
            return Month(int(found[1]), int(found[2])).ordinal
    if any(form.fullmatch(text) for form in _DAYS):
        raise ValueError("Write months as YYYY-MM, like 2020-03, without a day.")
    raise ValueError("Write months as YYYY-MM, like 2020-03.")


def read_day(cell: str) -> dt.date:
    """The day of YYYY-MM-DD, or of what can be nothing else: 2020/4/17, 20200417, 2020年4月17日, a time of midnight.

    Raises:
        ValueError: Anything else; day first and month first cannot be told apart. The text is the next action.
    """
    text = cell.translate(_FULL_WIDTH).strip()
    for form in _DAYS:
        found = form.fullmatch(text)
        if found:
            try:
                return dt.date(int(found[1]), int(found[2]), int(found[3]))
            except ValueError:
                break  # the 31st of February
    raise ValueError("Write days as YYYY-MM-DD, like 2020-04-17.")


def read_kind(cell: str) -> str:
    """One of `KINDS`, in any case of letters.

    Raises:
        ValueError: Another word. The text is the next action.
    """
    text = cell.casefold()
    if text not in KINDS:
        raise ValueError("Use current or cumulative.")
    return text
