"""Write months of light as EOG distributes its VNL composites: a GeoTIFF pair under the official names, or a `.tgz`."""

from __future__ import annotations

import gzip
import tarfile
from pathlib import Path

import numpy as np
from odc.geo.geobox import GeoBox

from gvio import raster
from gvio.types import FloatArray, IntArray, Month


def vnl_stem(
    month: Month, *, satellite: str = "npp", tile: str = "75N060E", config: str = "vcmslcfg", stamp: str | None = None
) -> str:
    """Official name without layer and suffix; the default stamp is noon of the twelfth day after the month."""
    period = f"{month.first_day:%Y%m%d}-{month.last_day:%Y%m%d}"
    return f"SVDNB_{satellite}_{period}_{tile}_{config}_v10_c{stamp or f'{(month + 1).first_day:%Y%m}121200'}"


def write_vnl(
    folder: Path, month: Month, radiance: FloatArray, observations: IntArray, geobox: GeoBox, stem: str | None = None
) -> tuple[Path, Path]:
    """Write `.avg_rade9h.tif` (float32) and `.cf_cvg.tif` (uint16), without nodata tags, as the provider does.

    Args:
        folder: Existing folder.
        month: The month, for the default name.
        radiance: (y, x) nW cm⁻² sr⁻¹; written as 0 where it is not finite or nothing was observed.
        observations: (y, x) cloud-free observations; written as 0 where radiance is not finite.
        geobox: Grid of both.
        stem: Name without layer and suffix, from `vnl_stem`.

    Returns:
        Paths of radiance and count.
    """
    stem = stem or vnl_stem(month)
    seen = np.isfinite(radiance) & (np.asarray(observations) > 0)
    light, counts = folder / f"{stem}.avg_rade9h.tif", folder / f"{stem}.cf_cvg.tif"
    raster.write_geotiff(light, np.where(seen, radiance, 0).astype(np.float32), geobox, nodata=None)
    raster.write_geotiff(counts, np.where(seen, observations, 0).astype(np.uint16), geobox, nodata=None)
    return light, counts


def pack_vnl(light: Path, counts: Path) -> Path:
    """Move a pair into `<stem>.tgz` as downloaded; bytes depend on the content alone (no clock, no user).

    Returns:
        Path of the archive; the pair is removed.
    """
    archive = light.with_name(light.name.removesuffix(".avg_rade9h.tif") + ".tgz")
    with (
        archive.open("wb") as raw,
        gzip.GzipFile("", "wb", 6, raw, mtime=0) as zipped,
        tarfile.open(mode="w", fileobj=zipped) as tar,
    ):
        for path in (light, counts):
            tar.add(path, arcname=path.name, filter=_anonymous)
    light.unlink()
    counts.unlink()
    return archive


def _anonymous(entry: tarfile.TarInfo) -> tarfile.TarInfo:
    entry.mtime = entry.uid = entry.gid = 0
    entry.uname = entry.gname = ""
    return entry
