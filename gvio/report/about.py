"""What a release says about itself: title, unit, names of areas, months on the map, age.

Pure. The contract fixes few of these fields, so each has a plain fallback and none is required.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

import pandas as pd

from gvio.report.tables import find_city


@dataclasses.dataclass(frozen=True)
class About:
    """How to speak of a region: `city` is the area that means the whole region, None when there is none.

    `names` maps every area id to what people call it; `grids` maps months (YYYY-MM, ascending) to object keys.
    """

    title: str
    unit: str
    city: str | None
    names: Mapping[str, str]
    grids: Mapping[str, str]
    demonstration: bool

    @property
    def unit_text(self) -> str:
        """The unit, or that none is stated."""
        return self.unit or "unit not stated"


def describe(region: str, manifest: Mapping[str, object], estimates: pd.DataFrame) -> About:
    """Title, unit and names from the manifest's `inputs`, where it states them; from slug and ids otherwise."""
    title = str(_stated(manifest, "title") or region.replace("-", " ").title())
    named = _stated(manifest, "city_id")
    city = find_city(estimates, str(named) if named else None)
    given = _stated(manifest, "areas")
    known = {str(k): str(v) for k, v in given.items()} if isinstance(given, Mapping) else {}
    names = {area: known.get(area, area) for area in dict.fromkeys(estimates["area_id"])}
    if city is not None and city not in known:
        names[city] = "All districts"
    return About(
        title=title,
        unit=str(_stated(manifest, "unit") or ""),
        city=city,
        names=names,
        grids=grid_keys(manifest),
        demonstration="demonstration" in title.lower(),
    )


def grid_keys(manifest: Mapping[str, object]) -> dict[str, str]:
    """Months that have a map in this release, ascending, with the key of each grid."""
    grids = {
        str(o["month"]): str(o["key"])
        for o in _objects(manifest)
        if o.get("month") and str(o.get("key", "")).startswith("grids/")
    }
    return dict(sorted(grids.items()))


def object_key(manifest: Mapping[str, object], ending: str) -> str | None:
    """Key of the first object whose name ends so, for example `estimates.parquet`; None when there is none."""
    keys = (str(o.get("key", "")) for o in _objects(manifest))
    return next((key for key in keys if key.endswith(ending)), None)


def facts(manifest: Mapping[str, object], section: str) -> list[tuple[str, str]]:
    """A section of the manifest (`inputs`, `model`, `code`) as (name, text) pairs, nested names joined by dots."""
    value = manifest.get(section)
    if value is None:
        return []
    return _flatten(value, "") if isinstance(value, Mapping) else [(section, str(value))]


def _objects(manifest: Mapping[str, object]) -> list[Mapping[str, object]]:
    """The listed objects; what is no mapping is no object."""
    listed = manifest.get("objects")
    return [o for o in listed if isinstance(o, Mapping)] if isinstance(listed, list) else []


def _flatten(value: Mapping[str, object], prefix: str) -> list[tuple[str, str]]:
    pairs: list[tuple[str, str]] = []
    for key, item in value.items():
        name = f"{prefix}{key}"
        if isinstance(item, Mapping):
            pairs += _flatten(item, f"{name}.")
        elif isinstance(item, list | tuple):
            pairs.append((name, ", ".join(str(part) for part in item)))
        else:
            pairs.append((name, "–" if item is None else str(item)))
    return pairs


def _stated(manifest: Mapping[str, object], key: str) -> object:
    for section in (manifest, manifest.get("inputs"), manifest.get("region_config")):
        if isinstance(section, Mapping) and section.get(key):
            return section[key]
    return None
