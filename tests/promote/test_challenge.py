"""The commands that start, end and judge a challenge."""

import json
import shutil
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import click
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pitchline import layout
from pitchline.errors import ArtifactError
from pitchline.files import read_parquet
from pitchline.issued.log import append, table_of
from pitchline.promote import challenger
from pitchline.train.candidate import version_of
from tests.issued.forecasts import Game, batch
from tests.promote.candidates import (
    another_candidate,
    decide,
    promoted,
    roll_back,
    serving,
    worsened_candidate,
)
from tests.train.project import content_of, edit_params, pitchline


def challenge(*options: str) -> str:
    shown = pitchline("promote", "challenge", *options)
    assert shown.exit_code == 0, shown.output
    return shown.stderr


def test_the_candidate_challenges_and_keeps_its_files_whatever_is_trained_next(
    project: Path,
) -> None:
    decide()
    version = another_candidate()
    assert f"{version} forecasts unseen beside champion {serving()}" in challenge()
    pointer = content_of(layout.CHALLENGER)
    challenger.Pointer.model_validate(pointer)
    assert (pointer["version"], pointer["mode"], pointer["share"]) == (version, "shadow", 0.0)
    another_candidate()
    assert version_of(layout.CHALLENGERS / version) == version
    assert challenger.locate(pointer) == layout.CHALLENGERS / version


def test_a_split_has_a_share(project: Path) -> None:
    decide()
    another_candidate()
    assert "answers 10% of fixtures" in challenge("--mode", "split")
    assert content_of(layout.CHALLENGER)["share"] == 0.1
    challenge("--mode", "split", "--share", "0.4")
    assert content_of(layout.CHALLENGER)["share"] == 0.4


def test_the_next_challenger_takes_the_place_of_the_one_before(project: Path) -> None:
    decide()
    first = another_candidate()
    challenge()
    second = another_candidate()
    challenge()
    assert content_of(layout.CHALLENGER)["version"] == second
    assert not (layout.CHALLENGERS / first).exists()


def test_a_rejected_or_a_past_champion_may_challenge(project: Path) -> None:
    past, now = promoted(2)
    rejected = worsened_candidate()
    assert "rejected" in decide()
    challenge("--version", rejected[:7])
    assert content_of(layout.CHALLENGER)["version"] == rejected
    challenge("--version", past)
    assert content_of(layout.CHALLENGER)["version"] == past
    assert serving() == now


def test_the_champion_can_not_challenge_itself(project: Path) -> None:
    decide()
    with pytest.raises(ArtifactError, match="the candidate is the champion"):
        challenge()
    with pytest.raises(ArtifactError, match="is the champion and can't challenge itself"):
        challenge("--version", serving())
    assert not layout.CHALLENGER.exists()


def test_what_was_rolled_back_challenges_only_by_name(project: Path) -> None:
    _, bad = promoted(2)
    roll_back()
    with pytest.raises(ArtifactError, match="was rolled back"):
        challenge()
    challenge("--version", bad)
    assert content_of(layout.CHALLENGER)["version"] == bad


def test_without_a_champion_there_is_nobody_to_challenge(project: Path) -> None:
    with pytest.raises(ArtifactError, match="nobody to challenge"):
        challenge()


def test_a_version_that_is_not_here_is_told_with_those_that_are(project: Path) -> None:
    decide()
    with pytest.raises(ArtifactError, match=f"no such version on this machine .*{serving()}"):
        challenge("--version", "0" * 12)


def test_altered_files_do_not_challenge(project: Path) -> None:
    past, _ = promoted(2)
    shutil.rmtree(layout.CANDIDATE)
    path = layout.CHAMPIONS / past / "study.json"
    path.write_text(path.read_text(encoding="utf-8") + "\n", encoding="utf-8")
    with pytest.raises(ArtifactError, match="were altered"):
        challenge("--version", past)


@pytest.mark.parametrize(
    "options", [("--stop", "--version", "0"), ("--share", "0.2"), ("--stop", "--share", "0.2")]
)
def test_options_that_go_not_together(project: Path, options: tuple[str, ...]) -> None:
    shown = pitchline("promote", "challenge", *options)
    assert shown.exit_code == click.UsageError.exit_code


def test_the_end_leaves_the_log_and_may_come_twice(project: Path) -> None:
    decide()
    version = another_candidate()
    challenge()
    assert f"{version} no longer challenges" in challenge("--stop")
    assert not layout.CHALLENGER.exists()
    assert "no model challenges" in challenge("--stop")


def test_a_damaged_pointer_can_be_ended(project: Path) -> None:
    decide()
    layout.CHALLENGER.write_text("{")
    with pytest.raises(ArtifactError, match=r"challenger\.json: not valid JSON"):
        challenger.read_challenger()
    challenge("--stop")
    assert challenger.read_challenger() is None


