"""Every hand-off between stages, typed. A head is small and always read; what is large is read when it is asked for."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import TYPE_CHECKING, Literal

from gvio.run.made import Head, Kept
from gvio.scoreboard.names import Skill
from gvio.sections import Frozen
from gvio.train.about import InputDigests
from gvio.types import CheckResult, Month, Provenance, SeenMonth, Switch

if TYPE_CHECKING:
    import pandas as pd

    from gvio.publish.grids import GridObject
    from gvio.registry.record import ModelVersion
    from gvio.sample.samples import Samples
    from gvio.scoreboard.board import Scoreboard
    from gvio.train.package import Package
    from gvio.types import LightStack

LIGHT, SAMPLES = "light.npz", "samples.npz"


class FetchedHead(Head):
    """Light up to the run's month. `light` is the digest of the product files and of how gaps were filled,
    `light_until` what it would be had the light ended at a month; {} where another product filled gaps. `seen`: the
    files of the product itself as they were read, so that the next run opens only what is new.
    """

    month: str
    light: str
    light_until: Mapping[str, str] = {}
    seen: tuple[SeenMonth, ...] = ()
    provenance: tuple[Provenance, ...] = ()
    missing: tuple[str, ...] = ()
    notes: tuple[CheckResult, ...] = ()
    switches: tuple[Switch, ...] = ()


@dataclasses.dataclass(frozen=True, eq=False)
class Fetched:
    """What `fetch` hands on."""

    head: FetchedHead
    stack: Kept[LightStack]

    @property
    def month(self) -> Month:
        """The month of the run."""
        return Month.parse(self.head.month)


class CheckedHead(Head):
    """Every check before the model; all required ones passed."""

    month: str
    results: tuple[CheckResult, ...]


@dataclasses.dataclass(frozen=True, eq=False)
class Checked:
    """What `validate` hands on."""

    head: CheckedHead


class SampledHead(Head):
    """Light at factories, districts and pixels."""

    month: str
    n_factories: int
    n_districts: int
    urban_derived: bool


@dataclasses.dataclass(frozen=True, eq=False)
class Sampled:
    """What `sample` hands on."""

    head: SampledHead
    samples: Kept[Samples]


class TrainedHead(Head):
    """The challenger: how it was trained and why so."""

    month: str
    reason: str
    weights_sha256: str
    mean_best_epoch: float
    started_from: str  # SHA-256 of the champion that was fine-tuned, "" for training from scratch
    nothing_new: bool = False  # the challenger is the champion as it is: there was nothing to learn


@dataclasses.dataclass(frozen=True, eq=False)
class Trained:
    """What `train` hands on."""

    head: TrainedHead
    package: Kept[Package]


class EvaluatedHead(Head):
    """The challenger with calibrated intervals, and what it is worth."""

    month: str
    weights_sha256: str
    skill: Skill
    verdict: str


@dataclasses.dataclass(frozen=True, eq=False)
class Evaluated:
    """What `evaluate` hands on: the candidate's package, its scoreboard, its pictures and pages by file name."""

    head: EvaluatedHead
    package: Kept[Package]
    scoreboard: Kept[Scoreboard]
    pictures: Kept[dict[str, bytes]]


@dataclasses.dataclass(frozen=True, eq=False)
class Champion:
    """The model in production of a region: its version in the registry, what made it champion, and its package."""

    version: ModelVersion
    decided: str
    package: Package


class DecidedHead(Head):
    """What became of the candidate, and its version in the registry."""

    month: str
    version: int
    decision: str
    reason: str


@dataclasses.dataclass(frozen=True, eq=False)
class Decided:
    """What `decide` hands on: the model that maps, as the registry holds it, with its own decision."""

    head: DecidedHead
    champion: Champion


class ProductStamp(Frozen):
    """A product file by name and content."""

    file: str
    sha256: str


class ReleaseDigests(InputDigests):
    """What a release depends on beyond its model's inputs.

    `vintages_sha256` is of every statistic that was public, revised ones included (`ledger_sha256` of the newest of
    each); `truth_sha256` is of a known-truth pack's truth, by which the model is scored.
    """

    vintages_sha256: str
    truth_sha256: str


class RunInputs(ReleaseDigests):
    """What the manifest says of the inputs: the hashes, and what readers need to name and draw the numbers."""

    input_key: str
    title: str
    unit: str
    bounds: tuple[float, float, float, float]
    city_id: str
    areas: Mapping[str, str]
    product: str
    newest_files: tuple[ProductStamp, ...]
    missing_months: tuple[str, ...]
    switches: tuple[Switch, ...] = ()
    predecessor: str | None = None
    replayed: bool = False

    def as_document(self) -> dict[str, object]:
        """As the manifest holds it; that a run was replayed is only said where it was."""
        unsaid = {"switches"} | ({"predecessor"} if self.predecessor is None else set())
        unsaid |= set() if self.replayed else {"replayed"}
        document = self.model_dump(mode="json", exclude=unsaid)
        return document | ({"switches": [s.as_document() for s in self.switches]} if self.switches else {})


class ModelStamp(Frozen):
    """What the manifest says of the model: the registry's version, its two files, and why it was in production."""

    name: str
    version: int
    weights_sha256: str
    config_sha256: str
    reason: str
    trained: str
    decision: str


class MappedHead(Head):
    """The product of a run with everything that made it, as the manifest will say it."""

    month: str
    city: float
    unit: str
    grids: tuple[str, ...]
    inputs: RunInputs
    model: ModelStamp
    code: str
    as_of: str
    skill: Skill
    checks: tuple[CheckResult, ...]


@dataclasses.dataclass(frozen=True, eq=False)
class Mapped:
    """What `map` hands on."""

    head: MappedHead
    product: Kept[Product]


@dataclasses.dataclass(frozen=True, eq=False)
class Product:
    """Everything that is published, encoded. `estimates` and `explanations` as in contract §3.

    `revisions`: bytes of the objects that say why and how numbers change (`gvio.stages.revisions`) and whether the
    present has drifted (`gvio.stages.drift`), by name. `outlines`: the districts (`gvio.publish.outlines`), by name;
    `cube`: the parts of `cube.zarr` (`gvio.publish.cube`), by name.
    """

    grids: tuple[GridObject, ...]
    estimates: pd.DataFrame
    explanations: pd.DataFrame
    scoreboard: Scoreboard
    model_card: str
    trends: bytes | None
    revisions: Mapping[str, bytes] = dataclasses.field(default_factory=dict)
    outlines: Mapping[str, bytes] = dataclasses.field(default_factory=dict)
    cube: Mapping[str, bytes] = dataclasses.field(default_factory=dict)


class PublishedHead(Head):
    """What was published, and whether the pointer moved."""

    month: str
    release: str
    store: str
    outcome: Literal["published", "archived", "repaired", "unchanged"]
    uploaded: int
    uploaded_bytes: int


@dataclasses.dataclass(frozen=True, eq=False)
class Published:
    """What `publish` leaves."""

    head: PublishedHead


Artifact = Fetched | Checked | Sampled | Trained | Evaluated | Decided | Mapped | Published
"""What any stage hands on; every head names its month."""
