"""Reading what a release says of drift."""

from __future__ import annotations

from gvio.drift.monitors import Drift
from gvio.errors import DamagedStore
from gvio.publish.drift import NAME, read_drift
from gvio.store.keys import repair_hint
from gvio.store.objects import ObjectStore
from gvio.store.published import read_own
from gvio.types import Manifest


def read_drift_of(store: ObjectStore, manifest: Manifest) -> Drift | None:
    """What a release says of drift; None for a release made before that was published.

    Raises:
        StoreError: The store cannot be read.
        DamagedStore: The object is absent or damaged.
    """
    data = read_own(store, manifest, NAME)
    if data is None:
        return None
    try:
        return read_drift(data)
    except (KeyError, TypeError, ValueError) as error:
        key = f"{manifest.region}/releases/{manifest.release}/{NAME}"
        what = f"cannot be understood ({type(error).__name__})"
        raise DamagedStore(what, where=f"{store.url}/{key}", hint=repair_hint(store.url, key)) from None
