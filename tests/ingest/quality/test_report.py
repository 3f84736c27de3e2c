"""The page for people: whole, safe, linked, and saying what the tables say."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from html.parser import HTMLParser
from itertools import pairwise
from typing import Any
from xml.etree import ElementTree

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pitchline.ingest.quality.charts import score_chart
from pitchline.ingest.quality.report import (
    SHOWN_A_RULE,
    Evidence,
    anchor,
    costly,
    html,
    other_unresolved,
    shown_score,
    unknown_names,
)
from pitchline.ingest.quality.score import sliced
from pitchline.ingest.quality.snapshots import Origin
from pitchline.ingest.tables import Conflicts, Findings, MatchSources, Table, Unresolved

BODY, OTHER, LOST = "a1" * 32, "b2" * 32, "c3" * 32
ANGLES = "3 by <fotmob> & 2 by \"others\" <script>alert('x')</script>"
VOID = {"meta", "br", "img", "link", "input", "hr"}
SHAPES = {"path", "circle"}
RULES: dict[str, dict[str, Any]] = {
    "scores_agree": {"meaning": "Rows whose score the others tell too.", "weight": 1.0,
                     "dated_by": "match"},
    "season_complete": {"meaning": "As many matches as the season has.", "weight": 2.0,
                        "dated_by": "match"},
    "bodies_readable": {"meaning": "Bodies a parser could read.", "weight": 1.0,
                        "dated_by": "fetch"},
    "odds_agree": {"meaning": "Odds near one another.", "weight": 1.0, "dated_by": "match"},
}  # fmt: skip


def frame_of(model: type[Table], rows: Sequence[dict[str, Any]]) -> pd.DataFrame:
    """Rows of a table, with what they don't tell null."""
    return pd.DataFrame(rows, columns=list(model.to_schema().columns))


def moments(texts: Iterable[str]) -> pd.Series:
    return pd.Series(pd.to_datetime(list(texts), utc=True)).dt.as_unit("ms")


def checks_of(rows: Sequence[tuple[Any, ...]]) -> pd.DataFrame:
    """Rule, source, competition, season, day, checked, bad."""
    names = ["rule", "source", "competition", "season", "day", "checked", "bad"]
    frame = pd.DataFrame(rows, columns=names)
    return frame.assign(
        day=moments(frame["day"]),
        **{name: frame[name].astype("str") for name in ("source", "competition", "season")},
    )


def findings_of(rows: Sequence[dict[str, Any]]) -> pd.DataFrame:
    frame = frame_of(Findings, rows)
    return frame.assign(day=moments(frame["day"]), bad=frame["bad"].astype("float64"))


def clean() -> Evidence:
    """A run in which nothing was found."""
    season = ("eng-premier-league", "2025-26")
    return Evidence(
        score={"as_of": "2026-05-08T00:00:00Z", "score": 1.0, "rules": RULES},
        minimum=0.85,
        checks=checks_of(
            [
                ("scores_agree", "fotmob", *season, "2026-04-20", 10, 0.0),
                ("scores_agree", "fbref", *season, "2026-05-02", 10, 0.0),
                ("season_complete", None, *season, "2026-05-02", 20, 0.0),
                ("season_complete", None, "ger-bundesliga", "2024-25", "2025-05-02", 20, 0.0),
                ("bodies_readable", "fotmob", None, None, "2026-05-03", 5, 0.0),
                ("bodies_readable", "fotmob", None, None, "2026-05-04", 5, 0.0),
            ]
        ),
        findings=findings_of([]),
        quarantined=[],
        unresolved=frame_of(Unresolved, []),
        conflicts=frame_of(Conflicts, []),
        origins={},
        rows=frame_of(MatchSources, []),
        matches=760,
    )


def origin(sha256: str, **changes: str) -> Origin:
    told = {
        "source": "fotmob",
        "kind": "match",
        "key": "4193691",
        "url": "https://example.org/match?id=4193691&lang=en",
        "fetched_at": "2026-05-03T03:04:05Z",
        "pack": "fotmob/eng-premier-league/2025-26/0123456789abcdef.jsonl.zst",
    }
    return Origin(**told | changes, sha256=sha256, size=51234)


