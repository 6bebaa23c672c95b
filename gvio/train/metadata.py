"""What a model package says about itself: where it came from, what went in, how good it was."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import Field, JsonValue, StrictInt, StrictStr

from gvio.scoreboard.board import Scoreboard
from gvio.scoreboard.document import Part
from gvio.scoreboard.names import Skill


class InputHashes(Part):
    """What a model or a release is made of; empty where a package of an older version does not say."""

    month: StrictStr = ""
    light_sha256: StrictStr = ""
    ledger_sha256: StrictStr = ""
    pack_digest: StrictStr = ""
    params_digest: StrictStr = ""
    code: StrictStr = ""
    figures_public_until: StrictStr | None = None


class ModelMetadata(Part):
    """Travels in the package beside the weights.

    Attributes:
        region: Its name.
        reason: Why it was trained, and how.
        inputs: Hashes of what it was trained on.
        input_key: One hash of all of them.
        architecture_digest: Of the parameters whose change forbids fine-tuning.
        parameters: All of them, for people and the experiment tracker.
        code: Version of the code.
        skill, scoreboard: The evaluation, once there is one.
        fold: Of a fit for a fold of the evaluation.
        version, weights_sha256: What the registry knows of it, once it is there.
    """

    region: StrictStr = ""
    reason: StrictStr = ""
    inputs: InputHashes = InputHashes()
    input_key: StrictStr = ""
    architecture_digest: StrictStr = ""
    parameters: Mapping[str, JsonValue] = Field(default_factory=dict)
    code: StrictStr = ""
    skill: Skill | None = None
    scoreboard: Scoreboard | None = None
    fold: StrictStr = ""
    version: StrictInt | None = None
    weights_sha256: StrictStr = ""

    def evaluated(self, scoreboard: Scoreboard) -> ModelMetadata:
        """With its evaluation."""
        return self.model_copy(update={"skill": scoreboard.skill, "scoreboard": scoreboard})

    def registered(self, version: int, weights_sha256: str) -> ModelMetadata:
        """With its place in the registry."""
        return self.model_copy(update={"version": version, "weights_sha256": weights_sha256})
