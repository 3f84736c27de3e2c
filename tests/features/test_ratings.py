"""What ratings, strengths and form must do whatever the results: steps by hand, and properties."""

import math

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pitchline.features.elo import EloRatings, expected_home_score
from pitchline.features.schema import columns_of, feature_columns
from pitchline.params.features import Features
from tests.features.worlds import FIRST_DAY, Result, World, world_from

GOALS = st.integers(0, 9)
TEAMS = st.sampled_from("abcdef")
RESULTS = st.lists(
    st.tuples(st.just("x"), st.just("2020-21"), TEAMS, TEAMS, GOALS, GOALS).filter(
        lambda result: result[2] != result[3]
    ),
    min_size=1,
    max_size=25,
)
DAY = pd.Timedelta(days=1)


def played(*results: Result, cups: frozenset[str] = frozenset()) -> World:
    return world_from(results, cups=cups)


def row(world: World, chosen: Features, number: int = -1) -> pd.Series:
    return world.features(chosen).iloc[number]


def with_(chosen: Features, section: str, **changes: object) -> Features:
    part = getattr(chosen, section).model_copy(update=changes)
    return chosen.model_copy(update={section: part})


@pytest.fixture(scope="module")
def plain(chosen: Features) -> Features:
    """No home advantage, and nothing learned but the teams' ratings; steps by hand."""
    elo = {"k": 20.0, "margin_exponent": 0.0, "home_advantage": 0.0, "home_advantage_rate": 0.0}
    learned = with_(chosen, "elo", **elo, newcomer_rate=0.0, level_rate=0.0, season_carry=0.5)
    return with_(learned, "pi", rate=0.1, other_venue=0.5, season_carry=0.5)


def newest_elo(world: World, chosen: Features) -> dict[str, float]:
    """The Elo of each team in its last match."""
    found = {}
    for match in world.features(chosen).itertuples():
        found |= {match.home_team: match.home_elo, match.away_team: match.away_elo}
    return found


def then_everyone_meets(results: list[Result]) -> World:
    """The results, and a fixture without one for every team, long after them."""
    teams = sorted({team for result in results for team in result[2:4]})
    last = [("x", "2020-21", team, "nobody", 0, 0) for team in teams]
    days = [FIRST_DAY + n * DAY for n in range(len(results))]
    days += [FIRST_DAY + 100 * DAY + n * DAY for n in range(len(last))]
    world = world_from([*results, *last], days)
    return world.results_until(FIRST_DAY + 50 * DAY)


def test_expected_scores_by_hand() -> None:
    assert expected_home_score(1500, 1500, 0) == pytest.approx(0.5)
    assert expected_home_score(1900, 1500, 0) == pytest.approx(10 / 11)
    assert expected_home_score(1500, 1500, 400) == pytest.approx(10 / 11)
    assert expected_home_score(1500, 1900, 0) == pytest.approx(1 / 11)


@pytest.mark.parametrize(
    ("goals", "changes", "step"),
    [
        ((1, 0), {}, 10.0),
        ((0, 0), {}, 0.0),
        ((0, 1), {}, -10.0),
        ((1, 0), {"home_advantage": 300.0}, 20 / (1 + 10**0.75)),
        ((2, 2), {"home_advantage": 300.0}, 20 * (0.5 - 1 / (1 + 10**-0.75))),
        ((3, 0), {"margin_exponent": 1.0}, 40.0),
        ((0, 8), {"margin_exponent": 0.5}, -30.0),
        ((1, 0), {"k": 32.0}, 16.0),
    ],
    ids=str,
)
def test_an_elo_step_by_hand(
    plain: Features, goals: tuple[int, int], changes: dict[str, float], step: float
) -> None:
    world = played(("x", "2020-21", "a", "b", *goals), ("x", "2020-21", "a", "b", 0, 0))
    after = row(world, with_(plain, "elo", **changes))
    assert (after["home_elo"], after["away_elo"]) == pytest.approx(
        (plain.elo.initial + step, plain.elo.initial - step)
    )


