"""What travels arrives as it was: values, layout, and each large array once."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from gvio.cluster.carry import Failure, carry
from gvio.cluster.travel import LARGE, Parcel, pack_whole, unpack
from gvio.errors import ModelError, StoreError, TaskFailed

LIGHT = np.random.default_rng(3).random((40, 12, 10))
LAYOUTS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "whole": lambda a: a,
    "first months": lambda a: a[:25],
    "with gaps": lambda a: a[:, :5],
    "columns": np.asfortranarray,
    "turned": lambda a: a.transpose(2, 0, 1),
    "turned and copied": lambda a: np.copy(a.transpose(1, 0, 2), order="K"),
    "backwards": lambda a: a[::-1],
    "small with gaps": lambda a: np.arange(24.0).reshape(4, 6)[:, ::2],
    "no number": lambda a: a[:0],
}


def arrived(value: object) -> object:
    parcel = Parcel()
    data, keys = parcel.pack(value)
    return unpack(data, {key: np.copy(parcel.arrays[key], order="K") for key in keys})


@pytest.mark.parametrize("layout", LAYOUTS)
def test_an_array_arrives_with_its_layout_because_sums_follow_it(layout: str) -> None:
    given = LAYOUTS[layout](LIGHT)
    for found in (arrived(given), unpack(pack_whole(given), {})):
        assert isinstance(found, np.ndarray)
        assert (found.shape, found.strides, found.dtype) == (given.shape, given.strides, given.dtype)
        assert found.tobytes() == given.tobytes()
        assert found.sum() == given.sum()


def test_light_that_tasks_share_is_sent_once_and_tasks_are_small() -> None:
    def task(n: int) -> float:
        return float(LIGHT_OF_TASKS[:n].sum())

    LIGHT_OF_TASKS = LIGHT.copy()
    parcel = Parcel()
    packed = [parcel.pack(partial(task, n)) for n in (10, 20, 40)]
    again = parcel.pack(LIGHT[:5])
    assert len(parcel.arrays) == 1, "by content, whoever holds it"
    assert {key for _, keys in [*packed, again] for key in keys} == set(parcel.arrays)
    assert all(len(data) < LARGE * 4 for data, _ in packed)
    assert [unpack(data, parcel.arrays)() for data, _ in packed] == [LIGHT[:n].sum() for n in (10, 20, 40)]


def test_cuts_of_one_light_share_its_memory_on_the_other_side_too() -> None:
    longer, shorter = arrived((LIGHT, LIGHT[:9]))  # type: ignore[misc]
    assert np.shares_memory(longer, shorter)
    assert longer.__array_interface__["data"] == shorter.__array_interface__["data"]
    with pytest.raises(ValueError, match="read-only"):
        shorter[0] = 0.0


def test_a_folder_is_the_same_one_wherever_the_worker_works(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert arrived(Path("work/folds")) == tmp_path / "work" / "folds"


def outcome(task: Callable[[], object]) -> object:
    data, keys = Parcel().pack((lambda: None, task))
    assert not keys
    return unpack(carry(data, {}), {})


def test_no_word_of_another_library_comes_back() -> None:
    def ours() -> None:
        raise ModelError("loss is not finite", where="training", hint="Look.")

    found = [outcome(task) for task in (ours, partial(Path("/absent/file").read_text), partial(int, "x"))]
    assert all(isinstance(one, Failure) for one in found)
    errors = [one.error for one in found if isinstance(one, Failure)]
    assert [type(error) for error in errors] == [ModelError, StoreError, TaskFailed]
    assert str(errors[0]) == "training: loss is not finite. Look."
    assert str(errors[1]) == "/absent/file: No such file or directory. Check its rights and free space."
    assert "gvio/cluster/carry.py line" in errors[2].where
    assert "ValueError: invalid literal for int()" in errors[2].what
    assert "`--workers 1`" in errors[2].hint


def test_a_result_that_cannot_travel_is_a_failure() -> None:
    found = outcome(lambda: (k for k in range(3)))
    assert isinstance(found, Failure)
    assert "generator" in str(found.error)
