"""Saliency: equals finite differences of the reading, sees nothing where the network does not look."""

import dataclasses

import numpy as np
import pytest
import torch
from model_samples import make_panel, without_light

from gvio.model.panel import DYNAMIC_CHANNELS, STATIC_CHANNELS, Panel
from gvio.model.sacnn import Architecture, SaCnn, as_inputs
from gvio.model.saliency import Saliency, saliency
from gvio.sample.patches import ring_of
from gvio.types import FloatArray


@pytest.fixture(scope="module")
def panel() -> Panel:
    return make_panel()


def network(*, awake: bool, seed: int = 0) -> SaCnn:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        made = SaCnn(Architecture(8, 9, 5))
        if awake:
            torch.nn.init.normal_(made.drawn.weight, std=0.3)
    return made


def reading(net: SaCnn, panel: Panel) -> FloatArray:
    with torch.no_grad():
        return np.asarray(net(as_inputs(panel)).change.double())


def one_month(panel: Panel, t: int) -> Panel:
    names = ("dynamic", "around", "log_weight")
    return dataclasses.replace(panel, **{name: getattr(panel, name)[:, t : t + 1] for name in names})


def moved(panel: Panel, name: str, at: tuple[int, ...], by: float) -> Panel:
    patches = getattr(panel, name).copy()
    patches[at] += by
    return dataclasses.replace(panel, **{name: patches})


def differences(net: SaCnn, panel: Panel, name: str, district: int) -> FloatArray:
    """(C, …) sum over sites of |central differences| of the district's reading, times the channel's spread."""
    patches, step = getattr(panel, name), 2e-3
    found = np.zeros(patches.shape[2 if name == "dynamic" else 1 :])
    for place in np.ndindex(*found.shape):
        for site in np.flatnonzero(panel.district == district):
            at = (site, 0, *place) if name == "dynamic" else (site, *place)
            up, down = (reading(net, moved(panel, name, at, by))[district].sum() for by in (step, -step))
            found[place] += abs(up - down) / (2 * step)
    if name == "static":
        return found * patches.astype(np.float64).std(axis=(0, 2, 3))[:, None, None]
    ring = ring_of(2 * found.shape[-1] - 1)
    spread = patches[..., 0].astype(np.float64).std(axis=(0, 1))
    return (found / np.bincount(ring.ravel()) * spread[:, None])[..., ring]


@pytest.mark.parametrize(("name", "district"), [("dynamic", 1), ("static", 0)])
def test_it_is_what_finite_differences_say(panel: Panel, name: str, district: int) -> None:
    net, month = network(awake=True), one_month(panel, 20)
    got, expected = getattr(saliency([net], month), name)[district], differences(net, month, name, district)
    assert expected.max() > 0.001
    np.testing.assert_allclose(got, expected, rtol=0.05, atol=0.03 * expected.max())


def test_a_new_network_looks_at_the_factorys_own_pixel_only(panel: Panel) -> None:
    got = saliency([network(awake=False)], panel)
    centre = panel.dynamic.shape[-1] - 1
    assert (got.dynamic[:, 0, centre, centre] > 0).all()
    rest = got.dynamic.copy()
    rest[:, :, centre, centre] = 0
    assert not rest.any()
    assert not got.static.any()


def test_members_are_averaged_and_shapes_are_those_of_the_patches(panel: Panel) -> None:
    nets = [network(awake=True, seed=s) for s in (1, 2)]
    one, two, both = (saliency(chosen, panel) for chosen in ([nets[0]], [nets[1]], nets))
    assert both.dynamic.shape == (2, len(DYNAMIC_CHANNELS), 5, 5)
    assert both.static.shape == (2, len(STATIC_CHANNELS), *panel.static.shape[-2:])
    np.testing.assert_allclose(both.dynamic, (one.dynamic + two.dynamic) / 2, rtol=1e-6)
    np.testing.assert_allclose(both.static, (one.static + two.static) / 2, rtol=1e-6)


def test_only_the_last_seen_months_count(panel: Panel) -> None:
    net = network(awake=True)
    dynamic = panel.dynamic.copy()
    dynamic[:, -1] = 0
    unseen = dataclasses.replace(panel, dynamic=dynamic)
    np.testing.assert_allclose(saliency([net], unseen, last=1).dynamic, saliency([net], one_month(panel, -2)).dynamic)


def test_without_any_light_there_is_nothing_to_look_at(panel: Panel) -> None:
    dark: Saliency = saliency([network(awake=True)], without_light(panel))
    assert not dark.dynamic.any()
    assert not dark.static.any()
