"""
monitor: how the predictions did once the results are in.

REQUIRED INPUTS: data/predictions/fixtures.parquet, data/tables/matches.parquet
OUTPUTS: reports/monitoring/settled.json
"""


include: "common.smk"


localrules:
    monitor,


rule settle_predictions:
    input:
        predictions="data/predictions/fixtures.parquet",
        matches="data/tables/matches.parquet",
        code=code_of("monitor"),
        lock=LOCK_FILE,
    output:
        update(
            report(
                "reports/monitoring/settled.json",
                caption="report/settled.rst",
                category="Predictions",
            )
        ),
    log:
        "logs/monitor/settled.log",
    shell:
        "pitchline --params {PARAMS} --log {log} monitor settled"


rule monitor:
    input:
        rules.settle_predictions.output,
