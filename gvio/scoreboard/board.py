"""`scoreboard.json` as one value."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Literal

from pydantic import Field, StrictBool, StrictInt, StrictStr

from gvio.scoreboard.document import Part, Score
from gvio.scoreboard.names import AS_USED, BLIND, LEFT_OUT, NO_LIGHT, OURS, Skill, size_name
from gvio.scoreboard.scores import (
    DieboldMariano,
    DistrictRow,
    Horizons,
    IntervalTable,
    LevelScores,
    LightInDistrict,
    MapScores,
    ModelScores,
    Moran,
    PlaceboResult,
)


class ProtocolScores(Part):
    """One protocol; what it does not measure is empty or None.

    Attributes:
        models: Scores by model.
        folds: Names of the folds, for people.
        origins: First months of the forecasts, of a protocol in time.
        diebold_mariano: Ours against every other model.
        morans_i: Whether neighbours err alike.
        horizons: What intervals held, by months ahead.
        districts: One row each.
        levels: Of districts left out, by model.
        hidden_px: Pixels round factories that training did not see, a fold each, in boards of before decision 48.
        hidden_in_part: Whether some of those factories see farther.
        one_by_one: Whether every fold leaves out one district.
        known_until: The last month (YYYY-MM) that was known in it, where that is not the evaluation's last one.
    """

    models: Mapping[str, ModelScores] = Field(default_factory=dict)
    folds: tuple[StrictStr, ...] = ()
    origins: tuple[StrictStr, ...] = ()
    diebold_mariano: Mapping[str, DieboldMariano | None] = Field(default_factory=dict)
    morans_i: Moran | None = None
    horizons: Horizons = Field(default_factory=dict)
    districts: tuple[DistrictRow, ...] = ()
    levels: Mapping[str, LevelScores] = Field(default_factory=dict)
    hidden_px: tuple[StrictInt | None, ...] = ()
    hidden_in_part: StrictBool | None = None
    one_by_one: StrictBool | None = None
    known_until: StrictStr | None = None


class Protocols(Part, extra="allow"):
    """Scores by protocol, and the maps, which stand among them in the file."""

    __pydantic_extra__: dict[str, ProtocolScores]

    maps: MapScores = MapScores()

    @property
    def named(self) -> Mapping[str, ProtocolScores]:
        """Protocol → its scores."""
        return self.__pydantic_extra__


class Subject(Part):
    """What was evaluated: the region, its first and last month of light, the last day whose figures were public, and
    whether its data are simulated."""

    region: StrictStr | None = None
    months: tuple[StrictStr, StrictStr] | None = None
    figures_public_until: StrictStr | None = None
    invented: StrictBool = False


class Scoreboard(Subject):
    """The evaluation of a model.

    Attributes:
        verdict: One sentence for people.
        skill: Against the best naive forecast, which is `best_naive`; `p_value` of that test.
        interval_scale: Level in percent → one factor on the posterior's standard deviation.
        interval_table: The same by kind of estimate and months ahead.
        placebos: What the method gains on light without information.
        light_in_districts: What light changes, the district it changes most first.
        light_evidence: Of the figures that light shows output at all, nats; with less than five it was set aside.
        not_installed: Judges that were asked for and whose libraries are absent; None: none was missing.
        failed: Judges whose library failed on a fold; None: none did.
        protocols: Scores of every model under every protocol, and of the maps.
    """

    schema_version: Literal[1] = 1
    verdict: StrictStr | None = None
    skill: Skill | None = None
    best_naive: StrictStr | None = None
    p_value: Score = None
    interval_scale: Mapping[int, float] = Field(default_factory=dict)
    interval_table: IntervalTable | None = None
    placebos: PlaceboResult | None = None
    light_in_districts: tuple[LightInDistrict, ...] | None = None
    light_evidence: Score = None
    not_installed: tuple[StrictStr, ...] | None = None
    failed: tuple[StrictStr, ...] | None = None
    protocols: Protocols = Protocols()

    @property
    def maps(self) -> MapScores:
        """Scores of the maps."""
        return self.protocols.maps

    def protocol(self, name: str) -> ProtocolScores:
        """Scores of one protocol; empty where it was not run."""
        return self.protocols.named.get(name, ProtocolScores())

    def scores(self, protocol: str, model: str | None = OURS) -> ModelScores:
        """Scores of one model under one protocol; without any value where it was not scored."""
        return self.protocol(protocol).models.get(model or "", ModelScores())

    def to_json(self) -> str:
        """`scoreboard.json` as the workspace keeps it."""
        return json.dumps(self.document(), indent=2, sort_keys=True, allow_nan=False) + "\n"

    def metrics(self) -> dict[str, float]:
        """Every score of every model, flat, for an experiment tracker: `protocol.model.metric`; NaN for none."""
        return {
            f"{protocol}.{model}.{metric}": math.nan if (value := scores.value(metric)) is None else value
            for protocol, block in self.protocols.named.items()
            for model, scores in block.models.items()
            for metric in ModelScores.model_fields
            if metric in scores.model_fields_set
        }

    def headline(self) -> dict[str, float | None]:
        """The numbers to compare two models by. Out of time unless said; `naive` is the best naive forecast."""
        rivals = {"": OURS, "_naive": self.best_naive, "_no_light": NO_LIGHT}
        tests = {"as_used": AS_USED, "blind": BLIND}
        skill = {
            f"{metric}_{test}{suffix}": self.scores(protocol, model).value(metric)
            for metric in ("within_r2", "yoy_r2")
            for test, protocol in tests.items()
            for suffix, model in rivals.items()
        }
        held = {
            f"coverage80_{test}": self.scores(protocol).coverage80
            for test, protocol in {**tests, "left_out": LEFT_OUT}.items()
        }
        ours, map_ = self.scores(AS_USED), self.maps.held_out_districts.get(OURS)
        return {
            **skill,
            **held,
            "mape_as_used": ours.mape,
            "mase_as_used": ours.mase,
            "p_value": self.p_value,
            "map_r2_2km": self.maps.truth.get(size_name(2), {}).get(OURS),
            "map_r2_held_out": None if map_ is None else map_.r2,
        }