def faulty() -> Evidence:
    """A run with two findings of one body, one without a body, a quarantined body, a conflict."""
    match = "eng-premier-league_2025-26_arsenal_chelsea"
    cell = {"competition": "eng-premier-league", "season": "2025-26", "day": "2026-05-02"}
    told = {"source": "fotmob", "snapshot": BODY, "rule": "scores_agree", "bad": 1.0}
    checks = clean().checks.assign(bad=[0.0, 2.0, 5.0, 0.0, 1.0, 0.0])
    return replace(
        clean(),
        score={"as_of": "2026-05-08T00:00:00Z", "score": 0.4567891, "rules": RULES},
        checks=checks,
        findings=findings_of(
            [
                cell | told | {"match_id": match, "message": ANGLES},
                cell | told | {"message": "of no match"},
                cell
                | {"rule": "season_complete", "bad": 1.0, "message": "5 matches are missing"},
            ]
        ),
        quarantined=[
            {
                "source": "fbref",
                "kind": "season",
                "key": "9/2025-26",
                "sha256": OTHER,
                "fetched_at": "2026-05-03T00:00:00Z",
                "reason": "no table <b>here</b>",
            },
            {
                "source": "fbref",
                "kind": "season",
                "key": "11/2025-26",
                "sha256": LOST,
                "fetched_at": "2026-05-03T00:00:00Z",
                "reason": "empty",
            },
        ],
        conflicts=frame_of(
            Conflicts,
            [
                {"match_id": match, "table": "matches", "field": "home_goals",
                 "kept_source": "fotmob", "other_source": "fbref", "difference": 1.0},
                {"match_id": "other", "table": "matches", "field": "home_goals",
                 "kept_source": "fotmob", "other_source": "fbref", "difference": 2.0},
            ],
        ),
        unresolved=unresolved(),
        origins={
            BODY: origin(BODY),
            OTHER: origin(OTHER, source="fbref", kind="season", key="9/2025-26", url="file:x"),
        },
        rows=frame_of(
            MatchSources,
            [
                {"match_id": match, "source": "fotmob", "snapshot": BODY, "home": "Arsenal",
                 "home_goals": 3},
                {"match_id": "unasked", "source": "fotmob", "snapshot": BODY, "home": "Nobody"},
            ],
        ),
    )  # fmt: skip


def unresolved() -> pd.DataFrame:
    rows = [
        {"source": "fbref", "match": str(number), "season": season, "home": home, "away": away,
         "home_team": None if unknown else "arsenal", "away_team": "chelsea",
         "reason": "unknown team" if unknown else "date too far from the other sources",
         "detail": "detail"}
        for number, (season, home, away, unknown) in enumerate(
            [
                ("2024-25", "Nott'ham Forest", "Chelsea", True),
                ("2025-26", "Nott'ham Forest", "Chelsea", True),
                ("2025-26", "Arsenal", "Chelsea", False),
                ("2025-26", "Wrexham", "Chelsea", True),
            ]
        )
    ]  # fmt: skip
    return frame_of(Unresolved, rows)