def test_a_pi_step_by_hand(plain: Features) -> None:
    world = played(
        ("x", "2020-21", "a", "b", 9, 0),
        ("x", "2020-21", "a", "b", 0, 0),
        ("x", "2020-21", "b", "a", 0, 0),
    )
    # An error of nine goals moves by 0.1 * 3 * log10(10), the other venue by half of that.
    table = world.results_until(FIRST_DAY + DAY).features(plain)
    assert table[["home_pi", "away_pi"]].to_numpy().tolist() == [[0, 0], [0.3, -0.3], [-0.15, 0.15]]
    assert table["difference_pi"].iloc[1] == pytest.approx(2 * (10**0.1 - 1), abs=1e-6)


def test_strengths_by_hand(chosen: Features) -> None:
    start, rate = chosen.strength.start.goals, chosen.strength.rate.goals
    share, level = chosen.strength.home_share, chosen.strength.level_share
    world = played(("x", "2020-21", "a", "b", 5, 0), ("x", "2020-21", "a", "b", 0, 0))
    more, fewer = rate * (5 - start[0]), rate * (0 - start[1])
    after = row(world, chosen)
    edge = share * (more - fewer)
    # The attack and the opponent's defence both moved, and the level and the home edge with them.
    assert after["home_expected_goals_only"] == pytest.approx(
        start[0] * math.exp(2 * more + level * more + edge), abs=1e-6
    )
    assert after["away_expected_goals_only"] == pytest.approx(
        start[1] * math.exp(2 * fewer + level * fewer - edge), abs=1e-6
    )


@given(results=RESULTS)
@settings(max_examples=8, deadline=None, derandomize=True)
def test_what_one_team_wins_the_other_loses(results: list[Result], chosen: Features) -> None:
    found = newest_elo(then_everyone_meets(results), chosen)
    found.pop("nobody")
    assert sum(found.values()) == pytest.approx(len(found) * chosen.elo.initial, abs=1e-4)


@given(results=RESULTS)
@settings(max_examples=6, deadline=None, derandomize=True)
def test_equals_that_only_draw_stay_equal(results: list[Result], chosen: Features) -> None:
    level = with_(chosen, "elo", home_advantage=0.0)
    drawn = [(*result[:4], result[4], result[4]) for result in results]
    assert set(newest_elo(then_everyone_meets(drawn), level).values()) == {level.elo.initial}


@given(results=RESULTS)
@settings(max_examples=6, deadline=None, derandomize=True)
def test_more_goals_never_give_less(results: list[Result], chosen: Features) -> None:
    seen = []
    for goals in (1, 2, 5):
        last = ("x", "2020-21", "a", "b", goals, 0)
        world = played(*results, last, ("x", "2020-21", "a", "b", 0, 0))
        seen.append(row(world, chosen))
    life = chosen.form.half_lives[0]
    for column in (
        "home_elo",
        "home_pi",
        "home_expected_goals_only",
        "league_goals",
        "head_to_head_surplus",
        f"difference_goal_difference_{life}",
    ):
        values = [each[column] for each in seen]
        assert values == sorted(values)
    assert seen[0]["home_elo"] < seen[2]["home_elo"]


def season(league: str, year: int, teams: str, goals: int = 0) -> list[Result]:
    """Every team at home once to the next; the last one loses by ``goals``."""
    named = f"{year}-{year - 1999}"
    pairs = zip(teams, teams[1:] + teams[0], strict=True)
    return [
        (league, named, home, away, goals if away == teams[-1] else 0, 0) for home, away in pairs
    ]


def test_a_newcomer_starts_where_newcomers_were_and_not_at_zero(plain: Features) -> None:
    learned = with_(plain, "elo", newcomer=-100.0, newcomer_rate=0.5)
    world = played(
        *season("x", 2020, "abc"),
        # d comes up and is beaten, and then e.
        *season("x", 2021, "abd", goals=4),
        *season("x", 2022, "abe"),
    )
    table = world.features(learned).set_index("match_id")
    first_of_d, first_of_e = table.loc["m0004"], table.loc["m0007"]
    assert first_of_d["away_elo"] == learned.elo.initial - 100
    assert first_of_e["away_elo"] < first_of_d["away_elo"]
    assert first_of_d["away_pi"] == learned.pi.newcomer
    assert table["home_newcomer"].tolist() == [0, 0, 0, 0, 0, 1, 0, 0, 1]
    assert table["away_newcomer"].tolist() == [0, 0, 0, 0, 1, 0, 0, 1, 0]


