"""What STAC clients show and name bands by: bands of an asset, renders, and the fields of a collection."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from gvio.map.bands import BANDS, MEANINGS, band_units
from gvio.publish.manifest import COG_TYPE, PNG_TYPE

ITEM_EXTENSIONS = tuple(
    f"https://stac-extensions.github.io/{name}/schema.json"
    for name in ("projection/v2.0.0", "file/v2.1.0", "raster/v1.1.0", "eo/v1.1.0", "render/v2.0.0")
)
COLLECTION_EXTENSIONS = tuple(
    f"https://stac-extensions.github.io/{name}/schema.json"
    for name in ("processing/v1.1.0", "version/v1.2.0", "file/v2.1.0", "scientific/v1.0.0", "table/v1.2.0")
)
GRID_TITLE, THUMBNAIL_TITLE = "Map of the month", "Picture of the month"
KEYWORDS = ["night light", "VIIRS", "industrial output", "nowcast", "economy", "monthly"]
_VISIBLE = 0.25  # of the brightest pixel: beyond it all is drawn alike, or a few pixels would leave the others pale


def band_fields(unit: str, statistics: Sequence[Mapping[str, float]] = ()) -> dict[str, Any]:
    """Bands of a grid's asset as STAC 1.1 has them, and for clients of before as eo and raster extensions have them.

    Args:
        unit: Of the region's figures.
        statistics: Of each band; none where they are not known.
    """
    known = list(statistics) or [{}] * len(BANDS)
    bands, raster = [], []
    for name, of, found in zip(BANDS, band_units(unit), known, strict=True):
        values: dict[str, Any] = {"data_type": "float32", "nodata": "nan", "unit": of}
        values |= {"statistics": dict(found)} if found else {}
        bands.append({"name": name, "description": MEANINGS[name]} | values)
        raster.append(values)
    named = [{"name": name, "description": MEANINGS[name]} for name in BANDS]
    return {"bands": bands, "eo:bands": named, "raster:bands": raster}


def renders(statistics: Sequence[Mapping[str, float]]) -> dict[str, Any]:
    """How the band `estimate` is drawn by a tile server: one band, from 0, light to dark."""
    most = float(statistics[0].get("maximum", 0.0)) if statistics else 0.0
    return {
        "estimate": {
            "title": "Estimate",
            "assets": ["grid"],
            "bidx": [1],
            "rescale": [[0.0, float(f"{_VISIBLE * most:.3g}") or 1.0]],
            "colormap_name": "magma_r",
            "nodata": "nan",
            "resampling": "nearest",
        }
    }


def item_assets(unit: str) -> dict[str, Any]:
    """What each item of the collection has."""
    bands = band_fields(unit)["bands"]
    return {
        "grid": {"title": GRID_TITLE, "type": COG_TYPE, "roles": ["data"], "bands": bands},
        "thumbnail": {"title": THUMBNAIL_TITLE, "type": PNG_TYPE, "roles": ["thumbnail", "overview"]},
    }


def providers(code: str) -> list[dict[str, Any]]:
    """Who made it: the program and its version."""
    lineage = "night light near factories, official figures and a posterior by district and month, spread over pixels"
    software = {"gvio": code} if code else {}
    return [
        {
            "name": "gvio",
            "description": "From the light of the night to a monthly map of industrial output",
            "roles": ["producer", "processor"],
            "processing:lineage": lineage,
            "processing:level": "L4",
            **({"processing:software": software} if software else {}),
        }
    ]
