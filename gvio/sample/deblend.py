"""Deblended light of factories: the part of the radiance around them that is neither background nor neighbours.

A mean image is modelled as background plus the light of every factory pixel, each blurred by the sensor. The background
is predicted from pixels away from every factory (`rings`); its error is measured by predicting those pixels from each
other. The light of factories is the most probable one ≥ 0: near the usual light of a factory where the background is
too rough, near the observed excess where it is not (Tikhonov-regularised deconvolution, non-negative; Lawson & Hanson
1995, chapter 23). No figure is used.
"""

from __future__ import annotations

import dataclasses
import functools
import io
from collections.abc import Sequence

import numpy as np
from scipy import ndimage, optimize, sparse, special

from gvio.kept import Form
from gvio.sample.anomaly import LOG_OFFSET
from gvio.sample.rings import away_from, ring_means
from gvio.types import BoolArray, FloatArray, IntArray

BLURS_PX = (0.5, 0.7, 0.9, 1.1)
"""Standard deviations of the blur that are tried: optics and resampling of VIIRS, and errors of positions."""

_REACH_PX = 2  # pixels of a factory's surroundings that are read, beside its own
_FEWEST = 50  # pixels from which the background is learned
_ALIKE = 4.0  # errors of the background are correlated over neighbours: sixteen pixels (4²) count as one
_FLOOR = 0.5  # nW cm⁻² sr⁻¹ of noise where there is no background
_SPREAD = 0.8  # of a factory's light about the usual one, relative to it, before the image is seen
_ROUNDS = 6  # most updates of the usual light to the mean of the solution
_SAME = 0.01  # relative change of the usual light at which the rounds end
_EXACT = 1e-7  # relative change of the squared errors at which a solution is accepted
_KEPT = 8  # mean images with their answers


@dataclasses.dataclass(frozen=True, eq=False)
class Deblended:
    """`light` (P,) ≥ 0, nW cm⁻² sr⁻¹, emitted by each factory pixel, summed over the pixels it blurs into;
    `usual`, that of a factory of weight one; `blur_px`, the blur that explains the image best.
    """

    light: FloatArray
    usual: float
    blur_px: float


def _to_bytes(found: Deblended) -> bytes:
    sink = io.BytesIO()
    np.savez(sink, light=found.light, usual=np.array(found.usual), blur_px=np.array(found.blur_px))
    return sink.getvalue()


def _of_bytes(data: bytes) -> Deblended:
    with np.load(io.BytesIO(data), allow_pickle=False) as parts:
        return Deblended(parts["light"], float(parts["usual"]), float(parts["blur_px"]))


DEBLENDED: Form[Deblended] = Form(_to_bytes, _of_bytes, ("gvio.sample.deblend",))
"""How an answer is kept."""


def deblend_factories(
    radiance: FloatArray, pixels: IntArray, count: FloatArray, blurs: Sequence[float] = BLURS_PX
) -> Deblended:
    """Own light of factory pixels in a mean image.

    Args:
        radiance: (y, x) nW cm⁻² sr⁻¹, NaN = never seen.
        pixels: (P,) flat indices of pixels with factories, each once.
        count: (P,) ≥ 0, weighted number of factories in each.
        blurs: Candidates for the blur's standard deviation, pixels.
    """
    image = _Image.of(radiance, pixels, count)
    if not image.excess.size:
        return Deblended(np.zeros(len(pixels)), 0.0, blurs[0])
    # One round is enough to compare blurs: the usual light hardly changes which of them explains the image best.
    kernels = {blur: _kernel(image, blur) for blur in blurs}
    blur = min(blurs, key=lambda each: _deconvolve(image, kernels[each], rounds=1)[2]) if len(blurs) > 1 else blurs[0]
    light, usual, _ = _deconvolve(image, kernels[blur], rounds=_ROUNDS)
    return Deblended(light, usual, blur)


def deblend_once(radiance: FloatArray, pixels: IntArray, count: FloatArray) -> Deblended:
    """`deblend_factories`, found again where the same mean image was asked about lately; what it gives is shared."""
    return _deblended(radiance.tobytes(), radiance.shape, pixels.tobytes(), count.tobytes())


@functools.lru_cache(maxsize=_KEPT)
def _deblended(radiance: bytes, shape: tuple[int, int], pixels: bytes, count: bytes) -> Deblended:
    image = np.frombuffer(radiance, dtype=np.float64).reshape(shape)
    found = deblend_factories(image, np.frombuffer(pixels, dtype=np.int64), np.frombuffer(count, dtype=np.float64))
    found.light.flags.writeable = False
    return found


@dataclasses.dataclass(frozen=True, eq=False)
class _Image:
    """N pixels near factories: `excess` (N,) over the background and its standard deviation `sd` (N,); `index`
    (y, x), padded by the reach, which of them a pixel is, or −1; `sites` (P, 2), row and column; `count` (P,).
    """

    excess: FloatArray
    sd: FloatArray
    index: IntArray
    sites: IntArray
    count: FloatArray

    @classmethod
    def of(cls, radiance: FloatArray, pixels: IntArray, count: FloatArray) -> _Image:
        sites = np.stack(np.unravel_index(pixels, radiance.shape), axis=1)
        away = away_from(sites[:, 0], sites[:, 1], radiance.shape)
        expected, error = background(radiance, away)
        # Only pixels that factories bloom into carry information about them.
        rows = np.flatnonzero(~away & np.isfinite(radiance))
        behind = expected.ravel()[rows]
        index = np.full(radiance.shape, -1)
        index.flat[rows] = np.arange(len(rows))
        # The error grows with the background: it is an error of its logarithm.
        sd = _ALIKE * error * behind + _FLOOR
        return cls(radiance.ravel()[rows] - behind, sd, np.pad(index, _REACH_PX, constant_values=-1), sites, count)


