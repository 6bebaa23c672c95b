"""Whether outlines, factories and light are in the same coordinates, where China's map services shift them.

A shift of half a kilometre looks like nothing on a map. It is noticed in three ways: columns that only one provider of
shifted outlines writes; factories that lie outside every district and would not if one of the two were shifted; and
light that peaks not where the factories are but where they would be. Outlines against light is no test: real outlines
hold tidal flats and water, which move the best fit by more than the shift (docs/measurements/mistakes.md).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import shapely
from scipy import ndimage, stats

from gvio.config import RegionConfig
from gvio.region.coordinates import bd09_to_wgs84, gcj02_to_wgs84, wgs84_to_bd09, wgs84_to_gcj02
from gvio.types import CheckResult, LightStack

LIKELY, CERTAIN = 1e-3, 1e-6  # probability of as many factories by chance: a warning, a refusal
PEAK_LIKELY, PEAK_CERTAIN = 4.0, 8.0  # the same of light, in standard errors
LEAST_PIXELS = 20  # with a factory in them; below, one bright neighbour decides

Points = npt.NDArray[np.float64]
_Move = Callable[[npt.ArrayLike, npt.ArrayLike], tuple[Points, Points]]
_FROM: dict[str, _Move] = {"gcj02": wgs84_to_gcj02, "bd09": wgs84_to_bd09}
_TO: dict[str, _Move] = {"gcj02": gcj02_to_wgs84, "bd09": bd09_to_wgs84}
_NAMES = ("wgs84", "gcj02", "bd09")
_GEOATLAS = ("acroutes", "subFeatureIndex", "childrenNum")  # columns of DataV GeoAtlas, which is in GCJ-02
_DBASE = 10  # characters that a shapefile keeps of a column's name


def known_provider(columns: Iterable[str], config: RegionConfig, where: str) -> tuple[CheckResult, ...]:
    """`districts.coordinates`: outlines of a provider that shifts them, and nothing says that they were shifted back.

    Args:
        columns: Of the file of districts.
        config: What it is said to be in.
        where: The file, for messages.
    """
    if config.districts.crs is not None or not in_china(config):
        return ()
    given = {column.lower() for column in columns}
    found = [name for name in _GEOATLAS if given & {name.lower(), name[:_DBASE].lower()}]
    if len(found) < 2:
        return _unsaid(where) if "adcode" in given else ()
    message = (
        f"columns {' and '.join(found)} are those of DataV GeoAtlas, whose outlines are in GCJ-02, some 500 m off, "
        "whatever the file says: write `crs: gcj02` beside districts.path in region.yaml, or `crs: wgs84` if they "
        "were converted"
    )
    return (CheckResult("districts.coordinates", False, True, where, message, {"crs": "gcj02"}),)


def _unsaid(where: str) -> tuple[CheckResult, ...]:
    """`pack.coordinates`: outlines of China as its map services give them, and nothing says in what coordinates."""
    message = (
        "the outlines have China's codes of districts (adcode), and many such files are in GCJ-02, some 500 m off: "
        "write `crs: wgs84` or `crs: gcj02` beside districts.path in region.yaml"
    )
    return (CheckResult("pack.coordinates", False, False, where, message),)


def outlines_and_factories(
    points: Points, districts: gpd.GeoDataFrame, config: RegionConfig, where: str
) -> tuple[CheckResult, ...]:
    """`districts.coordinates`: factories outside every district that would be inside if a file were in GCJ-02 or BD-09.

    A sign test on the factories whose side changes, the binomial of one half: honest files lose as many as they gain.

    Args:
        points: (F, 2) WGS84 degrees, as `region.yaml` has them.
        districts: With their outlines, EPSG:4326.
        config: What the files are said to be in.
        where: The file of districts, for messages.
    """
    if not in_china(config):
        return ()
    whole = shapely.union_all(np.asarray(districts.geometry))
    shapely.prepare(whole)
    now = shapely.contains_xy(whole, points)
    best, cure, gained, lost = 1.0, "", 0, 0
    for moved, text in _readings(points, config):
        then = shapely.contains_xy(whole, moved)
        gain, loss = int((then & ~now).sum()), int((now & ~then).sum())
        chance = float(stats.binom.sf(gain - 1, gain + loss, 0.5)) if gain else 1.0
        if chance < best:
            best, cure, gained, lost = chance, text, gain, loss
    if not best < LIKELY:
        return ()
    message = (
        f"{gained} factories outside every district would lie inside, and {lost} the other way round, with {cure}; "
        "write that into region.yaml if the file comes from a map service of China, or `districts.crs: wgs84` if both "
        "are right"
    )
    required = best < CERTAIN and config.districts.crs is None  # who says what the outlines are is warned
    found = {"gained": gained, "lost": lost, "chance": best}
    return (CheckResult("districts.coordinates", False, required, where, message, found),)


def factories_and_light(
    factories: gpd.GeoDataFrame, stack: LightStack, config: RegionConfig, where: str
) -> tuple[CheckResult, ...]:
    """`factories.coordinates`: light peaks not at the factories but where they are in another of China's systems.

    Compared is the curvature of log light along the shift, at the factories and at the shifted places: a slope, such as
    that towards a city's centre, has none.

    Args:
        factories: Inside the districts, EPSG:4326.
        stack: Light on the region's grid.
        config: What the file is said to be in.
        where: The file of factories, for messages.
    """
    if not in_china(config):
        return ()
    points = _one_a_pixel(factories, stack)
    image = _log_light(stack)
    best, name, share = 0.0, "", 0.0
    for other, moved in _alternatives(points, config.factories.crs):
        gain, peaked = _peak_gain(image, stack, points, moved)
        if gain > best:
            best, name, share = gain, other, peaked
    if len(points) < LEAST_PIXELS or not best > PEAK_LIKELY or not share > 0.5:
        return ()
    message = (
        f"light peaks where the factories lie if the file is in {name} ({share:.0%} of {len(points)} places; "
        f"{best:.1f} standard errors above where they lie now): write `crs: {name}` beside factories.path in "
        "region.yaml; outlines of the same map service need the same under districts"
    )
    found = {"crs": name, "standard_errors": round(best, 2), "share": round(share, 3)}
    return (CheckResult("factories.coordinates", False, best > PEAK_CERTAIN, where, message, found),)


def in_china(config: RegionConfig) -> bool:
    """Whether China's map services shift the region's middle."""
    west, south, east, north = config.bounds
    lon, lat = (west + east) / 2, (south + north) / 2
    there, _ = wgs84_to_gcj02(lon, lat)
    # The published formula knows only a box that holds half of Asia; these countries' services do not shift.
    return bool(there != lon) and 73.5 <= lon <= 135.1 and 18.1 <= lat <= 53.6 and not _neighbour(lon, lat)


# Boxes west, south, east, north that lie in the formula's box and hold nothing of China: India and its neighbours,
# South-East Asia, Taiwan, Korea and Japan, Mongolia, Kazakhstan.
_NEIGHBOURS = (
    (73.0, 18.0, 91.0, 27.0),
    (73.0, 27.0, 78.0, 31.0),
    (91.0, 18.0, 97.4, 24.0),
    (97.4, 18.0, 108.0, 21.1),
    (119.9, 21.8, 122.1, 25.4),
    (126.0, 32.0, 135.1, 38.5),
    (129.0, 18.0, 135.1, 41.0),
    (98.0, 43.5, 108.0, 49.0),
    (73.0, 46.0, 80.0, 53.6),
)


def _neighbour(lon: float, lat: float) -> bool:
    return any(w <= lon <= e and s <= lat <= n for w, s, e, n in _NEIGHBOURS)


def _readings(points: Points, config: RegionConfig) -> list[tuple[Points, str]]:
    """Where the factories would lie among the outlines if one of the two files were in another system, and its cure."""
    factories = [(moved, f"factories.crs: {name}") for name, moved in _alternatives(points, config.factories.crs)]
    said = config.districts.crs or "wgs84"
    said = said if said in _NAMES else "wgs84"
    outlines = []
    for name in _NAMES:
        if name != said:  # outlines moved by an offset are factories moved by its reverse
            lon, lat = _in_system(points, name)
            back = _TO[said](lon, lat) if said in _TO else (lon, lat)
            outlines.append((np.column_stack(back), f"districts.crs: {name}"))
    return [*outlines, *factories]


def _alternatives(points: Points, crs: str) -> list[tuple[str, Points]]:
    """The factories' places had their file been in another of the three systems than `crs`."""
    said = crs if crs in _NAMES else "wgs84"
    lon, lat = _in_system(points, said)
    return [(n, np.column_stack(_TO[n](lon, lat) if n in _TO else (lon, lat))) for n in _NAMES if n != said]


