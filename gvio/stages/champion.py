"""The model in production, as the registry holds it: verified, unpacked once, and handed to the stages that need it."""

from __future__ import annotations

import datetime as dt
import logging
from typing import TYPE_CHECKING

from gvio.errors import DamagedModel, ModelError, OutdatedModel
from gvio.registry.champion import REPLACE, champion_as_of
from gvio.run.artifacts import Champion
from gvio.train.package import read_package
from gvio.types import Month

if TYPE_CHECKING:
    from gvio.run.context import Context

_log = logging.getLogger("gvio.registry")


def read_champion(context: Context, month: Month) -> Champion | None:
    """The champion of the run's day and month: the present one if it knows nothing later than the run may know.

    Else the one that knew most of what the run may know. None when there is none, or one of an older method, which the
    next training replaces; also one that cannot be read, where the run was asked to train anew.

    Raises:
        DamagedModel: Its package is absent or damaged.
        UpstreamUnavailable: No server answers.
    """
    try:
        return _read(context, month)
    except OutdatedModel:
        return None
    except DamagedModel as error:
        if not context.request.retrain:
            raise
        _log.warning("%s; it counts as none, because --retrain was asked for", _what(error))
        return None


def passed_over(context: Context, month: Month) -> str:
    """What is wrong with the champion where it counts as none because it cannot be read; "" otherwise."""
    if not context.request.retrain:
        return ""  # then it does not count as none: reading it was an error
    try:
        _read(context, month)
    except OutdatedModel:
        return ""
    except DamagedModel as error:
        return _what(error)
    return ""


def _read(context: Context, month: Month) -> Champion | None:
    until = None if context.public_until is None else dt.date.fromisoformat(context.public_until)
    found = champion_as_of(context.registry_uri, context.region, month, until, context.as_of)
    if found is None:
        return None
    try:
        return Champion(found.version, found.decided, read_package(found.weights, found.config))
    except OutdatedModel:
        raise
    except ModelError as error:
        raise DamagedModel(error.what, where=found.version.name, hint=REPLACE) from None


def _what(error: DamagedModel) -> str:
    return f"{error.where}: {error.what}"
