"""The checks of a release as an HTML table, failures first, no message cut."""

from __future__ import annotations

from collections.abc import Sequence

from gvio.report.pages import render
from gvio.report.tables import checks_table
from gvio.types import CheckResult


def checks_html(checks: Sequence[CheckResult]) -> str:
    """Check, outcome, subject and message of each; every text is escaped."""
    return render("checks.html", checks=checks_table(checks).to_dict("records"))
