"""The model in production, as the registry holds it: verified, unpacked once, and handed to the stages that need it."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from gvio.errors import OutdatedModel
from gvio.registry.package import load_champion
from gvio.registry.record import CONFIG, WEIGHTS
from gvio.run.artifacts import Champion
from gvio.train.package import read_package

if TYPE_CHECKING:
    from gvio.run.context import Context


def read_champion(context: Context) -> Champion | None:
    """The champion that may be used on the run's day; None when there is none, or one of an older method, which the
    next training replaces.

    Raises:
        ModelError: Its package is damaged.
    """
    with tempfile.TemporaryDirectory() as folder:
        loaded = load_champion(context.registry_uri, context.region, Path(folder))
        if loaded is None:
            return None
        try:
            package = read_package((loaded.path / WEIGHTS).read_bytes(), (loaded.path / CONFIG).read_bytes())
        except OutdatedModel:
            return None
        return Champion(loaded.version, loaded.version.evidence, package)
