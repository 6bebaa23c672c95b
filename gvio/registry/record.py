"""What a training leaves behind, as plain values: the record and decision that go in, the version that comes out.

No MLflow here: callers import these without its start-up cost.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import Literal

from gvio.config import INVENTED
from gvio.errors import ModelError
from gvio.files import sha256
from gvio.types import Month

WEIGHTS = "model.safetensors"
CONFIG = "model.json"
CHAMPION = "champion"
CHALLENGER = "challenger"
PREVIOUS = "previous"

GateKind = Literal["promoted", "awaiting", "kept-champion", "archived"]
DecisionKind = Literal[
    "promoted", "awaiting", "kept-champion", "archived", "by-hand", "rejected", "rolled-back", "duplicate", ""
]


@dataclasses.dataclass(frozen=True)
class Knowledge:
    """What a model has seen.

    Attributes:
        trained: Last month whose light it was trained on.
        public_until: Day on which the newest statistic it saw was published; None where it saw none.
        as_of: The day its run pretended to be: nothing that became public later was used.
    """

    trained: Month
    public_until: dt.date | None
    as_of: dt.date

    def within(self, other: Knowledge) -> bool:
        """Whether nothing in this is later than in `other`: the model may be used where only `other` is known."""
        if self.trained.ordinal > other.trained.ordinal or self.as_of > other.as_of:
            return False
        return self.public_until is None or (other.public_until is not None and self.public_until <= other.public_until)

    def order(self) -> tuple[int, dt.date, dt.date]:
        """Sorts as releases do: by month, then by the newest statistic, then by the as-of day."""
        return self.trained.ordinal, self.public_until or dt.date.min, self.as_of


@dataclasses.dataclass(frozen=True)
class Decision:
    """What the gate made of a candidate, and why.

    `promoted`: it becomes champion, unless the present champion knows later data (then it is archived).
    `awaiting`: it passed, and a person decides (`gvio.registry.approval`); until then the champion stays.
    `kept-champion`: it was refused. `archived`: it passed, but only for a run as of an earlier day. `at` is when; None:
    now, by the clock of this machine.
    """

    kind: GateKind
    reason: str
    at: dt.datetime | None = None


@dataclasses.dataclass(frozen=True)
class TrainingRecord:
    """Everything worth keeping of one training.

    Attributes:
        region: Slug of the region; the registered model is `gvio-<region>`.
        reason: Why this training ran and how: `retrain` or `fine-tune`, followed by the rule that decided.
        known: What the model has seen.
        parameters: Scientific parameters, flat.
        epochs: Per metric the value after every epoch, e.g. `{"loss": [0.9, 0.4]}`.
        metrics: Final metrics of the scoreboard, flat; NaN where one could not be computed.
        package: Folder that holds `model.safetensors` and `model.json`.
        pictures: PNG bytes by plain file name.
        documents: Texts by plain file name, e.g. the scoreboard or the model card.
        tags: Short facts to search by: pack digest, code version, months.
        invented: Whether the pack's data are invented: said on every page of MLflow.
    """

    region: str
    reason: str
    known: Knowledge
    parameters: Mapping[str, str | int | float]
    epochs: Mapping[str, Sequence[float]]
    metrics: Mapping[str, float]
    package: Path
    pictures: Mapping[str, bytes] = dataclasses.field(default_factory=dict)
    documents: Mapping[str, str] = dataclasses.field(default_factory=dict)
    tags: Mapping[str, str] = dataclasses.field(default_factory=dict)
    invented: bool = False

    @property
    def mark(self) -> dict[str, str]:
        """The tag `invented` of an invented pack; nothing otherwise."""
        return {"invented": "true"} if self.invented else {}

    @property
    def title(self) -> str:
        """What MLflow's pages call the run: region, month, and whether it was trained from scratch or fine-tuned."""
        return f"{self.region} {self.known.trained} {self.reason.partition(':')[0]}"

    @property
    def summary(self) -> str:
        """What they say of it: why it ran, and that the data are invented where they are."""
        return " ".join(filter(None, [f"{self.reason.rstrip('.')}.", self.description]))

    @property
    def description(self) -> str | None:
        """The sentence that MLflow's pages show; None where there is nothing to warn of."""
        return INVENTED if self.invented else None

    def __post_init__(self) -> None:
        for name in (*self.pictures, *self.documents):
            if not name or PurePosixPath(name).name != name:
                raise ModelError(
                    f"{name!r} is not a plain file name",
                    where=f"training record of {self.region}",
                    hint="Drop folders.",
                )


@dataclasses.dataclass(frozen=True)
class ModelVersion:
    """One registered version with its evidence.

    Attributes:
        region: Slug of the region.
        version: Its number.
        aliases: Of `champion`, `challenger` (the newest candidate) and `previous` (champion before the present one).
        reason: Why it was trained.
        decision: What was decided about it last; "" while undecided.
        evidence: The reason of that decision; `by hand: …` or `approved by hand: …` where a person promoted it.
        decided_at: When; None while undecided.
        restored: How a rollback made it champion again, e.g. `rolled back from version 3`; "" otherwise.
        replaced: The version that was champion before it; None if there was none.
        unfinished: Its decision stands, but the aliases that follow from it were never moved: it was never champion.
        known: What it has seen; None for versions that were registered without it.
        metrics: Final metrics of the scoreboard.
        weights_sha256: Hash of the weights as registered.
        config_sha256: Hash of the configuration as registered.
        created: When it was registered.
        run_id: Its MLflow run.
        tags: All tags of the version.
    """

    region: str
    version: int
    aliases: tuple[str, ...]
    reason: str
    decision: DecisionKind
    evidence: str
    decided_at: dt.datetime | None
    restored: str
    replaced: int | None
    unfinished: bool
    known: Knowledge | None
    metrics: Mapping[str, float]
    weights_sha256: str
    config_sha256: str
    created: dt.datetime
    run_id: str
    tags: Mapping[str, str]

    @property
    def name(self) -> str:
        """The version for messages: `model gvio-REGION version 3`."""
        return f"model {model_name(self.region)} version {self.version}"

    @property
    def decided(self) -> str:
        """What made it what it is, in one line: the evidence, after a rollback with the rollback before it."""
        return "; ".join(text for text in (self.restored, self.evidence) if text)


@dataclasses.dataclass(frozen=True)
class Champion:
    """A version with its package in memory, whose bytes were compared with the hashes of the registration."""

    version: ModelVersion
    weights: bytes
    config: bytes
    decided: str


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
        digests[tag] = sha256(path.read_bytes())
    return digests
