"""The release that a run continues: what it said, what it stood on, and what had been published until then."""

from __future__ import annotations

import contextlib
import dataclasses
import datetime as dt
from concurrent.futures import ThreadPoolExecutor

import pandas as pd

from gvio.drift.monitors import Drift
from gvio.errors import DamagedStore
from gvio.publish.estimates import read_estimates
from gvio.publish.knowledge import Knowledge
from gvio.publish.manifest import made_with
from gvio.publish.vintages import VINTAGES, read_vintages
from gvio.revisions.errata import Erratum
from gvio.revisions.evidence import Evidence
from gvio.revisions.vintages import extended, nothing, own_rows, stamped, unstamped
from gvio.store.documents import read_latest, read_manifest
from gvio.store.drift import read_drift_of
from gvio.store.objects import ObjectStore
from gvio.store.published import read_own
from gvio.store.revisions import predecessor_named, read_errata_of, read_evidence_of
from gvio.store.standing import manifest_of, newest_manifest, releases_with_manifest
from gvio.types import Manifest

_THREADS = 16


@dataclasses.dataclass(frozen=True)
class MadeFrom:
    """What a release is made of, as far as its manifest tells: `input_key` and the two files of the model."""

    input_key: str
    weights_sha256: str
    config_sha256: str

    def of(self, manifest: Manifest) -> bool:
        """Whether the release was made of the same."""
        same_model = made_with(manifest, self.weights_sha256, self.config_sha256)
        return same_model and manifest.inputs.get("input_key") == self.input_key


@dataclasses.dataclass(frozen=True)
class Continued:
    """Which release a run continues.

    Attributes:
        release: Its id; None: the run is the first.
        again: The release that was made of the same already, which a run in a lost workspace makes again: it continues
            what that one continued. None: there is none.
        day: As-of day of `release`, None where the pointer does not tell it.
    """

    release: str | None = None
    again: Manifest | None = None
    day: dt.date | None = None


@dataclasses.dataclass(frozen=True, eq=False)
class Predecessor:
    """The release before as read back: `evidence`, `drift` None where it was published without; `errata` until then."""

    manifest: Manifest
    estimates: pd.DataFrame
    evidence: Evidence | None
    errata: tuple[Erratum, ...] = ()
    drift: Drift | None = None


def continued(
    store: ObjectStore, region: str, asking: Knowledge, made: MadeFrom, *, supersede: bool = False
) -> Continued:
    """Which release a run continues: the one that readers have, or had when the month of the run was the newest.

    Args:
        store: The published store.
        region: Name of the region.
        asking: What the run knows.
        made: What it is made of.
        supersede: Whether it takes the pointer from a release of its month that knows more.

    Raises:
        StoreError: The store cannot be read, or holds a newer schema. Damage raises nothing: the newest sound release
            that knows less is continued then.
    """
    day = None
    try:
        latest = read_latest(store, region)
        if latest is None:
            return Continued()
        taken = supersede and latest.knowledge.month == asking.month
        if latest.knowledge > asking and not taken:
            manifest = newest_manifest(store, region, asking)
        else:
            manifest, day = manifest_of(store, latest), latest.as_of
    except DamagedStore:
        manifest = newest_manifest(store, region, asking)
    if manifest is None:
        return Continued()
    if made.of(manifest):
        return Continued(predecessor_named(manifest), manifest)
    return Continued(manifest.release, None, dt.date.fromisoformat(day) if day else None)


def read_predecessor(store: ObjectStore, region: str, release: str) -> Predecessor | None:
    """A release for comparison; None where it is damaged: the next month must not wait for its repair.

    Raises:
        StoreError: The store cannot be read, or holds a newer schema.
    """
    try:
        manifest = read_manifest(store, region, release, strict=True)
        estimates = read_own(store, manifest, "estimates.parquet")
        evidence, errata = read_evidence_of(store, manifest), read_errata_of(store, manifest)
        drift = read_drift_of(store, manifest)
    except DamagedStore:
        return None
    return None if estimates is None else Predecessor(manifest, read_estimates(estimates), evidence, errata, drift)


def history_before(store: ObjectStore, region: str, found: Continued) -> pd.DataFrame | None:
    """The vintages published before a run, every row with its release; None where nothing was.

    They are those of the release it continues; where that has none, because it is older than they are or damaged, they
    are begun from the estimates of all releases until then.

    Raises:
        StoreError: The store cannot be read, or holds a newer schema.
    """
    with contextlib.suppress(DamagedStore):
        if found.again is not None and (data := read_own(store, found.again, VINTAGES)) is not None:
            return unstamped(read_vintages(data))
        if found.release is None:
            return None
        manifest = read_manifest(store, region, found.release, strict=True)
        if (data := read_own(store, manifest, VINTAGES)) is not None:
            return stamped(read_vintages(data), found.release, found.day)
    return None if found.release is None else _begun(store, region, found)


def _begun(store: ObjectStore, region: str, found: Continued) -> pd.DataFrame | None:
    """Vintages from the estimates of the releases until the one that is continued, in the order of what they knew."""
    sound = list[Manifest]()
    for release in releases_with_manifest(store, region):
        with contextlib.suppress(DamagedStore):
            sound.append(read_manifest(store, region, release, strict=True))
    sound.sort(key=lambda m: (m.month, m.public_until or "", m.release == found.release, m.release))
    names = [m.release for m in sound]
    until = names.index(found.release) + 1 if found.release in names else len(sound)
    with ThreadPoolExecutor(_THREADS) as pool:
        tables = list(pool.map(lambda m: _estimates(store, m), sound[:until]))
    history: pd.DataFrame | None = None
    for manifest, table in zip(sound, tables, strict=False):
        if table is not None:
            day = found.day if manifest.release == found.release else None
            own = extended(history, own_rows(table, manifest.month), nothing())
            history = stamped(own, manifest.release, day)
    return history


def _estimates(store: ObjectStore, manifest: Manifest) -> pd.DataFrame | None:
    with contextlib.suppress(DamagedStore):
        data = read_own(store, manifest, "estimates.parquet")
        return None if data is None else read_estimates(data)
    return None
