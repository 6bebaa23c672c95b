"""A fitted model as bytes: weights and normalisation as safetensors, everything else as JSON. Never a pickle."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Mapping
from typing import Any, TypeVar

import numpy as np
import torch
from pydantic import BaseModel, ValidationError
from safetensors import SafetensorError
from safetensors.torch import load, save

from gvio.assimilate.hyper import NAMES, Hyper
from gvio.errors import RETRAIN, ModelError, OutdatedModel
from gvio.map.intervals import BANDS, KINDS
from gvio.model.normalisation import Normalisation
from gvio.model.sacnn import Architecture
from gvio.scoreboard.document import first_fault
from gvio.scoreboard.names import LEVELS
from gvio.scoreboard.scores import IntervalTable
from gvio.train.about import About
from gvio.train.ensemble import Ensemble
from gvio.train.fit import Fitted
from gvio.train.loop import Member, new_network
from gvio.types import Month

# 1: before `gvio.sample.clutter`; 2: before radiometric normalisation; 3: that was named `sky`;
# 4: the network learned from figures.
SCHEMA_VERSION = 5
_NORMALISATION = tuple(field.name for field in dataclasses.fields(Normalisation))
_HINT = "Run `gvio registry rollback` with the same --region and --workspace, then this command again."

Facts = TypeVar("Facts", bound=BaseModel)


@dataclasses.dataclass(frozen=True, eq=False)
class Package:
    """A fitted model as bytes and as a value: read once, handed on."""

    weights: bytes
    document: bytes
    fitted: Fitted
    about: About

    @property
    def weights_sha256(self) -> str:
        """Hash that names the weights, as the registry's tag and `manifest.json` carry it."""
        return weights_sha256(self.weights)


def make_package(fitted: Fitted, about: About) -> Package:
    """The model with its facts, encoded."""
    return Package(*pack_model(fitted, about), fitted, about)


def read_package(weights: bytes, document: bytes) -> Package:
    """What `make_package` encoded.

    Raises:
        OutdatedModel: Of another schema, or without a fact that this version needs.
        ModelError: Damaged, incomplete, or with weights that are not finite.
    """
    return Package(weights, document, *unpack_model(weights, document, About))


def pack_model(fitted: Fitted, about: BaseModel) -> tuple[bytes, bytes]:
    """`model.safetensors` and `model.json`; `about`, the facts of the model, travels in the JSON.

    Equal models give equal bytes.
    """
    tensors = {f"normalisation.{n}": _tensor(getattr(fitted.normalisation, n)) for n in _NORMALISATION}
    for k, member in enumerate(fitted.ensemble.members):
        tensors |= {f"member{k}.{name}": value.contiguous() for name, value in member.weights.items()}
    document = {
        "schema_version": SCHEMA_VERSION,
        "area_ids": list(fitted.area_ids),
        "trained": str(fitted.trained),
        "static_px": fitted.static_px,
        "dynamic_px": fitted.dynamic_px,
        "architecture": dataclasses.asdict(fitted.ensemble.architecture),
        "hyper": fitted.ensemble.hyper.as_dict(),
        "sensitivity": list(fitted.ensemble.hyper.sensitivity),
        "light_evidence": fitted.ensemble.evidence,
        "interval_scale": {str(level): scale for level, scale in fitted.interval_scale.items()},
        "interval_table": None if fitted.interval_table is None else dataclasses.asdict(fitted.interval_table),
        "members": [_history(member) for member in fitted.ensemble.members],
        "about": about.model_dump(mode="json", by_alias=True),
    }
    return save(tensors), (json.dumps(document, indent=2, sort_keys=True) + "\n").encode()


