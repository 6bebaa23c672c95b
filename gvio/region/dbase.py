"""Text cells of a shapefile's table, as bytes: which encoding they are in is said beside them, or nowhere."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import PurePath

from gvio.errors import PackError
from gvio.region.text import GB, HINT, Encoding, is_gb

_UTF8 = {b"utf-8", b"utf8", b"65001"}  # said of many tables that are not
_WESTERN = {0x03, 0x57}  # the mark of the language that programs of Western systems write
_MARK_AT, _FIELDS_AT, _FIELD, _END = 29, 32, 32, 0x0D
_LONGEST = 3  # bytes of a UTF-8 character that a full cell may lack at its end


def table_encoding(parts: Mapping[str, bytes], given: str | None, where: str) -> Encoding:
    """The encoding of a shapefile's text: of region.yaml, of its .cpg, else UTF-8, GB18030 or what its table says.

    Args:
        parts: Bytes of the shapefile's files by name.
        given: What `region.yaml` says.
        where: What an error names.

    Raises:
        PackError: None of these is certain.
    """
    if given is not None:
        return Encoding(given, False)
    endings = {PurePath(name).suffix.lower(): data for name, data in parts.items()}
    said, table = endings.get(".cpg", b"").strip().lower(), endings.get(".dbf", b"")
    cells = list(_text_cells(table))
    if all(_is_utf8(cell) for cell in cells):
        return Encoding("utf-8", False)
    if said and said not in _UTF8:
        return Encoding("", False)  # the reader knows the names that such a file may hold
    if is_gb(b"\n".join(cells)):
        return Encoding(GB, True)
    if table[_MARK_AT] in _WESTERN:
        return Encoding("cp1252", True)
    raise PackError("has text that is not in UTF-8, and nothing says what it is in", where=where, hint=HINT)


def _text_cells(table: bytes) -> Iterator[bytes]:
    """Cells of the text columns, and the names of all columns (dBASE III: header, 32 bytes a field, fixed records)."""
    columns, start, at = [], 1, _FIELDS_AT
    while at + _FIELD <= len(table) and table[at] != _END:
        width = table[at + 16]
        yield table[at : at + 11].split(b"\0")[0]
        if table[at + 11 : at + 12] == b"C":
            columns.append((start, start + width))
        start, at = start + width, at + _FIELD
    first = int.from_bytes(table[8:10], "little")
    size = int.from_bytes(table[10:12], "little") or len(table)
    for row in range(first, len(table) - size + 1, size):
        for left, right in columns:
            yield table[row + left : row + right].rstrip(b" \0")


def _is_utf8(cell: bytes) -> bool:
    try:
        cell.decode()
    except UnicodeDecodeError as error:
        return error.reason == "unexpected end of data" and len(cell) - error.start <= _LONGEST
    return True
