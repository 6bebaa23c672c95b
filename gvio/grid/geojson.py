"""GeoJSON (RFC 7946) as a shape; coordinates stay as they are."""

from __future__ import annotations

from collections.abc import Mapping

import shapely
import shapely.geometry


def shape_of(document: Mapping[str, object]) -> shapely.Geometry | None:
    """The geometry of a document: a geometry, a feature, or the union of a collection; None where it holds none."""
    kind, features = document.get("type"), document.get("features")
    if kind == "FeatureCollection" and isinstance(features, list | tuple):
        shapes = [shape_of(feature) for feature in features if isinstance(feature, Mapping)]
        return shapely.union_all([shapely.make_valid(shape) for shape in shapes if shape is not None])
    inner = document.get("geometry")
    if kind == "Feature":
        return shape_of(inner) if isinstance(inner, Mapping) else None
    try:
        return shapely.geometry.shape(document)
    except (ValueError, TypeError, KeyError, AttributeError, IndexError, shapely.errors.ShapelyError):
        return None