def unpack_model(weights: bytes, document: bytes, facts: type[Facts]) -> tuple[Fitted, Facts]:
    """What `pack_model` encoded.

    Args:
        weights: `model.safetensors`.
        document: `model.json`.
        facts: Type of its `about`.

    Raises:
        OutdatedModel: Of another schema, or without a fact that this version needs.
        ModelError: Damaged, incomplete, or with weights that are not finite.
    """
    try:
        tensors, head = load(weights), json.loads(document)
    except (SafetensorError, ValueError) as error:
        what = f"the model package cannot be read ({type(error).__name__})"
        raise ModelError(what, where="model package", hint=_HINT) from None
    if head.get("schema_version") != SCHEMA_VERSION:
        what = f"model package of schema {head.get('schema_version')}, this program reads {SCHEMA_VERSION}"
        raise OutdatedModel(what, where="model package", hint=RETRAIN)
    bad = [n for n, t in tensors.items() if n.startswith("member") and not bool(torch.isfinite(t).all())]
    if bad:
        raise ModelError(f"weights {bad[0]} are not finite", where="model package", hint=_HINT)
    try:
        fitted = _assembled(head, tensors)
        _require_this_network(fitted)
        return fitted, facts.model_validate(head["about"])
    except ValidationError as error:
        what = f"the facts of the model package are incomplete ({first_fault(error)})"
        raise OutdatedModel(what, where="model package", hint=RETRAIN) from None
    except (KeyError, TypeError, ValueError) as error:
        what = f"the model package is incomplete ({type(error).__name__}: {error})"
        raise ModelError(what, where="model package", hint=_HINT) from None


def _require_this_network(fitted: Fitted) -> None:
    """An edit of the network's code makes older weights those of another network, whatever the schema says."""
    wanted = {name: value.shape for name, value in new_network(fitted.ensemble.architecture, 0).state_dict().items()}
    for member in fitted.ensemble.members:
        if {name: value.shape for name, value in member.weights.items()} != wanted:
            what = "the weights of the model package are those of another network"
            raise OutdatedModel(what, where="model package", hint=RETRAIN)


def _assembled(head: Mapping[str, Any], tensors: Mapping[str, torch.Tensor]) -> Fitted:
    members = tuple(_member(tensors, k, history) for k, history in enumerate(head["members"]))
    sensitivity = tuple(float(value) for value in head["sensitivity"])
    hyper = Hyper(**{name: float(head["hyper"][name]) for name in NAMES}, sensitivity=sensitivity)
    return Fitted(
        area_ids=tuple(head["area_ids"]),
        trained=Month.parse(head["trained"]),
        static_px=int(head["static_px"]),
        dynamic_px=int(head["dynamic_px"]),
        ensemble=Ensemble(Architecture(**head["architecture"]), members, hyper, _number(head["light_evidence"])),
        normalisation=Normalisation(**{n: tensors[f"normalisation.{n}"].numpy() for n in _NORMALISATION}),
        interval_scale={int(level): float(scale) for level, scale in head["interval_scale"].items()},
        interval_table=_table(head["interval_table"]),
    )


def _number(kept: Any) -> float | None:
    return None if kept is None else float(kept)


def _table(kept: Mapping[str, Any] | None) -> IntervalTable | None:
    if kept is None:
        return None
    rows = {kind: {level: tuple(map(float, kept["factors"][kind][str(level)])) for level in LEVELS} for kind in KINDS}
    every = np.array([rows[kind][level] for kind in KINDS for level in LEVELS])
    if every.shape[1:] != (len(BANDS),) or not (np.isfinite(every) & (every > 0)).all():
        raise ValueError("interval_table")
    return IntervalTable(rows, {kind: int(kept["n"][kind]) for kind in KINDS})


def weights_sha256(weights: bytes) -> str:
    """Hash that names the weights, as the registry's tag and `manifest.json` carry it."""
    return hashlib.sha256(weights).hexdigest()


def _tensor(values: Any) -> torch.Tensor:
    return torch.from_numpy(np.ascontiguousarray(values))


def _history(member: Member) -> dict[str, object]:
    return {"best_epoch": member.best_epoch, "losses": list(member.losses), "held_out": list(member.held_out)}


def _member(tensors: Mapping[str, torch.Tensor], k: int, history: Mapping[str, Any]) -> Member:
    prefix = f"member{k}."
    weights = {name.removeprefix(prefix): value for name, value in tensors.items() if name.startswith(prefix)}
    return Member(weights, int(history["best_epoch"]), tuple(history["losses"]), tuple(history["held_out"]))
