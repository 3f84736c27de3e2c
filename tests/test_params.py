import copy
import math
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import jsonschema
import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from pitchline import layout, params_command
from pitchline.collect import registry
from pitchline.collect.competitions import read_competitions
from pitchline.errors import ParamsError
from pitchline.features.schema import GROUPS
from pitchline.params import PARAMS_FILE, Params, load, stated_in, validate
from pitchline.train.families.registry import FAMILIES
from tests.conftest import ROOT

COMMITTED: dict[str, Any] = stated_in(ROOT / PARAMS_FILE)
SCHEMA = Params.model_json_schema()
BY_THE_SCHEMA = jsonschema.Draft202012Validator(SCHEMA)


def place_of(key: str, content: dict[str, Any]) -> tuple[dict[str, Any], str]:
    """The block that a parameter stands in, and its name there."""
    *sections, name = key.split(".")
    for section in sections:
        content = content[section]
    return content, name


def with_values(values: dict[str, Any]) -> dict[str, Any]:
    """The committed parameters with some of them changed."""
    content = copy.deepcopy(COMMITTED)
    for key, value in values.items():
        place, name = place_of(key, content)
        place[name] = value
    return content


def with_value(key: str, value: Any) -> dict[str, Any]:
    """The committed parameters with one of them changed."""
    return with_values({key: value})


def without(*keys: str) -> dict[str, Any]:
    content = copy.deepcopy(COMMITTED)
    for key in keys:
        place, name = place_of(key, content)
        del place[name]
    return content


def leaves(value: Any = COMMITTED, prefix: str = "") -> list[tuple[str, Any]]:
    if not isinstance(value, dict):
        return [(prefix.removesuffix("."), value)]
    return [leaf for name, inner in value.items() for leaf in leaves(inner, f"{prefix}{name}.")]


def followed(schema: dict[str, Any]) -> dict[str, Any]:
    """A schema itself, where another one refers to it; null beside a block is left out."""
    if "$ref" in schema:
        return SCHEMA["$defs"][schema["$ref"].rsplit("/", 1)[1]]
    blocks = [part for part in schema.get("anyOf", []) if "$ref" in part]
    return followed(blocks[0]) if blocks else schema


def schema_of(key: str) -> dict[str, Any]:
    schema: dict[str, Any] = SCHEMA
    for name in key.split("."):
        known = schema.get("properties", {})
        schema = followed(known[name] if name in known else schema["additionalProperties"])
    return schema


def is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


KEYS = [key for key, _ in leaves()]
NETWORK = [f"collect.network.{name}" for name in COMMITTED["collect"]["network"]]
GATES = [f"promote.gates.{name}" for name in COMMITTED["promote"]["gates"]]
TASKS = [f"schedule.tasks.{name}" for name in COMMITTED["schedule"]["tasks"]]
ROUTES = [f"alerts.routes.{name}" for name in COMMITTED["alerts"]["routes"]]
OPTIONAL = {
    "as_of",
    "collect.contact",
    *(f"{name}.acknowledgement" for name in NETWORK),
    *(f"{gate}.threshold" for gate in GATES),
    *(f"{gate}.minimum_matches" for gate in GATES),
    "train.market",
    "backtest.last_season",
    "backtest.competitions",
    "backtest.dixon_coles.window_days",
    "backtest.compare_with",
    *(f"{task}.retries.exit_codes" for task in TASKS),
    "schedule.cores",
    *(f"{route}.quiet_hours" for route in ROUTES),
    *(f"{route}.only_environments" for route in ROUTES),
    "challenge.most_matches",
}
RIGHT = {
    "right": "the league wrote to us on 1 May",
    "covers_machine_learning": True,
    "covers_robots_txt": False,
}
BOUNDED = [
    (key, schema)
    for key in KEYS
    for part in schema_of(key).get("anyOf", [schema_of(key)])
    for schema in [part.get("items", part)]
    if {"minimum", "exclusiveMinimum", "maximum", "exclusiveMaximum"} & schema.keys()
]


