"""A small region under the real command line: run it, damage its input, see what the store holds afterwards."""

from __future__ import annotations

import contextlib
import dataclasses
import io
import json
import re
import shlex
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import yaml
from affine import Affine
from odc.geo.geobox import GeoBox

from gvio import raster
from gvio.cli.main import main
from gvio.simulate.formats.vnl import vnl_stem
from gvio.types import Month

FIRST, BEFORE, TARGET = Month(2018, 10), Month(2020, 11), Month(2020, 12)
AS_OF = "2021-01-20"
PARAMS = """
model: {epochs: 2, finetune_epochs: 1, seeds: 1, hyper_months: 24, channels: 2}
evaluate: {origins: 1, members: 1, district_folds: 2, horizon_months: 12, min_train_months: 13}
"""


@dataclasses.dataclass(frozen=True)
class Outcome:
    """What a command left: its exit code and what it printed."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        """Standard output as JSON: nothing else may be on it."""
        return json.loads(self.out)

    @property
    def message(self) -> str:
        """The one line of an error."""
        lines = self.err.strip().splitlines()
        assert len(lines) == 1, self.err
        assert lines[0].startswith("gvio: ")
        return lines[0]


def call(*words: str | Path) -> Outcome:
    """Run the command line in this process."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            main([str(word) for word in words])
        except SystemExit as left:
            code = left.code
    assert isinstance(code, int)
    assert "Traceback" not in out.getvalue() + err.getvalue()
    return Outcome(code, out.getvalue(), err.getvalue())


def told(text: str) -> list[str]:
    """The words of the last command that a text names, without `gvio`."""
    return shlex.split(re.findall(r"`gvio ([^`]+)`", text)[-1])


@dataclasses.dataclass(frozen=True)
class Region:
    """Folders of one region: `pack`, `store`, `workspace`, and the parameters."""

    root: Path

    @property
    def pack(self) -> Path:
        return self.root / "pack"

    @property
    def store(self) -> Path:
        return self.root / "store"

    @property
    def workspace(self) -> Path:
        return self.root / "workspace"

    def run(self, command: str, *more: str, month: Month | None = None, as_of: str = AS_OF) -> Outcome:
        """A command of the monthly job."""
        words = [command, "--region", self.pack, "--store", self.store, "--workspace", self.workspace]
        words += ["--params", self.params, "--as-of", as_of]
        return call(*words, *(["--month", str(month)] if month else []), *more)

    def obey(self, text: str, *more: str) -> Outcome:
        """Run the command that a text names, with what it cannot know: pack, workspace and parameters."""
        words = told(text)
        if "--region" in words:
            return call(*words, "--workspace", self.workspace, *more)
        return call(*words, "--region", self.pack, "--workspace", self.workspace, "--params", self.params, *more)

    @property
    def params(self) -> Path:
        return self.root / "params.yaml"

    def registry(self, command: str, *more: str) -> Outcome:
        """A command of the registry."""
        return call("registry", command, "--region", self.pack, "--workspace", self.workspace, *more)

    def copy(self, root: Path) -> Region:
        """The same region elsewhere, free to be damaged."""
        shutil.copytree(self.root, root)
        return Region(root)

    def published(self) -> dict[str, bytes]:
        """Every byte below the store, but for what says how the last look ended."""
        changing = {".gvio.lock", "last-look.json"}
        found = sorted(path for path in self.store.rglob("*") if path.is_file() and path.name not in changing)
        return {str(path.relative_to(self.store)): path.read_bytes() for path in found}

    def manifest(self) -> dict[str, Any]:
        """The manifest of the latest release."""
        latest = json.loads((self.store / "badland" / "latest.json").read_text())
        folder = self.store / "badland" / "releases" / latest["release"]
        return dict(json.loads((folder / "manifest.json").read_text()))

    def configure(self, **keys: Any) -> None:
        """Set or, with None, remove keys of `region.yaml`."""
        path = self.pack / "region.yaml"
        config = yaml.safe_load(path.read_text()) | keys
        path.write_text(yaml.safe_dump({k: v for k, v in config.items() if v is not None}, sort_keys=False))

    def table(self, name: str) -> pd.DataFrame:
        """A CSV of the pack, as text; row i stands on line i + 2."""
        return pd.read_csv(self.pack / name, dtype=str, keep_default_na=False)

    def write(self, name: str, table: pd.DataFrame) -> None:
        """Replace a CSV of the pack."""
        table.to_csv(self.pack / name, index=False)

    def light(self, month: Month) -> tuple[Path, Path]:
        """Files of radiance and count of a month."""
        stem = self.pack / "ntl" / vnl_stem(month)
        return stem.with_name(f"{stem.name}.avg_rade9h.tif"), stem.with_name(f"{stem.name}.cf_cvg.tif")

    def unsee(self, month: Month, where: Any) -> None:
        """Set a month's counts to zero at pixels (a mask, or True for all)."""
        path = self.light(month)[1]
        counts, geobox, _ = raster.read_window(path)
        raster.write_geotiff(path, np.where(where, 0, counts).astype(np.uint16), geobox, nodata=None)

    def shift(self, month: Month, pixels: float) -> None:
        """Move a month's files east by a part of a pixel."""
        for path in self.light(month):
            values, geobox, _ = raster.read_window(path)
            a = geobox.affine
            moved = GeoBox(geobox.shape, Affine(a.a, a.b, a.c + pixels * a.a, a.d, a.e, a.f), geobox.crs)
            raster.write_geotiff(path, values, moved, nodata=None)

    def owner(self) -> Any:
        """(y, x) district index of every pixel."""
        with np.load(self.pack / "truth" / "truth.npz") as truth:
            return truth["dist"]

    def districts_of_factories(self) -> Any:
        """District index of every row of `factories.csv`."""
        with np.load(self.pack / "truth" / "truth.npz") as truth:
            return truth["fd"][: int(truth["mapped"].sum())]
