"""Errata for people: one sentence each."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from gvio.report.numbers import signed_percent
from gvio.report.tables import month_text
from gvio.revisions.errata import Erratum

_CAUSE: Mapping[str, str] = {
    "reprocessed_light": "the provider wrote light again",
    "revised_figures": "an official figure was corrected",
}


def erratum_sentence(erratum: Erratum, names: Mapping[str, str] | None = None) -> str:
    """What was corrected, where it moved most, which releases hold the old numbers, and which one replaces them."""
    largest = max(erratum.estimates, key=lambda row: abs(row.part))
    name, months = (names or {}).get(largest.area_id, largest.area_id), sorted({row.month for row in erratum.estimates})
    span = months[0] if len(months) == 1 else f"{months[0]} to {months[-1]}"
    moved = signed_percent(100.0 * float(np.expm1(largest.part)))
    count = f"{len(erratum.estimates)} estimate{'' if len(erratum.estimates) == 1 else 's'} of {span}"
    return (
        f"Erratum: {_CAUSE[erratum.cause]}, which moves {count} beyond the predicted revision, most {name} in "
        f"{month_text(largest.month)} ({moved}). Releases {', '.join(erratum.releases)} hold the old numbers; "
        f"{erratum.replaced_by or 'this release'} replaces them."
    )