@st.composite
def one_out_of_range(draw: st.DrawFn) -> tuple[str, dict[str, Any]]:
    """A parameter, and the committed set with its value (or one of its values) out of range."""
    key, schema = draw(st.sampled_from(BOUNDED))
    whole = schema["type"] == "integer"
    gap = draw(st.integers(1, 10**6) if whole else st.floats(1e-6, 1e6))
    choices = []
    if "minimum" in schema:
        choices.append(schema["minimum"] - gap)
    if "exclusiveMinimum" in schema:
        choices += [schema["exclusiveMinimum"], schema["exclusiveMinimum"] - gap]
    if "maximum" in schema:
        choices.append(schema["maximum"] + gap)
    if "exclusiveMaximum" in schema:
        choices += [schema["exclusiveMaximum"], schema["exclusiveMaximum"] + gap]
    if not whole:
        choices += [float("nan"), float("inf"), float("-inf")]
    wrong = draw(st.sampled_from(choices))
    committed = dict(leaves())[key]
    if not isinstance(committed, list):
        return key, with_value(key, wrong)
    position = draw(st.integers(0, len(committed) - 1))
    changed = [*committed[:position], wrong, *committed[position + 1 :]]
    return key, with_value(key, changed)


def refusal(content: Any) -> str:
    with pytest.raises(ParamsError) as caught:
        validate(content, "params.yaml")
    return str(caught.value)


def assert_each_is_refused(content: Any, lines: list[str]) -> None:
    """Each parameter has its line among the faults, and nothing else is at fault."""
    text = refusal(content)
    assert [line for line in lines if f"\n  {line}" not in text] == []
    assert f" {len(lines)} parameter(s)" in text


def test_the_committed_file_is_valid(params: Params) -> None:
    assert params.model_dump() == COMMITTED


def test_the_schema_file_is_the_one_the_model_makes() -> None:
    stored = (ROOT / params_command.SCHEMA_FILE).read_text(encoding="utf-8")
    assert stored == params_command.schema_text(), "run `pitchline params document`"


def test_the_page_is_the_one_the_model_makes(params: Params) -> None:
    stored = (ROOT / params_command.PAGE_FILE).read_text(encoding="utf-8")
    assert stored == params_command.page_text(params), "run `pitchline params document`"


def test_the_page_lists_every_parameter_with_a_meaning(params: Params) -> None:
    lines = params_command.page_text(params).splitlines()
    rows = [line.strip("| ").split(" | ") for line in lines if line.startswith("| `")]
    assert [row[0].strip("`") for row in rows if len(row) == 4] == KEYS
    assert all(len(row[-1]) > 10 for row in rows)


def test_the_page_tells_what_stands_in_a_block_that_may_be_null(params: Params) -> None:
    page = params_command.page_text(params)
    _, _, block = page.partition("\n## Acknowledgement\n")
    rows = [line.strip("| ").split(" | ") for line in block.splitlines() if line.startswith("| `")]
    assert [row[0].strip("`") for row in rows] == list(RIGHT)
    assert all(len(row) == 3 and len(row[2]) > 10 for row in rows)
    assert page.count("a block Acknowledgement or null") == len(NETWORK)


def test_the_json_schema_accepts_the_committed_file() -> None:
    schema = params_command.json_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.Draft202012Validator(schema).validate(COMMITTED)


@settings(deadline=None)
@given(one_out_of_range())
def test_the_json_schema_refuses_what_the_model_refuses(case: tuple[str, dict[str, Any]]) -> None:
    content = case[1]
    wrong = [v for _, v in leaves(content) for v in (v if isinstance(v, list) else [v])]
    assume(not any(isinstance(v, float) and math.isnan(v) for v in wrong))  # JSON has no NaN
    assert not BY_THE_SCHEMA.is_valid(content)


def test_the_json_schema_refuses_an_unknown_key() -> None:
    assert not BY_THE_SCHEMA.is_valid(with_value("train.fold", 5))


@settings(deadline=None)
@given(one_out_of_range())
def test_any_value_out_of_range_is_refused_by_name(case: tuple[str, dict[str, Any]]) -> None:
    key, content = case
    text = refusal(content)
    assert key in text
    assert "1 parameter(s)" in text


def test_any_missing_parameter_is_refused_by_name() -> None:
    assert_each_is_refused(without(*KEYS), [f"{key}: missing" for key in KEYS])
    assert "docs/parameters.md" in refusal(without(KEYS[-1]))


@pytest.mark.parametrize("section", [k for k, v in COMMITTED.items() if isinstance(v, dict)])
def test_a_missing_section_is_refused_by_name(section: str) -> None:
    assert f"  {section}: missing" in refusal(without(section))


