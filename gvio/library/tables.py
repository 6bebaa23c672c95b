"""What a release says of itself, and its tables; grids and places are added in `gvio.library.release`.

Months are dates (the first of the month) in every table.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
from functools import cached_property
from typing import TYPE_CHECKING

import pandas as pd

from gvio.library.months import dated
from gvio.publish.changes import CHANGES
from gvio.publish.counts import COUNTS
from gvio.store.later_tables import read_later_table
from gvio.store.objects import ObjectStore
from gvio.store.published import PublishedRelease
from gvio.store.revisions import read_errata_of, read_news_of, read_revisions
from gvio.types import Month

if TYPE_CHECKING:
    from gvio.revisions.errata import Erratum
    from gvio.scoreboard.board import Scoreboard
    from gvio.types import CheckResult, Manifest


@dataclasses.dataclass(frozen=True, eq=False, repr=False)
class ReleaseTables:
    """Facts and tables of one release of a region.

    Attributes:
        store: Where it lies.
        published: The tables as the store holds them, months as texts; every byte was compared with the manifest.
    """

    store: ObjectStore
    published: PublishedRelease

    def __repr__(self) -> str:
        return f"<gvio release {self.id} of {self.region}, {len(self.months)} grids until {self.published.month}>"

    @property
    def id(self) -> str:
        """Name of the release: its month and 12 hex digits of its content."""
        return self.published.release

    @property
    def region(self) -> str:
        """Name of the region."""
        return self.published.region

    @property
    def month(self) -> dt.date:
        """First day of the release's (last) month."""
        return Month.parse(self.published.month).first_day

    @property
    def published_at(self) -> dt.datetime | None:
        """When it was published (UTC); None of a release that was named by its id and is not the latest."""
        at = self.published.published_at
        return None if at is None else dt.datetime.fromisoformat(at)

    @property
    def manifest(self) -> Manifest:
        """Every object with its hash, the inputs, the model and the program that made it."""
        return self.published.manifest

    @property
    def title(self) -> str:
        """Title of the region."""
        return str(self.manifest.inputs.get("title", self.region))

    @property
    def unit(self) -> str:
        """Unit of every figure, per month."""
        return str(self.manifest.inputs.get("unit", ""))

    @property
    def city(self) -> str:
        """The `area_id` that means all districts."""
        return str(self.manifest.inputs.get("city_id", "CITY"))

    @property
    def skill(self) -> str:
        """Of its model against the best naive forecast: proven, weak or none; "" where the release does not say."""
        return self.manifest.skill

    @property
    def invented(self) -> bool:
        """Whether light, factories or statistics are simulated: then nothing here describes the real place."""
        return self.manifest.invented

    @property
    def months(self) -> tuple[dt.date, ...]:
        """First days of the months that have a grid."""
        return tuple(Month.parse(month).first_day for month in self.published.grids)

    @cached_property
    def estimates(self) -> pd.DataFrame:
        """Every district and the city in every month: area_id, name, month and the columns of docs/data-dictionary.md.

        Sorted by area and month; `official` is NaN and `official_published` NaT where no figure was public.
        """
        frame = dated(self.published.estimates)
        frame["official_published"] = pd.to_datetime(frame["official_published"])
        frame.insert(1, "name", [self._names.get(area, area) for area in frame["area_id"]])
        return frame

    @cached_property
    def changes(self) -> pd.DataFrame | None:
        """By how much each estimate changed on the month and on the year before, in per cent, with joint intervals:
        area_id, name, month, since, months_apart (1 or 12) and the columns of docs/data-dictionary.md; None of a
        release from before it was published.
        """
        found = read_later_table(self.store, self.published.manifest, CHANGES)
        if found is None:
            return None
        frame = dated(found).assign(since=pd.to_datetime(found["since"] + "-01"))
        frame.insert(1, "name", [self._names.get(area, area) for area in frame["area_id"]])
        return frame

    @cached_property
    def counts(self) -> pd.DataFrame | None:
        """How often each district was seen in each month, and by which processing of light; None of a release from
        before it was published.
        """
        found = read_later_table(self.store, self.published.manifest, COUNTS)
        return None if found is None else dated(found)

    @cached_property
    def news(self) -> pd.DataFrame | None:
        """Why each estimate changed since the release before, in logarithms; None where there is none to compare with.

        `attrs["together"]` names the parts that cannot be told apart.
        """
        if (news := read_news_of(self.store, self.manifest)) is None:
            return None
        frame = dated(news.rows)
        frame.attrs["together"] = list(news.together)
        return frame

    @cached_property
    def vintages(self) -> pd.DataFrame | None:
        """Every estimate and official figure of each area and month, first to latest; None of a release of long ago."""
        found = read_revisions(self.store, self.manifest).vintages
        return None if found is None else dated(found).assign(day=pd.to_datetime(found["day"]))

    @cached_property
    def explanations(self) -> pd.DataFrame | None:
        """What each estimate is made of, in logarithms; None of a release of long ago."""
        return None if self.published.explanations is None else dated(self.published.explanations)

    @cached_property
    def errata(self) -> tuple[Erratum, ...]:
        """What was found wrong in releases until this one."""
        return read_errata_of(self.store, self.manifest)

    @property
    def scoreboard(self) -> Scoreboard:
        """How well the model that made it did, out of time, beside every naive forecast."""
        return self.published.scoreboard

    @property
    def checks(self) -> tuple[CheckResult, ...]:
        """Outcomes of every check of the run."""
        return tuple(self.published.checks)

    @property
    def model_card(self) -> str:
        """The model's card, Markdown."""
        return self.published.model_card

    @property
    def _names(self) -> dict[str, str]:
        return {str(area): str(name) for area, name in dict(self.manifest.inputs.get("areas") or {}).items()}
