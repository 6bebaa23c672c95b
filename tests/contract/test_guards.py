"""A version guard of pyproject.toml: the test fails when it is lifted and a newer version comes in.

`pip check` does not notice. The guards of fastapi and sqlalchemy are the matter of tests/flows/test_serve_command.py.
"""

import json


def test_marshmallow_guard_a_quantile_expectation_serialises():
    """marshmallow ≥ 4: `Object of type bool is not JSON serializable`."""
    import pandas as pd

    from gvio.validate.tables import gx, gxe

    expectation = gxe.ExpectColumnQuantileValuesToBeBetween(
        column="seen_share", quantile_ranges={"quantiles": [0.5], "value_ranges": [[0.5, 1.0]]}
    )
    context = gx.get_context(mode="ephemeral")
    asset = context.data_sources.add_pandas("light").add_dataframe_asset("light")
    batch = asset.add_batch_definition_whole_dataframe("all").get_batch(
        {"dataframe": pd.DataFrame({"seen_share": [0.9]})}
    )
    suite = context.suites.add(gx.ExpectationSuite(name="light", expectations=[expectation]))
    outcome = batch.validate(suite)
    assert outcome.success
    written = json.loads(json.dumps(outcome.to_json_dict()))
    assert written["results"][0]["result"]["observed_value"] == {"quantiles": [0.5], "values": [0.9]}
