"""What travels with the weights: what the model was trained on, why, with which parameters and code."""

from __future__ import annotations

import functools
import hashlib
import json

from pydantic import field_serializer

from gvio.config import Params
from gvio.scoreboard.board import Scoreboard
from gvio.scoreboard.document import Document
from gvio.scoreboard.names import Skill
from gvio.sections import Frozen


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
        text = json.dumps({name: getattr(self, name) for name in type(self).model_fields}, sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:16]


class About(Frozen):
    """The facts of a model package.

    Attributes:
        region: Its name.
        reason: Why it was trained, and how.
        inputs: Hashes of what it was trained on.
        architecture_digest: Of the parameters whose change forbids fine-tuning.
        parameters: All of them, for people and the experiment tracker.
        code: Version of the code.
        grid: CRS, shape and corner of the pixels that its light was read on; "" in packages of before.
        skill: Against the best naive forecast, once it was evaluated.
        scoreboard: The evaluation, once there is one.
    """

    region: str
    reason: str
    inputs: InputDigests
    architecture_digest: str
    parameters: Params
    code: str
    grid: str = ""
    skill: Skill | None = None
    scoreboard: Scoreboard | None = None

    def evaluated(self, scoreboard: Scoreboard) -> About:
        """With its evaluation."""
        return self.model_copy(update={"skill": scoreboard.skill, "scoreboard": scoreboard})

    @field_serializer("scoreboard")
    def _as_document(self, scoreboard: Scoreboard | None) -> Document | None:
        """What was not measured stays absent, as in `scoreboard.json`."""
        return None if scoreboard is None else scoreboard.document()
