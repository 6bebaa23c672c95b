"""What a release says about itself: title, unit, names of areas, months on the map, age.

Pure. The contract fixes few of these fields, so each has a plain fallback and none is required.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Literal

import pandas as pd

from gvio.report.tables import find_city
from gvio.types import Manifest
from gvio.words import marked, tr

Section = Literal["inputs", "model", "code"]


@dataclasses.dataclass(frozen=True)
class About:
    """How to speak of a region: `city` is the area that means the whole region, None when there is none.

    `names` maps every area id to what people call it, a city without a name of its own to the region's title; `grids`
    maps months (YYYY-MM, ascending) to object keys;
    `invented` where the manifest says that the data are simulated.
    """

    title: str
    unit: str
    city: str | None
    names: Mapping[str, str]
    grids: Mapping[str, str]
    invented: bool

    @property
    def unit_text(self) -> str:
        """The unit (`unit_words`)."""
        return unit_words(self.unit)


def unit_words(unit: str) -> str:
    """A pack's unit as the language spoken writes it, where that knows it; that none is stated, where none is."""
    return tr(unit) if unit else tr("unit not stated")


USUAL_UNITS = (marked("100 million CNY"), marked("10,000 CNY"), marked("million CNY"))
"""Units that have a name in every language."""


def describe(region: str, manifest: Manifest, estimates: pd.DataFrame) -> About:
    """Title, unit and names from the manifest's `inputs`, where it states them; from slug and ids otherwise."""
    stated = manifest.inputs
    title = str(stated.get("title") or region.replace("-", " ").title())
    named = stated.get("city_id")
    city = find_city(estimates, str(named) if named else None)
    given = stated.get("areas")
    known = {str(k): str(v) for k, v in given.items()} if isinstance(given, Mapping) else {}
    names = {area: known.get(area, area) for area in dict.fromkeys(estimates["area_id"])}
    if city is not None and known.get(city, city) in {"City", city}:  # a pack names no city
        names[city] = title.partition(" (")[0]
    return About(
        title=title,
        unit=str(stated.get("unit") or ""),
        city=city,
        names=names,
        grids=manifest.grids,
        invented=manifest.invented,
    )


def object_key(manifest: Manifest, ending: str) -> str | None:
    """Key of the first object whose name ends so, for example `estimates.parquet`; None when there is none."""
    return next((o.key for o in manifest.objects if o.key.endswith(ending)), None)


def facts(manifest: Manifest, section: Section) -> list[tuple[str, str]]:
    """A section of the manifest as (name, text) pairs, in words; empty when it says nothing."""
    if section == "code":
        return [("code", manifest.code)] if manifest.code else []
    return _flatten(manifest.inputs if section == "inputs" else manifest.model, "")


def _flatten(value: Mapping[str, object], prefix: str) -> list[tuple[str, str]]:
    pairs: list[tuple[str, str]] = []
    for key, item in value.items():
        name = f"{prefix}{key.replace('_', ' ')}"
        if isinstance(item, Mapping):
            pairs += _flatten(item, f"{name}: ")
        elif isinstance(item, list | tuple):
            pairs += _listed(item, name)
        else:
            pairs.append((name, _text(item)))
    return pairs


def _listed(items: Sequence[object], name: str) -> list[tuple[str, str]]:
    """A list in one line, or each of its parts under a number where they have names of their own."""
    if not any(isinstance(item, Mapping) for item in items):
        return [(name, ", ".join(map(_text, items)) or "none")]
    numbered = enumerate(items, start=1)
    return [
        pair
        for number, item in numbered
        for pair in (
            _flatten(item, f"{name} {number}: ") if isinstance(item, Mapping) else [(f"{name} {number}", _text(item))]
        )
    ]


def _text(item: object) -> str:
    if item is None:
        return "–"
    return {True: "yes", False: "no"}[item] if isinstance(item, bool) else str(item)
