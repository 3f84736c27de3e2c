"""
ingest: the raw archive into validated tables and a quality report.

REQUIRED INPUTS: data/raw/<source>/manifest.json
OUTPUTS: data/tables/*.parquet, data/tables/sources/*.parquet, data/quality/ingest.json
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
        matches=update("data/tables/matches.parquet"),
        team_stats=update("data/tables/team_stats.parquet"),
        quality=update("data/quality/ingest.json"),
    log:
        "logs/ingest/tables.log",
    params:
        sections=settings("as_of", "collect", "ingest"),
    shell:
        "pitchline --params {PARAMS} --log {log} ingest tables"


rule ingest:
    input:
        rules.ingest_tables.output,
