"""Write months of light as the Light Every Night bucket holds them: a pair of cloud-optimised GeoTIFFs."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from odc.geo.geobox import GeoBox

from gvio import raster
from gvio.types import FloatArray, IntArray, Month


def write_light_every_night(
    folder: Path,
    month: Month,
    radiance: FloatArray,
    observations: IntArray,
    geobox: GeoBox,
    *,
    config: str = "ecm-slcorr",
    run: str = "ops",
    satellite: str = "npp",
) -> tuple[Path, Path]:
    """Write `composites/npp_{YYYYMM}_{run}/DNB_npp_…_{config}_v10_{run}.{avg_rade9,n_cf}.tif` below `folder`.

    Args:
        folder: Plays the bucket.
        month: The month.
        radiance: (y, x) nW cm⁻² sr⁻¹; written as 0 where it is not finite or nothing was observed.
        observations: (y, x) cloud-free observations; written as 0 where radiance is not finite.
        geobox: Grid of both.
        config: Cloud mask and stray-light treatment.
        run: "ops", or "rp2" for the reprocessed months before the switch.
        satellite: "npp" or "j01".

    Returns:
        Paths of radiance (float32) and count (uint16).
    """
    target = folder / "composites" / f"{satellite}_{month.first_day:%Y%m}_{run}"
    target.mkdir(parents=True, exist_ok=True)
    period = f"{month.first_day:%Y%m%d}-{month.last_day:%Y%m%d}"
    stem = f"DNB_{satellite}_{period}_global_{config}_v10_{run}"
    seen = np.isfinite(radiance) & (np.asarray(observations) > 0)
    light, counts = target / f"{stem}.avg_rade9.tif", target / f"{stem}.n_cf.tif"
    raster.write_cog(light, np.where(seen, radiance, 0).astype(np.float32), geobox, nodata=None)
    raster.write_cog(counts, np.where(seen, observations, 0).astype(np.uint16), geobox, nodata=None)
    return light, counts
