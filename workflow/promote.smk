"""
promote: hold the candidate against the gates; its side effects are the champion's pointer and
the registry's alias, so it is no DVC stage.

REQUIRED INPUTS: models/candidate/*, data/quality/ingest.json
OUTPUTS: models/champion.json and models/decision.json (both kept under git); beside them, on this
    machine, models/champions/ and models/rejected/
"""


include: "common.smk"


localrules:
    promote,


rule decide_promotion:
    input:
        "models/candidate/study.json",
        "models/candidate/model.ubj",
        "models/candidate/model.json",
        "models/candidate/metrics.json",
        "models/candidate/forecasts.parquet",
        quality="data/quality/ingest.json",
        code=code_of("promote"),
        lock=LOCK_FILE,
    output:
        champion=update("models/champion.json"),
        decision=update(
            report(
                "models/decision.json",
                caption="report/decision.rst",
                category="Promotion",
            )
        ),
    log:
        "logs/promote/decide.log",
    params:
        sections=settings("seed", "evaluate", "promote", "retrain.experiment_name"),
    shell:
        "pitchline --params {PARAMS} --log {log} promote decide"


rule promote:
    input:
        rules.decide_promotion.output,
