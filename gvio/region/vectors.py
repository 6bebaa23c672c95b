"""Vector files of a pack: any format that pyogrio opens, read from the bytes that were hashed."""

from __future__ import annotations

import contextlib
import io
import re
import tempfile
import warnings
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pyogrio
import pyogrio.errors

from gvio.config import RegionConfig
from gvio.errors import PackError
from gvio.region.datum import in_china
from gvio.region.dbase import table_encoding
from gvio.region.files import PackFile
from gvio.region.text import GB, HINT, decode, encoding_of
from gvio.types import CheckResult

_PARQUET = frozenset({".parquet", ".geoparquet"})
_TEXT = frozenset({".geojson", ".json"})
_TABLES = frozenset({".csv", ".tsv", ".txt"})
_SPREADSHEETS = frozenset({".xlsx", ".xls", ".ods"})
_DAMAGE = re.compile(r"corrupt|could not be found|truncat", re.IGNORECASE)
_EXPORT = "Export it again, as GeoPackage or GeoJSON."


def is_table(file: PackFile) -> bool:
    """Whether a file is text in columns, without geometry."""
    return file.suffix in _TABLES


def read_vector(file: PackFile) -> gpd.GeoDataFrame:
    """Any vector format that pyogrio opens, or GeoParquet, in its own coordinates; the index counts from 1.

    Raises:
        PackError: The file is absent, unreadable, empty, or has several layers and none is named.
    """
    file.require_present()
    endings = {name.rpartition(".")[2].lower() for name in file.parts}
    lacking = [f".{ending}" for ending in ("shx", "dbf") if ending not in endings]
    if file.suffix == ".shp" and lacking:
        hint = "Put all files of the shapefile beside it, under one name."
        raise PackError(f"lacks its {' and '.join(lacking)}", where=file.name, hint=hint)
    if file.suffix in _SPREADSHEETS:
        raise PackError("is a spreadsheet", where=file.name, hint="Save it as CSV in UTF-8.")
    frame = _understood(file)
    if not isinstance(frame, gpd.GeoDataFrame) or not len(frame) or frame.active_geometry_name is None:
        raise PackError("holds no geometry", where=file.name, hint="Export it with its geometry.")
    frame.index = pd.RangeIndex(1, len(frame) + 1)
    return frame


def encoding_note(file: PackFile, config: RegionConfig) -> tuple[CheckResult, ...]:
    """`pack.encoding`: the text of a file that was read is in an encoding that nothing names.

    Raises:
        PackError: As the file's reader; or Chinese is guessed outside China, where Cyrillic and Korean look like it.
    """
    if file.suffix == ".shp":
        found = table_encoding(file.parts, file.encoding, file.name)
    elif file.suffix in _TEXT | _TABLES:
        found = encoding_of(file.data, file.encoding, file.name)
    else:
        return ()
    if not found.guessed:
        return ()
    if found.codec == GB and not in_china(config):
        raise PackError("is not in UTF-8, and its encoding cannot be told", where=file.name, hint=HINT)
    message = (
        f"text not in UTF-8: read as {found.codec}; look at the names, and write `encoding: {found.codec}` beside the "
        "file's path in region.yaml, or another one"
    )
    return (CheckResult("pack.encoding", False, False, file.name, message, {"encoding": found.codec}),)


def _understood(file: PackFile) -> gpd.GeoDataFrame:
    """Whatever a library finds wrong becomes one line that names the file."""
    try:
        with warnings.catch_warnings(record=True) as said:  # raised inside GDAL they would be lost
            warnings.simplefilter("always")
            frame = _opened(file)
    except PackError:
        raise
    except UnicodeError as error:
        hint = "Save it in UTF-8, or name its encoding in region.yaml: encoding: gb18030."
        raise PackError(f"has text in another encoding ({error})", where=file.name, hint=hint) from None
    # Of a damaged file the libraries raise almost anything; what is not theirs cannot arise from these bytes alone.
    except Exception as error:
        what = f"not a readable vector file ({_plain(str(error)) or type(error).__name__})"
        raise PackError(what, where=file.name, hint=_EXPORT) from None
    damage = next((text for text in (str(one.message) for one in said) if _DAMAGE.search(text)), None)
    if damage is not None:  # GDAL goes on with what is left
        raise PackError(f"is damaged ({_plain(damage)})", where=file.name, hint=_EXPORT)
    return frame


def _opened(file: PackFile) -> gpd.GeoDataFrame:
    if file.suffix in _PARQUET:
        return gpd.read_parquet(io.BytesIO(file.data))
    # A copy under a plain name: GDAL gives `?`, `[`, `.zip` and `/vsi` in a path a meaning, looks for siblings beside
    # it and may write there; and so the bytes that are hashed are those that are parsed.
    with contextlib.ExitStack() as stack:
        try:
            path = _copied(file, Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="gvio-"))))
        except OSError as error:
            what = f"cannot be copied to be read ({error.strerror})"
            hint = "Free space in the folder for temporary files, or name another one in TMPDIR."
            raise PackError(what, where=file.name, hint=hint) from None
        layer = _layer(file, path)
        if file.suffix != ".shp":
            return gpd.read_file(path, layer=layer)
        encoding = table_encoding(file.parts, file.encoding, file.name).codec
        return gpd.read_file(path, layer=layer, **({"encoding": encoding} if encoding else {}))


def _copied(file: PackFile, folder: Path) -> Path:
    target = folder / f"pack{file.suffix}"
    if file.name not in file.parts:  # a folder that is one data set
        target.mkdir()
        for name, data in file.parts.items():
            (target / name).write_bytes(data)
        return target
    for name, data in file.parts.items():
        ending = name.removeprefix(file.path.stem).lower() if len(file.parts) > 1 else file.suffix
        text = name == file.name and file.suffix in _TEXT
        kept = decode(data, file.encoding, file.name).encode() if text else data
        (folder / f"pack{ending}").write_bytes(kept)
    return target


def _layer(file: PackFile, path: Path) -> str | None:
    """The layer to read: the one named, else the only one with geometry; styles and the like have none."""
    layers = [str(name) for name, kind in pyogrio.list_layers(path) if kind is not None]
    if file.layer is not None:
        if file.layer not in layers:
            raise PackError(f"has no layer {file.layer!r}; it has {_listed(layers)}", where=file.name, hint=_NAME)
        return file.layer
    if len(layers) > 1:
        raise PackError(f"has {len(layers)} layers: {_listed(layers)}", where=file.name, hint=_NAME)
    return layers[0] if layers else None


_NAME = "Name the one wanted in region.yaml, beside the file's path: layer: NAME."


def _listed(layers: list[str]) -> str:
    more = f" and {len(layers) - 8} more" if len(layers) > 8 else ""
    return ", ".join(repr(name) for name in layers[:8]) + more


def _plain(reason: str) -> str:
    """A library's reason without the place of the copy that it read."""
    return re.sub(r"[\w./-]*gvio-\w+/", "", reason)
