import pytest

from gvio.archives.open_nightlight import choose
from gvio.sources.light_every_night import recognise
from gvio.store.open_data import OpenObject


def pair(config: str, run: str = "ops", period: str = "20211201-20211231", layers: str = "avg_rade9 n_cf") -> list[str]:
    folder = f"composites/npp_{period[:6]}_{run}"
    return [f"{folder}/DNB_npp_{period}_global_{config}_v10_{run}.{layer}.tif" for layer in layers.split()]


def chosen(*keys: str) -> list[str]:
    return [item.key for _, item in choose(OpenObject(key, 1, "e") for key in keys)]


OPS, RP2 = pair("ecm-slcorr"), pair("vcm-slcorr", "rp2")
OLD_MASK, EXCLUDED = pair("vcm-slcorr"), pair("ecm-slexcl")


@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        ([*RP2, *OLD_MASK, *OPS, *EXCLUDED], OPS),
        ([*OPS, *RP2], OPS),
        ([*RP2, *OLD_MASK], OLD_MASK),
        ([*RP2, *EXCLUDED], RP2),
        (EXCLUDED, []),
        ([*pair("ecm-slcorr", layers="avg_rade9"), *RP2], RP2),  # the better one has no count
        ([*pair("ecm-slcorr", layers="n_cf"), *pair("vcm-slcorr", "rp2", layers="avg_rade9")], []),
        (["composites/readme.html", "composites/npp_202112_ops/"], []),
    ],
)
def test_per_month_the_best_whole_pair_counts(keys: list[str], expected: list[str]) -> None:
    assert chosen(*keys) == expected


def test_months_are_sorted_and_each_chooses_for_itself() -> None:
    november = pair("vcm-slcorr", "rp2", "20211101-20211130")
    assert chosen(*OPS, *november) == [*november, *OPS]


def test_october_2024_has_other_names_for_the_same() -> None:
    renamed = pair("ecmslcfg", period="20241001-20241031")
    assert chosen(*pair("ecmcfg", period="20241001-20241031"), *renamed) == renamed
    file = recognise(renamed[0].rpartition("/")[2])
    assert file is not None
    assert file.processing == "ecm-slcorr"