@pytest.mark.parametrize("wrong", ["50", True, [1], {"a": 1}])
def test_a_number_of_another_type_is_refused(wrong: Any) -> None:
    keys = [key for key, value in leaves() if is_number(value)]
    assert_each_is_refused(
        with_values(dict.fromkeys(keys, wrong)),
        [f"{key}: found {wrong!r}; allowed: a valid " for key in keys],
    )


def test_a_fraction_for_a_whole_number_is_refused() -> None:
    keys = [key for key, value in leaves() if is_number(value) and isinstance(value, int)]
    assert_each_is_refused(
        with_values(dict.fromkeys(keys, 2.0)),
        [f"{key}: found 2.0; allowed: a valid integer" for key in keys],
    )


def test_a_whole_number_is_fine_where_a_fraction_may_stand() -> None:
    assert validate(with_value("features.elo.k", 20), "params.yaml").features.elo.k == 20.0


@pytest.mark.parametrize(
    ("key", "misspelt"),
    [
        ("seed", "sed"),
        ("train.folds", "train.fold"),
        ("features.elo.home_advantage", "features.elo.home_adventage"),
        ("promote.keep_rejected", "promote.keep_rejects"),
        ("train.search.max_depth", "train.search.maxdepth"),
        ("collect.retries.backoff_seconds", "collect.retries.backof_seconds"),
        (f"{NETWORK[-1]}.fresh_hours", f"{NETWORK[-1]}.fresh_hour"),
    ],
)
def test_a_misspelt_key_is_refused_with_the_right_one(key: str, misspelt: str) -> None:
    text = refusal(with_value(misspelt, 3))
    name = key.rsplit(".", 1)[-1]
    assert f"  {misspelt}: unknown key. Did you mean `{name}`?" in text


def test_an_unknown_key_like_no_other_gets_the_list_of_known_ones() -> None:
    text = refusal(with_value("predict.zzz", 3))
    assert "predict.zzz: unknown key. Allowed here: horizon_days." in text


def test_all_faults_are_told_at_once() -> None:
    content = with_value("seed", "7") | {"nonsense": 1}
    del content["predict"]
    text = refusal(content)
    assert "3 parameter(s)" in text
    assert all(f"  {key}: " in text for key in ("seed", "nonsense", "predict"))


@pytest.mark.parametrize(
    "wrong",
    [
        "2026-05-08",
        "2026-05-08T00:00:00",
        "2026-05-08T00:00:00+01:00",
        "2026-02-30T00:00:00Z",
        "yesterday",
        "",
        5,
    ],
)
def test_a_moment_that_is_no_utc_moment_is_refused(wrong: Any) -> None:
    text = refusal(with_value("as_of", wrong))
    assert f"as_of: found {wrong!r}; allowed: " in text


@pytest.mark.parametrize(
    "text", ["2026-05-08T12:30:00+00:00", "2026-05-08 00:00Z", "20260508T000000Z", "2026-W19-5"]
)
def test_a_utc_moment_is_written_in_one_way_alone(text: str) -> None:
    assert "allowed: an ISO 8601 moment in UTC" in refusal(with_value("as_of", text))
    one = "2026-05-08T00:00:00Z"
    assert validate(with_value("as_of", one), "params.yaml").as_of == one


@settings(deadline=None)
@given(
    st.datetimes(datetime(1990, 1, 1), datetime(2100, 1, 1)),
    st.sampled_from(
        ["%Y-%m-%dT%H:%M:%SZ", "%G-W%V-%uT%H:%M:%SZ", "%Y%m%dT%H%M%SZ", "%Y-%m-%dT%HZ"]
    ),
)
def test_an_accepted_moment_is_the_one_the_stages_read(moment: datetime, form: str) -> None:
    text = moment.strftime(form)
    try:
        accepted = validate(with_value("as_of", text), "params.yaml").as_of
    except ParamsError:
        return
    assert accepted is not None
    assert abs(pd.Timestamp(accepted) - moment.replace(tzinfo=UTC)) < timedelta(hours=1)


def test_no_moment_is_allowed() -> None:
    assert validate(with_value("as_of", None), "params.yaml").as_of is None


