"""In which encoding a text is written: as it says itself, else UTF-8, else GB18030 where it can be nothing else."""

from __future__ import annotations

import codecs
import dataclasses

from gvio.errors import PackError

GB = "gb18030"
HINT = "Save it as UTF-8, or name its encoding in region.yaml: encoding: cp1252, big5, shift_jis, …"

# The longest first: a UTF-32 mark begins like a UTF-16 one.
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_COMMON = 0.9  # least share of GB2312, the characters in daily use, among double bytes; text of Europe has almost none


@dataclasses.dataclass(frozen=True)
class Encoding:
    """A codec of Python, and whether it was guessed."""

    codec: str
    guessed: bool


def encoding_of(data: bytes, given: str | None, where: str) -> Encoding:
    """The encoding of a text.

    Args:
        data: The text, whole.
        given: What `region.yaml` says; it counts.
        where: What an error names, usually the file.

    Raises:
        PackError: The bytes are not in the encoding given, or none is given and they could be in several.
    """
    if given is not None:
        if not _decodes(data, given):
            raise PackError(f"is not in the encoding {given} that region.yaml names", where=where, hint=HINT)
        return Encoding(given, False)
    marked = next((codec for mark, codec in _MARKS if data.startswith(mark)), None)
    if marked is not None and _decodes(data, marked):
        return Encoding(marked, False)
    if b"\0" not in data:  # a file without one is text; one with it is UTF-16 without its mark, or no text
        if _decodes(data, "utf-8"):
            return Encoding("utf-8", False)
        if is_gb(data):
            return Encoding(GB, True)
    raise PackError("is not in UTF-8, and its encoding cannot be told", where=where, hint=HINT)


def decode(data: bytes, given: str | None, where: str) -> str:
    """A text, without the mark at its beginning.

    Raises:
        PackError: As `encoding_of`.
    """
    return data.decode(encoding_of(data, given, where).codec)


def is_gb(data: bytes) -> bool:
    """Whether bytes are Chinese text in GB18030. It gives almost any bytes a meaning: most must be in daily use."""
    if not _decodes(data, GB):
        return False
    characters = [char for char in data.decode(GB) if ord(char) > 127]
    return sum(_decodes_back(char) for char in characters) >= _COMMON * len(characters)


def _decodes(data: bytes, codec: str) -> bool:
    try:
        data.decode(codec)
    except (UnicodeError, LookupError):  # a codec may exist and decode no text
        return False
    return True


def _decodes_back(char: str) -> bool:
    try:
        char.encode("gb2312")
    except UnicodeError:
        return False
    return True
