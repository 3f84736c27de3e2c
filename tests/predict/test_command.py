import os
import shutil
from pathlib import Path

import pandas as pd
import pytest

from pitchline import layout
from pitchline.errors import ArtifactError, TableError
from pitchline.files import read_parquet, write_json, write_parquet
from pitchline.ingest.tables import validated
from pitchline.issued.log import read
from pitchline.predict.forecast import upcoming
from pitchline.predict.schema import Predictions
from pitchline.promote import champion as champions
from pitchline.train.families.registry import FAMILIES
from pitchline.train.goals import load_goals, read_off
from pitchline.train.model import CARD_FILE, Forecaster
from pitchline.train.schema import Forecasts
from tests.train.project import content_of, edit_params, make_candidate, pitchline
from tests.train.recipes import columns_read

AS_OF = pd.Timestamp("2026-05-08T00:00:00Z")
SHARES = ["probability_home", "probability_draw", "probability_away"]


@pytest.fixture
def champion(project: Path) -> str:
    """The project's candidate, promoted; its version."""
    pitchline("promote", "decide")
    return str(content_of(layout.CHAMPION)["version"])


def predict() -> pd.DataFrame:
    pitchline("predict", "fixtures")
    return read_parquet(layout.PREDICTIONS, made_by="")


def test_the_champion_forecasts_the_next_fixtures(champion: str) -> None:
    table = predict()
    validated(Predictions, table, layout.PREDICTIONS)
    assert len(table) == 31
    assert set(table["champion"]) == {champion}


def test_the_champion_forecasts_and_not_the_newest_candidate(champion: str) -> None:
    study = content_of(layout.STUDY)
    study["best"]["rounds"] += 3
    write_json(layout.STUDY, study)
    pitchline("train", "fit")
    table = predict()
    features = read_parquet(layout.FEATURES, made_by="")
    fixtures = upcoming(features, AS_OF, 21)
    by_champion, by_candidate = (
        Forecaster.load(folder).probabilities(fixtures)
        for folder in (layout.CHAMPIONS / champion, layout.CANDIDATE)
    )
    assert set(table["champion"]) == {champion}
    assert (table[SHARES].to_numpy() == by_champion).all()
    assert (table[SHARES].to_numpy() != by_candidate).any()


@pytest.mark.parametrize("family", [*FAMILIES, "auto"])
def test_a_champion_of_any_family_forecasts_the_next_fixtures(project: Path, family: str) -> None:
    before = sorted(path.name for path in layout.CANDIDATE.iterdir())
    edit_params({"train": {"family": family, "families": ["dixon_coles", "logit"]}})
    make_candidate()
    assert sorted(path.name for path in layout.CANDIDATE.iterdir()) == before
    study = content_of(layout.STUDY)
    chosen = study["family"]
    assert chosen == family or (family == "auto" and chosen in ("dixon_coles", "logit"))
    card = content_of(layout.CANDIDATE / CARD_FILE)
    assert card["family"] == chosen
    assert card["model"].startswith(FAMILIES[chosen].TITLE)
    validated(Forecasts, read_parquet(layout.FORECASTS, made_by=""), layout.FORECASTS)
    pitchline("promote", "decide")
    version = content_of(layout.CHAMPION)["version"]
    table = predict()
    validated(Predictions, table, layout.PREDICTIONS)
    assert len(table) == 31
    assert set(table["champion"]) == {version}
    fixtures = upcoming(read_parquet(layout.FEATURES, made_by=""), AS_OF, 21)
    found = Forecaster.load(layout.CHAMPIONS / version)
    assert found.recipe.family == chosen
    assert (table[SHARES].to_numpy() == found.probabilities(fixtures)).all()


def test_predicting_again_gives_the_same_bytes(champion: str) -> None:
    predict()
    before = [path.read_bytes() for path in (layout.PREDICTIONS, layout.PREDICTIONS_CSV)]
    predict()
    assert [p.read_bytes() for p in (layout.PREDICTIONS, layout.PREDICTIONS_CSV)] == before


def test_the_csv_holds_the_same_rows(champion: str) -> None:
    table = predict()
    csv = pd.read_csv(layout.PREDICTIONS_CSV, parse_dates=["kick_off", "as_of"])
    assert csv["match_id"].tolist() == table["match_id"].tolist()
    assert (csv["kick_off"] == table["kick_off"]).all()
    assert csv[SHARES].to_numpy() == pytest.approx(table[SHARES].to_numpy())
    first = layout.PREDICTIONS_CSV.read_text(encoding="utf-8").splitlines()[1]
    assert "2026-05-09T11:30:00Z" in first


def test_a_shorter_horizon_gives_the_nearer_fixtures(champion: str) -> None:
    whole = predict()
    edit_params({"predict": {"horizon_days": 3}})
    near = predict()
    assert 0 < len(near) < len(whole)
    assert near["match_id"].tolist() == whole["match_id"].head(len(near)).tolist()


def test_no_fixtures_within_the_horizon_give_an_empty_table(champion: str) -> None:
    edit_params({"as_of": "2026-08-01T00:00:00Z"})
    assert len(predict()) == 0
    assert layout.PREDICTIONS_CSV.read_text(encoding="utf-8").startswith("match_id,")


