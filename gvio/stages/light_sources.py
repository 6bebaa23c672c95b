"""Where light comes from: folders are read as they are, anything else is first brought into the workspace."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from gvio.archives.archive import Archive, Bounds, RemoteFile
from gvio.archives.manifest import current_files, new_files, read_manifest
from gvio.config import OFFICIAL
from gvio.errors import ProductError
from gvio.run.origin import is_remote
from gvio.types import CheckResult, Month, Progress

if TYPE_CHECKING:
    from gvio.run.context import Context

_Span = tuple[Month, Month]
_FOREVER = Month(9999, 12)


@dataclasses.dataclass(frozen=True)
class LightSource:
    """Where the files of one product come from, and where they lie then.

    Attributes:
        product: A key of `gvio.sources.products.PRODUCTS`.
        archive: What lists and fetches them.
        folder: Where files lie: the pack's own folder, or one in the workspace.
        span: The months that are always listed, because the folder repeats the source as a whole; None for an official
            archive, which is asked for the months wanted, and whose folder keeps a manifest.
        unread: Notes on files there that look like the product's and are not read.
        bring: Files as listed → what lies there then, after whatever was absent is fetched; of an official archive
            also what was fetched before.
    """

    product: str
    archive: Archive
    folder: Path
    span: _Span | None
    bring: Callable[[Sequence[RemoteFile], Progress | None], Brought]
    unread: Callable[[], tuple[CheckResult, ...]] = tuple

    def listed(self, first: Month, last: Month) -> list[RemoteFile]:
        """What there is of these months, or of the whole span."""
        return self.archive.list_(*(self.span or (first, last)))


@dataclasses.dataclass(frozen=True)
class Brought:
    """Files that are there, and the errors of those that the archive lists and does not have, or has damaged."""

    paths: tuple[Path, ...]
    lost: Mapping[RemoteFile, ProductError] = dataclasses.field(default_factory=dict)


def light_sources(context: Context) -> tuple[LightSource, ...]:
    """The source of every product that `ntl` names, in order of preference. Opens nothing.

    Raises:
        ConfigError: No product has the variant asked for.
    """
    config = context.config
    if config.ntl.source == OFFICIAL:
        return _official_places(context)
    span, sources = (config.start, _FOREVER), []
    for product in config.ntl.products:
        if is_remote(config.ntl.source):
            name = "ntl" if product == config.ntl.product else f"ntl-{product}"
            sources.append(
                _mirrored(config.ntl.source.rstrip("/"), product, context.path(name), context.endpoint_url, span)
            )
        else:
            sources.append(_in_place(context.root / config.ntl.source, product, span))
    return tuple(sources)


def _in_place(folder: Path, product: str, span: _Span) -> LightSource:
    from gvio.archives.folder import folder_archive

    def bring(listed: Sequence[RemoteFile], _: Progress | None) -> Brought:
        return Brought(tuple(Path(file.url) for file in listed))

    unread = functools.partial(_unread, folder, product)
    return LightSource(product, folder_archive(folder, product), folder, span, bring, unread)


def _mirrored(url: str, product: str, folder: Path, endpoint_url: str | None, span: _Span) -> LightSource:
    from gvio.archives.prefix import (  # boto3 costs 0.2 s: only for those who use it
        prefix_archive,
        relative_name,
        unread_under,
    )

    archive = prefix_archive(url, product, endpoint_url)

    def bring(listed: Sequence[RemoteFile], progress: Progress | None) -> Brought:
        archive.fetch(listed, folder, progress)
        return Brought(tuple(folder / relative_name(url, file) for file in listed))

    return LightSource(
        product, archive, folder, span, bring, functools.partial(unread_under, url, product, endpoint_url)
    )


def _official_places(context: Context) -> tuple[LightSource, ...]:
    from gvio.archives.table import ARCHIVES, choose_variants

    config, sources = context.config, []
    variants = choose_variants(config.ntl.products, config.ntl.variant)
    for product, variant in zip(config.ntl.products, variants, strict=True):
        official = ARCHIVES[product]
        bounds = config.bounds if product == config.ntl.product else widened(config.bounds)
        archive = official.make(bounds, context.credentials, context.endpoints, variant)
        raw = context.path("raw") / (product if variant == official.variants[0] else f"{product}-{variant}")
        sources.append(LightSource(product, archive, raw, None, functools.partial(_recorded, archive, raw)))
    return tuple(sources)


def _recorded(archive: Archive, raw: Path, listed: Sequence[RemoteFile], progress: Progress | None) -> Brought:
    """What is there whole is not asked for again: `fetch` compares with the manifest and the disk."""
    lost: dict[RemoteFile, ProductError] = {}
    try:
        archive.fetch(listed, raw, progress)
    except ProductError:  # it may hide a lesser error that can be cured: each file that is absent tells its own
        for file in new_files(listed, read_manifest(raw)):
            try:
                archive.fetch([file], raw, None)
            except ProductError as error:
                lost[file] = error
    return Brought(tuple(current_files(raw, read_manifest(raw))), lost)


def widened(bounds: Bounds) -> Bounds:
    """Bounds with a margin of two pixels: another lattice needs a little more to cover the same pixels."""
    west, south, east, north = bounds
    margin = 2 / 240
    return max(west - margin, -180), max(south - margin, -90), min(east + margin, 180), min(north + margin, 90)


def _unread(folder: Path, product: str) -> tuple[CheckResult, ...]:
    from gvio.sources.unread import unread_note  # rasterio takes half a second: bringing files needs none of it

    return unread_note(folder, product)