class Page(HTMLParser):
    """A page taken apart: its text by the place it stands in, its links, its ids."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.ids: list[str] = []
        self.links: list[str] = []
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.rows: list[list[str]] = []
        self.words: list[str] = []
        self.feed(text)
        self.close()
        assert self.open == [], f"left open: {self.open}"
        self.text = " ".join(" ".join(self.words).split())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told = dict(attrs)
        self.tags.add(tag)
        self.attributes |= set(told)
        if tag not in VOID:
            self.open.append(tag)
        if identity := told.get("id"):
            self.ids.append(identity)
        for name in ("href", "src"):
            if link := told.get(name):
                self.links.append(link)
        if tag == "tr":
            self.rows.append([])
        elif tag in ("td", "th") and self.rows:
            self.rows[-1].append("")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if "style" in self.open:
            return
        self.words.append(data)
        if {"td", "th"} & set(self.open):
            self.rows[-1][-1] += data

    def row(self, first: str) -> list[str]:
        """The cells of the first row that begins so."""
        found = [row for row in self.rows if row and row[0].strip() == first]
        return [cell.strip() for cell in found[0]]


@pytest.mark.parametrize("evidence", [clean(), faulty()], ids=["clean", "faulty"])
def test_the_page_is_whole_and_needs_nothing_but_itself(evidence: Evidence) -> None:
    text = html(evidence)
    page = Page(text)
    assert text.startswith("<!doctype html>")
    assert len(set(page.ids)) == len(page.ids)
    inner = [link[1:] for link in page.links if link.startswith("#")]
    assert len(inner) >= 8
    assert set(inner) <= set(page.ids)
    outer = [link for link in page.links if not link.startswith("#")]
    assert outer == [o.url for o in evidence.origins.values() if o.url.startswith("http")]
    assert not page.tags & {"script", "link", "img", "iframe", "object"}
    assert not [name for name in page.attributes if name.startswith("on")]
    assert not re.search(r"url\(|@import", text)


@pytest.mark.parametrize("evidence", [clean(), faulty()], ids=["clean", "faulty"])
def test_equal_evidence_gives_equal_bytes(evidence: Evidence) -> None:
    mixed = replace(
        evidence,
        checks=evidence.checks.sample(frac=1, random_state=3),
        findings=evidence.findings.iloc[::-1],
        quarantined=evidence.quarantined[::-1],
        origins=dict(reversed(list(evidence.origins.items()))),
    )
    assert html(evidence) == html(replace(evidence)) == html(mixed)


def test_it_fits_light_and_dark_and_small_screens() -> None:
    text = html(clean())
    assert 'name="viewport"' in text
    assert "prefers-color-scheme: dark" in text
    assert "max-width: 640px" in text
    colours = re.findall(r"var\(--(\w[\w-]*)\)", text)
    light, dark = (part.partition("}")[0] for part in text.split(":root {")[1:3])
    for colour in set(colours):
        assert f"--{colour}:" in light
        assert f"--{colour}:" in dark


def test_what_a_source_wrote_is_text_and_nothing_else() -> None:
    text = html(faulty())
    assert "<script>" not in text
    assert "<b>here</b>" not in text
    page = Page(text)
    assert page.text.count(ANGLES) == 2
    assert "no table <b>here</b>" in page.text


def test_a_source_cannot_make_a_link_of_another_kind() -> None:
    evil = {BODY: origin(BODY, url="javascript:alert(1)")}
    page = Page(html(replace(faulty(), origins=evil)))
    assert "javascript:alert(1)" in page.text
    assert not [link for link in page.links if "javascript" in link]


def test_the_score_and_its_verdict_are_told() -> None:
    assert "The data are good" in Page(html(clean())).text
    assert "0.457" in Page(html(faulty())).text
    assert "The data are below 0.85" in Page(html(faulty())).text
    middling = replace(faulty(), score=dict(faulty().score) | {"score": 0.9})
    assert "fit for training, with faults" in Page(html(middling)).text


def test_each_rule_tells_its_figures_the_costliest_first() -> None:
    page = Page(html(faulty()))
    assert page.row("season_complete")[1:6] == ["0.875", "23.44 %", "2", "40", "5"]
    assert page.row("scores_agree")[1:6] == ["0.900", "10.00 %", "1", "20", "2"]
    assert page.row("odds_agree")[1] == "nothing"
    firsts = [row[0].strip() for row in page.rows if row]
    assert firsts.index("season_complete") < firsts.index("scores_agree")
    assert firsts.index("scores_agree") < firsts.index("odds_agree")


def test_slices_tell_the_scores_of_score_json() -> None:
    evidence = faulty()
    page = Page(html(evidence))
    weights = {name: float(rule["weight"]) for name, rule in RULES.items()}
    for line in sliced(evidence.checks, weights, ["source"]).to_dict("records"):
        assert page.row(line["source"])[1] == shown_score(line["score"])
    assert page.row("eng-premier-league 2025-26")[1] == shown_score(0.9 * 0.75**2)
    assert page.row("ger-bundesliga 2024-25")[1:] == ["1.000", "1.000", "·", "20"]
    seasons = [row[0] for row in page.rows if row and re.search(r" 20\d\d-\d\d$", row[0])]
    assert seasons == ["eng-premier-league 2025-26", "ger-bundesliga 2024-25"]


def test_a_finding_leads_to_its_raw_body_and_back_to_its_row() -> None:
    text = html(faulty())
    page = Page(text)
    assert page.links.count(f"#s-{BODY[:12]}") == 2
    section = Page(text.partition(f'<section class="snapshot" id="s-{BODY[:12]}">')[2]
                   .partition("</section>")[0]).text  # fmt: skip
    for part in (
        "fotmob match 4193691",
        "https://example.org/match?id=4193691&lang=en",
        "2026-05-03T03:04:05Z, 51,234 bytes",
        BODY,
        f"data/raw/{origin(BODY).pack}",
        f"pitchline raw show {BODY[:12]}",
        "2 findings shown here",
        "the row as the source tells it",
        "home Arsenal home_goals 3",
    ):
        assert part in section
    assert "Nobody" not in section


def test_quarantine_tells_why_and_links_what_is_in_the_archive() -> None:
    page = Page(html(faulty()))
    rows = [row for row in page.rows if row and row[0] == "fbref" and row[1] == "season"]
    assert [row[2] for row in rows] == ["11/2025-26", "9/2025-26"]
    assert rows[0][5].strip() == LOST[:12]
    assert f"#s-{OTHER[:12]}" in page.links
    assert f"#s-{LOST[:12]}" not in page.links


def test_unknown_names_come_with_the_command_that_accepts_them() -> None:
    first, second = unknown_names(unresolved())
    assert (first["name"], first["rows"]) == ("Nott'ham Forest", 2)
    assert (first["first"], first["last"]) == ("2024-25", "2025-26")
    assert first["accept"] == (
        """pitchline teams accept 'Nott'"'"'ham Forest' TEAM --source fbref"""
    )
    assert second["accept"] == "pitchline teams accept Wrexham TEAM --source fbref"
    assert first["accept"] in Page(html(faulty())).text
    (other,) = other_unresolved(unresolved())
    assert (other["reason"], other["rows"]) == ("date too far from the other sources", 1)
    assert other["example"] == "Arsenal - Chelsea (2025-26): detail"


def test_conflicts_are_counted_by_field_and_sources() -> None:
    row = Page(html(faulty())).row("matches.home_goals")
    assert row[1:] == ["fotmob", "fbref", "2", "2"]


def test_a_clean_run_says_so() -> None:
    text = Page(html(clean())).text
    for part in (
        "No rule found anything at fault.",
        "Every body could be read.",
        "Every row of the chosen competitions found its match.",
        "No two sources tell different values.",
        "No finding points to a raw snapshot.",
    ):
        assert part in text


def test_one_rule_with_many_findings_hides_no_other() -> None:
    many = [
        {"rule": "season_complete", "competition": "eng-premier-league", "season": "2025-26",
         "day": "2026-05-02", "bad": 1.0, "message": f"missing {number}"}
        for number in range(300)
    ]  # fmt: skip
    few = faulty().findings.to_dict("records")
    evidence = replace(faulty(), findings=findings_of([*many, *few]))  # type: ignore[list-item]
    page = Page(html(evidence))
    assert "the first ten of each rule at most" in page.text
    assert sum("missing" in "".join(row) for row in page.rows if len(row) == 6) == SHOWN_A_RULE
    assert ANGLES in page.text
    assert "303 findings" in page.text


def test_findings_are_ordered_by_what_they_cost() -> None:
    evidence = faulty()
    weights = {name: float(rule["weight"]) for name, rule in RULES.items()}
    ordered = costly(evidence.findings, evidence.checks, weights)
    assert ordered["cost"].tolist() == pytest.approx([2 / 40, 1 / 20, 1 / 20])
    assert ordered["cost"].is_monotonic_decreasing


def test_nothing_checked_at_all_is_a_page_too() -> None:
    nothing = replace(clean(), checks=clean().checks.iloc[:0])
    assert "Nothing was checked yet." in Page(html(nothing)).text


@given(st.floats(0, 1))
def test_a_score_below_one_is_never_shown_as_one(score: float) -> None:
    shown = shown_score(score)
    assert (float(shown) == 1) == (score == 1)
    assert float(shown) == pytest.approx(score, abs=6e-4)


@given(st.lists(st.floats(0, 1), min_size=1, max_size=400), st.one_of(st.none(), st.floats(0, 1)))
def test_every_point_of_a_chart_lies_in_it(scores: list[float], minimum: float | None) -> None:
    points = [(f"2026-{i:02}", score, f"<{i}>") for i, score in enumerate(scores)]
    root = ElementTree.fromstring(score_chart(points, minimum, "a & b"))  # noqa: S314
    _, _, width, height = map(int, root.attrib["viewBox"].split())
    dots = root.findall("circle")
    assert len(dots) == len(scores)
    for dot, score in zip(dots, scores, strict=True):
        assert 0 < float(dot.attrib["cx"]) < width
        assert 0 < float(dot.attrib["cy"]) < height
        assert ("low" in dot.attrib["class"]) == (minimum is not None and score < minimum)
    heights = [float(dot.attrib["cy"]) for dot in dots]
    ordered = sorted(zip(scores, heights, strict=True), key=lambda pair: pair[0])
    assert all(a[1] >= b[1] for a, b in pairwise(ordered))


def test_a_score_out_of_range_is_refused() -> None:
    with pytest.raises(ValueError, match="must lie between 0 and 1"):
        score_chart([("a", -0.5, "a"), ("b", 1.0, "b")], None, "t")


def test_anchors_are_plain() -> None:
    assert anchor("By season, the newest first") == "by-season-the-newest-first"
