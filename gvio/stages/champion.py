"""The model in production, as the registry holds it: verified, unpacked once, and handed to the stages that need it."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from gvio.errors import OutdatedModel
from gvio.registry.champion import champion_as_of
from gvio.run.artifacts import Champion
from gvio.train.package import read_package
from gvio.types import Month

if TYPE_CHECKING:
    from gvio.run.context import Context


def read_champion(context: Context, month: Month) -> Champion | None:
    """The champion of the run's day and month: the present one if it knows nothing later than the run may know.

    Else the one that knew most of what the run may know. None when there is none, or one of an older method, which the
    next training replaces.

    Raises:
        ModelError: Its package is damaged.
        UpstreamUnavailable: No server answers.
    """
    until = None if context.public_until is None else dt.date.fromisoformat(context.public_until)
    found = champion_as_of(context.registry_uri, context.region, month, until, context.as_of)
    if found is None:
        return None
    try:
        return Champion(found.version, found.decided, read_package(found.weights, found.config))
    except OutdatedModel:
        return None
