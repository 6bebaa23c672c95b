"""`errata.json`: every erratum of a region until a release, its own ones among them. Absent where there is none."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Sequence

from gvio.publish.canonical import SCHEMA_VERSION, canonical_json
from gvio.revisions.errata import CAUSES, Corrected, Erratum

NAME = "errata.json"


def errata_json(errata: Sequence[Erratum]) -> bytes:
    """The document; a release's own errata name no release that replaces, because it is named by its content."""
    return canonical_json({"schema_version": SCHEMA_VERSION, "errata": [dataclasses.asdict(e) for e in errata]})


def read_errata(data: bytes) -> tuple[Erratum, ...]:
    """The errata as written; one of an unknown cause, of a newer program, is left out."""
    return tuple(
        Erratum(
            cause=listed["cause"],
            releases=tuple(map(str, listed["releases"])),
            replaced_by=None if listed["replaced_by"] is None else str(listed["replaced_by"]),
            estimates=tuple(Corrected(**row) for row in listed["estimates"]),
        )
        for listed in json.loads(data)["errata"]
        if listed["cause"] in CAUSES
    )
