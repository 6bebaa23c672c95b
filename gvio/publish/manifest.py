"""`manifest.json` between bytes and `Manifest`, and the id that names its content. Pure; loads no table library."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any

from gvio.publish.canonical import SCHEMA_VERSION, canonical_json
from gvio.types import Asset, Manifest, Month

_NOT_FACTS = frozenset({"schema_version", "release", "objects"})

CUBE = "cube.zarr"
"""Folder of a release's own objects that are one Zarr store: `gvio.publish.cube`."""

JSON_TYPE = "application/json"
ITEM_TYPE = "application/geo+json"
PNG_TYPE = "image/png"
COG_TYPE = "image/tiff; application=geotiff; profile=cloud-optimized"
_CSV = "text/csv; charset=utf-8"
_HTML, _PDF = "text/html; charset=utf-8", "application/pdf"
MEDIA_TYPES: Mapping[str, str] = {
    "bulletin.html": _HTML,
    "bulletin.pdf": _PDF,
    "bulletin.zh.html": _HTML,
    "bulletin.zh.pdf": _PDF,
    "districts.parquet": "application/vnd.apache.parquet",
    "districts.geojson": ITEM_TYPE,
    "districts.tif": COG_TYPE,
    "changes.csv": _CSV,
    "counts.csv": _CSV,
    "estimates.csv": _CSV,
    "evidence.csv": _CSV,
    "explanations.csv": _CSV,
    "figures.csv": _CSV,
    "news.csv": _CSV,
    "vintages.csv": _CSV,
    "estimates.parquet": "application/vnd.apache.parquet",
    "explanations.parquet": "application/vnd.apache.parquet",
    "evidence.parquet": "application/vnd.apache.parquet",
    "figures.parquet": "application/vnd.apache.parquet",
    "news.parquet": "application/vnd.apache.parquet",
    "changes.parquet": "application/vnd.apache.parquet",
    "counts.parquet": "application/vnd.apache.parquet",
    "vintages.parquet": "application/vnd.apache.parquet",
    "drift.json": JSON_TYPE,
    "errata.json": JSON_TYPE,
    "evidence.json": JSON_TYPE,
    "revisions.json": JSON_TYPE,
    "scoreboard.json": JSON_TYPE,
    "checks.json": JSON_TYPE,
    "models.json": JSON_TYPE,
    "model-card.md": "text/markdown; charset=utf-8",
    "trends.tif": COG_TYPE,
    "style.qml": "application/xml",
    "terms.md": "text/markdown; charset=utf-8",
}


def own_name(key: str) -> str:
    """The name of a release's own object: what stands behind `releases/<release>/`."""
    return key.split("/", 2)[-1]


def told_of(key: str) -> str:
    """The key by which a catalogue lists an own object: of the cube's parts that of the cube."""
    folder, cube, _ = key.partition(f"/{CUBE}/")
    return f"{folder}/{CUBE}" if cube else key


def media_type(name: str) -> str:
    """What an own object is, by its name; parts of the cube are JSON or bytes."""
    return JSON_TYPE if name.endswith("zarr.json") else MEDIA_TYPES.get(name, "application/octet-stream")


def release_id(month: Month | str, facts: Mapping[str, Any], objects: Sequence[Asset]) -> str:
    """`<YYYY-MM>-<12 hex digits>` of everything the release says and holds.

    `facts` are the manifest's fields but for `schema_version`, `release` and `objects`. Tables lie under the release's
    own name, so they are hashed by what stands behind it.
    """
    content = {
        "facts": facts,
        "shared": {o.key: o.sha256 for o in objects if not o.key.startswith("releases/")},
        "named": {own_name(o.key): o.sha256 for o in objects if o.key.startswith("releases/")},
    }
    return f"{month}-{hashlib.sha256(canonical_json(content)).hexdigest()[:12]}"


def manifest_json(manifest: Manifest) -> bytes:
    """The document of contract §3."""
    fields = {f.name: getattr(manifest, f.name) for f in dataclasses.fields(manifest)}
    return canonical_json(fields | {"objects": _listed(manifest.objects)})


def facts_of(manifest: Manifest) -> dict[str, Any]:
    """What `release_id` takes as facts."""
    return {f.name: getattr(manifest, f.name) for f in dataclasses.fields(manifest) if f.name not in _NOT_FACTS}


def made_with(manifest: Manifest, weights_sha256: str, config_sha256: str) -> bool:
    """Whether a release was made with the model of these two files. Releases of before name the weights only."""
    told = manifest.model.get("config_sha256") or config_sha256
    return (manifest.model.get("weights_sha256"), told) == (weights_sha256, config_sha256)


def parse_manifest(document: Mapping[str, Any]) -> Manifest:
    """The value of a document whose schema version is known.

    Raises:
        KeyError, TypeError, ValueError: A field is absent, or is not what it should be.
    """
    inputs = dict(document.get("inputs") or {})
    until = document.get("public_until", inputs.get("figures_public_until"))  # where releases had it before
    return Manifest(
        release=str(document["release"]),
        region=str(document.get("region", "")),
        month=Month.parse(str(document["month"])),
        objects=tuple(_asset(listed) for listed in document["objects"]),
        inputs=inputs,
        model=dict(document.get("model") or {}),
        code=str(document.get("code", "")),
        skill=str(document.get("skill", "")),
        public_until=None if until is None else str(until),
        invented=bool(document.get("invented", False)),
        schema_version=int(document["schema_version"]),
    )


def names_its_content(data: bytes, release: str) -> bool:
    """Whether these bytes of a manifest are the ones that the release's id stands for; False when they are no JSON.

    The id covers neither media type and month of an object nor the folder of the tables: they follow from names.
    """
    try:
        document = json.loads(data)
        objects = [_asset(listed) for listed in document["objects"]]
        facts = {key: value for key, value in document.items() if key not in _NOT_FACTS}
        named = release_id(str(document["month"]), facts, objects)
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError):  # a size of 1e999 is no number
        return False
    written = {"schema_version": SCHEMA_VERSION, "release": release, "objects": _listed(objects), **facts}
    return named == release and all(_implied(o, release) for o in objects) and canonical_json(written) == data


def _implied(listed: Asset, release: str) -> bool:
    folder, _, rest = listed.key.partition("/")
    if folder == "releases" and rest.partition("/")[0] != release:
        return False
    kinds = {"grids": COG_TYPE, "items": ITEM_TYPE, "thumbnails": PNG_TYPE}
    kind = kinds.get(folder) or MEDIA_TYPES.get(listed.key.rpartition("/")[2], listed.media_type)
    return listed.media_type == kind and listed.month == (rest.partition("/")[0] if folder == "grids" else None)


def _asset(listed: Mapping[str, Any]) -> Asset:
    month = listed.get("month")
    return Asset(
        key=str(listed["key"]),
        sha256=str(listed["sha256"]),
        size=int(listed["size"]),
        media_type=str(listed["media_type"]),
        month=None if month is None else str(month),
    )


def _listed(objects: Sequence[Asset]) -> list[dict[str, Any]]:
    return [dataclasses.asdict(asset) for asset in objects]
