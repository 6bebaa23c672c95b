"""The evaluation for reading: the sections of `gvio.report.sections` as one page, or as Markdown.

The page refers to nothing outside itself; the Markdown names its pictures.
"""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from gvio.config import INVENTED
from gvio.report.pages import render, table_head, table_rows
from gvio.report.scores import MODELS
from gvio.report.sections import sections
from gvio.report.verdict import SKILLS, skill_of, verdict
from gvio.scoreboard.board import Scoreboard
from gvio.scoreboard.names import OURS

_TONE = {"proven": "good", "weak": "warn", "none": "bad", "untested": "warn", "unknown": "warn"}


def evaluation_html(scoreboard: Scoreboard, pictures: Mapping[str, bytes], title: str) -> str:
    """A whole HTML document with its pictures inside.

    Args:
        scoreboard: The evaluation.
        pictures: PNG bytes by file name: `score_charts`, and others that are shown at the end.
        title: Of the region.
    """
    skill = skill_of(scoreboard)
    return render(
        "evaluation.html",
        title=title,
        when=_when(scoreboard),
        mark=INVENTED if scoreboard.invented else "",
        tone=_TONE[skill],
        skill=SKILLS[skill][0],
        verdict=verdict(scoreboard),
        sections=sections(scoreboard, pictures),
        pictures=pictures,
        ours=MODELS[OURS],
    )


def evaluation_markdown(scoreboard: Scoreboard, pictures: Mapping[str, bytes], title: str, folder: str) -> str:
    """The same as Markdown; pictures are expected in `folder`, relative to the file."""
    lines = [f"# How good is it? {title}", "", _when(scoreboard), ""]
    lines += [f"**{INVENTED}**", ""] if scoreboard.invented else []
    lines += [f"**{SKILLS[skill_of(scoreboard)][0]}.** {verdict(scoreboard)}", ""]
    for section in sections(scoreboard, pictures):
        lines += [f"## {section.title}", ""]
        lines += [line for text in section.text for line in (text, "")]
        if section.picture:
            lines += [f"![{section.title}]({folder}/{section.picture})", ""]
        for caption, table in section.tables:
            lines += [f"**{caption}**", "", *_markdown_table(table), ""]
    return "\n".join(lines)


def _when(scoreboard: Scoreboard) -> str:
    first, last = scoreboard.months or ("?", "?")
    return f"Light {first} to {last}; figures public until {scoreboard.figures_public_until or '?'}."


def _markdown_table(table: pd.DataFrame) -> list[str]:
    head = table_head(table)
    rows = [[name, *cells] for name, cells in table_rows(table)]
    return [f"| {' | '.join(line)} |" for line in (head, ["---"] * len(head), *rows)]
