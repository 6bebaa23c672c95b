"""Which font of this machine draws a text: matplotlib's own for Latin, one with Chinese glyphs where there is one."""

from __future__ import annotations

import functools
import importlib.util
from collections.abc import Sequence
from pathlib import Path

import matplotlib.font_manager as manager
from matplotlib.ft2font import FT2Font, LoadFlags

_LATIN = "DejaVu Sans"
_PACKAGED = ("pylopdf_fonts_zh_cn", "NotoSansSC-Regular.otf")  # what the extra `zh` installs
# By file, not by family: matplotlib remembers families, and does not see a font that was installed later.
_INSTALLED = ("NotoSansCJK-Regular", "NotoSansCJKsc-Regular", "NotoSansSC", "SourceHanSansSC-Regular", "wqy-microhei")


class Font:
    """A font as matplotlib takes it, the characters that it has, and how wide they are."""

    def __init__(self, path: str, face: int = 0) -> None:
        self._path = manager.FontPath(path, face)
        self._face = FT2Font(path, face_index=face)
        self._known = frozenset(self._face.get_charmap())
        self._widths: dict[str, float] = {}

    def of_size(self, points: float) -> manager.FontProperties:
        """What matplotlib takes as a font."""
        return manager.FontProperties(fname=self._path, size=points)

    def draws(self, text: str) -> bool:
        """Whether every character but spaces has a glyph."""
        return all(ord(c) in self._known or c.isspace() for c in text)

    def width(self, text: str) -> float:
        """Width in units of the font's size, without kerning."""
        return sum(self._width(character) for character in text)

    def _width(self, character: str) -> float:
        if character not in self._widths:
            glyph = self._face.load_char(ord(character), flags=LoadFlags.NO_SCALE)
            self._widths[character] = float(glyph.horiAdvance) / self._face.units_per_EM
        return self._widths[character]


@functools.cache
def latin_font() -> Font:
    """The font that matplotlib brings."""
    return Font(manager.findfont(_LATIN))


@functools.cache
def chinese_font() -> Font | None:
    """The font of the extra `zh`, else one of the system's; None where there is none."""
    package, file = _PACKAGED
    found = importlib.util.find_spec(package)
    if found is not None and found.origin is not None and (path := Path(found.origin).with_name(file)).is_file():
        return Font(str(path))
    files = sorted(manager.findSystemFonts())
    there = (file for start in _INSTALLED for file in files if Path(file).name.startswith(start))
    return next((font for file in there if (font := _opened(file)) is not None), None)


def _opened(file: str) -> Font | None:
    try:
        return Font(file, _simplified(file))
    except (OSError, RuntimeError):  # of FreeType: no font, or a damaged one
        return None


def _simplified(file: str) -> int:
    """The face of a collection that has the forms of the mainland; the first one where none says so."""
    names = [FT2Font(file, face_index=i).family_name for i in range(FT2Font(file).num_faces)]
    return next((i for i, name in enumerate(names) if name.endswith(" SC")), 0)


def font_for(texts: Sequence[str]) -> Font | None:
    """A font that draws all of the texts; None where there is none."""
    fonts = (latin_font, chinese_font)
    return next((font for get in fonts if (font := get()) is not None and all(map(font.draws, texts))), None)
