"""Is there anything to do? The only place that answers it, twice: at a glance, then by what made the latest release.

The glance compares what a look at names, sizes and small files shows with what the last run saw; it opens no raster, no
table and no registry. Where it is not sure, the hashes of the run's inputs are compared with those in the manifest.
Either way the store must be whole: every object there in its size, tables with their bytes, and the catalogue at the
pointer's release.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import hashlib
import json
from collections.abc import Iterator
from typing import TYPE_CHECKING

from pydantic import ValidationError

from gvio.errors import DamagedStore
from gvio.files import write_json
from gvio.publish.knowledge import Knowledge
from gvio.publish.manifest import made_with
from gvio.run.artifacts import Champion, Fetched
from gvio.run.code import source_of_release
from gvio.run.digests import TRUTH
from gvio.run.inputs import release_digests
from gvio.run.made import Kept
from gvio.sections import Frozen
from gvio.store.documents import read_manifest
from gvio.store.keys import sha256
from gvio.store.standing import check_presence
from gvio.types import Manifest, Month

if TYPE_CHECKING:
    from gvio.run.context import Context
    from gvio.store.standing import Standing

NAME = "look.json"


class Look(Frozen):
    """What a run saw, small enough to compare at a glance.

    Attributes:
        asked: Hash of the request, the parameters and the pack's files.
        light: Token of the product files (`Survey.token`).
        registry: Token of the registry; None where it has none that is cheap to read.
        source: Digest of the source that makes releases.
    """

    asked: str
    light: str
    registry: str | None
    source: str


class Seen(Frozen):
    """The last look of a workspace that ended in a published release, and the days for which it holds.

    The statistics known are the same from `first_day` until the day before `next_day`, when the next row of the pack
    becomes public (None: no later row is there).
    """

    look: Look
    release: str
    month: str
    first_day: dt.date
    next_day: dt.date | None


def look_at(context: Context, light: str, registry: str | None) -> Look:
    """What there is now."""
    config = context.config
    files = context.files.digest([config.statistics.path, TRUTH])
    request = context.request
    asked = [context.pack_digest, files, context.params_digest, request.store, request.month, list(request.also)]
    asked += ["replayed"] if context.replayed else []
    text = hashlib.sha256(json.dumps(asked).encode()).hexdigest()[:16]
    return Look(asked=text, light=light, registry=registry, source=source_of_release())


def at_a_glance(context: Context, look: Look, standing: Standing) -> Seen | None:
    """The last look when nothing can have changed since; None when that is not sure."""
    if context.request.retrain or look.registry is None or not standing.whole or standing.latest is None:
        return None
    seen = _read(context)
    if seen is None or seen.look != look or seen.release != standing.latest.release:
        return None
    in_time = seen.first_day <= context.as_of and (seen.next_day is None or context.as_of < seen.next_day)
    return seen if in_time and _has_sound_tables(context, standing.manifest) else None


def by_what_made_it(
    context: Context, fetched: Fetched, champion: Kept[Champion | None], standing: Standing
) -> str | None:
    """The month's release that was made from exactly what is fetched, public and champion now; None: there is none.

    It need not be the pointer's where the pointer would stay anyway: a month of the past, run again, is found as well.
    """
    if context.request.retrain or not standing.whole:
        return None
    month = fetched.head.month
    wanted = release_digests(context, fetched.head.light, month).model_dump()
    for manifest in _sound_manifests(context, standing, month):
        same = all(manifest.inputs.get(name) == value for name, value in wanted.items())
        if not same or not set(context.request.also) <= set(manifest.grids):
            continue
        now = champion.get()
        if now is None or made_with(manifest, now.version.weights_sha256, now.version.config_sha256):
            return manifest.release if _has_sound_tables(context, manifest) else None
    return None


def _pointer_stays(context: Context, standing: Standing, month: str) -> bool:
    """Whether a release of this run would be archived."""
    latest = standing.latest
    if latest is None or (context.request.supersede is not None and latest.month == month):
        return False
    return latest.knowledge > Knowledge(Month.parse(month), context.public_until, str(context.as_of))


def _sound_manifests(context: Context, standing: Standing, month: str) -> Iterator[Manifest]:
    """The month's releases that may stand as they are and whose objects are all there, the pointer's first."""
    latest = standing.manifest
    if latest is not None and str(latest.month) == month:
        yield latest
    if not _pointer_stays(context, standing, month):
        return  # another release of the month would have to take the pointer
    store, region = context.store, context.region
    others = [n for n in store.list_folders(f"{region}/releases") if n.startswith(f"{month}-")]
    sizes = store.list_(region) if others else {}
    for release in others:
        if latest is None or release != latest.release:
            with contextlib.suppress(DamagedStore):
                manifest = read_manifest(store, region, release, strict=True)
                check_presence(store, manifest, sizes)
                yield manifest


def _has_sound_tables(context: Context, manifest: Manifest | None) -> bool:
    """Whether the release's own objects have the bytes that were published; of the grids `gvio verify` reads them."""
    own = [o for o in manifest.objects if o.key.startswith("releases/")] if manifest is not None else []
    return all(sha256(context.store.get(f"{context.region}/{o.key}")) == o.sha256 for o in own)


def remember(context: Context, look: Look, release: str, month: Month) -> None:
    """Keep a look that ended with `release` as the latest."""
    later = [day for day in context.all_statistics.rows["published"] if day > context.as_of]
    known = list(context.ledger.rows["published"])
    seen = Seen(
        look=look,
        release=release,
        month=str(month),
        first_day=max(known, default=context.as_of),
        next_day=min(later, default=None),
    )
    write_json(context.path(NAME), seen.model_dump(mode="json"))


def _read(context: Context) -> Seen | None:
    try:
        return Seen.model_validate_json(context.path(NAME).read_bytes())
    except (OSError, ValidationError):
        return None