RANGES = [k for k in KEYS if k.startswith("train.search.") and k != "train.search.start"]


@pytest.mark.parametrize("key", RANGES)
def test_a_reversed_range_is_refused(key: str) -> None:
    low, high = dict(leaves())[key]
    text = refusal(with_value(key, [high, low]))
    assert f"  {key}: found [{high}, {low}]; allowed: [lowest, highest]" in text


@pytest.mark.parametrize("wrong", [[1], [1, 2, 3], 3, []])
def test_a_range_that_is_no_pair_is_refused(wrong: Any) -> None:
    text = refusal(with_value("train.search.max_depth", wrong))
    assert f"  train.search.max_depth: found {wrong!r}; allowed: " in text


def test_a_range_of_one_value_is_allowed() -> None:
    content = with_value("train.search.max_depth", [2, 2])
    assert validate(content, "params.yaml").train.search.max_depth == [2, 2]


LISTS = [
    "collect.sources",
    "collect.competitions",
    "collect.seasons",
    "features.form.half_lives",
    "features.rest.windows_days",
    "features.market.bookmakers",
    "train.search.start",
    "train.logit.c",
    "train.logit.share",
    "train.families",
    "train.dixon_coles.half_life_days",
    "train.dixon_coles.penalty",
]


@pytest.mark.parametrize("key", LISTS)
def test_a_repeated_entry_is_refused(key: str) -> None:
    entry = dict(leaves())[key][0]
    text = refusal(with_value(key, [entry, entry]))
    assert f"  {key}: found {[entry, entry]!r}; allowed: each entry once" in text


@pytest.mark.parametrize("key", LISTS)
def test_an_empty_list_is_refused(key: str) -> None:
    assert f"  {key}: found []" in refusal(with_value(key, []))


@pytest.mark.parametrize("group", COMMITTED["train"]["groups"])
def test_a_group_of_features_is_read_where_it_is_on(group: str) -> None:
    on = validate(with_value(f"train.groups.{group}", True), "params.yaml").train.groups.chosen()
    off = validate(with_value(f"train.groups.{group}", False), "params.yaml").train.groups.chosen()
    assert group in on
    assert off == [name for name in on if name != group]


def test_the_groups_of_the_parameters_are_those_of_the_features() -> None:
    assert [*COMMITTED["train"]["groups"], "opening", "closing"] == list(GROUPS)


@pytest.mark.parametrize("moment", ["opening", "closing"])
def test_a_model_may_start_from_prices(moment: str) -> None:
    assert validate(with_value("train.market", moment), "params.yaml").train.market == moment


def test_every_family_may_be_chosen_and_auto_among_any() -> None:
    for family in FAMILIES:
        assert validate(with_value("train.family", family), "told").train.tried() == [family]
        content = with_value("train.families", [family])
        content["train"]["family"] = "auto"
        assert validate(content, "told").train.tried() == [family]
    assert sorted(COMMITTED["train"]["families"]) == sorted(FAMILIES)


@pytest.mark.parametrize("family", ["logit", "dixon_coles"])
def test_prices_are_refused_where_no_trees_could_start_from_them(family: str) -> None:
    content = with_value("train.market", "closing")
    content["train"]["family"] = family
    told = rf"train: `market: closing` lets trees start.*{family} in `family` would not.*null`"
    assert re.search(told, refusal(content))
    content["train"] |= {"family": "auto", "families": ["xgboost", family]}
    assert f"{family} in `families` would not see them" in refusal(content)
    content["train"]["families"] = ["xgboost", "blend", "stacked"]
    assert validate(content, "told").train.market == "closing"


@pytest.mark.parametrize(
    ("key", "wrong"),
    [
        ("train.market", "half-time"),
        ("train.market", True),
        ("train.family", "trees"),
        ("train.families", ["auto"]),
        ("train.dixon_coles.penalty", [0.0]),
        ("train.search.start", ["prices"]),
        ("train.groups.elo", 1),
        ("train.logit.c", [0.0]),
        ("train.logit.share", [1.5]),
        ("features.strength.start.goals", [1.5]),
        ("features.form.half_lives", [2.5]),
    ],
)
def test_other_choices_are_refused(key: str, wrong: Any) -> None:
    assert f"  {key}" in refusal(with_value(key, wrong))


