"""HTML from the templates of this package; every value is escaped unless it is marked as HTML."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator

import pandas as pd
from markupsafe import Markup, escape

from gvio.templates import page_templates
from gvio.words import tr


def render(template: str, **values: object) -> str:
    """The text of a template of `gvio/report/templates`."""
    return _TEMPLATES.get_template(template).render(**values)


def table_head(table: pd.DataFrame) -> list[str]:
    """Names of the index and of the columns."""
    return [str(table.index.name or ""), *map(str, table.columns)]


def table_rows(table: pd.DataFrame) -> Iterator[tuple[str, list[str]]]:
    """Every row: its name and its cells, as text."""
    for index, row in zip(table.index, table.to_numpy(), strict=True):
        yield str(index), [str(cell) for cell in row]


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _breakable(name: str) -> Markup:
    """A name of code that may break after its dots and underscores, and nowhere else."""
    return Markup("<wbr>").join(re.split(r"(?<=[._])", name))


def _bold(cell: str) -> Markup:
    """Markdown's bold as HTML's; everything else is text."""
    return Markup(re.sub(r"\*\*(.+?)\*\*", r"<b>\1</b>", str(escape(cell))))


_TEMPLATES = page_templates(
    "gvio.report",
    {"base64": _base64, "bold": _bold, "breakable": _breakable, "head": table_head, "rows": table_rows},
    {"tr": tr},
)
