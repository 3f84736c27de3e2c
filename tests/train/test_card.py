import copy
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from pitchline import layout
from pitchline.errors import ArtifactError
from pitchline.files import sha256_of
from pitchline.train.candidate import BUNDLE, bundle_hashes, version_of
from pitchline.train.card import card_of, page, trained_competitions
from pitchline.train.model import CARD_FILE
from tests.train.project import content_of, pitchline


def parts() -> dict[str, Any]:
    return {
        "version": version_of(layout.CANDIDATE),
        "model": content_of(layout.CANDIDATE / CARD_FILE),
        "metrics": content_of(layout.METRICS),
        "training_data": content_of(layout.TRAINING_DATA),
        "study": content_of(layout.STUDY),
        "hashes": bundle_hashes(layout.CANDIDATE),
    }


def test_the_card_tells_the_figures_of_the_candidates_files(project: Path) -> None:
    card, given = content_of(layout.CANDIDATE / "card.json"), parts()
    assert card == card_of(**given)
    assert card["version"] == given["version"]
    assert card["reproduce"]["files_sha256"] == {
        name: sha256_of(layout.CANDIDATE / name) for name in BUNDLE
    }
    assert card["data"]["features_sha256"] == sha256_of(layout.FEATURES)
    assert card["data"]["competitions"] == {
        "eng-premier-league": {
            "first_season": "2023-24",
            "last_season": "2025-26",
            "seasons": 3,
            "matches": given["model"]["trained_on"]["matches"],
        }
    }
    assert card["performance"]["windows"]["test"]["model"] == given["metrics"]["model"]

    text = layout.CARD_PAGE.read_text(encoding="utf-8")
    assert text == page(card)
    test, newest = given["metrics"], given["metrics"]["windows"]["newest"]
    for told in (test["model"]["log_loss"], newest["elo"]["log_loss"]):
        assert f"{told:.4f}" in text
    low, high = test["log_loss_gain_over_elo_interval"]
    assert f"({low:.4f} to {high:.4f})" in text
    assert "competitions it has not learned from: it knows eng-premier-league only" in text.lower()


def test_every_table_of_the_page_has_as_many_cells_a_row_as_its_head(project: Path) -> None:
    tables = 0
    width = 0
    for line in layout.CARD_PAGE.read_text(encoding="utf-8").splitlines():
        if not line.startswith("|"):
            width = 0
            continue
        tables += width == 0
        width = width or line.count("|")
        assert line.count("|") == width, line
    assert tables == 7


def test_what_the_scores_say_against_the_model_is_a_limit(project: Path) -> None:
    given = parts()

    def told(**changes: Any) -> str:
        changed = copy.deepcopy(given)
        for name, change in changes.items():
            changed[name] |= change
        card = card_of(**changed)
        return " ".join([*card["limits"], *card["use"]["not_for"]]) + page(card)

    metrics = given["metrics"]
    off = metrics["model"] | {
        "calibration_error": 0.09,
        "calibration_error_by_chance_interval": [0.01, 0.03],
    }
    assert "so it is measurably off" in told(metrics={"model": off})
    fine = off | {"calibration_error": 0.02}
    assert "no miscalibration is seen" in told(metrics={"model": fine})

    found = metrics["by_competition"]["eng-premier-league"]
    worse = found | {"log_loss_gain_over_elo": -0.01, "matches": 12}
    slices = {"by_competition": {"nor-eliteserien": worse}}
    assert "Worse than Elo in: nor-eliteserien." in told(metrics=slices)
    assert "Too few test matches to judge: nor-eliteserien (12)." in told(metrics=slices)
    assert "without a test match: eng-premier-league." in told(metrics=slices)

    none = {"windows": metrics["windows"] | {"season_so_far": None}}
    assert "No match was there to test on in: season so far." in told(metrics=none)
    whole = metrics["windows"]["season_so_far"]
    part = {"windows": metrics["windows"] | {"season_so_far": whole | {"known_matches": 9_999}}}
    assert "of the 9,999 matches of: season so far" in told(metrics=part)
    assert "trained by force" in told(training_data={"forced": True})
    assert "trained by force" not in told()


@pytest.mark.parametrize(
    ("interval", "expected"),
    [([-0.03, -0.01], "did not beat closing odds"), ([0.001, 0.02], "not yet a profit")],
)
def test_bets_are_advised_against_whatever_the_market_said(
    project: Path, interval: list[float], expected: str
) -> None:
    given = parts()
    assert "never compared with a price" in " ".join(card_of(**given)["use"]["not_for"])
    given["metrics"]["market"] = {
        "matches": 90,
        "log_loss": 0.98,
        "closing_log_loss": 0.96,
        "log_loss_gain_over_closing": -0.02,
        "log_loss_gain_over_closing_interval": interval,
    }
    card = card_of(**given)
    assert expected in " ".join(card["use"]["not_for"])
    assert "Against closing odds on 90 matches" in page(card)


def test_a_card_of_an_incomplete_candidate_is_refused(project: Path) -> None:
    layout.FORECASTS.unlink()
    with pytest.raises(ArtifactError, match=f"{layout.FORECASTS}: missing"):
        pitchline("train", "card")


def test_seasons_are_counted_by_competition() -> None:
    rows = pd.DataFrame(
        {
            "competition": ["ger-bundesliga", "eng-premier-league", "eng-premier-league"],
            "season": ["2024-25", "2023-24", "2021-22"],
        }
    )
    assert trained_competitions(rows) == {
        "eng-premier-league": {
            "first_season": "2021-22",
            "last_season": "2023-24",
            "seasons": 2,
            "matches": 2,
        },
        "ger-bundesliga": {
            "first_season": "2024-25",
            "last_season": "2024-25",
            "seasons": 1,
            "matches": 1,
        },
    }