@given(
    content=st.fixed_dictionaries(
        {"mode": st.sampled_from(["shadow", "split", "champion", 1]), "share": st.floats()}
    )
)
def test_only_known_modes_and_shares_are_followed(content: dict[str, Any]) -> None:
    hashes = {"sha256": "0" * 64, "md5": "0" * 32}
    files = dict.fromkeys(challenger.BUNDLE, hashes)
    told = {"version": "0" * 12, "files": files, **content}
    good = content["mode"] in ("shadow", "split") and 0 <= content["share"] <= 1
    try:
        challenger.Pointer.model_validate(told)
    except ValueError:
        assert not good
    else:
        assert good


def test_a_challenger_that_becomes_the_champion_challenges_no_more(project: Path) -> None:
    decide()
    version = another_candidate()
    challenge()
    decide()
    assert serving() == version
    assert not layout.CHALLENGER.exists()


def test_another_champion_leaves_the_challenge_as_it_is(project: Path) -> None:
    decide()
    version = another_candidate()
    challenge()
    another_candidate()
    decide()
    assert content_of(layout.CHALLENGER)["version"] == version


def compare(*options: str) -> Any:
    shown = pitchline("promote", "compare", "--json", *options)
    assert shown.exit_code == 0, shown.output
    return json.loads(shown.stdout)


@pytest.fixture
def contested(project: Path) -> tuple[str, str]:
    """A challenger better than the champion on every settled match; both versions."""
    decide()
    other = another_candidate()
    challenge()
    matches = read_parquet(layout.MATCHES, made_by="")
    matches = matches[matches["result"].notna()]
    champion = serving()
    batches = []
    for row in matches.itertuples():
        kick_off = row.kick_off.to_pydatetime()
        game = Game(row.match_id, row.competition, row.season, row.home_team, row.away_team,
                    kick_off)  # fmt: skip
        p = np.full(3, 0.32)
        p["HDA".index(row.result)] = 0.36
        told: dict[str, Any] = {
            "games": [game], "request": str(row.Index), "at": kick_off - timedelta(hours=2),
            "mode": "shadow",
        }  # fmt: skip
        batches += [
            batch(p=(0.34, 0.33, 0.33), model=champion, **told),
            batch(p=p, model=other, role="challenger", served=False, **told),
        ]
    append(layout.ISSUED, table_of(batches, (f"f{n}" for n in count())), "all")
    return champion, other


def test_the_comparison_is_of_all_settled_matches_and_recommends(
    contested: tuple[str, str],
) -> None:
    told = compare()
    assert (told["champion"], told["challenger"]) == contested
    settled = read_parquet(layout.MATCHES, made_by="")["result"].notna().sum()
    assert told["matches"] == settled
    assert told["recommendation"] == "promote"
    assert told["left_out"] == {}
    shown = pitchline("promote", "compare")
    assert "recommendation: promote" in shown.stdout


def test_a_span_of_days_bounds_the_matches(contested: tuple[str, str]) -> None:
    kick_offs = read_parquet(layout.MATCHES, made_by="")["kick_off"]
    first, last = (pd.Timestamp(day, tz="UTC") for day in ("2025-09-01", "2025-10-01"))
    told = compare("--since", "2025-09-01", "--until", "2025-10-01")
    assert told["matches"] == ((kick_offs >= first) & (kick_offs < last)).sum() > 0
    assert (told["since"], told["until"]) == ("2025-09-01", "2025-10-01")


def test_the_rule_is_in_the_parameters(contested: tuple[str, str]) -> None:
    edit_params({"challenge": {"minimum_matches": 1_000_000, "most_matches": None}})
    told = compare()
    assert told["recommendation"] == "wait"
    assert told["more_matches"] == 1_000_000 - told["matches"]


def test_past_challengers_are_compared_by_their_versions(contested: tuple[str, str]) -> None:
    champion, other = contested
    challenge("--stop")
    with pytest.raises(ArtifactError, match="no model challenges the champion"):
        compare()
    assert compare("--challenger", other)["matches"] > 0
    reverse = compare("--challenger", champion, "--champion", other)
    assert reverse["recommendation"] == "keep"


def test_what_is_no_version_or_one_version_twice_is_told(contested: tuple[str, str]) -> None:
    with pytest.raises(ArtifactError, match="'nobody': not a version"):
        compare("--challenger", "nobody")
    with pytest.raises(ArtifactError, match="name two models"):
        compare("--challenger", contested[0])


def test_without_a_log_it_waits(contested: tuple[str, str]) -> None:
    shutil.rmtree(layout.ISSUED)
    told = compare()
    assert (told["matches"], told["recommendation"]) == (0, "wait")
    assert "recommendation: wait" in pitchline("promote", "compare").stdout


def test_forecasts_after_the_kick_off_count_by_the_data_alone(project: Path) -> None:
    decide()
    other = another_candidate()
    challenge()
    match = read_parquet(layout.MATCHES, made_by="").iloc[-1]
    game = Game(match.match_id, kick_off=match.kick_off.to_pydatetime())
    told: dict[str, Any] = {"games": [game], "at": datetime(2030, 1, 1, tzinfo=UTC)}
    batches = [batch(model=serving(), **told), batch(model=other, role="challenger", **told)]
    append(layout.ISSUED, table_of(batches, iter("ab")), "late")
    assert compare()["left_out"] == {"forecast after the kick-off": 1}
    assert compare("--clock", "data")["matches"] == 1
