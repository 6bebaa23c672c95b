"""Whether the pack is of the region that the store holds under this name: two packs of one name must not take turns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from gvio.errors import SAME_OPTIONS, InputRefused

if TYPE_CHECKING:
    from gvio.run.context import Context
    from gvio.store.standing import Standing

_COMMON = 0.5  # share of the published districts, and of the published extent, that a revised pack keeps
_CURE = (
    "Give the pack another name, use another --store, or replace what is published: "
    f"`gvio run --replace-region` {SAME_OPTIONS}."
)


def require_same_region(context: Context, standing: Standing) -> None:
    """Refuse a pack whose city, districts or extent are not those of the published release.

    Some districts may go and come: half of the published ones must stay, as must half of the extent.

    Raises:
        InputRefused: They are not, and the request does not say that the pack is to replace the region; or the one
            history is lived and the other replayed.
        PackError: The districts cannot be read.
    """
    if standing.manifest is None:
        return
    _require_one_kind_of_history(context, standing.manifest.inputs)
    if context.request.replace_region:
        return
    difference = _difference(context, standing.manifest.inputs)
    if difference:
        where = f"{context.store.url}/{context.region}"
        raise InputRefused(f"another region is published under this name: {difference}", where=where, hint=_CURE)


def _require_one_kind_of_history(context: Context, inputs: Mapping[str, object]) -> None:
    """Nobody could tell later which of the times at the store were true."""
    if bool(inputs.get("replayed")) == context.replayed:
        return
    what = "holds true releases, which a replay must not go on from"
    if not context.replayed:
        what = "holds releases of a replay, made as of days of the past"
    where = f"{context.store.url}/{context.region}"
    raise InputRefused(what, where=where, hint="Use another --store: the two do not mix.")


def _difference(context: Context, inputs: Mapping[str, object]) -> str:
    """What differs, in words; "" when nothing does or the release does not tell."""
    city, areas, bounds = inputs.get("city_id"), inputs.get("areas"), inputs.get("bounds")
    if city is not None and city != context.config.city_id:
        return f"its city is {city!r}, the pack's {context.config.city_id!r}"
    if isinstance(bounds, Sequence) and len(bounds) == 4 and _overlap(bounds, context.config.bounds) < _COMMON:
        return f"its bounds are {list(bounds)}, the pack's {list(context.config.bounds)}"
    published = set(areas) - {city} if isinstance(areas, Mapping) else set()
    gone = published - set(context.places.area_ids)
    if len(gone) > _COMMON * len(published):
        theirs, ours = ", ".join(sorted(published)[:3]), ", ".join(sorted(context.places.area_ids)[:3])
        return f"{len(gone)} of its {len(published)} districts ({theirs}, …) are not in the pack ({ours}, …)"
    return ""


def _overlap(published: Sequence[float], now: Sequence[float]) -> float:
    """Share of the published box that the pack's box covers."""
    width = min(published[2], now[2]) - max(published[0], now[0])
    height = min(published[3], now[3]) - max(published[1], now[1])
    area = (published[2] - published[0]) * (published[3] - published[1])
    return max(width, 0.0) * max(height, 0.0) / area if area > 0 else 1.0
