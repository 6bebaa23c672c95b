"""The light of an invented world as a sensor would have seen it: factories and city, blurred, clouded, noisy."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from gvio.simulate.economy import Economy
from gvio.simulate.geography import Places
from gvio.simulate.spec import WorldSpec
from gvio.types import FloatArray, IntArray, LightStack

TEXTURE_PX = 6.0  # width of cloud fields


def simulate_light(
    spec: WorldSpec, places: Places, economy: Economy, rng: np.random.Generator
) -> tuple[FloatArray, IntArray]:
    """Monthly radiance and cloud-free observations.

    radiance = gain · blur(background + factories) · noise / √n + stray light, with factory light ∝ size^a · change^e.

    Returns:
        (T, y, x) float32 radiance in nW cm⁻² sr⁻¹, NaN where nothing was observed, and (T, y, x) uint16 counts.
    """
    counts = _observations(spec, places.owner.shape, rng)
    factories = _factory_light(spec, economy, rng)
    gain = np.exp(rng.normal(0, spec.gain_spread, spec.months) + spec.gain_drift / 12 * np.arange(spec.months))
    lamps = _led_month(spec, places, rng)
    radiance = np.empty(counts.shape, np.float32)
    for t, month in enumerate(spec.span):
        ground = places.background * np.exp(spec.urban_growth * t / 12) * np.where(lamps <= t, spec.led_factor, 1.0)
        scene = _scene(spec, places, ground, factories[:, t])
        stray = spec.stray_light * max(0.0, float(np.cos(2 * np.pi * (month.month - 6.5) / 12))) ** 2
        root = np.sqrt(np.maximum(counts[t], 1))
        seen = gain[t] * scene * np.exp(spec.noise / root * rng.standard_normal(scene.shape))
        radiance[t] = seen + stray + 0.2 * spec.noise / root * rng.standard_normal(scene.shape)
    radiance[counts == 0] = np.nan
    return radiance, counts


def plant_light(
    spec: WorldSpec, places: Places, economy: Economy, base: LightStack, rng: np.random.Generator
) -> FloatArray:
    """Real light with the blurred light of the factories on top: (T, y, x) float32, nW cm⁻² sr⁻¹, NaN as in the base.

    Sky, sensor and city are the base's own: noise, gain, lamps and clouds of the specification are not added.
    """
    factories = _factory_light(spec, economy, rng)
    radiance = np.asarray(base.radiance, np.float32).copy()
    for t in range(spec.months):
        radiance[t] += _scene(spec, places, np.zeros(places.owner.shape), factories[:, t])
    radiance[base.observations == 0] = np.nan
    return radiance


def _scene(spec: WorldSpec, places: Places, ground: FloatArray, factories: FloatArray) -> FloatArray:
    """(y, x) what the sensor's optics make of the ground's light and the factories'; changes `ground`."""
    np.add.at(ground, (places.row, places.col), factories)
    return ndimage.gaussian_filter(ground, spec.blooming_px) if spec.blooming_px > 0 else ground


def _factory_light(spec: WorldSpec, economy: Economy, rng: np.random.Generator) -> FloatArray:
    """(F, T) radiance each factory adds to its pixel."""
    elasticity = np.maximum(rng.normal(spec.elasticity, spec.elasticity_spread, spec.sectors), 0.0)
    mean = (economy.size / economy.size.mean()) ** spec.light_size_exponent
    efficiency = np.exp(rng.normal(0, 0.4, len(mean)))  # two factories of one size do not shine alike
    flicker = rng.normal(0, spec.factory_flicker, economy.visible.shape)
    light = spec.factory_light * (mean * efficiency)[:, None]
    light = light * np.exp(elasticity[economy.sector][:, None] * economy.visible + flicker)
    return np.where(economy.dark[:, None], 0.0, light)


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
    rain = np.exp(-((months - 6.7) ** 2) / 1.5) * spec.cloud_season
    counts = np.empty((len(months), *shape), np.uint16)
    for t in range(len(months)):
        field = ndimage.gaussian_filter(rng.standard_normal(shape), TEXTURE_PX)
        smooth = np.exp(0.35 * field / field.std() + 0.2 * rng.standard_normal())
        counts[t] = rng.poisson(spec.observations * (1 - rain[t]) * smooth)
    return counts
