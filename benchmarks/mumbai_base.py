"""Real monthly light of Mumbai as files of its product, to plant known-truth worlds into (`gvio simulate --onto`).

The cubes (MIT, see README.md beside them) lie in `../shared`, are read from there and are not part of the repository:

    python benchmarks/mumbai_base.py base
    gvio simulate world --preset spike-in --seed 1 --onto base
"""

from __future__ import annotations

import argparse
import datetime as dt
import sys
from pathlib import Path

import h5py
import numpy as np
from affine import Affine
from odc.geo.geobox import GeoBox

from gvio.simulate.formats.vnl import write_vnl
from gvio.types import FloatArray, Month

CUBES = Path(__file__).parents[2] / "shared" / "data" / "ntl_mumbai_monthly"
PIXEL = 1 / 240
EPOCH = dt.date(1900, 1, 1)


def main() -> int:
    """Convert; 0 on success, 2 where the cubes are absent."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=Path)
    parser.add_argument("--first", default="2014-01", help="first month (default: %(default)s, as the spike-in packs)")
    parser.add_argument("--last", default="2021-12")
    args = parser.parse_args()
    if not (CUBES / "mumbai_radiance.nc").is_file():
        print(f"no {CUBES / 'mumbai_radiance.nc'}: the real light is not on this machine", file=sys.stderr)
        return 2
    print(f"wrote {write_base(args.out, Month.parse(args.first), Month.parse(args.last))} months to {args.out}")
    return 0


def write_base(out: Path, first: Month, last: Month, cubes: Path = CUBES) -> int:
    """Write the months `first`..`last` as EOG names and stores them; returns how many."""
    radiance, days, grid = read_cube(cubes / "mumbai_radiance.nc")
    counts, _, _ = read_cube(cubes / "mumbai_clouds.nc")
    out.mkdir(parents=True, exist_ok=True)
    done: set[Month] = set()
    for index, day in enumerate(days):
        date = EPOCH + dt.timedelta(days=float(day))
        month = Month(date.year, date.month)
        if first <= month <= last and month not in done:  # 2012-11 is in the cube twice; the first of them counts
            write_vnl(out, month, radiance[index], counts[index].astype(np.uint16), grid)
            done.add(month)
    return len(done)


def read_cube(path: Path) -> tuple[FloatArray, FloatArray, GeoBox]:
    """(time, y, x) values, days since 1900, and the grid: the file gives centres of pixels and no CRS."""
    with h5py.File(path) as file:
        values = next(item[:] for item in file.values() if item.ndim == 3)
        days, x, y = (file[name][:] for name in ("time", "x", "y"))
    corner = Affine(PIXEL, 0, float(x[0]) - PIXEL / 2, 0, -PIXEL, float(y[0]) + PIXEL / 2)
    return values, days, GeoBox(values.shape[1:], corner, "EPSG:4326")


if __name__ == "__main__":
    sys.exit(main())
