"""Reading how often districts were seen."""

from __future__ import annotations

import pandas as pd

from gvio.publish.counts import NAME, read_counts
from gvio.store.objects import ObjectStore
from gvio.store.published import read_own, understood
from gvio.types import Manifest


def read_counts_of(store: ObjectStore, manifest: Manifest) -> pd.DataFrame | None:
    """The table of `gvio.publish.counts`; None for a release made before that was published.

    Raises:
        StoreError: The store cannot be read.
        DamagedStore: The object is absent or damaged.
    """
    data = read_own(store, manifest, NAME)
    return None if data is None else understood(store, manifest, NAME, data, read_counts)
