"""Reads everything that a region publishes and compares it with what the manifests say. Needs nothing but the store."""

from __future__ import annotations

import dataclasses
import json
import shlex
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Literal

from gvio.errors import DamagedStore, StoreError
from gvio.publish.latest import Latest, parse_latest, pointer_json
from gvio.store.catalogue import contradiction
from gvio.store.chain import NO_CHAIN, Chain, read_chain
from gvio.store.documents import (
    CATALOG,
    COLLECTION,
    LATEST,
    manifest_key,
    move_key,
    read_latest,
    read_manifest,
    readable_latest,
)
from gvio.store.keys import digest_in, nothing_hint, repair_hint, sha256
from gvio.store.objects import ObjectStore
from gvio.store.root import root_fault
from gvio.store.standing import check_catalogue, manifest_of
from gvio.types import Manifest, Progress

_THREADS = 16

Kind = Literal["absent", "damaged", "manifest", "history", "pointer", "catalogue"]


@dataclasses.dataclass(frozen=True)
class Finding:
    """One thing that is not as it was published.

    Attributes:
        region: Name of the region.
        kind: "absent" or "damaged" (an object), "manifest", "pointer" or "catalogue" (a document), "history" (a record
            of a move of the pointer).
        key: Of the object, relative to the region.
        releases: Releases that list the object; empty when none does.
        message: One line: where, what, and the command that cures it.
    """

    region: str
    kind: Kind
    key: str
    releases: tuple[str, ...]
    message: str


@dataclasses.dataclass(frozen=True)
class Inspection:
    """What reading a region showed: sizes of all its objects by full key, sound manifests by release, and findings.

    `chain` are the records of the pointer's moves; empty where a single release was looked at.
    """

    sizes: Mapping[str, int]
    manifests: Mapping[str, Manifest]
    findings: tuple[Finding, ...]
    chain: Chain = NO_CHAIN


def verify_release(
    store: ObjectStore, region: str, release: str | None = None, progress: Progress | None = None
) -> tuple[Finding, ...]:
    """Read every object of a release, or of all, and compare its SHA-256 with the manifest; no findings: all is sound.

    Of all releases also: that the manifests are what the releases' names stand for, that the records of the pointer's
    moves are a chain without gap and the releases which they name are there, that `latest.json` can be read and agrees
    with its record and its manifest, that the STAC catalogue shows the release it names, that the one above the regions
    leads there, and that grids and items which no manifest lists are what their names stand for, because a later
    release may reuse them.

    Raises:
        StoreError: The store cannot be read, nothing is published, no such release, or a newer schema.
    """
    return inspect_region(store, region, release, progress).findings


def inspect_region(
    store: ObjectStore, region: str, release: str | None = None, progress: Progress | None = None
) -> Inspection:
    """As `verify_release`, with what `repair` needs beside.

    Raises:
        StoreError: As for `verify_release`.
    """
    sizes = store.list_(region)
    chain = NO_CHAIN if release is not None else read_chain(store, region, sizes, readable_latest(store, region))
    names = [release] if release is not None else _releases(store, sizes, region, chain)
    if release is not None and manifest_key(region, release) not in sizes:
        raise StoreError(
            "no such release",
            where=f"{store.url}/{region}",
            hint=f"`gvio status --store {shlex.quote(store.url)}` names the latest.",
        )
    if not names and f"{region}/{LATEST}" not in sizes:
        raise StoreError("nothing is published", where=f"{store.url}/{region}", hint=nothing_hint(store.url))
    manifests, findings = _manifests(store, region, names)
    findings += _objects(store, region, sizes, manifests, unlisted=release is None, progress=progress)
    findings += _wrong_sizes(store, sizes, manifests, {f.key for f in findings})
    manifests = {name: m for name, m in manifests.items() if not _blamed(findings, name)}
    if release is None:
        findings += [_of_record(region, number, why) for number, why in chain.broken.items()]
        findings += _documents(store, region, manifests, chain, {f.key for f in findings})
    return Inspection(sizes, manifests, tuple(sorted(findings, key=lambda f: f.key)), chain)


def regions_in(store: ObjectStore) -> list[str]:
    """Names of the regions with a release or a pointer, sorted: also those whose pointer is gone.

    Raises:
        StoreError: The store cannot be read.
    """
    names = store.list_folders("")
    return [n for n in names if store.exists(f"{n}/{LATEST}") or "releases" in store.list_folders(n)]


def _releases(store: ObjectStore, sizes: Mapping[str, int], region: str, chain: Chain) -> list[str]:
    """Releases with a manifest, and those that the pointer and the records name: their manifest may be absent."""
    start, end = manifest_key(region, "\0").split("\0")
    names = {k.removeprefix(start).removesuffix(end) for k in sizes if k.startswith(start) and k.endswith(end)}
    latest = readable_latest(store, region)
    return sorted(names | chain.releases | (set() if latest is None else {latest.release}))


def _of_record(region: str, number: int, why: str) -> Finding:
    return Finding(region, "history", move_key(region, number).removeprefix(f"{region}/"), (), why)


