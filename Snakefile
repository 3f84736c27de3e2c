# Every stage's rules, and the targets a person calls. The rules stand in workflow/<stage>.smk.


include: "workflow/common.smk"
include: "workflow/collect.smk"
include: "workflow/ingest.smk"
include: "workflow/features.smk"
include: "workflow/train.smk"
include: "workflow/backtest.smk"
include: "workflow/promote.smk"
include: "workflow/predict.smk"
include: "workflow/monitor.smk"


localrules:
    all,
    retrain,


rule all:
    default_target: True
    input:
        rules.train.input,
        rules.backtest.input,
        rules.monitor.input,


rule retrain:
    input:
        rules.train.input,
        rules.promote.input,


onsuccess:
    if all(
        Path(path).exists()
        for path in (
            "models/decision.json",
            "data/predictions/fixtures.parquet",
            "reports/monitoring/settled.json",
        )
    ):
        # A run that built all it was asked for is no failure because the summary is one.
        shell("pitchline --params {PARAMS} summary || true")
