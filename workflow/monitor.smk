"""
monitor: how data, features and predictions do against their own past.

REQUIRED INPUTS: data/quality/{score,ingest}.json, data/quality/checks.parquet,
    data/tables/{matches,match_sources,odds}.parquet, data/features/matches.parquet,
    data/predictions/fixtures.parquet, models/champion.json, models/candidate/* (they stand in for
    the champion's files on a machine that hasn't promoted yet)
OUTPUTS: reports/monitoring/{settled,quality,performance,drift}.json,
    reports/monitoring/{quality,performance,drift}.html

The log of issued forecasts is read where there is one, and is no input: a forecast in it counts
once its result is in the tables, and these are.
"""


include: "common.smk"


localrules:
    monitor,


CHAMPIONS_FILES = [
    "models/candidate/study.json",
    "models/candidate/model.ubj",
    "models/candidate/model.json",
    "models/candidate/metrics.json",
    "models/candidate/forecasts.parquet",
]


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


rule monitor_quality:
    input:
        checks="data/quality/checks.parquet",
        score="data/quality/score.json",
        matches="data/tables/matches.parquet",
        match_sources="data/tables/match_sources.parquet",
        code=code_of("monitor"),
        lock=LOCK_FILE,
    output:
        verdict=update("reports/monitoring/quality.json"),
        page=update(
            report(
                "reports/monitoring/quality.html",
                caption="report/monitor_quality.rst",
                category="Monitoring",
            )
        ),
    log:
        "logs/monitor/quality.log",
    params:
        sections=settings("monitor.quality", "train.gate"),
    shell:
        "pitchline --params {PARAMS} --log {log} monitor quality"


rule monitor_performance:
    input:
        CHAMPIONS_FILES,
        champion="models/champion.json",
        predictions="data/predictions/fixtures.parquet",
        features="data/features/matches.parquet",
        matches="data/tables/matches.parquet",
        odds="data/tables/odds.parquet",
        quality="data/quality/ingest.json",
        code=code_of("monitor"),
        lock=LOCK_FILE,
    output:
        verdict=update("reports/monitoring/performance.json"),
        page=update(
            report(
                "reports/monitoring/performance.html",
                caption="report/monitor_performance.rst",
                category="Monitoring",
            )
        ),
    log:
        "logs/monitor/performance.log",
    params:
        sections=settings("as_of", "features.market", "monitor.performance"),
    shell:
        "pitchline --params {PARAMS} --log {log} monitor performance"


rule monitor_drift:
    input:
        CHAMPIONS_FILES,
        champion="models/champion.json",
        predictions="data/predictions/fixtures.parquet",
        features="data/features/matches.parquet",
        quality="data/quality/ingest.json",
        code=code_of("monitor"),
        lock=LOCK_FILE,
    output:
        verdict=update("reports/monitoring/drift.json"),
        page=update(
            report(
                "reports/monitoring/drift.html",
                caption="report/monitor_drift.rst",
                category="Monitoring",
            )
        ),
    log:
        "logs/monitor/drift.log",
    params:
        sections=settings("as_of", "monitor.drift"),
    shell:
        "pitchline --params {PARAMS} --log {log} monitor drift"


rule monitor:
    input:
        rules.settle_predictions.output,
        rules.monitor_quality.output,
        rules.monitor_performance.output,
        rules.monitor_drift.output,
