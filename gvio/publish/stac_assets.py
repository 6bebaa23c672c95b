"""A release's own objects as assets of its collection: what each is, how large, its hash, and a table's columns."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import pystac

from gvio.publish.columns import FIGURE, TABLES
from gvio.publish.manifest import CUBE
from gvio.types import Asset

_SAID: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "bulletin.html": ("overview", "The release on one page"),
        "bulletin.pdf": ("overview", "The release on one page, to print"),
        "bulletin.zh.html": ("overview", "The release on one page, in Chinese"),
        "bulletin.zh.pdf": ("overview", "The release on one page, in Chinese, to print"),
        "changes": ("data", "Change of every estimate on the month and on the year before, with joint intervals"),
        "counts": ("data", "How often each district was seen in each month"),
        "districts": ("data", "Outlines of the districts"),
        "districts.tif": ("data", "District of every pixel: the column code of the outlines"),
        "estimates": ("data", "Output of every district and month with intervals, and official figures"),
        "evidence": ("data", "What the estimates stand on: light as read"),
        "explanations": ("data", "Why each estimate is what it is, as parts that add up"),
        "figures": ("data", "What the estimates stand on: official figures"),
        "news": ("data", "Why each estimate changed since the release before, by input"),
        "trends.tif": ("data", "Trend of every pixel"),
        "vintages": ("data", "Every estimate and official figure of each area and month, first to latest"),
        "style.qml": ("metadata", "Colours for QGIS"),
        "terms.md": ("metadata", "Whose terms hold for the inputs"),
        "model-card.md": ("metadata", "The model's card"),
        "scoreboard.json": ("metadata", "Evaluation of the model beside simple forecasts"),
        "checks.json": ("metadata", "Outcome of every check"),
        "drift.json": ("metadata", "Whether the present looks like what the model was trained on"),
        "errata.json": ("metadata", "Corrections of light or figures that replace numbers of earlier releases"),
        "evidence.json": ("metadata", "What the estimates stand on: hyperparameters and dates"),
        "models.json": ("metadata", "Which model made the releases until this one"),
        "revisions.json": ("metadata", "How large revisions were, by age"),
    }
)
"""Role and title by name, of tables without what stands behind the dot."""


def own_assets(release: str, tables: Mapping[str, Asset], unit: str) -> dict[str, pystac.Asset]:
    """Assets by name; the parts of the cube are one."""
    assets = {name: _asset(name, of, unit) for name, of in tables.items() if not name.startswith(f"{CUBE}/")}
    return assets | ({CUBE: _cube(release)} if f"{CUBE}/zarr.json" in tables else {})


def _asset(name: str, of: Asset, unit: str) -> pystac.Asset:
    table, _, kind = name.rpartition(".")
    role, title = _SAID.get(name) or _SAID.get(table) or ("metadata", None)
    fields: dict[str, Any] = {"file:size": of.size, "file:checksum": multihash(of.sha256)}
    if kind == "parquet" and table in TABLES:
        fields["table:columns"] = [_column(name, *said, unit) for name, said in TABLES[table].items()]
    return pystac.Asset(f"./{of.key}", title, media_type=of.media_type, roles=[role], extra_fields=fields)


def _column(name: str, said: str, of: str, unit: str) -> dict[str, str]:
    measured = of.replace(FIGURE, unit)
    return {"name": name, "description": f"{said} ({measured})" if measured not in {"", "1"} else said}


def _cube(release: str) -> pystac.Asset:
    href, title = f"./releases/{release}/{CUBE}", "Every month: Zarr 3, consolidated"
    return pystac.Asset(href, title, media_type="application/vnd.zarr; version=3", roles=["data"])


def multihash(sha256: str) -> str:
    """A SHA-256 as the file extension has hashes: 12 names the kind, 20 its 32 bytes."""
    return f"1220{sha256}"
