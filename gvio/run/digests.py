"""Hashes that name a run's inputs: equal inputs have equal hashes, whenever and wherever they are read."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from gvio.config import RegionConfig, digest
from gvio.region.files import PackFiles

if TYPE_CHECKING:
    from gvio.ledger.rows import Ledger

TRUTH = "truth/truth.npz"  # of a known-truth pack; nothing but the evaluation reads it


def pack_digest(files: PackFiles, config: RegionConfig) -> str:
    """Hash of what does not grow every month: the configuration and the files of districts, factories, urban land.

    Raises:
        PackError: A file cannot be read.
    """
    names = [config.districts.path, config.factories.path, *([config.urban.path] if config.urban else [])]
    return hashlib.sha256(f"{digest(config)} {files.digest(names)}".encode()).hexdigest()[:16]


def ledger_digest(ledger: Ledger) -> str:
    """Hash (16 hex digits) of the statistics, in a fixed order of rows."""
    text = ledger.rows.sort_values(list(ledger.rows.columns), kind="stable").to_csv(index=False)
    return hashlib.sha256(text.encode()).hexdigest()[:16]