def test_the_newest_fetch_stands_in_for_as_of(champion: str) -> None:
    edit_params({"as_of": None})
    quality = content_of(layout.QUALITY)
    write_json(layout.QUALITY, quality | {"newest_fetch": "2026-05-10T00:00:00Z"})
    table = predict()
    assert 0 < len(table) < 31
    assert set(table["as_of"]) == {pd.Timestamp("2026-05-10T00:00:00Z")}


def test_without_a_champion_the_command_says_what_to_run(project: Path) -> None:
    with pytest.raises(ArtifactError) as caught:
        predict()
    assert "models/champion.json: no model was promoted yet" in str(caught.value)
    assert "snakemake --cores 2 promote" in str(caught.value)
    assert not layout.PREDICTIONS.exists()


def test_a_champion_whose_files_are_nowhere_is_an_error(champion: str) -> None:
    shutil.rmtree(layout.CHAMPIONS)
    with layout.STUDY.open("a") as handle:
        handle.write("\n")
    with pytest.raises(ArtifactError, match=f"champion {champion} is not on this machine"):
        predict()


def test_the_store_of_champions_is_enough_to_predict(champion: str) -> None:
    expected = predict()
    shutil.rmtree(layout.CANDIDATE)
    pd.testing.assert_frame_equal(predict(), expected)


def test_an_altered_champion_does_not_predict(champion: str) -> None:
    shutil.rmtree(layout.CANDIDATE)
    layout.DECISION.unlink()
    card = layout.CHAMPIONS / champion / "model.json"
    card.write_text(card.read_text(encoding="utf-8").replace("e", "f", 1), encoding="utf-8")
    with pytest.raises(ArtifactError, match="is not on this machine"):
        predict()


def test_features_the_champion_lacks_are_named_and_nothing_is_written(champion: str) -> None:
    features = read_parquet(layout.FEATURES, made_by="")
    read = columns_read(features)[0]
    write_parquet(layout.FEATURES, features.drop(columns=read))
    with pytest.raises(ArtifactError, match=f"{read!r}, which the feature table lacks"):
        predict()
    assert not layout.PREDICTIONS.exists()


def test_a_champion_whose_card_tells_no_goals_is_named(champion: str) -> None:
    folder = layout.CHAMPIONS / champion
    card = content_of(folder / "model.json")
    del card["goals"]
    write_json(folder / "model.json", card)
    pointer = content_of(layout.CHAMPION)
    write_json(layout.CHAMPION, pointer | {"files": champions.describe_files(folder)})
    with pytest.raises(ArtifactError, match=r"model\.json: tells no model of goals \('goals'\)"):
        predict()
    assert not layout.PREDICTIONS.exists()


def test_goals_are_those_of_the_champions_card(champion: str) -> None:
    table = predict()
    fixtures = upcoming(read_parquet(layout.FEATURES, made_by=""), AS_OF, 21)
    goals = load_goals(layout.CHAMPIONS / champion)
    told = read_off(goals.grid(fixtures, table[SHARES].to_numpy()))
    for name, values in told.items():
        assert (table[name] == values).all()


def test_an_unknown_team_leaves_the_previous_predictions(champion: str) -> None:
    predict()
    before = layout.PREDICTIONS.read_bytes()
    lines = layout.TEAMS.read_text(encoding="utf-8").splitlines(keepends=True)
    layout.TEAMS.write_text("".join(line for line in lines if "wolves" not in line))
    with pytest.raises(TableError, match="wolves"):
        predict()
    assert layout.PREDICTIONS.read_bytes() == before


def test_predicting_marks_the_decision_on_this_candidate_as_current(champion: str) -> None:
    for path in (layout.CHAMPION, layout.DECISION):
        os.utime(path, (1, 1))
    predict()
    newest = max(path.stat().st_mtime for path in layout.CANDIDATE.iterdir())
    assert min(p.stat().st_mtime for p in (layout.CHAMPION, layout.DECISION)) >= newest


def test_forecasts_are_logged_once_and_change_no_byte_of_the_predictions(champion: str) -> None:
    table = predict()
    logged = read(layout.ISSUED).to_pandas()
    assert sorted(logged["match_id"]) == sorted(table["match_id"])
    assert set(logged["model"]) == {champion}
    assert set(logged["as_of"]) == {AS_OF}
    before = layout.PREDICTIONS.read_bytes()
    predict()
    assert len(read(layout.ISSUED)) == len(logged)
    shutil.rmtree(layout.ISSUED)
    predict()
    assert len(read(layout.ISSUED)) == len(logged)
    assert layout.PREDICTIONS.read_bytes() == before


def test_predictions_stand_though_the_log_can_not_be_written(champion: str) -> None:
    layout.ISSUED.parent.mkdir(parents=True)
    layout.ISSUED.write_text("in the way")
    shown = pitchline("predict", "fixtures")
    assert shown.exit_code == 0
    assert "these forecasts are not in the log: data/log/forecasts/date=" in shown.stderr
    assert len(read_parquet(layout.PREDICTIONS, made_by="")) == 31
