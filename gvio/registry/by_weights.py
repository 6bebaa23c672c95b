"""A registered model found again by its weights, whatever became of it since."""

from __future__ import annotations

from gvio.errors import DamagedModel
from gvio.registry.champion import read_stored
from gvio.registry.connection import connect, nothing_stored
from gvio.registry.record import Champion
from gvio.registry.versions import all_versions


def read_by_weights(uri: str, region: str, weights_sha256: str) -> Champion | None:
    """The newest version with these weights and its package; None where the registry has none that can be read.

    Raises:
        UpstreamUnavailable: No server answers at `uri`.
        ModelError: The registry cannot be read.
    """
    if nothing_stored(uri):
        return None
    with connect(uri) as client:
        for version in all_versions(client, region):
            if version.weights_sha256 == weights_sha256:
                try:
                    return read_stored(client, uri, version)
                except DamagedModel:
                    continue
    return None
