"""The districts of a release, by which others join and check it: outlines, and the district of every pixel.

`districts.parquet` (GeoParquet 1.1), `districts.geojson` (RFC 7946) and `districts.tif`, whose values are the column
`code` of the outlines. A pixel belongs to the district that holds its centre, as in the map: summed over a code, the
band `estimate` of a month's grid is that district's row of `estimates.parquet`. Releases of before have none of the
three.
"""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq
import shapely
from odc.geo.geobox import GeoBox

from gvio.geotiff import as_cog
from gvio.publish.columns import described
from gvio.raster import read_cog
from gvio.types import IntArray

if TYPE_CHECKING:
    import geopandas as gpd
    import pandas as pd

PARQUET, GEOJSON, RASTER = "districts.parquet", "districts.geojson", "districts.tif"
NAMES = (PARQUET, GEOJSON, RASTER)
NOBODY = 0
"""Code of pixels outside every district."""
_DEGREES = 7  # digits of GeoJSON: a centimetre
SCHEMA = pa.schema(
    [
        pa.field("area_id", pa.string(), nullable=False),
        pa.field("name", pa.string(), nullable=False),
        pa.field("group", pa.string(), nullable=False),
        pa.field("code", pa.int32(), nullable=False),
        pa.field("geometry", pa.binary(), nullable=False),
    ]
)


def outline_objects(
    districts: gpd.GeoDataFrame, owner: IntArray, geobox: GeoBox, region: str, invented: bool = False
) -> dict[str, bytes]:
    """The three objects by name; equal districts give equal bytes.

    Args:
        districts: area_id, name, group and polygons, EPSG:4326, in the order of `owner`'s indices.
        owner: (y, x) index of the district that holds the pixel's centre, −1 in none.
        geobox: Grid of `owner`.
        region: Name of the region.
        invented: The data are simulated; written into the files' metadata.
    """
    tags = {"region": region, "meaning": "code of districts.parquet; 0 in no district", "overviews": "nearest pixel"}
    tags |= {"invented": "true"} if invented else {}
    codes = (owner + 1).astype(np.uint16)
    raster = as_cog(codes, geobox, NOBODY, ("district",), tags, overviews="nearest", compression="zstd")
    return {PARQUET: _geoparquet(districts, invented), GEOJSON: _geojson(districts), RASTER: raster}


def read_outlines(data: bytes) -> gpd.GeoDataFrame:
    """The columns area_id, name, group, code and geometry (EPSG:4326) of `districts.parquet`, in the file's order."""
    import geopandas as gpd  # a second, which a look at numbers need not take

    frame, shapes = outline_table(data)
    return gpd.GeoDataFrame(frame, geometry=shapes, crs="EPSG:4326")


def outline_table(data: bytes) -> tuple[pd.DataFrame, npt.NDArray[np.object_]]:
    """The same without GeoPandas: the columns, and the shapes in their order."""
    table = pq.read_table(io.BytesIO(data))
    frame = table.select([name for name in table.column_names if name != "geometry"])
    return frame.replace_schema_metadata(None).to_pandas(), shapely.from_wkb(table["geometry"].to_numpy())


def without_outlines(values: pd.DataFrame, names: Mapping[str, str]) -> gpd.GeoDataFrame:
    """Values of districts (area_id) as a frame without shapes: of a release made before they were published."""
    import geopandas as gpd

    bare = values.assign(name=[names.get(area, area) for area in values["area_id"]], geometry=None)
    return gpd.GeoDataFrame(bare, geometry="geometry", crs="EPSG:4326").reset_index(drop=True)


def read_codes(data: bytes) -> tuple[IntArray, GeoBox]:
    """(y, x) code of the district of every pixel of `districts.tif`, and its grid.

    Raises:
        ProductError: The bytes are not a readable raster.
    """
    bands, geobox, _ = read_cog(data)
    return bands[0].astype(np.int64), geobox


def _geoparquet(districts: gpd.GeoDataFrame, invented: bool) -> bytes:
    shapes = np.asarray(districts.geometry, dtype=object)
    rows = {name: pa.array(districts[name].astype(str)) for name in ("area_id", "name", "group")}
    codes = pa.array(np.arange(1, len(shapes) + 1, dtype=np.int32))
    about = {
        "version": "1.1.0",
        "primary_column": "geometry",
        "columns": {
            "geometry": {
                "encoding": "WKB",
                "geometry_types": sorted({str(shape.geom_type) for shape in shapes}),
                "bbox": [float(edge) for edge in shapely.total_bounds(shapes)],
                # No `crs`: the format's default, longitude and latitude (OGC:CRS84).
            }
        },
    }
    metadata = {"geo": json.dumps(about, sort_keys=True), "invented": str(invented).lower()}
    said = pa.schema([f.with_metadata(described("districts", f.name, "")) for f in SCHEMA], metadata)
    table = pa.table({**rows, "code": codes, "geometry": pa.array(shapely.to_wkb(shapes))}, schema=said)
    sink = io.BytesIO()
    pq.write_table(table, sink, compression="zstd")
    return sink.getvalue()


def _geojson(districts: gpd.GeoDataFrame) -> bytes:
    """Outer rings counter-clockwise, as RFC 7946 wants them."""
    shapes = shapely.orient_polygons(np.asarray(districts.geometry, dtype=object))
    places = shapely.transform(shapes, lambda points: np.round(points, _DEGREES))
    names = zip(districts["area_id"], districts["name"], districts["group"], strict=True)
    features = [
        {
            "type": "Feature",
            "id": str(area),
            "properties": {"area_id": str(area), "name": str(name), "group": str(group), "code": code},
            "geometry": json.loads(shapely.to_geojson(place)),
        }
        for code, ((area, name, group), place) in enumerate(zip(names, places, strict=True), start=1)
    ]
    text = json.dumps(
        {"type": "FeatureCollection", "features": features}, ensure_ascii=False, separators=(",", ":"), sort_keys=True
    )
    return text.encode()
