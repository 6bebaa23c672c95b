"""One region published twice, two months running, for every test of bad input and of the command line."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from badland import BEFORE, FIRST, PARAMS, TARGET, Region
from filelock import FileLock

from gvio.simulate.pack import simulate_pack
from gvio.simulate.spec import WorldSpec


@pytest.fixture(autouse=True, scope="session")
def _one_process(one_process: None) -> None:
    """For every test here."""


@pytest.fixture(scope="session")
def quiet_process() -> Iterator[None]:
    """The command line sets variables and reads others: neither may leak out of these tests or into them."""
    kept = dict(os.environ)
    for name in ("MLFLOW_TRACKING_URI", "AWS_ENDPOINT_URL"):
        os.environ.pop(name, None)
    import torch  # the dashboard's tests share this file and need none of it

    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # small matrices: threads that wait for each other cost more than they bring
    yield
    torch.set_num_threads(threads)
    os.environ.clear()
    os.environ.update(kept)


@pytest.fixture(scope="session")
def published_region(quiet_process: None, tmp_path_factory: pytest.TempPathFactory) -> Region:
    """27 months, 3 districts; 2020-11 and 2020-12 are published. To be read only; all workers share it."""
    folder = tmp_path_factory.getbasetemp()
    folder = folder.parent if os.environ.get("PYTEST_XDIST_WORKER") else folder
    region, made = Region(folder / "badland" / "region"), folder / "badland" / "made"
    with FileLock(folder / "badland.lock"):
        if not made.exists():
            _publish(region)
            made.touch()
    return region


def _publish(region: Region) -> None:
    spec = WorldSpec(
        name="badland",
        bounds=(121.0, 31.0, 121.15, 31.12),
        first_month=str(FIRST),
        months=TARGET - FIRST + 1,
        n_districts=3,
        n_factories=36,
        least_factories=4,
        city_output=300,
        position_error_m=0.0,
    )
    simulate_pack(region.pack, spec, 7)
    (region.root / "params.yaml").write_text(PARAMS)
    for month, day in ((BEFORE, "2020-12-20"), (TARGET, "2021-01-20")):
        outcome = region.run("run", "--json", month=month, as_of=day)
        assert outcome.code == 0, outcome.err
        (region.root / f"run-{month}.json").write_text(outcome.out)


@pytest.fixture
def region(published_region: Region, tmp_path: Path) -> Region:
    """A copy of the published region, to be damaged."""
    return published_region.copy(tmp_path / "region")
