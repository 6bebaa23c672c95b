"""The checks of a run as one self-contained page for people: no remote styles, scripts, fonts or pictures.

Data Docs hold every detail of the tables but load their looks from elsewhere and stay bare without a network; this
page opens anywhere. Pure: returns the page, writes nothing.
"""

from __future__ import annotations

import html
import re
from collections.abc import Sequence

from gvio.config import INVENTED
from gvio.types import CheckResult
from gvio.validate.gate import failed_required
from gvio.validate.verdicts import count

_CSS = """
:root{color-scheme:light dark;--ink:#1b1f24;--soft:#5c6670;--paper:#fff;--line:#dfe3e8;--band:#f5f7f9;
--bad:#b42318;--badbg:#fdecea;--warn:#8a5300;--warnbg:#fff4dd;--good:#1a6b3c;--goodbg:#e6f4ea}
@media(prefers-color-scheme:dark){:root{--ink:#e8ebee;--soft:#9aa5b1;--paper:#15191d;--line:#323a42;--band:#1d2329;
--bad:#ff9a8f;--badbg:#46201d;--warn:#ffcb70;--warnbg:#40310f;--good:#8fdcab;--goodbg:#173826}}
*{box-sizing:border-box}
body{margin:0 auto;max-width:72rem;padding:2rem 1.5rem 4rem;font:16px/1.5 system-ui,"DejaVu Sans",sans-serif;
color:var(--ink);background:var(--paper)}
h1{font-size:1.5rem;line-height:1.25;margin:0 0 .25rem}
.when{color:var(--soft);margin:0 0 1.5rem}
.verdict{border-left:.4rem solid;padding:.8rem 1rem;border-radius:.25rem;margin:0 0 1.5rem}
.verdict strong{font-size:1.15rem;display:block}
.bad{color:var(--bad);background:var(--badbg);border-color:var(--bad)}
.warn{color:var(--warn);background:var(--warnbg);border-color:var(--warn)}
.good{color:var(--good);background:var(--goodbg);border-color:var(--good)}
.verdict p{margin:.2rem 0 0;color:var(--ink)}
table{border-collapse:collapse;width:100%;table-layout:fixed}
col.outcome{width:7.5rem}col.check{width:17rem}col.subject{width:11rem}
th{text-align:left;font-size:.85rem;color:var(--soft);font-weight:600}
th,td{padding:.5rem .75rem;border-bottom:1px solid var(--line);vertical-align:top;overflow-wrap:anywhere}
tbody tr:nth-child(even){background:var(--band)}
td code{font:.85rem/1.5 ui-monospace,"DejaVu Sans Mono",monospace}
.tag{display:inline-block;padding:.05rem .55rem;border-radius:1rem;font-size:.85rem;font-weight:600}
.day{white-space:nowrap}
@media(max-width:46rem){body{padding:1rem}table,tbody,tr,td{display:block}thead,colgroup{display:none}
tr{border-bottom:1px solid var(--line);padding:.5rem 0}td{border:0;padding:.1rem .75rem}}
@media print{body{max-width:none}tr{break-inside:avoid}}
"""

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
    mark = f"<div class='verdict bad'><strong>{html.escape(INVENTED)}</strong></div>" if invented else ""
    rows = "".join(_row(r) for r in sorted(results, key=_rank))
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>Checks: {html.escape(title)}</title><style>{_CSS}</style></head><body>"
        f"<h1>Checks of {html.escape(title)}</h1><p class='when'>{html.escape(generated)}</p>"
        f"{mark}{_verdict(results)}"
        "<table><colgroup><col class='outcome'><col class='check'><col class='subject'><col>"
        "</colgroup><thead><tr><th scope='col'>Outcome</th><th scope='col'>Check</th><th scope='col'>Looked at</th>"
        f"<th scope='col'>What was found</th></tr></thead><tbody>{rows}</tbody></table></body></html>\n"
    )


def _rank(result: CheckResult) -> int:
    """0 refuses the run, 1 warns, 2 passed."""
    if result.passed:
        return 2
    return 0 if result.required else 1


def _verdict(results: Sequence[CheckResult]) -> str:
    """The box at the top: the outcome in one sentence, and how many checks stand behind it."""
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
    tally = f"{passed} of {count(len(results), 'check')} passed."
    return f"<div class='verdict {css}' role='status'><strong>{head}</strong><p>{text} {tally}</p></div>"


def _row(result: CheckResult) -> str:
    word, css = _OUTCOMES[_rank(result)]
    return (
        f"<tr><td><span class='tag {css}'>{word}</span></td><td><code>{_breakable(result.name)}</code></td>"
        f"<td>{_text(result.subject)}</td><td>{_text(result.message[:1].upper() + result.message[1:])}</td></tr>"
    )


def _text(text: str) -> str:
    """Escaped; months and days are not broken at their hyphens."""
    return re.sub(r"\d{4}-\d{2}(-\d{2})?", r"<span class='day'>\g<0></span>", html.escape(text))


def _breakable(name: str) -> str:
    """A dotted name that may break after its dot and underscores, and nowhere else."""
    return html.escape(name).replace(".", ".<wbr>").replace("_", "_<wbr>")
