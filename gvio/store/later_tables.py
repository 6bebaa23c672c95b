"""Reading tables that releases of before them lack: changes, counts."""

from __future__ import annotations

import pandas as pd

from gvio.publish.tables import LaterTable
from gvio.store.objects import ObjectStore
from gvio.store.published import read_own, understood
from gvio.types import Manifest


def read_later_table(store: ObjectStore, manifest: Manifest, table: LaterTable) -> pd.DataFrame | None:
    """The table; None for a release made before it was published.

    Raises:
        StoreError: The store cannot be read.
        DamagedStore: The object is absent or damaged.
    """
    data = read_own(store, manifest, table.name)
    return None if data is None else understood(store, manifest, table.name, data, table.read)
