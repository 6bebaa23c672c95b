"""A text in lines of equal width, for pictures: nothing there breaks lines by itself."""

from __future__ import annotations

import re

_WIDE = "\u2e80-\uffff"  # Chinese, Japanese, Korean, and their marks: as wide as high
_ENDS = "，。：；、！？）”％"  # begin no line
_PARTS = re.compile(rf"[{_WIDE}][{_ENDS}]*|[^\s{_WIDE}]+[{_ENDS}]*|\s+")


def width_of(text: str) -> int:
    """Width in Latin letters: a Chinese character is as wide as two."""
    return sum(2 if ord(letter) >= 0x2E80 else 1 for letter in text)


def in_lines(text: str, width: int) -> list[str]:
    """The text in lines of at most `width` Latin letters: Latin words stay whole, Chinese breaks anywhere but before a
    closing mark. A word that is longer has a line of its own.
    """
    lines, line = list[str](), ""
    for part in _PARTS.findall(text):
        if line.strip() and width_of((line + part).strip()) > width:
            lines.append(line.strip())
            line = ""
        line += part
    return [*lines, line.strip()] if line.strip() else lines
