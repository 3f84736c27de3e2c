"""
features: what was known of every match at its kick-off.

REQUIRED INPUTS: data/tables/*.parquet, data/quality/ingest.json, workflow/reference/competitions.csv
OUTPUTS: data/features/{matches.parquet,standing}
"""


include: "common.smk"


localrules:
    features,


rule build_features:
    input:
        matches="data/tables/matches.parquet",
        team_stats="data/tables/team_stats.parquet",
        lineups="data/tables/lineups.parquet",
        odds="data/tables/odds.parquet",
        competitions="workflow/reference/competitions.csv",
        quality="data/quality/ingest.json",
        code=code_of("features"),
        lock=LOCK_FILE,
    output:
        table=update("data/features/matches.parquet"),
        standing=update("data/features/standing"),
    log:
        "logs/features/build.log",
    params:
        sections=settings("as_of", "features"),
    shell:
        "pitchline --params {PARAMS} --log {log} features build"


rule features:
    input:
        rules.build_features.output,
