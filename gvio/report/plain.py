"""Text of packs and stores inside Markdown: shown as it is written, never rendered."""

from __future__ import annotations

import re

_PUNCTUATION = re.compile(r"([!-/:-@\[-`{-~])")


def plain(text: str) -> str:
    """The text with every mark of Markdown escaped (CommonMark 2.4: any ASCII punctuation may be)."""
    return _PUNCTUATION.sub(r"\\\1", " ".join(text.split()))
