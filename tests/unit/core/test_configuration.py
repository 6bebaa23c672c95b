"""`region.yaml` and `params.yaml`: what is accepted, and what each fault is called."""

from pathlib import Path

import pytest
import yaml
from pydantic import ValidationError

from gvio.config import Params, RegionConfig, digest, parse_params, parse_region
from gvio.errors import ConfigError
from gvio.types import Month

SHARED = Path(__file__).parents[3] / "../shared/regions"
REGION = {
    "name": "shanghai",
    "title": "Shanghai",
    "bounds": [120.85, 30.65, 122.15, 31.90],
    "area_crs": "EPSG:32651",
    "first_month": "2014-01",
    "unit": "100 million CNY",
    "ntl": {"product": "vnl-monthly", "source": "ntl"},
    "districts": {"path": "districts.geojson"},
    "city_id": "CITY",
    "factories": {"path": "factories.csv"},
    "statistics": {"path": "statistics.csv"},
}


def region(**changes: object) -> RegionConfig:
    return parse_region(yaml.safe_dump(REGION | changes))


def test_a_region_with_only_what_is_required_takes_the_defaults_of_the_contract():
    config = region()
    assert config.start == Month(2014, 1)
    assert (config.districts.id, config.districts.name, config.districts.group) == ("district_id", "name", None)
    assert (config.factories.crs, config.factories.category, config.urban) == ("wgs84", None, None)
    assert config.statistics.series is None
    assert config.bounds == (120.85, 30.65, 122.15, 31.90)


def test_a_list_of_products_is_a_product_and_its_fallbacks():
    ntl = region(ntl={"product": ["vnp46a3", "light-every-night"], "source": "official"}).ntl
    assert (ntl.product, ntl.fallback) == ("vnp46a3", ("light-every-night",))
    assert ntl.products == ("vnp46a3", "light-every-night")
    assert ntl == region(ntl={"product": "vnp46a3", "fallback": ["light-every-night"], "source": "official"}).ntl


def test_keys_that_a_pack_does_not_use_leave_its_hash_alone():
    plain = region()
    assert plain.ntl.model_dump(mode="json") == {"product": "vnl-monthly", "source": "ntl"}
    said = plain.model_dump(mode="json")
    assert not {"crs", "encoding", "layer"} & (set(said["districts"]) | set(said["statistics"]))
    assert set(said["factories"]) == {"path", "crs", "category"}
    fallback = region(ntl={"product": ["vnl-monthly", "light-every-night"], "source": "ntl"})
    assert len({digest(plain), digest(fallback)}) == 2


@pytest.mark.parametrize("name", ["mumbai-spike-in", "mumbai-spike-in-few"])
def test_the_packs_that_come_with_the_project_are_read_whole(name: str):
    path = SHARED / name / "region.yaml"
    if not path.exists():
        pytest.skip(f"no pack at {path}")
    config = parse_region(path.read_text())
    given = yaml.safe_load(path.read_text())
    assert config.model_dump(mode="json", exclude_unset=True) == given, "nothing lost, nothing changed"
    assert (config.name, config.area_crs, config.start) == (name, "EPSG:32643", Month(2014, 1))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"titel": "x"}, "unknown key 'titel'; nearest known key is 'title'"),
        ({"ntl": {"product": "vnl-monthly", "sorce": "ntl"}}, "unknown key 'ntl.sorce'; nearest known key is 'source'"),
        ({"urban": {"pth": "u.tif"}}, "unknown key 'urban.pth'; nearest known key is 'path'"),
        ({"districts": {"path": "d", "grp": "x"}}, "unknown key 'districts.grp'; nearest known key is 'group'"),
        ({"ntl": {"product": "dmsp", "source": "ntl"}}, "ntl.product: Input should be 'vnl-monthly', 'vnp46a3'"),
        (
            {"ntl": {"product": ["vnp46a3", "dmsp"], "source": "ntl"}},
            r"ntl\.fallback\.0: Input should be 'vnl-monthly'",
        ),
        ({"ntl": {"product": [], "source": "ntl"}}, "ntl: name fallbacks either in the list of product or under fallb"),
        (
            {"ntl": {"product": ["vnp46a3"], "fallback": ["vnl-monthly"], "source": "ntl"}},
            "ntl: name fallbacks either in the list of product or under fallback, after one product",
        ),
        (
            {"ntl": {"product": ["vnp46a3", "vnp46a3"], "source": "ntl"}},
            r"ntl: a product is named twice in \['vnp46a3', 'vnp46a3'\]",
        ),
        (
            {"ntl": {"product": "vnl-monthly", "variant": "vcmcfg", "source": "ntl"}},
            "ntl: variant 'vcmcfg' is for source: official; of other sources the files decide",
        ),
        ({"name": "Shang Hai"}, "name: String should match pattern"),
        ({"area_crs": "utm 51"}, "area_crs: String should match pattern"),
        ({"first_month": "2014"}, "first_month: not a month: '2014'; write it as YYYY-MM"),
        ({"bounds": [122.15, 30.65, 120.85, 31.9]}, "file: bounds .* are not west < east, south < north in degrees"),
        ({"bounds": [120.85, 31.9, 122.15, 30.65]}, "are not west < east, south < north"),
        ({"bounds": [120.85, 30.65, 181.0, 31.9]}, "are not west < east, south < north"),
        ({"bounds": [120.85, float("nan"), 122.15, 31.9]}, r"bounds\.1: Input should be a finite number"),
        ({"bounds": [120.85, 30.65, 122.15]}, r"bounds\.3: Field required"),
        (
            {"factories": {"path": "f.csv", "crs": "gcj-02"}},
            "factories.crs: unknown coordinate system 'gcj-02'; use wgs84, gcj02, bd09 or EPSG:<code>, or WKT",
        ),
        ({"factories": {"path": "f.csv", "crs": "EPSG:x"}}, "unknown coordinate system 'EPSG:x'"),
        ({"statistics": "statistics.csv"}, "statistics: Input should be a valid dictionary"),
    ],
)
def test_every_fault_of_a_region_is_named(changes: dict[str, object], message: str):
    with pytest.raises(ConfigError, match=message) as caught:
        region(**changes)
    assert str(caught.value).startswith("region.yaml: ")
    assert str(caught.value).endswith("Correct the key and run again.")


