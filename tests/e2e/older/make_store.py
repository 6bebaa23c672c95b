"""Makes the store, registry and pack of an older version for `test_older_store.py`, with the code of that version.

    python tests/e2e/older/make_store.py REVISION FOLDER

The two months before the pack's last are published by the older code, in the present environment. Pictures of the
registry are left out: no run reads them, and they are most of the bytes. Three files, none of which is large.
"""

from __future__ import annotations

import contextlib
import io
import lzma
import os
import sqlite3
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

PARAMS = """
model: {epochs: 2, finetune_epochs: 1, seeds: 1, hyper_months: 24, channels: 2}
evaluate: {origins: 1, members: 1, district_folds: 2, horizon_months: 12, min_train_months: 13}
"""
MONTHS = (("2020-10", "2020-11-20"), ("2020-11", "2020-12-20"))
SIMULATE = """
import sys
from pathlib import Path
from gvio.simulate.pack import simulate_pack
from gvio.simulate.spec import WorldSpec
spec = WorldSpec(name="olden", bounds=(121.0, 31.0, 121.07, 31.06), first_month="2019-04", months=21, n_districts=3,
                 n_factories=36, least_factories=4, city_output=300, position_error_m=0.0)
simulate_pack(Path(sys.argv[1]), spec, 7)
"""
RUN = "import sys; from gvio.cli.main import main; main(sys.argv[1:])"


def main() -> None:
    """Make it."""
    revision, out = sys.argv[1], Path(sys.argv[2])
    with tempfile.TemporaryDirectory() as temporary:
        code, region = Path(temporary, "code"), Path(temporary, "region")
        archive = subprocess.run(["git", "archive", revision], check=True, capture_output=True).stdout
        with tarfile.open(fileobj=io.BytesIO(archive)) as packed:
            packed.extractall(code, filter="data")
        region.mkdir()
        (region / "params.yaml").write_text(PARAMS)
        _python(code, SIMULATE, region / "pack")
        for month, day in MONTHS:
            words = ["run", "--region", "pack", "--store", "store", "--workspace", "workspace"]
            _python(code, RUN, *words, "--params", "params.yaml", "--month", month, "--as-of", day, folder=region)
        with contextlib.closing(sqlite3.connect(region / "workspace" / "mlflow.db")) as opened:
            opened.execute("vacuum")
        for part in ("pack", "store", "workspace"):
            (out / f"{part}.tar.xz").write_bytes(lzma.compress(_packed(region, part), preset=9))


def _python(code: Path, program: str, *words: str | Path, folder: Path | None = None) -> None:
    environment = os.environ | {"PYTHONPATH": str(code), "OMP_NUM_THREADS": "1"}
    subprocess.run([sys.executable, "-c", program, *map(str, words)], check=True, cwd=folder, env=environment)


def _packed(region: Path, part: str) -> bytes:
    sink = io.BytesIO()
    with tarfile.open(fileobj=sink, mode="w") as archive:
        for path in sorted((region / part).rglob("*")):
            inside = path.relative_to(region)
            unread = "pictures" in inside.parts or inside.parts[:2] == ("workspace", "olden") or path.suffix == ".lock"
            if path.is_file() and not unread and path.name != ".gvio.lock" and "truth" not in inside.parts:
                archive.add(path, arcname=str(inside), filter=_anonymous)
    return sink.getvalue()


def _anonymous(entry: tarfile.TarInfo) -> tarfile.TarInfo:
    entry.uid = entry.gid = 0
    entry.uname = entry.gname = ""
    return entry


if __name__ == "__main__":
    main()
