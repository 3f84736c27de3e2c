"""Faults planted in clean data: each is found by the rule meant for it, and costs what it should.

``benchmarks/quality.py`` prints the same as a table, with the clean seasons of all leagues.
"""

import pytest

from pitchline.ingest.quality.registry import RULES
from tests.ingest.quality.breaking import LEAGUE, another_seasons_matches
from tests.ingest.quality.conftest import BROKEN, UNDER_WAY
from tests.ingest.quality.planted import FAULTS, Fault, planted
from tests.ingest.quality.worlds import Judged, World, committed, judged

CASES = [(fault, name) for fault in FAULTS for name in fault.worlds]
BY_NAME = {rule.name: rule for rule in RULES}


def test_there_are_thirty_faults_and_most_rules_have_one() -> None:
    assert len(FAULTS) >= 30
    without = set(BY_NAME) - {fault.rule for fault in FAULTS}
    # Counts of two providers differ anyway, and who has played how often follows from what is
    # missing: these two explain what another rule found first.
    assert without == {"statistics_agree", "teams_level"}


@pytest.mark.parametrize(
    ("fault", "name"), CASES, ids=[f"{fault.name}-{name}" for fault, name in CASES]
)
def test_a_planted_fault_is_found(fault: Fault, name: str, request: pytest.FixtureRequest) -> None:
    season = (UNDER_WAY if fault.slice == "window" else BROKEN)[name]
    which = f"{name}_under_way" if fault.slice == "window" else name
    if name == "several" and fault.slice == "season" and not needs_other_seasons(fault):
        which = "last_season"
    clean: World = request.getfixturevalue(which)
    before = clean_messages(clean, which, fault.rule)
    broken = planted(fault, clean, season)
    of_rule = judged(broken, [BY_NAME[fault.rule]])
    found = messages(of_rule, season) - before
    assert {rule for rule, _ in found} == {fault.rule}
    assert all(text for _, text in found)
    if name not in fault.falls:
        return
    # The score is a product: where one rule is below the minimum, so is the whole.
    minimum = committed().train.gate.minimum_score
    if score_of(of_rule, fault, season) >= minimum:
        assert score_of(judged(broken), fault, season) < minimum


def needs_other_seasons(fault: Fault) -> bool:
    return fault.rule == "seasons_alike" or fault.breaks is another_seasons_matches


_known: dict[tuple[str, str], set[tuple[str, str]]] = {}


def clean_messages(world: World, which: str, rule: str) -> set[tuple[str, str]]:
    """What a rule finds in a world nobody broke."""
    if (which, rule) not in _known:
        found = judged(world, [BY_NAME[rule]]).findings
        _known[which, rule] = set(zip(found["rule"], found["message"], strict=True))
    return _known[which, rule]


def messages(found: Judged, season: str) -> set[tuple[str, str]]:
    rows = found.findings
    rows = rows[(rows["season"] == season) | rows["season"].isna()]
    return set(zip(rows["rule"], rows["message"], strict=True))


def score_of(found: Judged, fault: Fault, season: str) -> float:
    return found.window() if fault.slice == "window" else found.season(LEAGUE, season)