def test_an_unknown_source_is_refused() -> None:
    text = refusal(with_value("collect.sources", ["starter", "nowhere"]))
    assert "  collect: `sources` names 'nowhere'," in text
    assert "has no entry in `network` (starter, " in text
    assert all(name.rpartition(".")[2] in text for name in NETWORK)


@pytest.mark.parametrize("source", [name.rpartition(".")[2] for name in NETWORK])
def test_a_source_is_known_by_its_entry(source: str) -> None:
    content = with_value("collect.sources", [source, "starter"])
    assert validate(content, "params.yaml").collect.sources == [source, "starter"]
    del content["collect"]["network"][source]
    assert f"`sources` names {source!r}, which has no entry" in refusal(content)


def test_every_source_there_is_has_its_entry_and_no_other() -> None:
    assert sorted(COMMITTED["collect"]["network"]) == registry.names()


def test_every_source_waits_at_least_as_long_as_its_floor(params: Params) -> None:
    for name, asked in params.collect.network.items():
        floor = registry.source_named(name).least_seconds_between_requests
        assert asked.seconds_between_requests >= floor


def test_the_committed_competitions_are_in_the_table(params: Params) -> None:
    table = read_competitions(ROOT / layout.COMPETITIONS)
    assert set(params.collect.competitions) <= {c.competition for c in table}


@pytest.mark.parametrize("wrong", ["Starter", "fot mob", "1fotmob", "", "fotmob-fixtures", 5, None])
def test_a_source_that_is_no_name_is_refused(wrong: Any) -> None:
    assert f"  collect.sources.1: found {wrong!r}; allowed: " in refusal(
        with_value("collect.sources", ["starter", wrong])
    )


@pytest.mark.parametrize("wrong", ["Premier League", "eng_premier_league", "", "-", 47, None])
def test_a_competition_that_is_no_slug_is_refused(wrong: Any) -> None:
    assert f"  collect.competitions.0: found {wrong!r}; allowed: " in refusal(
        with_value("collect.competitions", [wrong])
    )


@pytest.mark.parametrize("wrong", ["2025/26", "2025-2026", "25-26", "", "2025-26 ", 2026, None])
def test_a_season_that_is_none_is_refused(wrong: Any) -> None:
    assert f"  collect.seasons.0: found {wrong!r}; allowed: " in refusal(
        with_value("collect.seasons", [wrong])
    )


def test_a_season_may_lie_in_one_year_or_two() -> None:
    content = with_value("collect.seasons", ["2026", "2025-26"])
    assert validate(content, "params.yaml").collect.seasons == ["2026", "2025-26"]


@pytest.mark.parametrize(
    "wrong",
    [
        "https://host/",
        "https://host/path/",
        "ftp://host",
        "host",
        "https://",
        "https:///path",
        "https://ho st",
        "https://host/a b",
        "",
    ],
)
def test_a_base_url_that_is_no_address_or_ends_in_a_slash_is_refused(wrong: str) -> None:
    key = f"{NETWORK[0]}.base_url"
    assert f"  {key}: found {wrong!r}; allowed: " in refusal(with_value(key, wrong))


@pytest.mark.parametrize("address", ["http://127.0.0.1:8080", "https://host/path/to"])
def test_any_host_may_stand_for_a_source(address: str) -> None:
    key = f"{NETWORK[0]}.base_url"
    source = NETWORK[0].rpartition(".")[2]
    found = validate(with_value(key, address), "params.yaml").collect.network[source]
    assert found.base_url == address


@pytest.mark.parametrize("source", NETWORK)
def test_an_acknowledgement_is_kept_whole(source: str) -> None:
    content = with_value(f"{source}.acknowledgement", RIGHT)
    found = validate(content, "params.yaml")
    assert found.model_dump() == content
    assert found.collect.network[source.rpartition(".")[2]].acknowledgement is not None
    BY_THE_SCHEMA.validate(content)


@pytest.mark.parametrize("key", RIGHT)
def test_an_acknowledgement_that_lacks_a_word_is_refused(key: str) -> None:
    place = f"{NETWORK[0]}.acknowledgement"
    content = with_value(place, {name: value for name, value in RIGHT.items() if name != key})
    assert f"  {place}.{key}: missing" in refusal(content)
    assert not BY_THE_SCHEMA.is_valid(content)


