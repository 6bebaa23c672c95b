"""The evaluation for reading: the sections of `gvio.report.sections` as one page, or as Markdown.

The page refers to nothing outside itself; the Markdown names its pictures.
"""

from __future__ import annotations

import base64
import html
import re
from collections.abc import Mapping

import pandas as pd

from gvio.report.scores import MODELS, OURS, SKILLS, Scores, skill_of, verdict
from gvio.report.sections import Section, sections

_TONE = {"proven": "good", "weak": "warn", "none": "bad", "unknown": "warn"}


def evaluation_html(scoreboard: Scores, pictures: Mapping[str, bytes], title: str) -> str:
    """A whole HTML document with its pictures inside.

    Args:
        scoreboard: `scoreboard.json`.
        pictures: PNG bytes by file name: `score_charts`, and others that are shown at the end.
        title: Of the region.
    """
    skill = skill_of(scoreboard)
    parts = "".join(_html_section(section, pictures) for section in sections(scoreboard, pictures))
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>Evaluation: {html.escape(title)}</title><style>{_CSS}</style></head><body><main>"
        f"<h1>How good is it? {html.escape(title)}</h1><p class='when'>{html.escape(_when(scoreboard))}</p>"
        f"<div class='verdict {_TONE[skill]}'><strong>{html.escape(SKILLS[skill][0])}</strong>"
        f"<p>{html.escape(verdict(scoreboard))}</p></div>{parts}</main></body></html>\n"
    )


def evaluation_markdown(scoreboard: Scores, pictures: Mapping[str, bytes], title: str, folder: str) -> str:
    """The same as Markdown; pictures are expected in `folder`, relative to the file."""
    lines = [f"# How good is it? {title}", "", _when(scoreboard), ""]
    lines += [f"**{SKILLS[skill_of(scoreboard)][0]}.** {verdict(scoreboard)}", ""]
    for section in sections(scoreboard, pictures):
        lines += [f"## {section.title}", ""]
        lines += [line for text in section.text for line in (text, "")]
        if section.picture:
            lines += [f"![{section.title}]({folder}/{section.picture})", ""]
        for caption, table in section.tables:
            lines += [f"**{caption}**", "", *_markdown_table(table), ""]
    return "\n".join(lines)


def _when(scoreboard: Scores) -> str:
    months = scoreboard.get("months") or ["?", "?"]
    return f"Light {months[0]} to {months[-1]}; figures public until {scoreboard.get('figures_public_until') or '?'}."


def _markdown_table(table: pd.DataFrame) -> list[str]:
    head = [str(table.index.name or ""), *map(str, table.columns)]
    rows = [[str(index), *map(str, row)] for index, row in zip(table.index, table.to_numpy(), strict=True)]
    return [f"| {' | '.join(line)} |" for line in (head, ["---"] * len(head), *rows)]


def _html_section(section: Section, pictures: Mapping[str, bytes]) -> str:
    parts = [f"<section><h2>{html.escape(section.title)}</h2>", *(f"<p>{html.escape(t)}</p>" for t in section.text)]
    if section.picture:
        data = base64.b64encode(pictures[section.picture]).decode()
        parts.append(f"<img alt='{html.escape(section.title)}' src='data:image/png;base64,{data}'>")
    parts += [_html_table(caption, table) for caption, table in section.tables]
    return "".join([*parts, "</section>"])


def _html_table(caption: str, table: pd.DataFrame) -> str:
    head = "".join(f"<th scope='col'>{html.escape(str(c))}</th>" for c in [table.index.name or "", *table.columns])
    rows = "".join(
        f"<tr{' class=ours' if str(index) == MODELS[OURS] else ''}><th scope='row'>{html.escape(str(index))}</th>"
        + "".join(f"<td>{_bold(str(cell))}</td>" for cell in row)
        + "</tr>"
        for index, row in zip(table.index, table.to_numpy(), strict=True)
    )
    return (
        f"<div class='wide'><table><caption>{html.escape(caption)}</caption>"
        f"<thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>"
    )


def _bold(cell: str) -> str:
    return re.sub(r"\*\*(.+?)\*\*", r"<b>\1</b>", html.escape(cell))


_CSS = """
:root{color-scheme:light;--ink:#1b1f24;--soft:#5c6670;--line:#dfe3e8;--band:#f5f7f9;--bad:#b42318;--badbg:#fdecea;
--warn:#8a5300;--warnbg:#fff4dd;--good:#1a6b3c;--goodbg:#e6f4ea}
*{box-sizing:border-box}
body{margin:0;font:16px/1.5 system-ui,"DejaVu Sans",sans-serif;color:var(--ink);background:#fff}
main{margin:0 auto;max-width:62rem;padding:2rem 1.5rem 4rem}
h1{font-size:1.5rem;line-height:1.25;margin:0 0 .25rem}
h2{font-size:1.2rem;margin:2.5rem 0 .5rem}
p{max-width:48rem;margin:.4rem 0}
.when{color:var(--soft);margin:0 0 1.5rem}
.verdict{border-left:.4rem solid;padding:.8rem 1rem;border-radius:.25rem}
.verdict strong{font-size:1.15rem;display:block}
.verdict p{margin:.2rem 0 0;color:var(--ink)}
.bad{color:var(--bad);background:var(--badbg)}
.warn{color:var(--warn);background:var(--warnbg)}
.good{color:var(--good);background:var(--goodbg)}
img{display:block;max-width:100%;margin:1rem 0}
.wide{overflow-x:auto;margin:1rem 0}
table{border-collapse:collapse;font-size:.875rem;min-width:60%}
caption{text-align:left;font-weight:600;padding:.25rem 0 .4rem}
th,td{padding:.35rem .6rem;border-bottom:1px solid var(--line);text-align:right;vertical-align:top}
th:first-child{text-align:left}
thead th{color:var(--soft);font-weight:600;vertical-align:bottom}
tbody th{font-weight:400}
tbody td,tbody th{white-space:nowrap}
tr.ours{background:var(--band)}
tr.ours th{font-weight:600}
@media print{main{max-width:none;padding:0}section{break-inside:avoid}}
"""
