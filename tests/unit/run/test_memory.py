"""What does not fit into memory is said before the work, and what is advised then helps."""

from __future__ import annotations

import dataclasses
import datetime as dt
from pathlib import Path

import numpy as np
import pytest

from gvio.errors import ConfigError, InputRefused
from gvio.run.context import open_context
from gvio.run.memory import Sizes, machine_bytes, needed_bytes, require_memory, sizes_of, worker_bytes, workers_for
from gvio.run.request import RunRequest

SHANGHAI = Sizes(pixels=93_600, months=155, districts=16, factories=3_000, workers=2)
GB = 1e9


def test_a_region_that_fits_is_not_spoken_of() -> None:
    require_memory(SHANGHAI, "shanghai", 8 * GB)


def test_what_does_not_fit_is_one_line_with_what_how_much_and_what_to_do() -> None:
    china = dataclasses.replace(SHANGHAI, pixels=120_000_000, districts=340)
    with pytest.raises(InputRefused) as refused:
        require_memory(china, "china", 24 * GB)
    line = str(refused.value)
    assert "\n" not in line
    for part in ("china", "120,000,000 pixels", "340 districts", "155 months", "this machine has 24.0 GB", "bounds"):
        assert part in line


@pytest.mark.parametrize("field", ["pixels", "months", "districts", "factories", "workers"])
def test_more_of_anything_needs_more(field: str) -> None:
    more = dataclasses.replace(SHANGHAI, **{field: 3 * getattr(SHANGHAI, field)})
    assert needed_bytes(more) > needed_bytes(SHANGHAI)


@pytest.mark.parametrize("change", [{"pixels": 93_600}, {"months": 12}])
def test_what_the_line_advises_helps(change: dict[str, int]) -> None:
    wide = dataclasses.replace(SHANGHAI, pixels=93_600 * 4)
    machine = needed_bytes(SHANGHAI) * 1.05
    with pytest.raises(InputRefused):
        require_memory(wide, "wide", machine)
    require_memory(dataclasses.replace(wide, **change), "wide", machine)


def test_sizes_come_from_the_configuration(tmp_path: Path, region_yaml: str) -> None:
    (tmp_path / "region.yaml").write_text(region_yaml)
    request = RunRequest(pack=str(tmp_path), store="s", workspace=str(tmp_path / "w"), as_of=dt.date(2021, 4, 20))
    context = open_context(request)
    west, south, east, north = context.config.bounds
    sizes = sizes_of(context, light_only=True)
    assert sizes.pixels == pytest.approx((east - west) * (north - south) * 240**2, rel=0.2)
    assert sizes.months == context.cutoff - context.config.start + 1


@dataclasses.dataclass(frozen=True)
class Sampled:
    """What of samples takes memory."""

    owner: np.ndarray
    months: tuple[int, ...]
    area_ids: tuple[str, ...]
    factory_ids: tuple[str, ...]


def test_many_cores_are_used_as_far_as_memory_goes(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine of many cores and little memory works on fewer folds at a time; it is not too small."""
    samples = Sampled(np.zeros((300, 312)), tuple(range(155)), ("",) * 16, ("",) * 3_000)
    one = dataclasses.replace(SHANGHAI, workers=1)
    monkeypatch.setattr("gvio.run.memory.os.cpu_count", lambda: 64)
    for workers in (64, 5, 1):
        room = needed_bytes(dataclasses.replace(one, workers=workers))
        monkeypatch.setattr("gvio.run.memory.machine_bytes", lambda room=room: room)
        assert workers_for(samples) == workers
        require_memory(one, "region", room)


def test_the_machine_has_memory() -> None:
    assert 1e8 < machine_bytes() < 1e15


def test_a_worker_has_its_share_of_the_machine_and_must_hold_a_fold(monkeypatch: pytest.MonkeyPatch) -> None:
    samples = Sampled(np.zeros((30, 30)), tuple(range(24)), ("",) * 2, ("",) * 30)
    monkeypatch.setattr("gvio.run.memory.machine_bytes", lambda: 10 * GB)
    assert worker_bytes(samples, 2, None) == 3 * GB, "the process that waits has a share, too"
    assert worker_bytes(samples, 2, 2 * 10**9) == 2 * GB
    with pytest.raises(
        ConfigError, match=r"2 workers: .* in each worker, whose limit is 0\.5 GB\. Give --worker-memory 1"
    ):
        worker_bytes(samples, 2, 5 * 10**8)
    with pytest.raises(
        ConfigError, match=r"2 workers of 6\.0 GB are more than this machine has, 10\.0 GB\. Give .* 3GB"
    ):
        worker_bytes(samples, 2, 6 * 10**9)
    monkeypatch.setattr("gvio.run.memory.machine_bytes", lambda: np.inf)
    assert worker_bytes(samples, 2, None) == 0, "no limit is known"