def background(radiance: FloatArray, away: BoolArray) -> tuple[FloatArray, float]:
    """(y, x) radiance ≥ 0 predicted from pixels `away` (y, x) from factories, and the relative error of the prediction.

    The logarithm is a linear function of mean logarithms over two rings, fitted to the pixels away whose surroundings
    are as bright as a factory's.
    """
    known = away & np.isfinite(radiance)
    if not known.any():
        return np.zeros(radiance.shape), 0.0
    logarithm = np.log(np.maximum(np.where(np.isfinite(radiance), radiance, 0.0), 0.0) + LOG_OFFSET)
    mass = known.astype(np.float64)
    rings = ring_means(logarithm, mass, whole=float(logarithm[known].mean()))
    # Only from surroundings as bright as those of factories: dim land follows another relation to its rings.
    near = rings[-1][~away] if not away.all() else rings[-1]
    like = known & (rings[-1] >= np.quantile(near, 0.1))
    like = like if like.sum() >= _FEWEST else known
    terms = np.stack([np.ones(radiance.shape), *rings], axis=-1)
    weights, *_ = np.linalg.lstsq(terms[like], logarithm[like], rcond=None)
    expected = terms @ weights
    left = logarithm[like] - expected[like]
    smear = float(np.log(np.exp(left).mean()))  # the mean lies above the exponential of a mean logarithm (Duan 1983)
    # No background brighter than any seen: the linear relation must not extrapolate upwards.
    expected = np.minimum(expected + smear, logarithm[known].max())
    return np.maximum(np.exp(expected) - LOG_OFFSET, 0.0), float(left.std())


def _deconvolve(image: _Image, kernel: sparse.csr_array, rounds: int) -> tuple[FloatArray, float, float]:
    """(P,) light, the usual light of a factory, and half the squared errors of both."""
    weighted = sparse.diags_array(1 / image.sd) @ kernel
    seen = image.excess / image.sd
    # First guess: all factories equally bright, by least squares.
    together = weighted @ image.count
    usual = max(float(together @ seen) / max(float(together @ together), 1e-12), 1e-3)
    light, loss = usual * image.count, np.inf
    for _ in range(rounds):
        light, loss = _most_probable(weighted, seen, usual, image.count, light)
        before, usual = usual, max(float(light.sum()) / max(float(image.count.sum()), 1e-12), 1e-3)
        if abs(usual - before) < _SAME * before:
            break
    return light, usual, loss


def _most_probable(
    weighted: sparse.sparray, seen: FloatArray, usual: float, count: FloatArray, start: FloatArray
) -> tuple[FloatArray, float]:
    """Light ≥ 0 that minimises the squared errors of the image and of the light about the usual one, halved."""
    expected = usual * count
    # The prior variance of n factories is n times that of one: they are independent.
    firm = 1 / (_SPREAD * usual * np.sqrt(np.maximum(count, 1e-6)))
    # In units of the prior's spread the curvature is similar in every direction, which L-BFGS needs to converge fast.
    scaled = sparse.csr_array(weighted @ sparse.diags_array(1 / firm))
    turned = sparse.csr_array(scaled.T)

    def loss(x: FloatArray) -> tuple[float, FloatArray]:
        error, apart = scaled @ x - seen, x - expected * firm
        # Not by `@`: BLAS would start its threads for every sum, which costs more than the sum.
        return 0.5 * float(np.square(error).sum() + np.square(apart).sum()), turned @ error + apart

    bounds, exact = optimize.Bounds(np.zeros(len(count))), {"maxiter": 500, "ftol": _EXACT}
    done = optimize.minimize(loss, start * firm, jac=True, method="L-BFGS-B", bounds=bounds, options=exact)
    return done.x / firm, float(done.fun)


def _kernel(image: _Image, blur: float) -> sparse.csr_array:
    """(N, P) share of a site's light that falls into each pixel near it: a Gaussian, integrated over pixels."""
    steps = np.arange(-_REACH_PX, _REACH_PX + 1)
    edges = (np.arange(-_REACH_PX, _REACH_PX + 2) - 0.5) / blur
    line = np.diff(special.ndtr(edges))
    parts = []
    for dy, down in zip(steps, line, strict=True):
        for dx, along in zip(steps, line, strict=True):
            row = image.index[image.sites[:, 0] + _REACH_PX + dy, image.sites[:, 1] + _REACH_PX + dx]
            # Light that falls on unseen pixels or beyond the image is lost to the fit, not moved to others.
            column = np.flatnonzero(row >= 0)
            parts.append((np.full(len(column), down * along), row[column], column))
    value, row, column = (np.concatenate(each) for each in zip(*parts, strict=True))
    return sparse.csr_array((value, (row, column)), shape=(len(image.excess), len(image.sites)))


def share_of_light(radiance: FloatArray, deblended: Deblended, pixels: IntArray) -> FloatArray:
    """(y, x) in [0, 1], how much of a pixel's light is factories'."""
    own = np.zeros(radiance.size)
    own[pixels] = deblended.light
    spread = ndimage.gaussian_filter(own.reshape(radiance.shape), deblended.blur_px)
    # Never more than the pixel has: where the blurred light exceeds the radiance it is all of it.
    return np.asarray(np.clip(spread / (np.maximum(np.nan_to_num(radiance), spread) + LOG_OFFSET), 0.0, 1.0))
