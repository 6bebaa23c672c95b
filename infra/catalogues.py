"""Brings the catalogues of the page's languages in line with the code: `python -m infra.catalogues`.

Texts that the code asks for are added without a translation, those that it no longer asks for are taken out; what was
translated stays. A language is a folder of `gvio/locale`; its texts are in one file a package: files stay short.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO, Any, TypeAlias

from babel.messages.catalog import Catalog
from babel.messages.extract import extract
from babel.messages.pofile import read_po, write_po
from jinja2.ext import babel_extract

from gvio.config import INVENTED
from gvio.words import CATALOGUES

ROOT = Path(__file__).parents[1]
PACKAGES = ("gvio", "dashboards")
"""With the file of a language that has their texts, `<package>.po`; the first one that asks for a text has it."""
KEYWORDS: Mapping[str, Any] = {"tr": None, "marked": None, "aside": None, "tr_count": (1, 2)}
Text: TypeAlias = str | tuple[str, ...]
ALSO: tuple[Text, ...] = (INVENTED,)
"""Texts of modules that know no translator: what trains imports them."""
_USES = b"from gvio.words import"
_TEMPLATES: Callable[..., Any] = babel_extract


def asked_for() -> dict[str, dict[Text, None]]:
    """Every text that the code asks for, in the order of files and lines, by package."""
    found: dict[str, dict[Text, None]] = {}
    for package in PACKAGES:
        known = {text for texts in found.values() for text in texts}
        asked = [*(ALSO if package == "gvio" else ()), *(t for path in _sources(package) for t in texts_of(path))]
        found[package] = {text: None for text in asked if text not in known}
    return found


def texts_of(path: Path) -> Iterator[Text]:
    """Texts that a module or a template asks for."""
    method = "python" if path.suffix == ".py" else _TEMPLATES
    with path.open("rb") as file:
        for _, text, *_ in extract(method, file, KEYWORDS):
            yield tuple(text) if isinstance(text, list | tuple) else text


def _sources(package: str) -> list[Path]:
    modules = [path for path in (ROOT / package).rglob("*.py") if _USES in path.read_bytes()]
    modules += [ROOT / "gvio" / "words.py"] if package == "gvio" else []
    return sorted([*modules, *(ROOT / package).rglob("templates/*.html")])


def catalogue(path: Path) -> Catalog:
    """A file of a language; one that is not there yet is empty."""
    with path.open("rb") if path.is_file() else io.BytesIO() as file:
        return read_po(file, locale=path.parent.name)


def in_line(before: Sequence[Catalog], texts: Mapping[Text, None], language: str) -> Catalog:
    """A catalogue of exactly these texts, with what other ones have for them."""
    made = Catalog(locale=language, fuzzy=False, header_comment="# Texts of the page: docs/where-to-change.md.")
    for text in texts:
        said = next((m.string for one in before if (m := one.get(text if isinstance(text, str) else text[0]))), "")
        made.add(text, said or None).flags.clear()  # Babel takes "80 % interval" for a format of its own
    return made


def write(made: Catalog, file: IO[bytes]) -> None:
    """The catalogue without places and times, so that it changes only where texts do."""
    body = io.BytesIO()
    write_po(body, made, width=0, no_location=True, omit_header=True)
    head = f'msgid ""\nmsgstr ""\n"Language: {made.locale_identifier}\\n"\n'
    head += '"Content-Type: text/plain; charset=utf-8\\n"\n"Content-Transfer-Encoding: 8bit\\n"\n'
    file.write(f'{head}"Plural-Forms: {made.plural_forms}\\n"\n\n'.encode() + body.getvalue())


def main() -> None:
    """Write every catalogue anew."""
    asked = asked_for()
    for folder in sorted(path for path in CATALOGUES.iterdir() if path.is_dir()):
        paths = {package: folder / f"{package}.po" for package in asked}
        before = [catalogue(path) for path in paths.values()]
        for package, texts in asked.items():
            made = in_line(before, texts, folder.name)
            with paths[package].open("wb") as file:
                write(made, file)


if __name__ == "__main__":
    main()
