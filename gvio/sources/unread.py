"""Files that look like a product's and are not read: their names are nearly official, or they are still packed."""

from __future__ import annotations

import datetime as dt
import os
import re
from collections.abc import Sequence
from pathlib import Path, PurePath

from gvio.errors import PackError
from gvio.sources.product import Product
from gvio.sources.products import PRODUCTS
from gvio.types import CheckResult, Month

# What every file of the product begins with, and the other files that its provider lays beside those we read.
_LIKE = {
    "vnl-monthly": re.compile(r"SVDNB_(?:npp|j01)_(?P<day>\d{6})", re.IGNORECASE),
    "vnp46a3": re.compile(r"(?:VNP|VJ1)46A3\.A(?P<year>\d{4})(?P<day_of_year>\d{3})", re.IGNORECASE),
    "light-every-night": re.compile(r"(?<!SV)DNB_(?:npp|j01)_(?P<day>\d{6})", re.IGNORECASE),
}
_BESIDE = re.compile(r".*\.(?:cvg\.tif|.*masked\.tif|xml|md5|sha256|txt|json|html?|jpe?g|png|ovr|csv)", re.IGNORECASE)
_SHOWN = 3


def all_files(folder: Path) -> list[Path]:
    """Files below a folder, through links too, sorted; every real folder is entered once, so that links may form loops.

    Raises:
        PackError: A folder cannot be read.
    """

    def refuse(error: OSError) -> None:
        hint = "Make it readable for this user, or correct ntl.source."
        raise PackError(f"cannot be read ({error.strerror})", where=str(error.filename), hint=hint) from None

    found, entered = [], set[tuple[int, int]]()
    for place, folders, names in os.walk(folder, followlinks=True, onerror=refuse):
        # The shortest way counts, whatever order the disk has: a link must not hide the folder it points to.
        kept = []
        for name in sorted(folders, key=lambda name: (Path(place, name).is_symlink(), name)):
            stat = Path(place, name).stat()
            if (stat.st_dev, stat.st_ino) not in entered:
                entered.add((stat.st_dev, stat.st_ino))
                kept.append(name)
        folders[:] = kept
        found += [Path(place, name) for name in names if not name.startswith(".")]
    return sorted(found)


def unread_files(paths: Sequence[Path], product: str) -> list[Path]:
    """Those of `paths` that look like files of the product and are not read."""
    nameless = set(unread_names(paths, product))
    return [path for path in paths if path in nameless or (_looks_like(path, product) and not path.is_file())]


def unread_names(paths: Sequence[PurePath], product: str) -> list[PurePath]:
    """As `unread_files` by the names alone, for files that lie elsewhere."""
    reader = PRODUCTS[product]
    return [path for path in paths if _looks_like(path, product) and reader.recognise(path.name) is None]


def _looks_like(path: PurePath, product: str) -> bool:
    return bool(_LIKE[product].search(path.name)) and not _BESIDE.fullmatch(path.name)


def _month_named(path: PurePath, product: str) -> Month | None:
    """The month that such a name begins in."""
    match = _LIKE[product].search(path.name)
    parts = match.groupdict() if match else {}
    try:
        if "day" in parts:
            return Month(int(parts["day"][:4]), int(parts["day"][4:]))
        day = dt.date(int(parts["year"]), 1, 1) + dt.timedelta(int(parts["day_of_year"]) - 1)
    except (ValueError, KeyError):
        return None
    return Month(day.year, day.month)


def unread_note(folder: Path, product: str) -> tuple[CheckResult, ...]:
    """`light.names`: files that look like the product's and are not read.

    Raises:
        PackError: A folder cannot be read.
    """
    return names_note(unread_files(all_files(folder), product), product)


def names_note(found: Sequence[PurePath], product: str) -> tuple[CheckResult, ...]:
    """`light.names` of such files; nothing where there is none."""
    if not found:
        return ()
    text = f"{described(found, PRODUCTS[product])}. {cure(PRODUCTS[product])}"
    months = {month for path in found if (month := _month_named(path, product)) is not None}
    shown = [path.name for path in found[:_SHOWN]]
    observed = {"files": shown, "count": len(found), "months": [str(month) for month in sorted(months)]}
    return (CheckResult("light.names", False, False, product, text, observed),)


def described(found: Sequence[PurePath], reader: Product) -> str:
    """How many there are, and the first of them."""
    shown = ", ".join(f"{path.name}{' (a link to nothing)' * _dangles(path)}" for path in found[:_SHOWN])
    more = f" and {len(found) - _SHOWN} more" if len(found) > _SHOWN else ""
    return f"{len(found)} file(s) look like {reader.name} but are not: {shown}{more}"


def cure(reader: Product) -> str:
    """What to do with them."""
    return f"Unpack .gz, .zip and .tar, and give the others their official names, such as {reader.example}."


def _dangles(path: PurePath) -> bool:
    return isinstance(path, Path) and not path.exists()
