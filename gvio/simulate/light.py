"""The light of an invented world as a sensor would have seen it: factories and city, blurred, clouded, noisy."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from gvio.simulate.decoys import Decoys
from gvio.simulate.economy import Economy
from gvio.simulate.geography import Places
from gvio.simulate.spec import WorldSpec
from gvio.types import FloatArray, IntArray, LightStack, Month

TEXTURE_PX = 6.0  # width of cloud fields


def simulate_light(
    spec: WorldSpec, places: Places, economy: Economy, decoys: Decoys, rng: np.random.Generator
) -> tuple[FloatArray, IntArray, FloatArray]:
    """Monthly radiance and cloud-free observations.

    radiance = gain · blur(background + factories) · noise / √n + stray light, with factory light ∝ size^a · change^e;
    few observations read high or low (`count_bias`), and from `regime_month` on all is processed otherwise.

    Returns:
        (T, y, x) float32 radiance in nW cm⁻² sr⁻¹, NaN where nothing was observed, (T, y, x) uint16 counts, and (F, T)
        the factories' own light.
    """
    counts = _observations(spec, places.owner.shape, rng)
    factories = _factory_light(spec, economy, rng)
    gain = np.exp(rng.normal(0, spec.gain_spread, spec.months) + spec.gain_drift / 12 * np.arange(spec.months))
    lamps = _led_month(spec, places, rng)
    radiance = np.empty(counts.shape, np.float32)
    for t, month in enumerate(spec.span):
        ground = places.background * np.exp(spec.urban_growth * t / 12) * np.where(lamps <= t, spec.led_factor, 1.0)
        scene = _scene(spec, places, decoys, ground, factories, t)
        stray = spec.stray_light * max(0.0, float(np.cos(2 * np.pi * (month.month - 6.5) / 12))) ** 2
        root = np.sqrt(np.maximum(counts[t], 1))
        seen = gain[t] * scene * np.exp(spec.noise / root * rng.standard_normal(scene.shape))
        seen *= np.exp(spec.count_bias / root)
        radiance[t] = seen + stray + 0.2 * spec.noise / root * rng.standard_normal(scene.shape)
    radiance[counts == 0] = np.nan
    return _processed(spec, radiance), counts, factories


def plant_light(
    spec: WorldSpec, places: Places, economy: Economy, decoys: Decoys, base: LightStack, rng: np.random.Generator
) -> tuple[FloatArray, FloatArray]:
    """Real light with the blurred light of the factories on top: (T, y, x) float32, nW cm⁻² sr⁻¹, NaN as in the base;
    and that light (F, T).

    Atmosphere, sensor and city are the base's own: noise, gain, lamps and clouds of the specification are not added.
    Decoys and a change of regime are.
    """
    factories = _factory_light(spec, economy, rng)
    radiance = np.asarray(base.radiance, np.float32).copy()
    for t in range(spec.months):
        radiance[t] += _scene(spec, places, decoys, np.zeros(places.owner.shape), factories, t)
    radiance[base.observations == 0] = np.nan
    return _processed(spec, radiance), factories


def regime_start(spec: WorldSpec) -> int | None:
    """Index of the first month of the new regime; None where processing never changes."""
    return None if spec.regime_month is None else max(Month.parse(spec.regime_month) - spec.span[0], 0)


def _processed(spec: WorldSpec, radiance: FloatArray) -> FloatArray:
    """The light as each month's processing gives it; changes `radiance`."""
    first = regime_start(spec)
    if first is not None:
        radiance[first:] = radiance[first:] * spec.regime_level + spec.regime_background
    return radiance


def _scene(
    spec: WorldSpec, places: Places, decoys: Decoys, ground: FloatArray, factories: FloatArray, t: int
) -> FloatArray:
    """(y, x) what the sensor's optics make of the month's lights; changes `ground`."""
    np.add.at(ground, (places.row, places.col), factories[:, t])
    np.add.at(ground, (decoys.row, decoys.col), decoys.light[:, t])
    return ndimage.gaussian_filter(ground, spec.blooming_px) if spec.blooming_px > 0 else ground


def _factory_light(spec: WorldSpec, economy: Economy, rng: np.random.Generator) -> FloatArray:
    """(F, T) radiance each factory adds to its pixel."""
    of_sector = rng.normal(spec.elasticity, spec.elasticity_spread, spec.sectors)
    own = rng.spawn(1)[0].normal(0, spec.factory_elasticity_spread, len(economy.size))
    elasticity = np.maximum(of_sector[economy.sector] + own, 0.0)
    mean = (economy.size / economy.size.mean()) ** spec.light_size_exponent
    efficiency = np.exp(
        rng.normal(0, spec.efficiency_spread, len(mean))
    )  # two factories of one size are not equally bright
    flicker = rng.normal(0, spec.factory_flicker, economy.visible.shape)
    light = spec.factory_light * (mean * efficiency)[:, None]
    light = light * np.exp(elasticity[:, None] * economy.visible + flicker)
    return np.where(economy.dark[:, None] | ~economy.alive, 0.0, light)


def _led_month(spec: WorldSpec, places: Places, rng: np.random.Generator) -> IntArray:
    """(y, x) month in which a pixel's lamps change, beyond the end for never; whole quarters change at once."""
    shape = places.owner.shape
    quarter = ndimage.gaussian_filter(rng.standard_normal(shape), 4.0)
    chosen = (
        places.urban & (quarter <= np.quantile(quarter[places.urban], spec.led_share)) if places.urban.any() else False
    )
    when = ndimage.gaussian_filter(rng.uniform(0, 1, shape), 4.0)
    rank = (when - when.min()) / (np.ptp(when) or 1.0)
    return np.where(chosen, (rank * spec.months).astype(int), spec.months + 1)


def _observations(spec: WorldSpec, shape: tuple[int, int], rng: np.random.Generator) -> IntArray:
    """(T, y, x) uint16 cloud-free observations: Poisson about a smooth field that the rainy season thins out."""
    months = np.array([month.month for month in spec.span])
    apart = np.abs(months - spec.cloud_peak)
    rain = np.exp(-(np.minimum(apart, 12 - apart) ** 2) / (0.375 * spec.cloud_length**2)) * spec.cloud_season
    counts = np.empty((len(months), *shape), np.uint16)
    for t in range(len(months)):
        field = ndimage.gaussian_filter(rng.standard_normal(shape), TEXTURE_PX)
        smooth = np.exp(0.35 * field / field.std() + 0.2 * rng.standard_normal())
        counts[t] = rng.poisson(spec.observations * (1 - rain[t]) * smooth)
    return counts
