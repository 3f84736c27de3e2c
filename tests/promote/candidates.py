"""Candidates of the small project, and the command that decides on them."""

from pitchline import layout
from pitchline.files import read_parquet, write_json
from pitchline.ingest.tables import write_table
from pitchline.train.candidate import version_of
from pitchline.train.schema import Forecasts
from tests.train.project import content_of, pitchline


def decide(*options: str) -> str:
    """Decide; what the command reported."""
    shown = pitchline("promote", "decide", *options)
    assert shown.exit_code == 0
    return shown.stderr


def refitted_candidate() -> str:
    """Another model with the same test forecasts; its version."""
    study = content_of(layout.STUDY)
    study["best"]["rounds"] += 1
    write_json(layout.STUDY, study)
    pitchline("train", "fit")
    return version_of(layout.CANDIDATE)


def another_candidate() -> str:
    """A candidate with another study and else the same files, made at once; its version."""
    study = content_of(layout.STUDY)
    study["best"]["rounds"] += 1
    write_json(layout.STUDY, study)
    return version_of(layout.CANDIDATE)


def worsened_candidate() -> str:
    """A candidate whose forecasts are near a third for each result."""
    forecasts = read_parquet(layout.FORECASTS, made_by="")
    for column in ("model_home", "model_draw", "model_away"):
        forecasts[column] = (forecasts[column] * 0.05 + 0.95 / 3).round(6)
    write_table(layout.FORECASTS, Forecasts, forecasts)
    metrics = content_of(layout.METRICS)
    metrics["model"]["log_loss"] += 0.2
    write_json(layout.METRICS, metrics)
    return version_of(layout.CANDIDATE)


def judge_data_as(**told: float | bool) -> None:
    """A card that tells something else of the data the candidate learned from."""
    card = content_of(layout.CANDIDATE / "model.json")
    write_json(
        layout.CANDIDATE / "model.json", card | {"training_data": card["training_data"] | told}
    )


def promoted(count: int) -> list[str]:
    """Promote so many candidates one after the other; their versions."""
    versions = []
    for number in range(count):
        versions.append(another_candidate() if number else version_of(layout.CANDIDATE))
        decide()
    return versions


def roll_back(*options: str) -> str:
    """Roll back; what the command reported."""
    shown = pitchline("promote", "--rollback", *options)
    assert shown.exit_code == 0, shown.output
    return shown.stderr


def serving() -> str:
    """The champion's version."""
    version: str = content_of(layout.CHAMPION)["version"]
    return version
