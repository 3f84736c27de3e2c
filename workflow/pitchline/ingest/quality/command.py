"""``pitchline ingest quality``: the tables in, checks, findings, one score and a page out."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import click
import pandas as pd

from pitchline import console, layout
from pitchline.collect.competitions import chosen_competitions
from pitchline.errors import TableError
from pitchline.files import read_json, read_parquet, write_json, write_text
from pitchline.ingest import tables
from pitchline.ingest.identity.matches import competition_slugs
from pitchline.ingest.quality import report, score, snapshots
from pitchline.ingest.quality.protocol import Checked, Data, Rule
from pitchline.ingest.quality.registry import RULES
from pitchline.ingest.settle.tables import TABLES
from pitchline.ingest.source_tables import SOURCE_TABLES
from pitchline.params import Params, load

MADE_BY = "pitchline ingest tables"
OWN = "sources."
SEASON_FIELDS = ("competition", "first_season", "last_season", "teams", "matches")
# What the score and the page tell of besides.
SHOWN_TABLES = ("matches", "match_sources", "unresolved", "conflicts")
MAY_BE_NULL = ("Int64", "boolean")
WORST = 20
SHOWN = 5


@click.command("quality")
@click.pass_obj
def make_quality(params_file: Path) -> None:
    """Check the tables of data/tables, and write data/quality."""
    params = load(params_file)
    needed = sorted({*SHOWN_TABLES, *(name for rule in RULES for name in rule.needs)})
    data = data_of(params, {name: _read(name) for name in needed})
    checks, findings = checked_by(RULES, data)
    content = score_content(checks, findings, data, RULES)
    tables.write_tables(
        {layout.CHECKS: (tables.Checks, checks), layout.FINDINGS: (tables.Findings, findings)}
    )
    write_json(layout.SCORE, content)
    _write_page(params, content, checks, findings, data)
    _tell(content)


def _read(name: str) -> pd.DataFrame:
    folder = layout.SOURCE_TABLES if name.startswith(OWN) else layout.MATCHES.parent
    frame = read_parquet(folder / f"{name.removeprefix(OWN)}.parquet", made_by=MADE_BY)
    model = SOURCE_TABLES[name.removeprefix(OWN)] if name.startswith(OWN) else TABLES[name]
    kinds = {column: str(each.dtype) for column, each in model.to_schema().columns.items()}
    # Parquet's whole numbers with nulls come back as floating-point ones.
    return frame.astype({column: kind for column, kind in kinds.items() if kind in MAY_BE_NULL})


def data_of(params: Params, frames: Mapping[str, pd.DataFrame]) -> Data:
    """Everything the rules may read.

    Args:
        params: all parameters.
        frames: the tables, by the names of ``Data.tables``.

    Raises:
        TableError: seasons.csv or competitions.csv is at fault.
        ArtifactError: ingest.json is missing.
    """
    ingest = read_json(layout.QUALITY, made_by=MADE_BY)
    competitions = chosen_competitions(layout.COMPETITIONS, params.collect.competitions)
    return Data(
        tables=frames,
        ingest=ingest,
        as_of=pd.Timestamp(params.as_of or ingest["newest_fetch"]).as_unit("ms"),
        seasons=read_seasons(layout.SEASONS),
        competitions={each.competition: each for each in competitions},
        slugs=competition_slugs(competitions, params.collect.sources),
        settings=params.ingest.quality,
    )


def read_seasons(path: Path) -> pd.DataFrame:
    """How many teams and matches the seasons of a competition have.

    Args:
        path: CSV with the columns of ``SEASON_FIELDS``.

    Raises:
        TableError: the file is missing, or a line breaks a rule; it names line and fix.
    """
    try:
        frame = pd.read_csv(path, dtype="str", encoding="utf-8-sig")
    except FileNotFoundError as error:
        raise TableError(f"{path}: missing. Restore it from the repository.") from error
    except (pd.errors.ParserError, pd.errors.EmptyDataError, UnicodeDecodeError) as error:
        raise TableError(f"{path}: no CSV in UTF-8 ({error}). Save it as one.") from error
    if tuple(frame.columns) != SEASON_FIELDS:
        raise TableError(f"{path}, line 1: write the columns {','.join(SEASON_FIELDS)}.")
    for name in ("first_season", "last_season"):
        wrong = frame[name].notna() & ~frame[name].fillna("").str.fullmatch(tables.SEASON_PATTERN)
        _refuse(path, frame, wrong | ((name == "first_season") & frame[name].isna()), name,
                "a season such as 2025-26")  # fmt: skip
    for name in ("teams", "matches"):
        wrong = ~frame[name].fillna("").str.fullmatch(r"[1-9]\d{0,3}")
        _refuse(path, frame, wrong, name, "a whole number")
    return frame.astype({"teams": "int64", "matches": "int64"})


def _refuse(path: Path, frame: pd.DataFrame, wrong: pd.Series, name: str, allowed: str) -> None:
    if wrong.any():
        number = int(wrong.to_numpy().argmax())
        raise TableError(
            f"{path}, line {number + 2}, {name}: {frame[name].iloc[number]!r}. Write {allowed}."
        )


def checked_by(rules: Sequence[Rule], data: Data) -> tuple[pd.DataFrame, pd.DataFrame]:
    """What the rules checked and found: the tables ``Checks`` and ``Findings``, not validated."""
    done = [(rule.name, rule.check(data)) for rule in rules]
    return checks_table(done), findings_table(done)


def checks_table(done: Sequence[tuple[str, Checked]]) -> pd.DataFrame:
    """The table ``Checks``, ordered by all that names a row."""
    frame = _joined([(name, each.sums) for name, each in done], tables.Checks)
    key = ["rule", "source", "competition", "season", "day"]
    sums = frame.groupby(key, dropna=False, sort=True)[["checked", "bad"]].sum().reset_index()
    return sums.assign(
        checked=sums["checked"].round().astype("Int64"),
        bad=sums["bad"].astype("float64").round(score.DECIMALS),
    )


def findings_table(done: Sequence[tuple[str, Checked]]) -> pd.DataFrame:
    """The table ``Findings``, ordered by rule, day and match."""
    frame = _joined([(name, each.findings) for name, each in done], tables.Findings)
    key = ["rule", "day", "competition", "match_id", "source", "message"]
    return (
        frame.assign(bad=frame["bad"].astype("float64").round(score.DECIMALS))
        .sort_values(key, kind="stable")
        .reset_index(drop=True)
    )


def _joined(parts: Sequence[tuple[str, pd.DataFrame]], model: type[tables.Table]) -> pd.DataFrame:
    columns = list(model.to_schema().columns)
    text = [c for c in columns if c not in ("day", "checked", "bad")]
    frames = [
        frame.assign(rule=name)[columns].astype(dict.fromkeys(text, "str"))
        for name, frame in parts
        if len(frame)
    ]
    if not frames:
        empty = pd.DataFrame(
            {c: pd.Series(dtype="str" if c in text else "float64") for c in columns}
        )
        return empty.astype({"day": "datetime64[ms, UTC]"})
    return pd.concat(frames, ignore_index=True).astype({"day": "datetime64[ms, UTC]"})


def score_content(
    checks: pd.DataFrame, findings: pd.DataFrame, data: Data, rules: Sequence[Rule]
) -> dict[str, Any]:
    """What score.json holds.

    Returns:
        ``as_of``, ``newest_fetch``, ``score`` of the run, ``matches``; ``rules`` by name with
        meaning, weight, what dates its things, score, checked, bad and cost; the scores
        ``by_source``, ``by_competition``, ``by_season``, ``by_month`` (of the match) and
        ``by_day_of_fetch``; and the ``worst`` findings.
    """
    weights = data.settings.weights.model_dump()
    scored = {line["name"]: line for line in score.rule_scores(checks, weights)}
    dated = {rule.name: rule.dated_by for rule in rules}
    of_matches = checks[checks["rule"].map(dated) == "match"]
    of_fetches = checks[checks["rule"].map(dated) == "fetch"]
    return {
        "as_of": f"{data.as_of:%Y-%m-%dT%H:%M:%SZ}",
        "newest_fetch": data.ingest["newest_fetch"],
        "score": round(score.score_of(scored.values()), score.DECIMALS),
        "matches": len(data.tables["matches"]),
        "rules": {
            rule.name: {
                "meaning": rule.meaning,
                "weight": weights[rule.name],
                "dated_by": rule.dated_by,
            }
            | {
                key: scored.get(rule.name, NOTHING_CHECKED)[key]
                for key in ("score", "checked", "bad", "cost")
            }
            for rule in rules
        },
        "by_source": _slices(checks, weights, ["source"]),
        "by_competition": _slices(checks, weights, ["competition"]),
        "by_season": _slices(checks, weights, ["competition", "season"]),
        "by_month": _slices(
            of_matches.assign(month=of_matches["day"].dt.strftime("%Y-%m")), weights, ["month"]
        ),
        "by_day_of_fetch": _slices(
            of_fetches.assign(fetched=of_fetches["day"].dt.strftime("%Y-%m-%d")),
            weights,
            ["fetched"],
        ),
        "worst": worst(checks, findings, weights),
    }


NOTHING_CHECKED: dict[str, Any] = {"score": 1.0, "checked": 0, "bad": 0.0, "cost": 0.0}


def _slices(
    checks: pd.DataFrame, weights: Mapping[str, float], by: list[str]
) -> list[dict[str, Any]]:
    found = score.sliced(checks, weights, by)
    return [
        {name: line[name] for name in by}
        | {"score": line["score"], "checked": int(line["checked"]), "bad": line["bad"]}
        for line in found.to_dict("records")
    ]


def worst(
    checks: pd.DataFrame, findings: pd.DataFrame, weights: Mapping[str, float]
) -> list[dict[str, Any]]:
    """Groups of findings, the costliest first: how many of one rule, source and season.

    Returns:
        rule, source, competition, season, ``findings``, ``cost`` (the share of the run's score they
        take away, about), and the first one's message, match and snapshot.
    """
    if findings.empty:
        return []
    checked = checks.groupby("rule")["checked"].sum().astype("float64")
    cost = findings["bad"] * findings["rule"].map(dict(weights)) / findings["rule"].map(checked)
    by = ["rule", "source", "competition", "season"]
    grouped = (
        findings.assign(cost=cost)
        .groupby(by, dropna=False, sort=True)
        .agg(
            findings=("bad", "size"),
            cost=("cost", "sum"),
            message=("message", "first"),
            match_id=("match_id", "first"),
            snapshot=("snapshot", "first"),
        )
        .reset_index()
        .sort_values(["cost", *by], ascending=[False, True, True, True, True], kind="stable")
        .head(WORST)
    )
    grouped["cost"] = grouped["cost"].round(score.DECIMALS)
    plain = grouped.astype(object).where(grouped.notna(), None)
    return [{str(key): value for key, value in line.items()} for line in plain.to_dict("records")]


def _write_page(
    params: Params,
    content: Mapping[str, Any],
    checks: pd.DataFrame,
    findings: pd.DataFrame,
    data: Data,
) -> None:
    quarantined = data.ingest["quarantined"]
    wanted = {*findings["snapshot"].dropna(), *(item["sha256"] for item in quarantined)}
    origins = snapshots.origins(layout.RAW, params.collect.sources, wanted)
    write_json(layout.SNAPSHOTS, snapshots.content_of(origins))
    told = data.tables["match_sources"]
    page = report.html(
        report.Evidence(
            score=content,
            minimum=params.train.gate.minimum_score,
            checks=checks,
            findings=findings,
            quarantined=quarantined,
            unresolved=data.tables["unresolved"],
            conflicts=data.tables["conflicts"],
            origins=origins,
            rows=told[told["match_id"].isin(findings["match_id"].dropna())],
            matches=len(data.tables["matches"]),
        )
    )
    write_text(layout.QUALITY_PAGE, page)


def _tell(content: Mapping[str, Any]) -> None:
    for line in content["worst"][:SHOWN]:
        where = " ".join(line[name] for name in ("source", "competition", "season") if line[name])
        console.warn(
            "quality", f"{line['rule']}: {line['findings']:,} of {where or 'the run'}: "
            f"{line['message']}"
        )  # fmt: skip
    console.say("quality", f"score {content['score']:.4f}; {layout.QUALITY_PAGE} tells more")
