"""Reading what a release says of drift."""

from __future__ import annotations

from gvio.drift.monitors import Drift
from gvio.publish.drift import NAME, read_drift
from gvio.store.objects import ObjectStore
from gvio.store.published import read_own, understood
from gvio.types import Manifest


def read_drift_of(store: ObjectStore, manifest: Manifest) -> Drift | None:
    """What a release says of drift; None for a release made before that was published.

    Raises:
        StoreError: The store cannot be read.
        DamagedStore: The object is absent or damaged.
    """
    data = read_own(store, manifest, NAME)
    return None if data is None else understood(store, manifest, NAME, data, read_drift)