@pytest.mark.parametrize(
    ("key", "wrong"),
    [
        ("right", "yes"),
        ("right", True),
        ("covers_machine_learning", "yes"),
        ("covers_machine_learning", None),
        ("covers_robots_txt", 1),
    ],
)
def test_an_acknowledgement_says_it_in_words_and_truths(key: str, wrong: Any) -> None:
    place = f"{NETWORK[0]}.acknowledgement"
    text = refusal(with_value(place, RIGHT | {key: wrong}))
    assert f"  {place}.{key}: found {wrong!r}; allowed: " in text


def test_a_misspelt_word_of_an_acknowledgement_is_refused_with_the_right_one() -> None:
    place = f"{NETWORK[0]}.acknowledgement"
    text = refusal(with_value(place, RIGHT | {"covers_robot_txt": True}))
    assert f"  {place}.covers_robot_txt: unknown key. Did you mean `covers_robots_txt`?" in text


@pytest.mark.parametrize("wrong", [None, "", [], 5, True])
def test_a_source_without_settings_is_refused(wrong: Any) -> None:
    assert f"  {NETWORK[0]}: found {wrong!r}; allowed: " in refusal(with_value(NETWORK[0], wrong))


@pytest.mark.parametrize("year", range(2014, 2026))
def test_every_season_of_the_archive_may_be_chosen(year: int) -> None:
    season = f"{year}-{(year + 1) % 100:02}"
    content = with_value("collect.starter", {"first_season": season, "last_season": season})
    assert validate(content, "params.yaml").collect.starter.first_season == season


@settings(deadline=None)
@given(st.integers(2014, 2025), st.integers(0, 99), st.sampled_from(["first", "last"]))
def test_a_season_of_other_than_two_years_in_a_row_is_refused(
    year: int, end: int, which: str
) -> None:
    assume(end != (year + 1) % 100)
    content = with_value(f"collect.starter.{which}_season", f"{year}-{end:02}")
    assert "collect.starter" in refusal(content)


@pytest.mark.parametrize(
    ("first", "last"), [("2020-21", "2019-20"), ("2013-14", "2020-21"), ("2020-21", "2026-27")]
)
def test_seasons_out_of_order_or_out_of_the_archive_are_refused(first: str, last: str) -> None:
    content = with_value("collect.starter.first_season", first)
    content["collect"]["starter"]["last_season"] = last
    text = refusal(content)
    assert "collect.starter: found" in text
    assert "from 2014-15 to 2025-26" in text


@pytest.mark.parametrize("content", [None, [1], "text", 5])
def test_a_file_that_is_no_mapping_is_refused(content: Any) -> None:
    assert f"found {content!r}" in refusal(content)


@pytest.mark.parametrize("key", sorted(OPTIONAL))
def test_null_stands_for_none_where_it_may(key: str) -> None:
    value: Any = validate(with_value(key, None), "params.yaml").model_dump()
    for name in key.split("."):
        value = value[name]
    assert value is None


def test_null_is_refused_everywhere_else() -> None:
    keys = [key for key in KEYS if key not in OPTIONAL]
    assert_each_is_refused(
        with_values(dict.fromkeys(keys)), [f"{key}: found None; allowed: " for key in keys]
    )


def test_parameters_cannot_be_changed_once_read(params: Params) -> None:
    with pytest.raises(ValueError, match="frozen"):
        params.seed = 1


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    path = tmp_path / "absent.yaml"
    with pytest.raises(ParamsError, match=r"absent\.yaml: missing.*--params"):
        load(path)


@pytest.mark.parametrize(
    "content",
    [
        b"train: [1, 2\n",
        b"a: b: c\n",
        b"\tseed: 1\n",
        b"seed: \xff\xfe\n",
        b"seed: \x00\n",
        b"as_of: 2026-13-45\n",
        b"as_of: 2026-02-30T00:00:00Z\n",
    ],
)
def test_a_file_that_is_not_yaml_is_named(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "broken.yaml"
    path.write_bytes(content)
    with pytest.raises(ParamsError, match=r"broken\.yaml: "):
        load(path)


def test_a_key_stated_twice_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "twice.yaml"
    path.write_text((ROOT / PARAMS_FILE).read_text(encoding="utf-8") + "seed: 3\n")
    with pytest.raises(ParamsError, match="seed"):
        load(path)
