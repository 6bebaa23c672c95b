"""What a release knew when it was made: the order in which releases may take `latest.json`."""

from __future__ import annotations

import dataclasses
import datetime as dt
import functools

from gvio.types import Month


@functools.total_ordering
@dataclasses.dataclass(frozen=True)
class Knowledge:
    """Totally ordered: month first, then the newest statistic used, then the as-of day; unknown sorts lowest.

    Attributes:
        month: The release's month.
        public_until: Latest day of publication among the statistics used (YYYY-MM-DD); None when there are none.
        as_of: The run's as-of day (YYYY-MM-DD); "" for a release made before it was recorded.

    Raises:
        ValueError: A day is not written YYYY-MM-DD: days are compared as text, so only one spelling will do.
    """

    month: Month
    public_until: str | None
    as_of: str

    def __post_init__(self) -> None:
        for day in (self.public_until, self.as_of):
            if day and dt.date.fromisoformat(day).isoformat() != day:
                raise ValueError(f"not a day: {day!r}; write it as YYYY-MM-DD")

    def __lt__(self, other: Knowledge) -> bool:
        return self._rank < other._rank

    def __str__(self) -> str:
        known = f"statistics public until {self.public_until}" if self.public_until else "no statistics"
        return f"{self.month}, {known}, as of {self.as_of or 'an unknown day'}"

    @property
    def _rank(self) -> tuple[Month, str, str]:
        return self.month, self.public_until or "", self.as_of
