"""params.yaml is the one place for scientific parameters, and starts at the defaults of the code."""

from pathlib import Path

import yaml

from gvio.config import Params, parse_params

ROOT = Path(__file__).parents[2]


def test_params_yaml_lists_every_parameter_at_its_default():
    text = (ROOT / "params.yaml").read_text()
    assert yaml.safe_load(text) == Params().model_dump(mode="json", by_alias=True), "the file is complete"
    assert parse_params(text) == Params()
