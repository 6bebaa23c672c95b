"""Product files on disk → which production of which month counts → one stack of light on the region's grid."""

from __future__ import annotations

import contextlib
import dataclasses
import difflib
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from odc.geo.geobox import GeoBox

from gvio.errors import ConfigError, PackError, ProductAbsent, ProductError
from gvio.grid.region import region_geobox
from gvio.sources.files import ProductFile
from gvio.sources.lattice import aligned, check_one_lattice
from gvio.sources.mosaic import uncovered
from gvio.sources.product import Product
from gvio.sources.products import PRODUCTS
from gvio.sources.read_before import ReadBefore
from gvio.sources.unread import all_files, cure, described, unread_files
from gvio.types import CheckResult, LightMonth, LightStack, Month, Progress, month_range


@dataclasses.dataclass(frozen=True)
class SelectedMonths:
    """The files that count, per month in ascending order, and warnings about those that do not."""

    months: Mapping[Month, tuple[ProductFile, ...]]
    notes: tuple[CheckResult, ...]


def list_files(folder: Path, product: str) -> list[ProductFile]:
    """Files of `product` in `folder` and below, recognised by their official names, sorted by path.

    Raises:
        ConfigError: Unknown product.
        PackError: The folder does not exist or cannot be read, or its files only look like the product's.
        ProductAbsent: No file has an official name of the product; the nearest name seen is given.
    """
    reader = _product(product)
    if not folder.is_dir():
        raise PackError(
            "no such folder of night-light files", where=str(folder), hint="Create it or correct ntl.source."
        )
    paths = all_files(folder)
    found = recognise_files([path for path in paths if path.is_file()], product)
    if not found:
        unread = unread_files(paths, product)
        if unread:  # waiting does not help
            raise PackError(described(unread, reader), where=str(folder), hint=cure(reader))
        raise _none_found(paths, reader, folder)
    return found


def _none_found(paths: Sequence[Path], reader: Product, folder: Path) -> ProductAbsent:
    names = [path.name for path in paths]
    hint = f"Put files there under their official names, such as {reader.example}."
    others = {other: len(recognise_files(paths, other)) for other in PRODUCTS if other != reader.name}
    other = max(others, key=others.__getitem__)
    if others[other]:
        seen, hint = f"{others[other]} are {other}", f"Correct ntl.product or ntl.source in region.yaml. {hint}"
    else:
        near = difflib.get_close_matches(reader.example, names, n=1, cutoff=0.0)
        seen = f"nearest name is {near[0]!r}" if near else "the folder is empty"
    what = f"none of {len(names)} file(s) is a {reader.name} product; {seen}"
    return ProductAbsent(what, where=str(folder), hint=hint)


def recognise_files(paths: Sequence[Path], product: str) -> list[ProductFile]:
    """Those of `paths` whose names are official ones of `product`, in the order given. Opens nothing.

    Raises:
        ConfigError: Unknown product.
    """
    reader = _product(product)
    named = [(path, reader.recognise(path.name)) for path in paths]
    return [dataclasses.replace(file, path=path) for path, file in named if file is not None]


def select_months(files: Sequence[ProductFile]) -> SelectedMonths:
    """Per month and tile the newest production (collection, then stamp); older ones become warnings.

    Raises:
        ProductError: One month comes from two satellites, two configurations, or two collections on different tiles.
    """
    months: dict[Month, tuple[ProductFile, ...]] = {}
    notes: list[CheckResult] = []
    for month in sorted({file.month for file in files}):
        candidates = [file for file in files if file.month == month]
        _check_one_configuration(month, candidates)
        newest = {tile: max(f.vintage for f in candidates if f.tile == tile) for tile in {f.tile for f in candidates}}
        current = [file for file in candidates if file.vintage == newest[file.tile]]
        chosen = {(file.tile, file.layer): file for file in reversed(current)}
        ignored = [file for file in candidates if file not in chosen.values()]
        months[month] = tuple(sorted(chosen.values(), key=lambda file: (file.tile, file.layer)))
        _check_one_collection(month, months[month])
        if ignored:
            notes.append(_superseded(month, months[month], ignored))
    return SelectedMonths(months, tuple(notes))


def open_stack(
    folder: Path,
    product: str,
    bounds: tuple[float, float, float, float],
    first: Month,
    last: Month | None,
    progress: Progress | None = None,
) -> tuple[LightStack, tuple[CheckResult, ...]]:
    """Months `first`..`last` on the grid of the newest month; months without a product are NaN and in `missing`.

    Args:
        folder: Product files, at any depth.
        product: A key of `PRODUCTS`.
        bounds: West, south, east, north in WGS84 degrees.
        first: First month of the stack.
        last: Last month; None: the newest month with a product.
        progress: Told after each month.

    Returns:
        The stack, and warnings about superseded productions.

    Raises:
        ConfigError, PackError: As `list_files`.
        ProductAbsent: No product file at all, or none for `last`.
        ProductError: A damaged or ambiguous file, or one off the lattice of the others.
    """
    return open_files(list_files(folder, product), product, bounds, first, last, str(folder), progress)


