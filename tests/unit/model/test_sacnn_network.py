"""The network: the log-linear reading at the start, linear in light, blind to directions and to the order of sites."""

import dataclasses

import numpy as np
import pytest
import torch
from model_samples import T, make_panel, without_light

from gvio.model.panel import STATIC_CHANNELS, TRAITS
from gvio.model.sacnn import Architecture, Inputs, SaCnn, Sight, as_inputs, usual_traits

NET = Architecture(8, 9, 5)
KERNELS = 3 + 3  # the site and two rings; the city and two rings of surroundings


@pytest.fixture(scope="module")
def inputs() -> Inputs:
    return as_inputs(make_panel())


def network(architecture: Architecture = NET, *, awake: bool = False, seed: int = 0) -> SaCnn:
    """A new network; `awake` moves the parts that start at zero."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        made = SaCnn(architecture)
        if awake:
            torch.nn.init.normal_(made.drawn.weight, std=0.3)
    return made


def read(net: SaCnn, inputs: Inputs) -> Sight:
    with torch.no_grad():
        return net(inputs)


def ordered(inputs: Inputs, order: list[int]) -> Inputs:
    names = ("site", "anomalies", "seen", "weight", "district")
    return dataclasses.replace(inputs, **{name: getattr(inputs, name)[order] for name in names})


def test_shapes(inputs):
    got = read(network(awake=True), inputs)
    assert (got.change.shape, got.seen.shape, got.variance.shape) == ((2, T), (2, T), (2,))
    assert inputs.anomalies.shape == (4, T, KERNELS)
    assert inputs.site.shape == (4, 5 * len(STATIC_CHANNELS) + len(TRAITS))
    assert {t.dtype for t in (inputs.site, inputs.anomalies, inputs.seen, inputs.weight)} == {torch.float32}
    assert sum(p.numel() for p in network().parameters()) < 1000


@pytest.mark.parametrize("side", [5, 7])
def test_anomalies_are_means_over_the_rings_of_what_was_seen(side):
    panel = make_panel(dynamic_px=side)
    got, centre = as_inputs(panel).anomalies.double().numpy(), side // 2
    for k in range(centre + 1):
        believed, validity = panel.dynamic[:, :, 0, k], panel.dynamic[:, :, 1, k]
        expected = np.divide(believed, validity, out=np.zeros_like(believed), where=validity > 0)
        np.testing.assert_allclose(got[..., k], expected, atol=1e-5)
    np.testing.assert_allclose(got[..., centre + 1 :], panel.around, rtol=1e-6)


def test_arrays_that_nobody_may_write_to_are_copied():
    """As they are in a worker; torch warns otherwise, and a warning is an error here."""
    panel, sealed = make_panel(), make_panel()
    for field in dataclasses.fields(sealed):
        if isinstance(values := getattr(sealed, field.name), np.ndarray):
            values.flags.writeable = False
    assert torch.equal(as_inputs(sealed).anomalies, as_inputs(panel).anomalies)


def test_it_starts_as_the_log_linear_reading(inputs):
    """A mean over sites of their own anomaly, by their light, the matched filter, and how well they were seen."""
    got = read(network(seed=1), inputs)
    counted = (inputs.weight[:, None] * inputs.seen).double().numpy()
    own = inputs.anomalies[..., 0].double().numpy()
    for d in range(2):
        mine = inputs.district.numpy() == d
        total = counted[mine].sum(axis=0)
        expected = np.divide((counted * own)[mine].sum(axis=0), total, out=np.zeros(T), where=total > 0)
        np.testing.assert_allclose(got.change[d], expected, atol=1e-5)
        np.testing.assert_allclose(got.seen[d], total / inputs.weight.double().numpy()[mine].sum(), rtol=1e-5)
    assert torch.equal(read(network(seed=2), inputs).change, got.change), "random parts have no say"
    assert not torch.equal(*(read(network(seed=s, awake=True), inputs).change for s in (1, 2)))


def test_every_part_can_be_learned_from_the_start(inputs):
    net = network()
    sight = net(inputs)
    (sight.change.square().sum() + torch.log(sight.variance).sum()).backward()
    for name in ("filter", "drawn.weight", "drawn.bias"):
        gradient = dict(net.named_parameters())[name].grad
        assert gradient is not None
        assert gradient.abs().max() > 0, name


def test_it_is_linear_in_light(inputs):
    net = network(awake=True)
    other = torch.randn(inputs.anomalies.shape, generator=torch.Generator().manual_seed(3))
    both = dataclasses.replace(inputs, anomalies=2 * inputs.anomalies - 3 * other)
    one, two = (read(net, dataclasses.replace(inputs, anomalies=a)).change for a in (inputs.anomalies, other))
    torch.testing.assert_close(read(net, both).change, 2 * one - 3 * two, rtol=1e-4, atol=1e-4)


def test_a_turned_patch_reads_the_same():
    panel = make_panel()
    turned = dataclasses.replace(panel, static=panel.static.swapaxes(-1, -2)[..., ::-1].copy())
    net = network(awake=True)
    torch.testing.assert_close(read(net, as_inputs(turned)).change, read(net, as_inputs(panel)).change)


def test_the_order_of_sites_does_not_matter(inputs):
    net = network(awake=True)
    other = ordered(inputs, [2, 0, 3, 1])
    assert not torch.equal(other.district, inputs.district)
    torch.testing.assert_close(read(net, other).change, read(net, inputs).change)


def test_two_equal_sites_are_one_of_twice_the_weight(inputs):
    net = network(awake=True)
    twice = read(net, ordered(inputs, [0, 1, 2, 3, 0]))
    weight = inputs.weight.clone()
    weight[0] *= 2
    heavy = read(net, dataclasses.replace(inputs, weight=weight))
    torch.testing.assert_close(twice.change, heavy.change)
    assert twice.variance[0] < heavy.variance[0], "but they err independently"


def test_surroundings_matter_to_the_sa_cnn_and_not_to_the_plain_one(inputs):
    full, plain = network(awake=True), network(dataclasses.replace(NET, surroundings=False), awake=True)
    moved = inputs.anomalies.clone()
    moved[..., 3:] += 0.3
    other = dataclasses.replace(inputs, anomalies=moved)
    assert not torch.equal(read(full, other).change, read(full, inputs).change)
    assert torch.equal(read(plain, other).change, read(plain, inputs).change)


def test_without_light_nothing_was_seen():
    got = read(network(awake=True), as_inputs(without_light(make_panel())))
    assert not got.change.any()
    assert not got.seen.any()
    assert torch.isfinite(got.variance).all()


def test_a_district_whose_sites_do_not_count_is_not_seen(inputs):
    weight = torch.where(inputs.district == 1, 0.0, inputs.weight)
    got = read(network(awake=True), dataclasses.replace(inputs, weight=weight))
    assert not got.seen[1].any()
    assert torch.isfinite(got.change).all()
    torch.testing.assert_close(got.change[0], read(network(awake=True), inputs).change[0])


def test_a_region_without_sites_has_empty_readings():
    panel = make_panel()
    nothing = {name: getattr(panel, name)[:0] for name in ("static", "dynamic", "around", "traits", "log_excess")}
    rest = {name: getattr(panel, name)[:0] for name in ("log_weight", "site_weights", "district")}
    got = read(network(awake=True), as_inputs(dataclasses.replace(panel, **nothing, **rest)))
    assert not got.seen.any()


def test_what_is_not_a_number_stays_none(inputs):
    anomalies = inputs.anomalies.clone()
    anomalies[inputs.district == 1, 4] = torch.nan
    got = read(network(awake=True), dataclasses.replace(inputs, anomalies=anomalies))
    assert torch.isnan(got.change[1, 4])
    assert torch.isfinite(got.change[0]).all()


def test_usual_traits_are_those_of_the_sites(inputs):
    usual, spread = usual_traits(inputs)
    np.testing.assert_allclose(usual, inputs.site.mean(dim=0), rtol=1e-6)
    assert (spread > 0).all()
