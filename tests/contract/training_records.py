"""What the registry tests share: a small training record, and a short way to see who is champion."""

import contextlib
import datetime as dt
from collections.abc import Iterator
from pathlib import Path

import pytest
from mlflow.tracking import MlflowClient

from gvio.registry import lifecycle
from gvio.registry.aliases import set_alias
from gvio.registry.record import CHAMPION, Decision, GateKind, Knowledge, ModelVersion, TrainingRecord
from gvio.registry.registration import register
from gvio.registry.versions import list_versions
from gvio.types import Month

NAN = float("nan")


def known(trained: str = "2021-12", public_until: str | None = "2022-01-17", as_of: str = "2022-01-20") -> Knowledge:
    until = None if public_until is None else dt.date.fromisoformat(public_until)
    return Knowledge(Month.parse(trained), until, dt.date.fromisoformat(as_of))


def make_record(folder: Path, region: str, weights: bytes = b"weights", **changes: object) -> TrainingRecord:
    package = folder / f"package-{region}"
    package.mkdir(parents=True, exist_ok=True)
    (package / "model.safetensors").write_bytes(weights)
    (package / "model.json").write_text('{"channels": 8}')
    values: dict[str, object] = {
        "region": region,
        "reason": "retrain: no champion",
        "known": known(),
        "parameters": {"epochs": 60, "learning_rate": 0.02, "radii_m": "500, 1000"},
        "epochs": {"loss": [0.9, 0.5, 0.25], "val": [1.0, 0.75]},
        "metrics": {"rolling_origin_blind/sa-cnn/within_r2": 0.5, "mase": NAN},
        "package": package,
        "pictures": {"fit.png": b"\x89PNG"},
        "documents": {"scoreboard.json": "{}"},
        "tags": {"pack": "abc", "months": "2014-01..2021-12", "code": "0.1.0"},
    }
    return TrainingRecord(**(values | changes))  # type: ignore[arg-type]


@contextlib.contextmanager
def killed_before_champion() -> Iterator[None]:
    """What is inside dies where it would move the champion's alias, after all that comes before."""

    def die(client: MlflowClient, region: str, alias: str, version: int) -> None:
        if alias == CHAMPION:
            raise KeyboardInterrupt
        set_alias(client, region, alias, version)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(lifecycle, "set_alias", die)
        with pytest.raises(KeyboardInterrupt):
            yield


def aliases(uri: str, region: str) -> dict[str, int]:
    return {alias: version.version for version in list_versions(uri, region) for alias in version.aliases}


def log(
    uri: str, folder: Path, region: str, weights: bytes, kind: GateKind = "kept-champion", reason: str = "no better"
) -> ModelVersion:
    """Register a package of these weights with a decision; the default moves no champion."""
    return register(uri, make_record(folder, region, weights), Decision(kind, reason))