@given(goals=st.lists(st.tuples(GOALS, GOALS), min_size=12, max_size=12))
@settings(max_examples=6, deadline=None, derandomize=True)
def test_no_newcomer_starts_as_a_founder_once_newcomers_were_seen(
    goals: list[tuple[int, int]], chosen: Features
) -> None:
    results = [
        (*result[:4], *scored)
        for result, scored in zip(
            [*season("x", 2020, "abcd"), *season("x", 2021, "abce"), *season("x", 2022, "abcf")],
            goals,
            strict=True,
        )
    ]
    first_of_f = world_from(results).features(chosen).iloc[10]
    assert first_of_f["away_team"] == "f"
    assert first_of_f["away_elo"] != chosen.elo.initial
    assert first_of_f["away_pi"] != 0
    assert first_of_f["away_newcomer"] == 1


def test_a_team_that_comes_back_is_a_newcomer_again(plain: Features) -> None:
    world = played(
        *season("x", 2020, "abc", goals=9), *season("x", 2021, "abd"), *season("x", 2022, "abc")
    )
    table = world.features(plain)
    back = table.iloc[7]
    assert (back["away_team"], back["away_newcomer"], back["home_newcomer"]) == ("c", 1, 0)
    assert back["away_elo"] == plain.elo.initial + plain.elo.newcomer
    assert back[columns_of(table, ["form"])].isna().all()


def test_a_season_draws_ratings_to_the_mean_once(plain: Features) -> None:
    results = [
        ("x", "2020-21", "a", "b", 1, 0),
        ("x", "2021-22", "a", "c", 0, 0),
        ("x", "2021-22", "a", "c", 0, 0),
    ]
    table = played(*results).features(plain)
    assert table["home_elo"].iloc[1] == plain.elo.initial + 10 * 0.5
    drawn = plain.elo.k * (
        0.5 - expected_home_score(plain.elo.initial + 5, table["away_elo"][1], 0)
    )
    assert table["home_elo"].iloc[2] == pytest.approx(plain.elo.initial + 5 + drawn, abs=1e-6)


def test_cup_matches_make_no_newcomer_and_no_season(plain: Features) -> None:
    cups = frozenset({"cup"})
    world = played(
        *season("x", 2020, "ab"),
        ("cup", "2021-22", "a", "guest", 0, 0),
        ("cup", "2021-22", "a", "b", 3, 0),
        *season("x", 2021, "ab"),
        cups=cups,
    )
    table = world.features(plain)
    assert table[["home_newcomer", "away_newcomer"]].eq(0).all(axis=None)
    assert table["home_matches_played"].tolist() == [0, 1, 0, 0, 0, 1]
    # The cup counts for the ratings: the winner is ahead, and the season's draw came before it.
    assert table["home_elo"].iloc[4] == plain.elo.initial + 10


@pytest.mark.parametrize("years_in_the_cup", [0, 1, 2])
def test_cup_matches_do_not_keep_a_relegated_team_in_its_league(
    plain: Features, years_in_the_cup: int
) -> None:
    away = [
        ("cup", f"{year}-{year - 1999}", "a", "c", 0, 0)
        for year in range(2021, 2021 + years_in_the_cup)
    ]
    world = played(
        *season("x", 2020, "abc"),
        *away,
        *season("x", 2023, "abc"),
        cups=frozenset({"cup"}),
    )
    table = world.features(plain)
    assert table["away_newcomer"].iloc[-2] == 1
    assert table.iloc[3 : 3 + years_in_the_cup]["away_newcomer"].eq(0).all()


def test_a_team_of_no_league_has_the_cup_for_its_league(plain: Features) -> None:
    world = played(
        *season("x", 2020, "ab"),
        ("cup", "2020-21", "a", "guest", 0, 0),
        ("cup", "2021-22", "b", "late", 0, 0),
        ("x", "2022-23", "a", "late", 0, 0),
        cups=frozenset({"cup"}),
    )
    found = world.features(plain)["away_newcomer"].tolist()
    # The cup's first guest is a founder, the next a newcomer, and one again in the league.
    assert found == [0, 0, 0, 1, 1]


