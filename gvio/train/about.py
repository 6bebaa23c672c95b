"""What travels with the weights: what the model was trained on, why, with which parameters and code."""

from __future__ import annotations

import functools
import hashlib
import json
from collections.abc import Mapping
from typing import Any

from gvio.config import Frozen, Params


class InputDigests(Frozen):
    """What the numbers of a run depend on, as hashes. Only public statistics count, not the day itself."""

    month: str
    light_sha256: str
    ledger_sha256: str
    pack_digest: str
    params_digest: str
    source: str  # of the code that made it, and of the numerical libraries
    figures_public_until: str | None

    @functools.cached_property
    def key(self) -> str:
        """Hash (16 hex digits) of all hashes."""
        text = json.dumps({name: getattr(self, name) for name in InputDigests.model_fields}, sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:16]


class About(Frozen):
    """The facts of a model package. `scoreboard` and `skill` are there once it was evaluated."""

    region: str
    reason: str
    inputs: InputDigests
    architecture_digest: str
    parameters: Params
    code: str
    skill: str | None = None
    scoreboard: Mapping[str, Any] | None = None
