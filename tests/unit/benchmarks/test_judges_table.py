"""The tables of the judges: the best of a world in bold, what light is worth, in how many worlds ours is first."""

from benchmarks.table_of_judges import markdown

OURS = {"within_r2": 0.9, "crps": 0.02}
DARK = {"within_r2": 0.95, "crps": 0.01}
RIVAL = {"within_r2": 0.8, "crps": 0.018}
POINT = {"within_r2": -0.5}


def world(name: str, **changes: dict[str, float]) -> dict[str, object]:
    models = {"sa-cnn": OURS, "no-light": DARK, "auto-ets": RIVAL, "ridge": POINT} | changes
    return {"name": name, "as used": models, "before the total": models, "blind": models}


def test_the_best_is_bold_and_what_gives_no_distribution_has_no_crps():
    text = markdown([world("hard-few/1")])
    assert "| hard-few/1 | 0.90 | **0.95** | −0.50 | 0.80 |" in text
    assert "| hard-few/1 | 2.00 | **1.00** | 1.80 |" in text
    assert "| World | ours | no light | ridge | ETS |" in text


def test_what_light_is_worth_is_the_difference_to_no_light_in_every_setting():
    text = markdown([world("hard-few/1")])
    assert "| hard-few/1 | −0.05 | +1.00 | −0.05 | +1.00 | −0.05 | +1.00 |" in text


def test_firsts_do_not_count_our_own_variants_and_absent_judges_are_named():
    text = markdown([world("hard-few/1"), world("hard-few/2", ridge={"within_r2": 0.91})])
    assert "- as used: ours is better than the best of all others in within-district R² in 1 of 2 and CRPS" in text
    assert "CRPS of log output in 0 of 2 worlds" in text
    assert "- not installed: Chow–Lin, Litterman, Denton, factors, GPBoost" in text


def test_worlds_that_failed_are_left_out():
    assert markdown([{"name": "x", "error": "no"}]) == "no world was measured"
