"""A small region whose light comes from archives on loopback, and the command line that works on it, as a process.

The world is simulated with known truth; its months are packed as the providers pack them, and taken out of the pack.
"""

from __future__ import annotations

import dataclasses
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from affine import Affine
from odc.geo.geobox import GeoBox

from gvio.simulate.formats.light_every_night import write_light_every_night
from gvio.simulate.formats.vnl import pack_vnl
from gvio.simulate.pack import simulate_pack
from gvio.simulate.spec import WorldSpec
from gvio.simulate.world import World
from gvio.sources.regrid import area_weighted
from gvio.types import Month

FIRST, LAST = Month(2018, 10), Month(2020, 12)
SPEC = WorldSpec(
    name="officialland",
    bounds=(121.0, 31.0, 121.15, 31.12),
    first_month=str(FIRST),
    months=LAST - FIRST + 1,
    n_districts=3,
    n_factories=36,
    least_factories=4,
    city_output=300,
    position_error_m=0.0,
)
# As little learning as there can be: what is proven here is where light comes from, and rolling origins, each of which
# trains every model anew, are left out by asking for a longer series than there is.
PARAMS = """
model: {epochs: 1, finetune_epochs: 1, seeds: 1, hyper_months: 24, channels: 2}
evaluate: {origins: 1, members: 1, district_folds: 2, horizon_months: 12, min_train_months: 99}
"""
CALL = "import sys; from gvio.cli.main import main; main(sys.argv[1:])"
PUBLIC = ("PATH", "LANG", "VIRTUAL_ENV")


@dataclasses.dataclass(frozen=True)
class Outcome:
    """What a process left."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        return json.loads(self.out)


@dataclasses.dataclass(frozen=True)
class OfficialRegion:
    """Pack, store and workspace below `root`; `light` holds the product files as they were in the pack."""

    root: Path
    world: World
    environment: Mapping[str, str]

    @property
    def pack(self) -> Path:
        return self.root / "pack"

    @property
    def workspace(self) -> Path:
        return self.root / "workspace"

    @property
    def light(self) -> Path:
        return self.root / "light"

    def words(self) -> list[str]:
        named = {"region": self.pack, "store": self.root / "store", "workspace": self.workspace}
        named["params"] = self.root / "params.yaml"
        return [word for name, value in named.items() for word in (f"--{name}", str(value))]

    def gvio(self, command: str, *more: str, as_of: str = "2021-01-20", **environment: str) -> Outcome:
        """A command in a process of its own, with nothing of this process's environment but what is public."""
        return self.python(CALL, command, *self.words(), "--as-of", as_of, *more, **environment)

    def python(self, program: str, *words: str, **environment: str) -> Outcome:
        public = {name: os.environ[name] for name in PUBLIC if name in os.environ}
        home = {"HOME": str(self.root), "DO_NOT_TRACK": "true", "PREFECT_SERVER_ANALYTICS_ENABLED": "false"}
        done = subprocess.run(
            [sys.executable, "-W", "error::ResourceWarning", "-c", program, *words],
            env={**public, **home, **self.environment, **environment},
            cwd=self.root,
            capture_output=True,
            text=True,
            timeout=300,
        )
        return Outcome(done.returncode, done.stdout, done.stderr)

    def read(self, name: str) -> Any:
        return json.loads((self.workspace / "officialland" / name).read_text())


def make_region(root: Path, environment: Mapping[str, str], ntl: Mapping[str, Any]) -> OfficialRegion:
    """A region with known truth whose pack holds no light."""
    product = ntl["product"] if isinstance(ntl["product"], str) else ntl["product"][0]
    spec = SPEC.model_copy(update={"product": product})
    world = simulate_pack(root / "pack", spec, 7)
    shutil.move(root / "pack" / "ntl", root / "light")
    file = root / "pack" / "region.yaml"
    file.write_text(yaml.safe_dump(yaml.safe_load(file.read_text()) | {"ntl": dict(ntl)}, sort_keys=False))
    (root / "params.yaml").write_text(PARAMS)
    return OfficialRegion(root, world, environment)


def as_archives(light: Path) -> list[Path]:
    """The months of VNL as `.tgz`, as they are downloaded."""
    return [pack_vnl(path, Path(str(path).replace("avg_rade9h", "cf_cvg"))) for path in light.glob("*.avg_rade9h.tif")]


def write_open_bucket(folder: Path, world: World, gain: float, offset: float) -> None:
    """The same light half a pixel off and at another level, as Light Every Night: theirs = (light − offset) / gain."""
    pixel, margin = 1 / 240, 6
    own = world.places.geobox
    wide = GeoBox(
        (own.shape[0] + 2 * margin, own.shape[1] + 2 * margin),
        own.transform @ Affine.translation(-margin, -margin),
        own.crs,
    )
    inner = Affine(pixel, 0, wide.transform.c + pixel / 2, 0, -pixel, wide.transform.f - pixel / 2)
    target = GeoBox((wide.shape[0] - 1, wide.shape[1] - 1), inner, own.crs)
    for t, month in enumerate(world.spec.span):
        padded = np.pad(np.nan_to_num(np.maximum(world.radiance[t], 0), nan=0.0), margin, mode="edge")
        light, _ = area_weighted(padded, np.ones(padded.shape, np.uint16), wide, target)
        counts = np.full(light.shape, 8, np.uint16)
        write_light_every_night(folder, month, (light - offset) / gain, counts, target)
