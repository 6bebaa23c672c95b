"""The stages as the order of work calls them. A stage's module is imported when it runs: torch, scikit-learn, MLflow
and Great Expectations take seconds, and a run that finds nothing to do needs none of them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gvio.run.memory import require_memory, sizes_of

if TYPE_CHECKING:
    from gvio.run.artifacts import (
        Champion,
        Checked,
        Decided,
        Evaluated,
        Fetched,
        Mapped,
        Published,
        Sampled,
        Trained,
    )
    from gvio.run.context import Context
    from gvio.run.made import Kept
    from gvio.store.standing import Standing
    from gvio.types import Month


class AllStages:
    """Implements `gvio.run.order.Stages`; what each does and raises is said in its module."""

    def try_workers(self, context: Context) -> None:
        """See `gvio.stages.workers`."""
        from gvio.stages.workers import try_workers

        try_workers(context)

    def light_token(self, context: Context) -> str:
        """See `gvio.stages.gather.Survey.token`."""
        from gvio.stages.gather import survey_light

        return survey_light(context).token

    def registry_token(self, context: Context) -> str | None:
        """See `gvio.registry.champion_token`."""
        from gvio.registry.champion_token import champion_token

        return champion_token(context.registry_uri, context.region, context.registry_login)

    def champion(self, context: Context, month: Month) -> Champion | None:
        """See `gvio.stages.champion`."""
        from gvio.stages.champion import read_champion

        return read_champion(context, month)

    def fetch(self, context: Context) -> Fetched:
        """See `gvio.stages.fetch`."""
        from gvio.stages.fetch import fetch
        from gvio.validate.beside import begin

        require_memory(sizes_of(context, light_only=True), context.region)
        fetched = fetch(context)
        if not context.replayed:  # a replay checks many months, with one loading
            begin()
        return fetched

    def validate(self, context: Context, fetched: Fetched) -> Checked:
        """See `gvio.stages.validate`."""
        from gvio.stages.validate import validate
        from gvio.validate.beside import end

        require_memory(sizes_of(context, light_only=False), context.region)
        try:
            return validate(context, fetched)
        finally:
            end()

    def sample(self, context: Context, fetched: Fetched, checked: Checked) -> Sampled:
        """See `gvio.stages.sample`."""
        from gvio.stages.sample import sample

        return sample(context, fetched, checked)

    def train(self, context: Context, fetched: Fetched, sampled: Sampled, champion: Kept[Champion | None]) -> Trained:
        """See `gvio.stages.train`."""
        from gvio.stages.train import train

        return train(context, fetched, sampled, champion)

    def evaluate(self, context: Context, sampled: Sampled, trained: Trained) -> Evaluated:
        """See `gvio.stages.evaluate`."""
        from gvio.stages.evaluate import evaluate

        return evaluate(context, sampled, trained)

    def decide(
        self, context: Context, sampled: Sampled, evaluated: Evaluated, champion: Kept[Champion | None]
    ) -> Decided:
        """See `gvio.stages.decide`."""
        from gvio.stages.decide import decide

        return decide(context, sampled, evaluated, champion)

    def map_(self, context: Context, fetched: Fetched, sampled: Sampled, decided: Decided) -> Mapped:
        """See `gvio.stages.map`."""
        from gvio.stages.map import map_

        return map_(context, fetched, sampled, decided)

    def publish(self, context: Context, checked: Checked, mapped: Mapped, before: Standing) -> Published:
        """See `gvio.stages.publish`."""
        from gvio.stages.publish import publish

        return publish(context, checked, mapped, before)


STAGES = AllStages()
