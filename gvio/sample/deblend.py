"""A factory's own light: what of the radiance round it is not the streets' and not its neighbours'.

A mean image is read as background plus the light of every factory pixel, each blurred by the sensor. The background is
what pixels away from every factory say of it (`rings`), and how well they say it of each other is how far it is
believed. Light of factories is the most probable one ≥ 0: about the usual light of a factory where the background is
too rough to tell, its own where it is not (Tikhonov-regularised deconvolution, non-negative; Lawson & Hanson 1995,
chapter 23). No figure is looked at.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np
from scipy import ndimage, optimize, sparse, special

from gvio.sample.anomaly import LOG_OFFSET
from gvio.sample.rings import away_from, ring_means
from gvio.types import BoolArray, FloatArray, IntArray

BLURS_PX = (0.5, 0.7, 0.9, 1.1)
"""Standard deviations of the blur that are tried: optics and resampling of VIIRS, and errors of positions."""

_REACH_PX = 2  # pixels of a factory's surroundings that are read, beside its own
_FEWEST = 50  # pixels from which the background is learned
_ALIKE = 4.0  # errors of the background reach over neighbours: what sixteen pixels say counts once
_FLOOR = 0.5  # nW cm⁻² sr⁻¹ of noise where nothing else shines
_SPREAD = 0.8  # of a factory's light about the usual one, relative to it, before its own is looked at
_ROUNDS = 6  # in which the usual light is brought into line with the factories'
_SAME = 0.01
_EXACT = 1e-7  # of the squared errors, at which a solution is taken


@dataclasses.dataclass(frozen=True, eq=False)
class Deblended:
    """`light` (P,) ≥ 0, nW cm⁻² sr⁻¹, what each factory pixel sends out, summed over the pixels it blurs into;
    `usual`, that of a factory of weight one; `blur_px`, the blur that explains the image best.
    """

    light: FloatArray
    usual: float
    blur_px: float


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
    kernels = {blur: _kernel(image, blur) for blur in blurs}
    blur = min(blurs, key=lambda each: _deconvolve(image, kernels[each], rounds=1)[2]) if len(blurs) > 1 else blurs[0]
    light, usual, _ = _deconvolve(image, kernels[blur], rounds=_ROUNDS)
    return Deblended(light, usual, blur)


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
        rows = np.flatnonzero(~away & np.isfinite(radiance))
        behind = expected.ravel()[rows]
        index = np.full(radiance.shape, -1)
        index.flat[rows] = np.arange(len(rows))
        sd = _ALIKE * error * behind + _FLOOR
        return cls(radiance.ravel()[rows] - behind, sd, np.pad(index, _REACH_PX, constant_values=-1), sites, count)


def background(radiance: FloatArray, away: BoolArray) -> tuple[FloatArray, float]:
    """(y, x) radiance ≥ 0 that pixels `away` (y, x) from factories let expect, and the relative error of saying so.

    The logarithm is a linear function of mean logarithms over two rings, fitted to the pixels away whose surroundings
    are as bright as a factory's.
    """
    known = away & np.isfinite(radiance)
    if not known.any():
        return np.zeros(radiance.shape), 0.0
    logarithm = np.log(np.maximum(np.where(np.isfinite(radiance), radiance, 0.0), 0.0) + LOG_OFFSET)
    _, *rings = ring_means(logarithm, known.astype(np.float64))
    near = rings[-1][~away] if not away.all() else rings[-1]
    like = known & (rings[-1] >= np.quantile(near, 0.1))
    like = like if like.sum() >= _FEWEST else known
    terms = np.stack([np.ones(radiance.shape), *rings], axis=-1)
    weights, *_ = np.linalg.lstsq(terms[like], logarithm[like], rcond=None)
    expected = terms @ weights
    left = logarithm[like] - expected[like]
    smear = float(np.log(np.exp(left).mean()))  # the mean lies above the exponential of a mean logarithm (Duan 1983)
    expected = np.minimum(expected + smear, logarithm[known].max())
    return np.maximum(np.exp(expected) - LOG_OFFSET, 0.0), float(left.std())


def _deconvolve(image: _Image, kernel: sparse.csr_array, rounds: int) -> tuple[FloatArray, float, float]:
    """(P,) light, the usual light of a factory, and how badly both explain the image (half the squared errors)."""
    weighted = sparse.diags_array(1 / image.sd) @ kernel
    seen = image.excess / image.sd
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
    firm = 1 / (_SPREAD * usual * np.sqrt(np.maximum(count, 1e-6)))
    # in units of the prior's spread every direction is about equally steep
    scaled = sparse.csr_array(weighted @ sparse.diags_array(1 / firm))
    turned = sparse.csr_array(scaled.T)

    def loss(x: FloatArray) -> tuple[float, FloatArray]:
        error, apart = scaled @ x - seen, x - expected * firm
        # not by `@`: BLAS would wake its threads for every sum, which costs more than the sum
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
            column = np.flatnonzero(row >= 0)
            parts.append((np.full(len(column), down * along), row[column], column))
    value, row, column = (np.concatenate(each) for each in zip(*parts, strict=True))
    return sparse.csr_array((value, (row, column)), shape=(len(image.excess), len(image.sites)))


def share_of_light(radiance: FloatArray, deblended: Deblended, pixels: IntArray) -> FloatArray:
    """(y, x) in [0, 1], how much of a pixel's light is factories'."""
    own = np.zeros(radiance.size)
    own[pixels] = deblended.light
    spread = ndimage.gaussian_filter(own.reshape(radiance.shape), deblended.blur_px)
    return np.asarray(np.clip(spread / (np.maximum(np.nan_to_num(radiance), spread) + LOG_OFFSET), 0.0, 1.0))
