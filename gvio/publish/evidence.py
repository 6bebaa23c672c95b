"""`evidence.parquet`, `figures.parquet`, `evidence.json`: what the estimates of a release stand on.

The first two are for readers as well: how light was read in each district and month, and the official figures used.
A release may lack them: those made before they existed do.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

import numpy as np
import pandas as pd
import pyarrow as pa

from gvio.ledger.rows import COLUMNS, Ledger
from gvio.publish.canonical import SCHEMA_VERSION, canonical_json
from gvio.publish.tables import parquet_bytes, read_table
from gvio.revisions.evidence import Evidence
from gvio.types import FloatArray, Month

EVIDENCE, FIGURES, FACTS = "evidence.parquet", "figures.parquet", "evidence.json"
NAMES = (EVIDENCE, FIGURES, FACTS)
READINGS = pa.schema(
    [
        pa.field("area_id", pa.string(), nullable=False),
        pa.field("month", pa.string(), nullable=False),
        pa.field("light", pa.float64()),
        pa.field("precision", pa.float64(), nullable=False),
        pa.field("opening", pa.float64(), nullable=False),
        pa.field("log_mean", pa.float64(), nullable=False),
    ]
)
LEDGER = pa.schema(
    [
        pa.field("area_id", pa.string(), nullable=False),
        pa.field("start", pa.string(), nullable=False),
        pa.field("end", pa.string(), nullable=False),
        pa.field("value", pa.float64(), nullable=False),
        pa.field("kind", pa.string(), nullable=False),
        pa.field("published", pa.date32(), nullable=False),
        pa.field("series", pa.string(), nullable=False),
        pa.field("source", pa.string(), nullable=False),
    ]
)


def evidence_objects(evidence: Evidence, unit: str = "", invented: bool = False) -> dict[str, bytes]:
    """The three objects by name; equal evidence gives equal bytes.

    Args:
        evidence: Of the release.
        unit: Unit of the figures; written into the file's metadata.
        invented: The data are simulated; written into the files' metadata.
    """
    said = {"invented": str(invented).lower()}
    months = [str(month) for month in evidence.months]
    readings = pd.DataFrame(
        {
            "area_id": np.repeat(evidence.area_ids, len(months)),
            "month": np.tile(months, len(evidence.area_ids)),
            "light": evidence.light.ravel(),
            "precision": evidence.precision.ravel(),
            "opening": evidence.openings.ravel(),
            "log_mean": evidence.log_mean.ravel(),
        }
    )
    figures = evidence.figures.rows.sort_values(list(COLUMNS), kind="stable")
    figures = figures.assign(**{name: [_text(value) for value in figures[name]] for name in ("start", "end")})
    return {
        EVIDENCE: parquet_bytes(readings, READINGS, {"unit": "logarithm; precision: share", **said}, "evidence"),
        FIGURES: parquet_bytes(figures, LEDGER, {"unit": unit, **said}, "figures", unit),
        FACTS: canonical_json(_facts(evidence, months)),
    }


def _text(ordinal: int) -> str:
    return str(Month.from_ordinal(int(ordinal)))


def _facts(evidence: Evidence, months: list[str]) -> dict[str, object]:
    return {
        "schema_version": SCHEMA_VERSION,
        "area_ids": evidence.area_ids,
        "city_id": evidence.city_id,
        "months": months,
        "groups": evidence.groups,
        "prior_share": evidence.prior_share,
        "rough": evidence.rough,
        "calendar": evidence.calendar,
        "hyper": evidence.hyper,
        "sensitivity": evidence.sensitivity,
        "seen": dict(zip(months, evidence.seen, strict=True)),
    }


def read_figures(data: bytes) -> pd.DataFrame:
    """The official figures as written.

    Raises:
        ValueError: No table, or a column is absent.
    """
    return read_table(data, LEDGER.names)[0]


def read_evidence(objects: Mapping[str, bytes]) -> Evidence:
    """What `evidence_objects` encoded.

    Raises:
        KeyError, ValueError: An object is absent, or is not what it should be.
    """
    facts = json.loads(objects[FACTS])
    areas, months = tuple(map(str, facts["area_ids"])), tuple(map(Month.parse, facts["months"]))
    table, _ = read_table(objects[EVIDENCE])
    values = {name: _wide(table, name, areas, facts["months"]) for name in READINGS.names[2:]}
    rows, _ = read_table(objects[FIGURES])
    rows = rows.assign(**{name: [Month.parse(text).ordinal for text in rows[name]] for name in ("start", "end")})
    return Evidence(
        area_ids=areas,
        city_id=str(facts["city_id"]),
        months=months,
        groups={str(name): tuple(map(str, of)) for name, of in facts["groups"].items()},
        light=values["light"],
        precision=values["precision"],
        rough=np.array(facts["rough"], dtype=np.float64),
        prior_share=np.array(facts["prior_share"], dtype=np.float64),
        openings=values["opening"],
        calendar=np.array(facts["calendar"], dtype=np.float64).reshape(len(months), -1),
        figures=Ledger(rows),
        hyper={str(name): float(value) for name, value in facts["hyper"].items()},
        sensitivity=tuple(float(value) for value in facts["sensitivity"]),
        log_mean=values["log_mean"],
        seen=tuple(str(facts["seen"][month]) for month in facts["months"]),
    )


def _wide(table: pd.DataFrame, name: str, areas: tuple[str, ...], months: list[str]) -> FloatArray:
    wide = table.pivot(index="area_id", columns="month", values=name).reindex(index=list(areas), columns=months)
    return np.ascontiguousarray(wide.to_numpy(dtype=np.float64))
