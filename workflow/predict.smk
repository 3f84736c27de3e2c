"""
predict: the champion's forecasts of the next fixtures.

REQUIRED INPUTS: models/champion.json, models/candidate/* (they stand in for the champion's files
    on a machine that hasn't promoted yet), data/features/matches.parquet, data/quality/ingest.json
OUTPUTS: data/predictions/*
"""


include: "common.smk"


localrules:
    predict,


rule predict_fixtures:
    input:
        "models/candidate/study.json",
        "models/candidate/model.ubj",
        "models/candidate/model.json",
        "models/candidate/metrics.json",
        "models/candidate/forecasts.parquet",
        champion="models/champion.json",
        features="data/features/matches.parquet",
        quality="data/quality/ingest.json",
        teams="workflow/reference/teams.csv",
        code=code_of("predict"),
        lock=LOCK_FILE,
    output:
        parquet=update("data/predictions/fixtures.parquet"),
        csv=update(
            report(
                "data/predictions/fixtures.csv",
                caption="report/fixtures.rst",
                category="Predictions",
            )
        ),
    log:
        "logs/predict/fixtures.log",
    params:
        sections=settings("as_of", "predict"),
    shell:
        "pitchline --params {PARAMS} --log {log} predict fixtures"


rule predict:
    input:
        rules.predict_fixtures.output,
