"""The checks of a run as one self-contained page for people: no remote styles, scripts, fonts or pictures.

Data Docs hold every detail of the tables but load their looks from elsewhere and stay bare without a network; this
page opens anywhere. Pure: returns the page, writes nothing.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Sequence

from markupsafe import Markup, escape

from gvio.config import INVENTED
from gvio.templates import page_templates
from gvio.types import CheckResult
from gvio.validate.gate import failed_required
from gvio.validate.verdicts import count

_OUTCOMES = (("refused", "bad"), ("warning", "warn"), ("passed", "good"))


def checks_html(results: Sequence[CheckResult], title: str, generated: str, invented: bool = False) -> str:
    """The page of a run's checks, failed ones first.

    Args:
        results: Every check of the run.
        title: Heading, for example "Shanghai, 2021-12".
        generated: When the run was made, as it should read.
        invented: The data are simulated, which the page says first.

    Returns:
        A whole HTML document that refers to nothing outside itself.
    """
    return _PAGES.get_template("checks.html").render(
        title=title,
        generated=generated,
        mark=INVENTED if invented else "",
        verdict=_verdict(results),
        checks=sorted(results, key=_rank),
        outcomes=_OUTCOMES,
    )


@dataclasses.dataclass(frozen=True)
class _Verdict:
    """The box at the top."""

    css: str
    head: str
    text: str


def _rank(result: CheckResult) -> int:
    """0 refuses the run, 1 warns, 2 passed."""
    if result.passed:
        return 2
    return 0 if result.required else 1


def _verdict(results: Sequence[CheckResult]) -> _Verdict:
    """The outcome in one sentence, and how many checks stand behind it."""
    refused = len(failed_required(results))
    warned = sum(not r.passed for r in results) - refused
    if not results:
        css, head, text = "bad", "No check was run", "Nothing is known about this run; do not use it."
    elif refused:
        css, head = "bad", "Refused: nothing was published"
        text = f"{count(refused, 'required check')} failed. The last release stands as it was."
    elif warned:
        css, head = "warn", "Passed, with warnings"
        text = f"No required check failed; {count(warned, 'warning')} below should be read with the figures."
    else:
        css, head, text = "good", "Passed", "Every check passed."
    passed = len(results) - refused - warned
    checks = count(len(results), "check")
    tally = f"{passed} of {checks} of the inputs passed; a release counts those of the product too."
    return _Verdict(css, head, f"{text} {tally}")


def _whole_days(text: str) -> Markup:
    """Months and days are not broken at their hyphens."""
    return Markup(re.sub(r"\d{4}-\d{2}(-\d{2})?", r'<span class="day">\g<0></span>', str(escape(text))))


def _breakable(name: str) -> Markup:
    """A dotted name that may break after its dot and underscores, and nowhere else."""
    return Markup(str(escape(name)).replace(".", ".<wbr>").replace("_", "_<wbr>"))


_PAGES = page_templates("gvio.validate", {"rank": _rank, "whole_days": _whole_days, "breakable": _breakable})
