"""The light of a region as one npz in the workspace: what `fetch` hands to the later stages."""

from __future__ import annotations

import dataclasses
import hashlib
import io
import json
import zipfile
from collections.abc import Iterable

import numpy as np
from affine import Affine
from odc.geo.geobox import GeoBox

from gvio.errors import SAME_OPTIONS, InputRefused
from gvio.types import LightStack, Month, Provenance


def light_bytes(stack: LightStack) -> bytes:
    """The stack as one npz, uncompressed and without pickles; the same stack gives the same bytes."""
    sink = io.BytesIO()
    np.savez(
        sink,
        radiance=stack.radiance,
        observations=stack.observations,
        months=np.array([m.ordinal for m in stack.months], dtype=np.int64),
        missing=np.array([m.ordinal for m in stack.missing], dtype=np.int64),
        affine=np.array(tuple(stack.geobox.affine)[:6], dtype=np.float64),
        crs=np.array(str(stack.geobox.crs)),
        provenance=np.array(json.dumps([[dataclasses.asdict(p) for p in month] for month in stack.provenance])),
    )
    return sink.getvalue()


def read_light(data: bytes) -> LightStack:
    """Read what `light_bytes` wrote.

    Raises:
        InputRefused: Damaged.
    """
    try:
        with np.load(io.BytesIO(data), allow_pickle=False) as kept:
            parts = dict(kept.items())
    except (OSError, ValueError, EOFError, zipfile.BadZipFile) as error:
        what = f"the light cannot be read ({type(error).__name__})"
        raise InputRefused(what, where="light.npz", hint=f"Run `gvio fetch` {SAME_OPTIONS}.") from None
    provenance = json.loads(str(parts["provenance"]))
    return LightStack(
        months=tuple(Month.from_ordinal(int(o)) for o in parts["months"]),
        radiance=parts["radiance"],
        observations=parts["observations"],
        geobox=GeoBox(parts["radiance"].shape[1:], Affine(*(float(a) for a in parts["affine"])), str(parts["crs"])),
        provenance=tuple(tuple(Provenance(**p) for p in month) for month in provenance),
        missing=tuple(Month.from_ordinal(int(o)) for o in parts["missing"]),
    )


def light_digest(provenance: Iterable[Iterable[Provenance]]) -> str:
    """Hash (16 hex digits) of the product files behind a stack, in order."""
    text = "\n".join(f"{p.file} {p.sha256}" for month in provenance for p in month)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def digest_by_month(stack: LightStack) -> dict[str, str]:
    """For every month (YYYY-MM) the `light_digest` had the stack ended there: whether an older month is as it was."""
    return {str(month): light_digest(stack.provenance[: t + 1]) for t, month in enumerate(stack.months)}