def _in_system(points: Points, name: str) -> tuple[Points, Points]:
    move = _FROM.get(name)
    return move(points[:, 0], points[:, 1]) if move else (points[:, 0], points[:, 1])


def _one_a_pixel(factories: gpd.GeoDataFrame, stack: LightStack) -> Points:
    """(P, 2) one factory of every pixel that has some: those of a pixel see the same light."""
    places = factories.geometry.representative_point()
    points = np.column_stack([places.x, places.y])
    cells = np.floor(_on_grid(stack, points))
    return np.asarray(points[np.unique(cells, axis=0, return_index=True)[1]])


def _log_light(stack: LightStack) -> npt.NDArray[np.float64]:
    """(y, x) log of one plus the mean radiance of the months seen; 0 where none was."""
    seen = np.isfinite(stack.radiance)
    total = np.where(seen, np.clip(stack.radiance, 0, None), 0).sum(axis=0, dtype=np.float64)
    return np.asarray(np.log1p(total / np.maximum(seen.sum(axis=0), 1)))


def _peak_gain(image: npt.NDArray[np.float64], stack: LightStack, points: Points, moved: Points) -> tuple[float, float]:
    """Mean gain of curvature at the moved places over the points, in standard errors; and the share that peak."""
    step = moved - points
    back, here, there, beyond = (_light_at(image, stack, points + k * step) for k in (-1, 0, 1, 2))
    now, then = 2 * here - back - there, 2 * there - here - beyond
    gain = then - now
    spread = float(gain.std()) / math.sqrt(max(len(gain), 1))
    return (float(gain.mean()) / spread if spread > 0 else 0.0), float((then > 0).mean())


def _light_at(image: npt.NDArray[np.float64], stack: LightStack, points: Points) -> npt.NDArray[np.float64]:
    rows, cols = _on_grid(stack, points).T - 0.5
    return np.asarray(ndimage.map_coordinates(image, [rows, cols], order=1, mode="nearest"))


def _on_grid(stack: LightStack, points: Points) -> Points:
    """(P, 2) row and column of places on the north-up grid, in pixels from its corner."""
    grid = stack.geobox.transform
    return np.column_stack([(points[:, 1] - grid.f) / grid.e, (points[:, 0] - grid.c) / grid.a])