def open_files(
    files: Sequence[ProductFile],
    product: str,
    bounds: tuple[float, float, float, float],
    first: Month,
    last: Month | None,
    where: str,
    progress: Progress | None = None,
    before: ReadBefore | None = None,
) -> tuple[LightStack, tuple[CheckResult, ...]]:
    """As `open_stack`, of files that are known already; `where` is what an error names as their place.

    Months that `before` has read and whose files are as they were are not opened; it records what is read now.

    Raises:
        ConfigError: Unknown product.
        ProductAbsent: No file of `last`.
        ProductError: A damaged or ambiguous file, or one off the lattice of the others.
    """
    reader = _product(product)
    last = _last_month(files, first, last, where)
    selected = select_months([file for file in files if first <= file.month <= last])
    months = tuple(month_range(first, last))
    wanted = [selected.months.get(month, ()) for month in months]
    light, geobox, held = _read_months(reader, wanted, bounds, progress, before or ReadBefore())
    return stack_months(months, light, geobox), (*selected.notes, *uncovered(held, geobox))


def _product(name: str) -> Product:
    if name not in PRODUCTS:
        near = difflib.get_close_matches(name, PRODUCTS, n=1, cutoff=0.0)[0]
        raise ConfigError(f"unknown night-light product {name!r}; nearest is {near!r}", hint="Correct ntl.product.")
    return PRODUCTS[name]


def _last_month(files: Sequence[ProductFile], first: Month, last: Month | None, where: str) -> Month:
    available = {file.month for file in files}
    wanted = last or max(available)
    # Not silently the newest month there is: who asks for a month must not get another one's map.
    if wanted not in available or wanted < first:
        raise ProductAbsent(
            f"no product for {max(wanted, first)}; {min(available)}..{max(available)} are there",
            where=where,
            hint="Wait for the provider, or ask for an earlier month.",
        )
    return wanted


def _read_months(
    reader: Product,
    months: Sequence[Sequence[ProductFile]],
    bounds: tuple[float, float, float, float],
    progress: Progress | None,
    before: ReadBefore,
) -> tuple[list[LightMonth | None], GeoBox, dict[Month, list[GeoBox]]]:
    """Light of each month's files (the last month has some), the newest month's lattice under the bounds, every grid.

    Every file is opened once, and only one month's files at a time; so whether all lie on one lattice is known at the
    end. From the first that does not, only headers are read: an error is certain then, and the others' grids tell
    which file it names.
    """
    light: list[LightMonth | None] = [None] * len(months)
    grids: list[tuple[ProductFile, GeoBox]] = []
    held: dict[Month, list[GeoBox]] = {}
    one_lattice = True
    # Newest first: in a tie between two lattices the newest month's is right, and the region's grid is cut from it.
    for done, at in enumerate(reversed(range(len(months))), start=1):
        if months[at]:
            looks = before.look(months[at])
            known = before.recall(reader, months[at], looks)
            with reader.open_month(months[at]) if known is None else contextlib.nullcontext(known) as opened:
                before.note(months[at], looks, opened)
                grids += opened.grids
                held[months[at][0].month] = [grid for _, grid in opened.grids]
                one_lattice = one_lattice and all(aligned(grid, grids[0][1]) for _, grid in opened.grids)
                if one_lattice:
                    light[at] = opened.read(region_geobox(bounds, grids[0][1]))
        if progress is not None:
            progress("reading night light", done, len(months))
    check_one_lattice(grids)
    return light, region_geobox(bounds, grids[0][1]), held


def stack_months(months: tuple[Month, ...], opened: Sequence[LightMonth | None], geobox: GeoBox) -> LightStack:
    """Months of light on one grid, in order; None where there is no product."""
    shape = (len(months), *geobox.shape)
    radiance = np.full(shape, np.nan, np.float32)
    observations = np.zeros(shape, np.uint16)
    for index, light in enumerate(opened):
        if light is not None:
            radiance[index], observations[index] = light.radiance, light.observations
    return LightStack(
        months=months,
        radiance=radiance,
        observations=observations,
        geobox=geobox,
        provenance=tuple(light.provenance if light else () for light in opened),
        missing=tuple(month for month, light in zip(months, opened, strict=True) if light is None),
    )


def _check_one_configuration(month: Month, files: Sequence[ProductFile]) -> None:
    kinds = sorted({f"{file.satellite}/{file.processing}" for file in files})
    if len(kinds) > 1:
        raise ProductError(
            f"{month} is there more than once, as {' and '.join(kinds)}",
            where=files[0].path.name,
            hint="Keep the files of one satellite and one configuration; they are not comparable.",
        )


def _check_one_collection(month: Month, files: Sequence[ProductFile]) -> None:
    collections = sorted({file.collection for file in files})
    if len(collections) > 1:
        raise ProductError(
            f"the tiles of {month} come from collections {' and '.join(collections)}",
            where=files[0].path.name,
            hint="Download every tile of the month from the newer collection.",
        )


def _superseded(month: Month, used: Sequence[ProductFile], ignored: Sequence[ProductFile]) -> CheckResult:
    names = [file.path.name for file in ignored]
    return CheckResult(
        name="light.superseded",
        passed=False,
        required=False,
        subject=str(month),
        message=(
            f"{month} is there more than once: used {used[0].path.name}, ignored {', '.join(names[:3])}"
            f"{f' and {len(names) - 3} more' if len(names) > 3 else ''}; remove what is superseded"
        ),
        observed={"used": [file.path.name for file in used], "ignored": names},
    )
