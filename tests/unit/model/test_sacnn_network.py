"""The network: log-linear at the start, blind to the order of sites, silent about what all sites share."""

import dataclasses

import numpy as np
import pytest
import torch
from model_samples import T, make_panel, make_samples

from gvio.model import sacnn
from gvio.model.sacnn import EMPTY, Architecture, Inputs, SaCnn, as_inputs, district_output

WIDTH = 9  # two times four statistics and the mean validity


@pytest.fixture(scope="module")
def inputs() -> Inputs:
    return as_inputs(make_panel())


def network(statistics: int = WIDTH, *, awake: bool = False, seed: int = 0) -> SaCnn:
    """A new network; `awake` moves the parts that start at zero."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        made = SaCnn(Architecture(8, statistics))
        if awake:
            for part in (made.where, made.believe, made.modulate):
                torch.nn.init.normal_(part.weight, std=0.5)
    return made


def output(net: SaCnn, inputs: Inputs) -> torch.Tensor:
    with torch.no_grad():
        return district_output(*net(inputs), inputs)


def learned(net: SaCnn, inputs: Inputs) -> torch.Tensor:
    """(U, T) the part of the change that only the dynamic stream makes."""
    with torch.no_grad():
        _, change = net(inputs)
        net.modulate.weight.zero_()
        _, linear = net(inputs)
    return change - linear


def ordered(inputs: Inputs, order: list[int]) -> Inputs:
    names = ("static", "anomaly", "dynamic", "log_excess", "log_weight", "site_weights", "district")
    return dataclasses.replace(inputs, **{name: getattr(inputs, name)[order] for name in names})


def pooled(maps: torch.Tensor) -> torch.Tensor:
    centre = maps.shape[-1] // 2
    return torch.cat([maps.mean(dim=(2, 3)), maps[:, :, centre, centre]], dim=1)


def by_definition(net: SaCnn, inputs: Inputs) -> torch.Tensor:
    """District output as the formula says it: `conv2d` on every patch, all sites at once."""
    n_sites, n_months = inputs.anomaly.shape
    site = pooled(net.static(inputs.static))
    level = net.gamma * inputs.log_excess + net.where(site)[:, 0]
    change = pooled(net.dynamic(inputs.dynamic.flatten(0, 1))).reshape(n_sites, n_months, -1)
    seen = inputs.statistics[inputs.district][..., : net.architecture.statistics]
    context = torch.cat([site[:, None].expand(-1, n_months, -1), seen], dim=2)
    part = (torch.tanh(net.mix(change)) * net.modulate(context)).sum(dim=2)
    share = torch.softmax(level.detach()[:, None] + inputs.log_weight, dim=0).nan_to_num()
    believed = (1 + net.believe(site)) * inputs.site_weights[:, None]
    change = net.beta * believed * inputs.anomaly + part - (share * part).sum(dim=0)
    output = torch.exp(level[:, None] + change + inputs.log_weight)
    return torch.log(torch.zeros(inputs.n_areas, n_months).index_add(0, inputs.district, output))


def test_shapes(inputs):
    level, change = network()(inputs)
    assert (level.shape, change.shape) == ((4,), (4, T))
    assert district_output(level, change, inputs).shape == (2, T)
    assert 1000 < sum(p.numel() for p in network().parameters()) < 10_000


def test_a_panel_becomes_tensors_of_single_precision():
    panel = make_panel()
    got = as_inputs(panel)
    floats = (got.static, got.anomaly, got.dynamic, got.statistics, got.log_excess, got.log_weight, got.site_weights)
    assert {t.dtype for t in floats} == {torch.float32}
    assert got.district.dtype == torch.int64
    np.testing.assert_array_equal(got.district, panel.district)
    np.testing.assert_allclose(got.log_excess, panel.log_excess, rtol=1e-6)


@pytest.mark.parametrize("statistics", [WIDTH, 0])
@pytest.mark.parametrize("side", [5, 7])
def test_blocks_and_matrix_products_give_what_the_formula_gives(side, statistics, monkeypatch):
    """Values and gradients, also where a block ends within the sites."""
    given, net = as_inputs(make_panel(dynamic_px=side)), network(statistics, awake=True)
    target = torch.randn(2, T, generator=torch.Generator().manual_seed(1))
    expected = by_definition(net, given)
    gradients = torch.autograd.grad((target * expected).sum(), list(net.parameters()))
    for patches in (3 * T, 10_000):
        monkeypatch.setattr(sacnn, "_BLOCK_PATCHES", patches)
        got = district_output(*net(given), given)
        np.testing.assert_allclose(got.detach(), expected.detach(), rtol=1e-5, atol=1e-5)
        for one, other in zip(
            torch.autograd.grad((target * got).sum(), list(net.parameters())), gradients, strict=True
        ):
            np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-4 * max(1.0, float(other.abs().max())))


def test_a_series_longer_than_a_block_is_read_site_by_site(inputs, monkeypatch):
    whole = output(network(awake=True), inputs)
    monkeypatch.setattr(sacnn, "_BLOCK_PATCHES", 1)
    np.testing.assert_allclose(output(network(awake=True), inputs), whole, rtol=1e-5)


def test_it_starts_as_the_log_linear_model(inputs):
    with torch.no_grad():
        level, change = network()(inputs)
    np.testing.assert_array_equal(level, inputs.log_excess)
    np.testing.assert_allclose(change, 0.5 * inputs.site_weights[:, None] * inputs.anomaly, rtol=1e-6)
    expected = torch.log(
        torch.zeros(2, T).index_add(0, inputs.district, torch.exp(level[:, None] + change + inputs.log_weight))
    )
    np.testing.assert_allclose(output(network(), inputs), expected, rtol=1e-5)


def test_at_the_start_the_random_streams_have_no_say(inputs):
    np.testing.assert_array_equal(output(network(seed=1), inputs), output(network(seed=2), inputs))
    assert not torch.equal(output(network(seed=1, awake=True), inputs), output(network(seed=2, awake=True), inputs))


def test_every_part_can_be_learned_from_the_start(inputs):
    net = network()
    target = torch.randn(2, T, generator=torch.Generator().manual_seed(0))
    (target * district_output(*net(inputs), inputs)).sum().backward()
    for name in ("gamma", "beta", "where.weight", "believe.weight", "modulate.weight"):
        gradient = dict(net.named_parameters())[name].grad
        assert gradient is not None
        assert gradient.abs().max() > 0, name


def test_the_order_of_sites_does_not_matter(inputs):
    net = network(awake=True)
    other = ordered(inputs, [2, 0, 3, 1])
    assert not torch.equal(other.district, inputs.district)
    np.testing.assert_allclose(output(net, other), output(net, inputs), rtol=1e-5)


def test_two_equal_sites_are_one_of_twice_the_weight(inputs):
    net = network(awake=True)
    twice = ordered(inputs, [0, 1, 2, 3, 0])
    weight = inputs.log_weight.clone()
    weight[0] += float(np.log(2))
    heavy = dataclasses.replace(inputs, log_weight=weight)
    np.testing.assert_allclose(output(net, twice), output(net, heavy), rtol=1e-4, atol=1e-5)


def test_what_all_sites_share_in_a_month_is_not_learned(inputs):
    net = network(awake=True)
    with torch.no_grad():
        level, _ = net(inputs)
    share = torch.softmax(level[:, None] + inputs.log_weight, dim=0)
    part = learned(net, inputs)
    assert part.abs().max() > 0.01, "there is something learned"
    np.testing.assert_allclose((share * part).sum(0), 0, atol=1e-6)


def test_statistics_matter_to_the_sa_cnn_and_not_to_the_plain_one(inputs):
    shifted = dataclasses.replace(inputs, statistics=inputs.statistics + torch.tensor([[[0.7]], [[-0.4]]]))
    full, plain = network(awake=True), network(0, awake=True)
    assert not torch.equal(output(full, shifted), output(full, inputs))
    np.testing.assert_array_equal(output(plain, shifted), output(plain, inputs))
    assert plain.modulate.in_features == full.modulate.in_features - WIDTH


def test_a_district_without_a_working_factory_is_empty_and_harms_no_other(inputs):
    weight = inputs.log_weight.clone()
    weight[inputs.district == 1, 10:] = -torch.inf
    closed = dataclasses.replace(inputs, log_weight=weight)
    net = network()
    got = output(net, closed)
    assert (got[1, 10:] == EMPTY).all()
    assert EMPTY == -30.0
    np.testing.assert_allclose(got[0], output(net, inputs)[0], rtol=1e-5)


def test_a_month_without_any_working_factory_harms_no_other_month():
    active = make_samples().active.copy()
    active[:, :3] = False
    closed = as_inputs(make_panel(active=active))
    net = network(awake=True)
    got = district_output(*net(closed), closed)
    assert (got[:, :3] == EMPTY).all()
    assert (got[:, 3:] > -10).all()
    got.sum().backward()
    assert all(torch.isfinite(p.grad).all() for p in net.parameters() if p.grad is not None)


def test_great_numbers_do_not_overflow(inputs):
    bright = dataclasses.replace(inputs, log_excess=inputs.log_excess + 200.0)
    np.testing.assert_allclose(output(network(), bright), output(network(), inputs) + 200.0, rtol=1e-5)


def test_a_region_whose_factories_never_work_is_empty(inputs):
    closed = dataclasses.replace(inputs, log_weight=torch.full_like(inputs.log_weight, -torch.inf))
    assert (output(network(), closed) == EMPTY).all()


def test_what_is_not_a_number_stays_none(inputs):
    level = torch.tensor([0.0, torch.nan, 0.0, 0.0])
    got = district_output(level, torch.zeros(4, T), inputs)
    assert torch.isnan(got[inputs.district[1]]).all()