def _manifests(store: ObjectStore, region: str, names: list[str]) -> tuple[dict[str, Manifest], list[Finding]]:
    sound, findings = {}, []
    for name in names:
        try:
            sound[name] = read_manifest(store, region, name, strict=True)
        except DamagedStore as error:
            key = manifest_key(region, name).removeprefix(f"{region}/")
            findings.append(Finding(region, "manifest", key, (name,), str(error)))
    return sound, findings


def _objects(
    store: ObjectStore,
    region: str,
    sizes: Mapping[str, int],
    manifests: Mapping[str, Manifest],
    *,
    unlisted: bool,
    progress: Progress | None,
) -> list[Finding]:
    wanted = {o.key: o.sha256 for m in manifests.values() for o in m.objects}
    if unlisted:
        start = (f"{region}/grids/", f"{region}/items/")
        keys = (key.removeprefix(f"{region}/") for key in sizes if key.startswith(start))
        wanted |= {key: digest_in(key) for key in keys if key not in wanted}

    def judge(key: str) -> tuple[Kind, str] | None:
        if f"{region}/{key}" not in sizes:
            return "absent", "no such object"
        other = not sha256(store.get(f"{region}/{key}")).startswith(wanted[key])
        return ("damaged", "its bytes are not the ones published") if other else None

    findings = []
    for key, judged in _side_by_side(judge, list(wanted), progress):
        if judged is not None:
            where = f"{store.url}/{region}/{key}"
            message = str(DamagedStore(judged[1], where=where, hint=repair_hint(store.url, f"{region}/")))
            listing = tuple(n for n, m in manifests.items() if any(o.key == key for o in m.objects))
            findings.append(Finding(region, judged[0], key, listing, message))
    return findings


def _wrong_sizes(
    store: ObjectStore, sizes: Mapping[str, int], manifests: Mapping[str, Manifest], found: set[str]
) -> list[Finding]:
    """Manifests that give another size for an object of the right content: a release's name does not cover sizes."""
    findings = []
    for name, manifest in manifests.items():
        wrong = [o for o in manifest.objects if o.key not in found and sizes[f"{manifest.region}/{o.key}"] != o.size]
        if wrong:
            key = manifest_key(manifest.region, name)
            what = f"gives a wrong size of {wrong[0].key}"
            error = DamagedStore(what, where=f"{store.url}/{key}", hint=repair_hint(store.url, key))
            findings.append(Finding(manifest.region, "manifest", f"releases/{name}/manifest.json", (name,), str(error)))
    return findings


def _blamed(findings: list[Finding], release: str) -> bool:
    return any(f.kind == "manifest" and f.releases == (release,) for f in findings)


def _side_by_side(
    judge: Callable[[str], tuple[Kind, str] | None], keys: list[str], progress: Progress | None
) -> Iterator[tuple[str, tuple[Kind, str] | None]]:
    with ThreadPoolExecutor(_THREADS) as pool:
        for done, (key, judged) in enumerate(zip(keys, pool.map(judge, keys), strict=True), start=1):
            if progress is not None:
                progress("verify", done, len(keys))
            yield key, judged


def _documents(
    store: ObjectStore, region: str, manifests: Mapping[str, Manifest], chain: Chain, found: set[str]
) -> Iterator[Finding]:
    """What is wrong with the pointer, else with the catalogue behind it; a manifest found damaged is not told twice."""
    try:
        latest = read_latest(store, region)
        if latest is None:
            what = f"no such object, though {len(manifests)} release(s) have their manifest"
            raise DamagedStore(what, where=f"{store.url}/{region}/{LATEST}", hint=repair_hint(store.url, region))
        if (wrong := off_chain(latest, chain)) is not None:
            raise DamagedStore(wrong, where=f"{store.url}/{region}/{LATEST}", hint=repair_hint(store.url, region))
        if manifest_key(region, latest.release).removeprefix(f"{region}/") in found:
            return
        manifest = manifest_of(store, latest)
    except DamagedStore as error:
        yield Finding(region, "pointer", LATEST, (), str(error))
        return
    try:
        check_catalogue(store, manifest)
    except DamagedStore as error:
        yield Finding(region, "catalogue", COLLECTION, (manifest.release,), str(error))
        return
    if (field := contradiction(store, manifest)) is not None:
        where, what = f"{store.url}/{region}/{field[0]}", f"its {field[1]!r} is not what its release says"
        message = str(DamagedStore(what, where=where, hint=repair_hint(store.url, region)))
        yield Finding(region, "catalogue", field[0], (manifest.release,), message)
    if (fault := root_fault(store, manifest)) is not None:
        message = str(DamagedStore(fault, where=f"{store.url}/{CATALOG}", hint=repair_hint(store.url, region)))
        yield Finding(region, "catalogue", f"../{CATALOG}", (manifest.release,), message)


def off_chain(latest: Latest, chain: Chain) -> str | None:
    """What of a pointer is not as the newest record says; None when all is, also where no moves were recorded yet."""
    newest, named = chain.newest, latest.history
    if newest is None:
        return None
    if named is None:
        return f"names no record of its move, though {len(chain.moves)} are kept"
    if newest.number > named.number:
        return f"names the record {named.number}; {newest.number} is the newest: a move was begun and not completed"
    if newest.release is None:
        return f"names a release, though the record {newest.number} of its move names none"
    if newest.number == named.number and parse_latest(json.loads(pointer_json(newest, named))) != latest:
        return f"does not say what the record {named.number} of its move says"
    return None
