"""Reading by how much estimates changed, with joint intervals."""

from __future__ import annotations

import pandas as pd

from gvio.publish.changes import NAME, read_changes
from gvio.store.objects import ObjectStore
from gvio.store.published import read_own, understood
from gvio.types import Manifest


def read_changes_of(store: ObjectStore, manifest: Manifest) -> pd.DataFrame | None:
    """The table of `gvio.publish.changes`; None for a release made before that was published.

    Raises:
        StoreError: The store cannot be read.
        DamagedStore: The object is absent or damaged.
    """
    data = read_own(store, manifest, NAME)
    return None if data is None else understood(store, manifest, NAME, data, read_changes)
