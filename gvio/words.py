"""The language in which people are spoken to: one place knows it, one catalogue a language has the texts.

English stands in the code and is what is said where nobody chose: by the command line, and in every file of a release.
A page chooses with `speak` or `speaking` for its own thread (a `contextvars.ContextVar`): functions that make
sentences need no further argument, and say the same for the same arguments and language. Texts go through `tr`; one
that is a constant of a module is `marked` there, and goes through `tr` where it is shown. The catalogues are gettext's
(`gvio/locale/<language>/*.po`, read by Babel); `make words` brings them in line with the code (ADR 40).
"""

from __future__ import annotations

import contextlib
import dataclasses
import datetime as dt
import functools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextvars import ContextVar
from pathlib import Path
from typing import Literal, TypeAlias, TypeVar, get_args

Language = Literal["en", "zh"]
Texts: TypeAlias = Mapping[str, tuple[str, ...]]
T = TypeVar("T", bound=str)
CATALOGUES = Path(__file__).with_name("locale")
"""A folder a language but English."""


@dataclasses.dataclass(frozen=True)
class Manner:
    """How a language writes what no sentence says.

    Attributes:
        title: Its own name.
        tag: By BCP 47, for browsers.
        month: Of `name`, `year` and `month`, the number.
        month_pattern: The same for charts (d3-time-format).
        short_pattern: The same where there is little room.
        comma: Between things of a list.
        semicolon: Between sayings of a list.
        gap: Between sentences.
        fonts: That draw it, for browsers, where those of the page do not.
    """

    title: str
    tag: str
    month: str
    month_pattern: str
    short_pattern: str
    comma: str
    semicolon: str
    gap: str
    fonts: tuple[str, ...] = ()


MANNERS: Mapping[Language, Manner] = {
    "en": Manner("English", "en", "{name} {year}", "%B %Y", "%b %Y", ", ", "; ", " "),
    "zh": Manner(
        title="中文",
        tag="zh-CN",
        month="{year}年{month}月",
        month_pattern="%Y年%-m月",
        short_pattern="%Y年%-m月",
        comma="、",
        semicolon="；",
        gap="",
        fonts=("Noto Sans SC", "Noto Sans CJK SC", "Source Han Sans SC", "PingFang SC", "Microsoft YaHei", "SimHei"),
    ),
}
_spoken: ContextVar[Language] = ContextVar("gvio-language", default="en")


def language() -> Language:
    """The language spoken now."""
    return _spoken.get()


def manner() -> Manner:
    """How it writes."""
    return MANNERS[_spoken.get()]


def language_named(text: str | None) -> Language | None:
    """The language of a tag such as `zh`, `zh-CN` or `en_GB`; None where it is none of ours."""
    start = (text or "").replace("_", "-").partition("-")[0].lower()
    return next((known for known in get_args(Language) if known == start), None)


def speak(chosen: Language) -> None:
    """Speak a language from now on, in this thread."""
    _spoken.set(chosen)


@contextlib.contextmanager
def speaking(chosen: Language) -> Iterator[None]:
    """Speak a language for a while."""
    token = _spoken.set(chosen)
    try:
        yield
    finally:
        _spoken.reset(token)


def marked(text: T) -> T:
    """A text that `tr` is asked for elsewhere: it is in the catalogues."""
    return text


def tr(text: str, /, **values: object) -> str:
    """A text in the language spoken now, in English where the catalogue lacks it, with `values` at their names."""
    found = texts(_spoken.get()).get(text)
    return _filled(found[0] if found else text, values)


def tr_count(one: str, many: str, n: int, /, **values: object) -> str:
    """The same of a text that depends on a number, which is `{n}` in it."""
    found = texts(_spoken.get()).get(one)
    # Chinese has one form; a language with more needs Babel's rule of plurals here
    text = found[-1] if found else one if n == 1 else many
    return _filled(text, {"n": n, **values})


def _filled(text: str, values: Mapping[str, object]) -> str:
    return text.format(**values) if values else text


def aside(text: str) -> str:
    """What only those are told who do not read English: "" where that is spoken."""
    return "" if language() == "en" else tr(text)


def listed(things: Iterable[str]) -> str:
    """Things one after the other."""
    return manner().comma.join(things)


def first_of(things: Sequence[str], most: int) -> str:
    """The first things of a list, and how many more there are."""
    told, more = listed(things[:most]), len(things) - most
    return tr("{these} and {n} more", these=told, n=more) if more > 0 else told


def sentences(said: Iterable[str]) -> str:
    """Sentences one after the other; empty ones are left out."""
    return manner().gap.join(filter(None, said))


def month_of(day: dt.date) -> str:
    """The month of a day: October 2026, 2026年10月."""
    return manner().month.format(name=f"{day:%B}", year=f"{day:%Y}", month=day.month)


@functools.cache
def texts(of: Language) -> Texts:
    """English texts and what a language says for them, a form a plural; none of English itself."""
    return {text: said for path in sorted((CATALOGUES / of).glob("*.po")) for text, said in _read(path).items()}


def _read(path: Path) -> Texts:
    from babel.messages.pofile import read_po  # which who speaks English need not wait for

    with path.open("rb") as file:
        catalogue = read_po(file)
    return {_forms(m.id)[0]: _forms(m.string) for m in catalogue if m.id and any(_forms(m.string))}


def _forms(text: str | Iterable[str] | None) -> tuple[str, ...]:
    return (text,) if isinstance(text, str) else tuple(text or ())
