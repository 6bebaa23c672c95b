"""Balance between districts: Gini, Theil, and how much of Theil lies between groups (north and south, for Shanghai)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from gvio.errors import ModelError
from gvio.types import FloatArray


def gini(values: FloatArray) -> FloatArray:
    """Gini coefficient of D districts per month: (D, T) in, (T,) out in [0, 1 − 1/D]; 0 is perfectly even.

    Sen (1973), On Economic Inequality: G = Σ_i (2i − D − 1) x_(i) / (D Σ x), x_(i) ascending.

    Raises:
        ModelError: A value is negative or not finite, or a month has no output at all.
    """
    _require_output(values)
    ordered = np.sort(values, axis=0)
    n = len(values)
    rank = 2 * np.arange(1, n + 1) - n - 1
    index: FloatArray = rank @ ordered / (n * ordered.sum(axis=0))
    return index


def theil(values: FloatArray) -> FloatArray:
    """Theil's T per month: Σ s_i log(D s_i) with shares s; (D, T) in, (T,) out in [0, log D].

    Theil (1967), Economics and Information Theory.

    Raises:
        ModelError: As for `gini`.
    """
    _require_output(values)
    share = values / values.sum(axis=0)
    index: FloatArray = (share * np.log(np.where(share > 0, share * len(values), 1.0))).sum(axis=0)
    return index


def theil_between(values: FloatArray, groups: Sequence[str]) -> FloatArray:
    """The part of Theil's T that lies between groups of districts: Σ_g s_g log(s_g D / D_g); (T,).

    What remains of `theil` is inside the groups.

    Args:
        values: (D, T) output.
        groups: (D,) name of each district's group.

    Raises:
        ModelError: As for `gini`.
    """
    _require_output(values)
    names, member = np.unique(np.asarray(groups), return_inverse=True)
    onehot = member == np.arange(len(names))[:, None]
    share = onehot @ (values / values.sum(axis=0))
    even = onehot.sum(axis=1, keepdims=True) / len(values)
    index: FloatArray = (share * np.log(np.where(share > 0, share / even, 1.0))).sum(axis=0)
    return index


def group_sums(values: FloatArray, groups: Sequence[str]) -> tuple[tuple[str, ...], FloatArray]:
    """Output of groups: names in alphabetical order and (group, T) sums of (D, T)."""
    names, member = np.unique(np.asarray(groups), return_inverse=True)
    return tuple(str(name) for name in names), (member == np.arange(len(names))[:, None]) @ values


def _require_output(values: FloatArray) -> None:
    if not np.isfinite(values).all() or (values < 0).any():
        hint = "Balance needs the estimate of every district."
        raise ModelError("output is negative or not finite", where="balance of districts", hint=hint)
    empty = np.flatnonzero(values.sum(axis=0) <= 0)
    if empty.size:
        hint = "Shares of nothing are undefined."
        raise ModelError(f"month {int(empty[0])} has no output", where="balance of districts", hint=hint)
