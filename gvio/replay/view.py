"""The view of a pack on a day: a pack of its own, of links to what was there, which one run is given.

Light and all other files are symbolic links to the pack's own, so that nothing is copied, the pack stays as it is, and
a run finds the light that it has read before.
"""

from __future__ import annotations

import datetime as dt
import io
from collections.abc import Mapping
from pathlib import Path

import yaml

from gvio.errors import ConfigError
from gvio.events import ReplayCalendar
from gvio.files import write_bytes
from gvio.replay.figures import figures_on
from gvio.replay.light import files_given, files_on, months_without_files
from gvio.replay.pack_parts import REGION, PackParts


def show(parts: PackParts, calendar: ReplayCalendar, day: dt.date, folder: Path, beside: Path) -> None:
    """Bring the view in `folder` to a day; files that are there already stay.

    Args:
        parts: The pack.
        calendar: What happens when.
        day: The day.
        folder: The view; files written again lie beside it.
        beside: Folder of the calendar.

    Raises:
        ConfigError: The calendar does not fit the pack.
        ProductError: A file of light cannot be read.
        OSError: The view cannot be written.
    """
    made = folder.with_name(f"{folder.name}-made")
    light = files_on(parts, calendar, day, made, beside)
    links = {name: parts.root / name for name in parts.others}
    links |= {parts.place / name: path for name, path in light.items()}
    (folder / parts.place).mkdir(parents=True, exist_ok=True)
    texts = {Path(REGION): _region(parts), Path(parts.config.statistics.path): _figures(parts, calendar, day)}
    _remove_others(folder, {*links, *texts})
    for name, target in links.items():
        _link(folder / name, target.resolve())
    _write(folder, texts)


def require_fitting(parts: PackParts, calendar: ReplayCalendar, last: dt.date, beside: Path) -> None:
    """Refuse a calendar that names what the pack does not have, before the first month is lived.

    Raises:
        ConfigError: A month without light, a file that is not there, or a figure that is not known on its day.
    """
    absent = months_without_files(parts, calendar)
    if absent:
        hint = "Take it out of the calendar, or add the light to the pack."
        raise ConfigError(f"the pack has no light of {absent[0]}", where="--calendar", hint=hint)
    for edition in calendar.republished:
        files_given(parts, edition, beside)
    figures_on(parts.figures, calendar, last)


def _region(parts: PackParts) -> bytes:
    """The configuration to the byte, but for light that lies outside the pack."""
    data = (parts.root / REGION).read_bytes()
    if Path(parts.config.ntl.source) == parts.place:
        return data
    document = yaml.safe_load(data)
    document["ntl"]["source"] = str(parts.place)
    return yaml.safe_dump(document, sort_keys=False, allow_unicode=True).encode()


def _figures(parts: PackParts, calendar: ReplayCalendar, day: dt.date) -> bytes:
    text = io.StringIO()
    figures_on(parts.figures, calendar, day).to_csv(text, index=False, lineterminator="\n")
    return text.getvalue().encode(parts.config.statistics.encoding or "utf-8")


def _remove_others(folder: Path, wanted: set[Path]) -> None:
    for path in sorted(folder.rglob("*")):
        if (path.is_symlink() or path.is_file()) and path.relative_to(folder) not in wanted:
            path.unlink()


def _link(path: Path, target: Path) -> None:
    if path.is_symlink() and path.readlink() == target:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    path.symlink_to(target)


def _write(folder: Path, texts: Mapping[Path, bytes]) -> None:
    for name, data in texts.items():
        path = folder / name
        if path.is_symlink() or not path.is_file() or path.read_bytes() != data:
            path.unlink(missing_ok=True)
            write_bytes(path, data)
