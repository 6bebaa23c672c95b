"""A world is not written among the files of another pack."""

from pathlib import Path

import pytest

from gvio.errors import ConfigError
from gvio.simulate.pack import simulate_pack
from gvio.simulate.presets import preset_spec

SMALL = {"n_districts": 2, "n_factories": 20, "months": 14, "bounds": [121.0, 31.0, 121.1, 31.1]}


def test_the_same_world_is_written_again_and_another_one_is_refused(tmp_path: Path) -> None:
    spec = preset_spec("clean", **SMALL)
    simulate_pack(tmp_path, spec, 1)
    simulate_pack(tmp_path, spec, 2)
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    for other in ({"months": 13}, {"title": "Elsewhere"}):
        with pytest.raises(ConfigError, match=r"another region pack lies here\. Write to another folder, or delete"):
            simulate_pack(tmp_path, preset_spec("clean", **(SMALL | other)), 1)
    (tmp_path / "truth/truth.npz").write_bytes(b"")
    with pytest.raises(ConfigError, match="another region pack lies here"):
        simulate_pack(tmp_path, spec, 1)
    (tmp_path / "truth/truth.npz").write_bytes(before[tmp_path / "truth/truth.npz"])
    assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == before