@given(one=RESULTS, other=RESULTS, changed=RESULTS)
@settings(max_examples=6, deadline=None, derandomize=True)
def test_leagues_without_matches_between_them_know_nothing_of_each_other(
    one: list[Result], other: list[Result], changed: list[Result], chosen: Features
) -> None:
    def league(name: str, results: list[Result]) -> list[Result]:
        return [(name, r[1], f"{name}{r[2]}", f"{name}{r[3]}", r[4], r[5]) for r in results]

    def rows(results: list[Result]) -> pd.DataFrame:
        x, y = league("x", one), league("y", results)
        days = [FIRST_DAY + n * DAY for part in (x, y) for n in range(len(part))]
        table = world_from([*x, *y], days).features(chosen)
        mine = table[table["competition"] == "x"].reset_index(drop=True)
        return mine[feature_columns(mine)]

    pd.testing.assert_frame_equal(rows(other), rows(changed))


def test_leagues_move_against_each_other_when_their_teams_meet(chosen: Features) -> None:
    leagues = [*season("x", 2020, "abc"), *season("y", 2020, "def")]
    meeting = ("cup", "2020-21", "a", "d", 6, 0)
    last = [("x", "2020-21", "b", "c", 0, 0), ("y", "2020-21", "e", "f", 0, 0)]
    cups = frozenset({"cup"})
    table = played(*leagues, meeting, *last, cups=cups).features(chosen)
    apart = played(*leagues, *last, cups=cups).features(chosen)
    assert (table.iloc[-2:][["home_elo", "away_elo"]].to_numpy()
            - apart.iloc[-2:][["home_elo", "away_elo"]].to_numpy() > 0).tolist() == [
        [True, True],
        [False, False],
    ]  # fmt: skip


def test_a_match_counts_half_after_its_half_life(chosen: Features) -> None:
    one = with_(chosen, "form", half_lives=[1])
    world = played(
        ("x", "2020-21", "a", "b", 4, 0),
        ("x", "2020-21", "a", "b", 1, 0),
        ("x", "2020-21", "a", "b", 0, 0),
    )
    after = row(world, one)
    assert after["difference_goal_difference_1"] == pytest.approx(2 * (1 + 4 / 2) / 1.5)
    assert after["difference_points_1"] == 3


def test_a_group_starts_from_its_settings(chosen: Features) -> None:
    first = row(played(("x", "2020-21", "a", "b", 1, 0)), chosen)
    elo, start = chosen.elo, chosen.strength.start
    assert (first["home_elo"], first["away_elo"]) == (elo.initial, elo.initial)
    assert first["difference_elo"] == elo.home_advantage
    for measure, column in (("goals", "goals"), ("goals", "goals_only"), ("shots", "shots")):
        assert [first[f"{side}_expected_{column}"] for side in ("home", "away")] == pytest.approx(
            getattr(start, measure)
        )
    assert first["home_rest_days"] == chosen.rest.longest_days
    assert first["league_draws"] == chosen.league.draws
    assert EloRatings(elo).slots["advantage"].fill == elo.home_advantage


def test_real_ratings_order_the_teams_of_a_season(full: pd.DataFrame) -> None:
    last_day = full[full["season"] == "2023-24"].tail(10)
    ratings = pd.concat(
        [last_day.set_index(f"{side}_team")[f"{side}_elo"] for side in ("home", "away")]
    )
    assert len(ratings) == 20
    assert set(ratings.nlargest(3).index) == {"man-city", "arsenal", "liverpool"}
    assert "sheffield-utd" in ratings.nsmallest(3).index


def test_real_expectations_are_near_the_goals_that_were_scored(full: pd.DataFrame) -> None:
    later = full[full["season"] > "2014-15"]
    for side in ("home", "away"):
        scored = later[f"{side}_goals"].astype("float64")
        assert later[f"{side}_expected_goals"].mean() == pytest.approx(scored.mean(), abs=0.08)
        assert later[f"{side}_expected_goals"].corr(scored) > 0.25
