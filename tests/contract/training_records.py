"""What the registry tests share: a small training record, and a short way to see who is champion."""

from pathlib import Path

from gvio.registry.record import TrainingRecord
from gvio.registry.versions import list_versions

NAN = float("nan")


def make_record(folder: Path, region: str, weights: bytes = b"weights", **changes: object) -> TrainingRecord:
    package = folder / f"package-{region}"
    package.mkdir(parents=True, exist_ok=True)
    (package / "model.safetensors").write_bytes(weights)
    (package / "model.json").write_text('{"channels": 8}')
    values: dict[str, object] = {
        "region": region,
        "reason": "retrain: no champion",
        "parameters": {"epochs": 60, "learning_rate": 0.02, "radii_m": "500, 1000"},
        "epochs": {"loss": [0.9, 0.5, 0.25], "val": [1.0, 0.75]},
        "metrics": {"rolling_origin_blind/sa-cnn/within_r2": 0.5, "mase": NAN},
        "package": package,
        "figures": {"fit.png": b"\x89PNG"},
        "documents": {"scoreboard.json": "{}"},
        "tags": {"pack": "abc", "months": "2014-01..2021-12", "code": "0.1.0"},
    }
    return TrainingRecord(**(values | changes))  # type: ignore[arg-type]


def aliases(uri: str, region: str) -> dict[str, int]:
    return {alias: version.version for version in list_versions(uri, region) for alias in version.aliases}