def test_a_misspelt_key_is_named_before_the_keys_that_are_then_missing():
    broken = {("frist_month" if key == "first_month" else key): value for key, value in REGION.items()}
    del broken["city_id"], broken["unit"], broken["title"], broken["area_crs"], broken["name"]
    with pytest.raises(ConfigError) as caught:
        parse_region(yaml.safe_dump(broken), where="shanghai/region.yaml")
    line = str(caught.value)
    assert line.startswith("shanghai/region.yaml: unknown key 'frist_month'; nearest known key is 'first_month'; ")
    assert line.count("Field required") == 4, "at most five faults in one line"


@pytest.mark.parametrize(
    ("given", "kept"),
    [(" GCJ02 ", "gcj02"), ("BD09", "bd09"), ("epsg:4490", "EPSG:4490"), ("esri:102025", "ESRI:102025")],
)
def test_coordinate_systems_are_known_in_any_case(given: str, kept: str):
    assert region(factories={"path": "f.csv", "crs": given}).factories.crs == kept


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("bounds: [1, 2", "params.yaml: not valid YAML .*Correct the file"),
        ("model: {seeds: 3, seeds: 4}", "not valid YAML .key 'seeds' appears twice"),
        ("model: {seeds: 2020-13-45}", "not valid YAML .month must be in 1..12"),
        ("[" * 5000, "not valid YAML"),
        ("- 1\n- 2", "not a mapping of keys to values"),
        ("[]", "not a mapping of keys to values"),
        ("no", "not a mapping of keys to values"),
        ("seed: 3", "unknown key 'seed'; nearest known key is"),
        ("validate: {unit_factr: 3}", "unknown key 'validate.unit_factr'; nearest known key is 'unit_factor'"),
        ("validate_: {unit_factr: 3}", "unknown key 'validate_.unit_factr'; nearest known key is 'unit_factor'"),
        ("3: 4", "3: Keys should be strings"),
        ("sample: {radii_m: [1000, 500]}", "sample: radii_m must be positive and ascending, got \\[1000.0, 500.0\\]"),
        ("sample: {radii_m: [500, 500]}", "radii_m must be positive and ascending"),
        ("sample: {radii_m: [0, 500]}", "radii_m must be positive and ascending"),
        ("sample: {radii_m: []}", "radii_m must be positive and ascending"),
        ("sample: {radii_m: [500, .inf]}", r"sample\.radii_m\.1: Input should be a finite number"),
        ("sample: {patch_px: 8}", "patch_px must be odd so that the factory is the centre, got 8"),
        ("sample: {patch_px: 3}", "sample.patch_px: Input should be greater than or equal to 5"),
        ("model: {dynamic_px: 6}", "dynamic_px must be odd so that the factory is the centre, got 6"),
        ("model: {learning_rate: 0}", "model.learning_rate: Input should be greater than 0"),
        ("model: {learning_rate: .inf}", "model.learning_rate: Input should be a finite number"),
        ("model: {epochs: 0}", "model.epochs: Input should be greater than or equal to 1"),
        ("evaluate: {min_train_months: 12}", "evaluate.min_train_months: Input should be greater than or equal to 13"),
        ("validate: {min_coverage: 0}", "validate.min_coverage: Input should be greater than 0"),
        ("validate: {max_radiance: .nan}", "validate.max_radiance: Input should be a finite number"),
    ],
)
def test_every_fault_of_the_parameters_is_named(text: str, message: str):
    with pytest.raises(ConfigError, match=message):
        parse_params(text)


def test_absent_parameters_take_their_defaults():
    assert parse_params("") == Params()
    changed = parse_params("model: {seeds: 5}\nvalidate: {min_coverage: 0.7}")
    assert (changed.model.seeds, changed.validate_.min_coverage) == (5, 0.7)
    assert changed.model.channels == Params().model.channels


def test_configuration_cannot_be_changed():
    with pytest.raises(ValidationError, match="frozen"):
        Params().model.seeds = 4  # type: ignore[misc]
    with pytest.raises(ValidationError, match="frozen"):
        region().ntl.source = "elsewhere"  # type: ignore[misc]


def test_the_digest_follows_content_not_spelling():
    plain = digest(parse_params(""))
    assert digest(parse_params("model: {seeds: 3, channels: 16}")) == plain, "a default spelt out is no change"
    assert digest(parse_params("sample: {patch_px: 9}\nmodel: {channels: 16, seeds: 3}")) == plain
    assert digest(parse_params("model: {seeds: 4}")) != plain
    assert digest(region()) != digest(region(title="Shanghai 2"))
    assert len(plain) == 16
    assert int(plain, 16) >= 0
