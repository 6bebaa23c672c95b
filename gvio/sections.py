"""From YAML text to a frozen section of configuration; unknown keys are refused and the nearest known key is named."""

from __future__ import annotations

import difflib
from collections.abc import Hashable
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError

from gvio.errors import ConfigError

T = TypeVar("T", bound=BaseModel)


class Frozen(BaseModel):
    """A configuration section: immutable, and a key it does not know is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class _OnceLoader(yaml.SafeLoader):
    """YAML in which a key appears once; of two the last would count, and nobody would know."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        """A mapping, refused when a key is there twice."""
        keys = [str(key.value) for key, _ in node.value if isinstance(key, yaml.ScalarNode)]
        twice = next((key for at, key in enumerate(keys) if key in keys[:at] and key != "<<"), None)
        if twice is not None:
            raise yaml.YAMLError(f"key {twice!r} appears twice")
        return super().construct_mapping(node, deep)


def as_text(data: bytes, where: str) -> str:
    """The text of a configuration file, which is UTF-8.

    Raises:
        ConfigError: It is not.
    """
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = "\0"
    if "\0" in text:  # UTF-16 without its mark is valid UTF-8, half of it zeros
        raise ConfigError("is not text in UTF-8", where=where, hint="Save it as UTF-8.")
    return text


def parse_section(model: type[T], text: str, where: str, once: bool = False) -> T:
    """Parse YAML into a configuration section.

    Args:
        model: The section.
        text: YAML.
        where: What an error names.
        once: Refuse a key that appears twice; otherwise the last counts, which presets build on.

    Raises:
        ConfigError: Not YAML, an unknown key (the nearest known one is named), or a bad value.
    """
    try:
        data = yaml.load(text, _OnceLoader if once else yaml.SafeLoader)
    except (yaml.YAMLError, ValueError, RecursionError) as error:  # ValueError: a day that the calendar has not
        raise ConfigError(f"not valid YAML ({error})", where=where, hint="Correct the file.") from None
    if data is None:
        data = {}
    if not isinstance(data, dict):
        raise ConfigError("not a mapping of keys to values", where=where, hint="See the contract of the region pack.")
    try:
        return model.model_validate(data)
    except ValidationError as error:
        raise ConfigError(_explain(model, error), where=where, hint="Correct the key and run again.") from None


def _explain(model: type[BaseModel], error: ValidationError) -> str:
    """At most five faults, unknown keys first: a misspelt key is also a missing one, and the spelling is the cause."""
    faults = sorted(error.errors(), key=lambda item: item["type"] != "extra_forbidden")
    return "; ".join(_explain_one(model, dict(item)) for item in faults[:5])


def _explain_one(model: type[BaseModel], item: dict[str, Any]) -> str:
    path = ".".join(str(part) for part in item["loc"])
    if item["type"] != "extra_forbidden":
        return f"{path or 'file'}: {item['msg'].removeprefix('Value error, ')}"
    known = _known_keys(model, item["loc"][:-1])
    near = difflib.get_close_matches(str(item["loc"][-1]), known, n=1, cutoff=0.0)
    return f"unknown key {path!r}; nearest known key is {near[0]!r}" if near else f"unknown key {path!r}"


def _known_keys(model: type[BaseModel], path: tuple[int | str, ...]) -> list[str]:
    """Keys known to the section at `path`, following nested models through optional annotations."""
    section: type[BaseModel] = model
    for part in path:
        if isinstance(part, int):
            continue  # the place in a list: its sections are all of one kind
        fields = section.model_fields
        annotation = next(f.annotation for n, f in fields.items() if part in (n, f.alias))
        candidates = [annotation, *getattr(annotation, "__args__", ())]
        section = next(c for c in candidates if isinstance(c, type) and issubclass(c, BaseModel))
    return [f.alias or n for n, f in section.model_fields.items()]
