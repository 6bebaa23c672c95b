"""Hashes that name a run's inputs: equal inputs have equal hashes, whenever and wherever they are read."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING

from gvio.config import RegionConfig, digest
from gvio.errors import PackError

if TYPE_CHECKING:
    from gvio.ledger.rows import Ledger

_SHAPEFILE = ".shp"


def files_digest(root: Path, names: list[str]) -> str:
    """Hash (16 hex digits) of names and contents of files below `root`; a shapefile's siblings count.

    Raises:
        PackError: A file cannot be read.
    """
    sha = hashlib.sha256()
    for name in names:
        for part in _parts(root / name):
            sha.update(f"{name}/{part.name}:{_content(part)}\n".encode())
    return sha.hexdigest()[:16]


def _content(path: Path) -> str:
    """Hash of a file; a word where it is not there: the reader that needs it says which file is near and what to do.

    Raises:
        PackError: It cannot be read.
    """
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except FileNotFoundError:
        return "absent"
    except OSError as error:
        hint = "Make it readable for this user, or correct region.yaml."
        raise PackError(f"cannot be read ({type(error).__name__})", where=path.name, hint=hint) from None


def pack_digest(root: Path, config: RegionConfig) -> str:
    """Hash of what does not grow every month: the configuration and the files of districts, factories, urban land.

    Raises:
        PackError: A file cannot be read.
    """
    names = [config.districts.path, config.factories.path, *([config.urban.path] if config.urban else [])]
    return hashlib.sha256(f"{digest(config)} {files_digest(root, names)}".encode()).hexdigest()[:16]


def ledger_digest(ledger: Ledger) -> str:
    """Hash (16 hex digits) of the statistics, in a fixed order of rows."""
    text = ledger.rows.sort_values(list(ledger.rows.columns), kind="stable").to_csv(index=False)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def truth_digest(root: Path) -> str:
    """Hash of the truth of a known-truth pack, which the evaluation reads; "none" where there is none."""
    path = root / "truth" / "truth.npz"
    return hashlib.sha256(path.read_bytes()).hexdigest()[:16] if path.is_file() else "none"


def _parts(path: Path) -> list[Path]:
    return sorted(path.parent.glob(f"{path.stem}.*")) if path.suffix.lower() == _SHAPEFILE else [path]
