"""Whether workers run what we run: another version of gvio, or of a numerical library, would make other numbers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from gvio.errors import ConfigError
from gvio.source import source_digest
from gvio.version import code_version

if TYPE_CHECKING:
    from distributed import Client

_HINT = "Start the workers from the same installation or image as this program, or run this one from theirs."
Code = tuple[str, str] | None
"""Version of gvio, and the digest of its source and of the numerical libraries; None: there is no gvio."""


def require_alike(client: Client, address: str) -> None:
    """Refuse a cluster that would work with other code.

    Raises:
        ConfigError: Python, Dask or gvio is another one there; both versions are named.
    """
    versions: Any = client.get_versions()
    ours = _platform(versions["client"])
    others = {address: versions["scheduler"], **versions["workers"]}
    for where, told in others.items():
        if told is not None and (theirs := _platform(told)) != ours:
            raise ConfigError(f"runs {theirs}, this program {ours}", where=where, hint=_HINT)
    answers: Mapping[str, Any] = client.run(_question(), on_error="return")
    require_same_code(answers, (code_version(), source_digest("gvio")))


def require_same_code(answers: Mapping[str, Any], ours: tuple[str, str]) -> None:
    """Refuse workers of another code than `ours`; `answers` is `Code` by worker, or an exception.

    Raises:
        ConfigError: As `require_alike`.
    """
    for worker, told in sorted(answers.items()):
        if told == ours:
            continue
        if not isinstance(told, tuple):
            what = f"has no gvio that works, this program is gvio {ours[0]}"
        elif told[0] != ours[0]:
            what = f"is gvio {told[0]}, this program is gvio {ours[0]}"
        else:
            what = (
                f"is gvio {told[0]}, too, but of other source or numerical libraries (digest {told[1]}, here {ours[1]})"
            )
        raise ConfigError(what, where=f"worker {worker}", hint=_HINT)


def _platform(told: Mapping[str, Any]) -> str:
    python = ".".join(str(told["host"]["python"]).split(".")[:2])
    return f"Python {python} with Dask {told['packages']['distributed']}"


def _question() -> Callable[[], Code]:
    """A function that travels by value: a worker of another version may not have this module."""

    def answer() -> Code:
        try:
            from gvio.source import source_digest
            from gvio.version import code_version
        except ImportError:
            return None
        return code_version(), source_digest("gvio")

    return answer
