"""What a training leaves behind, as plain values: the record that goes in, the version that comes out.

No MLflow here: callers import these without its start-up cost.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path, PurePosixPath

from gvio.errors import ModelError

WEIGHTS = "model.safetensors"
CONFIG = "model.json"
CHAMPION = "champion"
CHALLENGER = "challenger"
PREVIOUS = "previous"


@dataclasses.dataclass(frozen=True)
class TrainingRecord:
    """Everything worth keeping of one training.

    Attributes:
        region: Slug of the region; the registered model is `gvio-<region>`.
        reason: Why this training ran and how: `retrain` or `fine-tune`, followed by the rule that decided.
        parameters: Scientific parameters, flat.
        epochs: Per metric the value after every epoch, e.g. `{"loss": [0.9, 0.4]}`.
        metrics: Final figures of the scoreboard, flat; NaN where one could not be computed.
        package: Folder that holds `model.safetensors` and `model.json`.
        figures: PNG bytes by plain file name.
        documents: Texts by plain file name, e.g. the scoreboard or the model card.
        tags: Short facts to search by: pack digest, code version, months.
    """

    region: str
    reason: str
    parameters: Mapping[str, str | int | float]
    epochs: Mapping[str, Sequence[float]]
    metrics: Mapping[str, float]
    package: Path
    figures: Mapping[str, bytes] = dataclasses.field(default_factory=dict)
    documents: Mapping[str, str] = dataclasses.field(default_factory=dict)
    tags: Mapping[str, str] = dataclasses.field(default_factory=dict)

    def __post_init__(self) -> None:
        for name in (*self.figures, *self.documents):
            if not name or PurePosixPath(name).name != name:
                raise ModelError(
                    f"{name!r} is not a plain file name",
                    where=f"training record of {self.region}",
                    hint="Drop folders.",
                )


@dataclasses.dataclass(frozen=True)
class ModelVersion:
    """One registered version with its evidence.

    `decision` is what the gate made of it (`promoted`, `kept-champion`, `rolled-back`, or "" while undecided) and
    `evidence` the reason it gave; `replaced` is the version that was champion before it, None if there was none.
    """

    region: str
    version: int
    aliases: tuple[str, ...]
    reason: str
    decision: str
    evidence: str
    replaced: int | None
    metrics: Mapping[str, float]
    weights_sha256: str
    config_sha256: str
    created: dt.datetime
    run_id: str
    tags: Mapping[str, str]


@dataclasses.dataclass(frozen=True)
class LoadedPackage:
    """A model package on disk whose bytes were compared with the hashes of its registration."""

    path: Path
    version: ModelVersion


def model_name(region: str) -> str:
    """Name of the region's registered model and of its experiment."""
    return f"gvio-{region}"


def package_digests(package: Path) -> dict[str, str]:
    """SHA-256 of the package's files, by tag name (`weights_sha256`, `config_sha256`).

    Raises:
        ModelError: A file of the package is absent.
    """
    digests = {}
    for tag, name in (("weights_sha256", WEIGHTS), ("config_sha256", CONFIG)):
        path = package / name
        if not path.is_file():
            raise ModelError(f"the model package has no {name}", where=str(package), hint="Train again.")
        digests[tag] = hashlib.sha256(path.read_bytes()).hexdigest()
    return digests
