"""Formulas of the documentation as MathML: browsers draw it themselves, no script of another host is asked for."""

from __future__ import annotations

import html
import re
from typing import Any

from latex2mathml.converter import convert

_INLINE = re.compile(r'<span class="arithmatex">\\\((.*?)\\\)</span>', re.DOTALL)
_WIDE = '<div style="overflow-x: auto" tabindex="0">{}</div>'  # on a phone a long formula scrolls, not the page
_BLOCK = re.compile(r'<div class="arithmatex">\s*\\\[(.*?)\\\]\s*</div>', re.DOTALL)


def on_page_content(content: str, **_: Any) -> str:
    """The page with every formula drawn; called by mkdocs."""
    content = _BLOCK.sub(lambda found: _WIDE.format(_drawn(found[1], "block")), content)
    return _INLINE.sub(lambda found: _drawn(found[1], "inline"), content)


def _drawn(formula: str, display: str) -> str:
    return convert(html.unescape(formula).strip(), display=display)
