"""
ingest: the raw archive into validated tables, their quality and a report.

REQUIRED INPUTS: data/raw/<source>/manifest.json
OUTPUTS: data/tables/*.parquet, data/tables/sources/*.parquet, data/quality/*
"""


include: "common.smk"


localrules:
    ingest,


rule ingest_tables:
    input:
        manifests=expand(
            "data/raw/{source}/manifest.json", source=config["collect"]["sources"]
        ),
        competitions="workflow/reference/competitions.csv",
        teams="workflow/reference/teams.csv",
        team_names="workflow/reference/team_names.csv",
        code=code_of("ingest"),
        lock=LOCK_FILE,
    output:
        sources=[
            update(f"data/tables/sources/{name}.parquet")
            for name in (
                "matches",
                "team_stats",
                "shots",
                "events",
                "lineups",
                "odds",
            )
        ],
        tables=[
            update(f"data/tables/{name}.parquet")
            for name in (
                "matches",
                "match_sources",
                "conflicts",
                "unresolved",
                "team_stats",
                "odds",
                "shots",
                "events",
                "lineups",
            )
        ],
        ingest=update("data/quality/ingest.json"),
    log:
        "logs/ingest/tables.log",
    params:
        sections=settings("as_of", "collect", "ingest"),
    shell:
        "pitchline --params {PARAMS} --log {log} ingest tables"


rule score_quality:
    input:
        rules.ingest_tables.output,
        manifests=rules.ingest_tables.input.manifests,
        competitions="workflow/reference/competitions.csv",
        seasons="workflow/reference/seasons.csv",
        code=code_of("ingest"),
        lock=LOCK_FILE,
    output:
        checks=update("data/quality/checks.parquet"),
        findings=update("data/quality/findings.parquet"),
        snapshots=update("data/quality/snapshots.json"),
        score=update("data/quality/score.json"),
        page=update(
            report(
                "data/quality/report.html",
                caption="report/quality.rst",
                category="Data quality",
            )
        ),
    log:
        "logs/ingest/quality.log",
    params:
        sections=settings("as_of", "collect", "ingest", "train.gate"),
    shell:
        "pitchline --params {PARAMS} --log {log} ingest quality"


rule ingest:
    input:
        rules.ingest_tables.output,
        rules.score_quality.output,
