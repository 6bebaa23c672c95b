"""Saliency: equals finite differences of the reading, sees nothing where the network does not look."""

import dataclasses

import numpy as np
import pytest
import torch
from model_samples import make_panel

from gvio.model.panel import DYNAMIC_CHANNELS, STATIC_CHANNELS, Panel
from gvio.model.sacnn import Architecture, SaCnn, as_inputs, district_output
from gvio.model.saliency import Saliency, saliency
from gvio.types import FloatArray

WIDTH = 9  # two times four statistics and the mean validity


@pytest.fixture(scope="module")
def panel() -> Panel:
    return make_panel()


def network(*, awake: bool, seed: int = 0) -> SaCnn:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        made = SaCnn(Architecture(8, WIDTH))
        for part in (made.where, made.believe, made.modulate) if awake else ():
            torch.nn.init.normal_(part.weight, std=0.5)
    return made


def reading(net: SaCnn, panel: Panel) -> FloatArray:
    inputs = as_inputs(panel)
    with torch.no_grad():
        return np.asarray(district_output(*net(inputs), inputs).double())


def one_month(panel: Panel, t: int) -> Panel:
    names = ("dynamic", "statistics", "log_weight", "precision")
    return dataclasses.replace(panel, **{name: getattr(panel, name)[:, t : t + 1] for name in names})


def moved(panel: Panel, name: str, at: tuple[int, ...], by: float) -> Panel:
    patches = getattr(panel, name).copy()
    patches[at] += by
    return dataclasses.replace(panel, **{name: patches})


def differences(net: SaCnn, panel: Panel, name: str, district: int) -> FloatArray:
    """(C, q, q) sum over sites of |central differences| of the district's reading, times the channel's spread."""
    patches, step = getattr(panel, name), 2e-3
    found = np.zeros(patches.shape[-3:])
    for place in np.ndindex(*found.shape):
        for site in np.flatnonzero(panel.district == district):
            at = (site, 0, *place) if name == "dynamic" else (site, *place)
            up, down = (reading(net, moved(panel, name, at, by))[district].sum() for by in (step, -step))
            found[place] += abs(up - down) / (2 * step)
    spread = patches.astype(np.float64).std(axis=tuple(i for i in range(patches.ndim) if i != patches.ndim - 3))
    return found * spread[:, None, None]


def test_it_is_what_finite_differences_say_of_the_dynamic_patch(panel: Panel) -> None:
    net, month = network(awake=True), one_month(panel, 20)
    got, expected = saliency([net], month).dynamic[1], differences(net, month, "dynamic", 1)
    assert expected.max() > 0.01
    np.testing.assert_allclose(got, expected, rtol=0.05, atol=0.02 * expected.max())


@pytest.mark.slow
def test_it_is_what_finite_differences_say_of_the_static_patch(panel: Panel) -> None:
    net, month = network(awake=True), one_month(panel, 20)
    torch.nn.init.zeros_(net.modulate.weight)  # else the shares held fixed make a difference
    got, expected = saliency([net], month).static[0], differences(net, month, "static", 0)
    assert expected.max() > 0.01
    np.testing.assert_allclose(got, expected, rtol=0.05, atol=0.02 * expected.max())


def test_a_new_network_looks_at_the_factorys_own_pixel_only(panel: Panel) -> None:
    got = saliency([network(awake=False)], panel)
    centre = panel.dynamic.shape[-1] // 2
    assert (got.dynamic[:, 0, centre, centre] > 0).all()
    rest = got.dynamic.copy()
    rest[:, 0, centre, centre] = 0
    assert not rest.any()
    assert not got.static.any()


def test_members_are_averaged_and_shapes_are_those_of_the_patches(panel: Panel) -> None:
    nets = [network(awake=True, seed=s) for s in (1, 2)]
    one, two, both = (saliency(chosen, panel) for chosen in ([nets[0]], [nets[1]], nets))
    assert both.dynamic.shape == (2, len(DYNAMIC_CHANNELS), *panel.dynamic.shape[-2:])
    assert both.static.shape == (2, len(STATIC_CHANNELS), *panel.static.shape[-2:])
    np.testing.assert_allclose(both.dynamic, (one.dynamic + two.dynamic) / 2, rtol=1e-6)
    np.testing.assert_allclose(both.static, (one.static + two.static) / 2, rtol=1e-6)


def test_only_the_last_seen_months_count(panel: Panel) -> None:
    net = network(awake=True)
    precision = panel.precision.copy()
    precision[:, -1] = 0
    unseen = dataclasses.replace(panel, precision=precision)
    np.testing.assert_allclose(saliency([net], unseen, last=1).dynamic, saliency([net], one_month(panel, -2)).dynamic)


def test_without_any_light_there_is_nothing_to_look_at(panel: Panel) -> None:
    dark: Saliency = saliency([network(awake=True)], dataclasses.replace(panel, precision=0 * panel.precision))
    assert not dark.dynamic.any()
    assert not dark.static.any()
