"""Errata for people: one sentence each."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from gvio.report.numbers import signed_percent
from gvio.report.tables import month_text
from gvio.revisions.errata import Erratum
from gvio.words import listed, marked, tr, tr_count

_CAUSE: Mapping[str, str] = {
    "reprocessed_light": marked("the provider wrote light again"),
    "revised_figures": marked("an official figure was corrected"),
}


def erratum_sentence(erratum: Erratum, names: Mapping[str, str] | None = None) -> str:
    """What was corrected, where it moved most, which releases hold the old numbers, and which one replaces them."""
    largest = max(erratum.estimates, key=lambda row: abs(row.part))
    name, months = (names or {}).get(largest.area_id, largest.area_id), sorted({row.month for row in erratum.estimates})
    span = months[0] if len(months) == 1 else tr("{first} to {last}", first=months[0], last=months[-1])
    moved = signed_percent(100.0 * float(np.expm1(largest.part)))
    count = tr_count("{n} estimate of {span}", "{n} estimates of {span}", len(erratum.estimates), span=span)
    return tr(
        "Erratum: {cause}, which moves {count} beyond the predicted revision, most {name} in {month} ({moved}). "
        "Releases {releases} hold the old numbers; {newer} replaces them.",
        cause=tr(_CAUSE[erratum.cause]),
        count=count,
        name=name,
        month=month_text(largest.month),
        moved=moved,
        releases=listed(erratum.releases),
        newer=erratum.replaced_by or tr("this release"),
    )
