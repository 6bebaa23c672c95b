"""What a file or picture that leaves the page says about itself."""

from __future__ import annotations

import dataclasses

import pandas as pd

from gvio.words import tr

_FORMULA = ("=", "+", "-", "@", "\t", "\r")  # a spreadsheet would compute what begins so


@dataclasses.dataclass(frozen=True)
class Identity:
    """Region, title and unit as the pack has them, the release, and whether its data are invented."""

    region: str
    title: str
    unit: str
    release: str
    invented: bool

    @property
    def mark(self) -> str:
        """Release, and that the data are invented where they are."""
        release = tr("release {release}", release=self.release)
        return tr("{release} · INVENTED DATA", release=release) if self.invented else release

    @property
    def citation(self) -> str:
        """One line for a list of references."""
        invented = " Invented data." if self.invented else ""
        return f"{self.title}: monthly industrial output from night light. gvio, release {self.release}.{invented}"


def rows_csv(rows: pd.DataFrame, identity: Identity) -> bytes:
    """Rows as CSV (UTF-8 with a mark that spreadsheets need). Every row names region, title, unit, release, citation
    and whether it is invented, so that a line that is copied elsewhere still does.
    """
    told = rows.assign(
        region=identity.region,
        title=identity.title,
        unit=identity.unit,
        release=identity.release,
        invented=str(identity.invented).lower(),
        citation=identity.citation,
    )
    for name in told.columns:
        if pd.api.types.is_string_dtype(told[name]) or told[name].dtype == object:
            told[name] = told[name].map(_text)
    return told.to_csv(index=False).encode("utf-8-sig")


def _text(value: object) -> object:
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value
