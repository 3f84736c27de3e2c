"""
train: hold the newest data against the gate; tune, fit and evaluate the candidate.

REQUIRED INPUTS: data/features/matches.parquet, data/quality/{ingest,score,snapshots}.json,
    data/quality/{checks,findings}.parquet
OUTPUTS: models/candidate/*
"""


include: "common.smk"


localrules:
    train,


# The jobs' own processes ask for nothing: they read this file again.
ASKED_TO_TRAIN = request(
    "train",
    config["retrain"]["force_retrain"] and workflow.is_main_process,
    sys.argv,
)

# All that decides a result; another number of workers makes nothing stale.
TUNING = decisive("train", "workers")
OTHER_WORKERS = range(2, config["train"]["workers"] + 1)


# Data below train.gate.minimum_score end the run here: every rule that learns waits for this one.
rule check_training_data:
    input:
        asked=ASKED_TO_TRAIN,
        features="data/features/matches.parquet",
        quality="data/quality/ingest.json",
        score="data/quality/score.json",
        checks="data/quality/checks.parquet",
        findings="data/quality/findings.parquet",
        snapshots="data/quality/snapshots.json",
        code=code_of("train"),
        lock=LOCK_FILE,
    output:
        update("models/candidate/training_data.json"),
    log:
        "logs/train/gate.log",
    params:
        sections=settings("as_of", "retrain.lookback_days", *TUNING),
    shell:
        "pitchline --params {PARAMS} --log {log} train gate"


# The search's workers but for the first, which is tune_model: all take fits from one store until
# none is left. Nothing waits for them, so the study is as fresh as ever with another number of them.
rule search_hyperparameters:
    input:
        checked="models/candidate/training_data.json",
        features="data/features/matches.parquet",
        quality="data/quality/ingest.json",
        code=code_of("train"),
        lock=LOCK_FILE,
    output:
        touch("logs/train/workers/{worker}.done"),
    log:
        "logs/train/workers/{worker}.log",
    threads: threads_of_worker
    resources:
        mem_mb=4000,
        runtime=120,
    params:
        sections=settings("as_of", "seed", *TUNING),
    shell:
        "pitchline --params {PARAMS} --log {log} train search --threads {threads}"


rule tune_model:
    input:
        checked="models/candidate/training_data.json",
        features="data/features/matches.parquet",
        quality="data/quality/ingest.json",
        code=code_of("train"),
        lock=LOCK_FILE,
    output:
        update("models/candidate/study.json"),
    log:
        "logs/train/tune.log",
    threads: threads_of_worker
    resources:
        mem_mb=4000,
        runtime=120,
    params:
        sections=settings("as_of", "seed", *TUNING),
    shell:
        "pitchline --params {PARAMS} --log {log} train tune --threads {threads}"


rule fit_model:
    input:
        checked="models/candidate/training_data.json",
        features="data/features/matches.parquet",
        quality="data/quality/ingest.json",
        study="models/candidate/study.json",
        code=code_of("train"),
        lock=LOCK_FILE,
    output:
        model=update("models/candidate/model.ubj"),
        card=update("models/candidate/model.json"),
        importances=update("models/candidate/importances.csv"),
        importances_plot=update(
            report(
                "models/candidate/importances.svg",
                caption="report/importances.rst",
                category="Evaluation",
            )
        ),
    log:
        "logs/train/fit.log",
    params:
        sections=settings("as_of", "seed", *TUNING, "features"),
    shell:
        "pitchline --params {PARAMS} --log {log} train fit"


rule evaluate_model:
    input:
        features="data/features/matches.parquet",
        quality="data/quality/ingest.json",
        study="models/candidate/study.json",
        code=code_of("train"),
        lock=LOCK_FILE,
    output:
        metrics=update("models/candidate/metrics.json"),
        forecasts=update("models/candidate/forecasts.parquet"),
        reliability=update("models/candidate/reliability.csv"),
        log_loss_by_month=update("models/candidate/log_loss_by_month.csv"),
        by_confidence=update("models/candidate/by_confidence.csv"),
        reliability_plot=update(
            report(
                "models/candidate/reliability.svg",
                caption="report/reliability.rst",
                category="Evaluation",
            )
        ),
        sharpness_plot=update(
            report(
                "models/candidate/sharpness.svg",
                caption="report/sharpness.rst",
                category="Evaluation",
            )
        ),
        log_loss_plot=update(
            report(
                "models/candidate/log_loss_by_month.svg",
                caption="report/log_loss_by_month.rst",
                category="Evaluation",
            )
        ),
    log:
        "logs/train/evaluate.log",
    params:
        sections=settings("as_of", "seed", *TUNING, "evaluate"),
    shell:
        "pitchline --params {PARAMS} --log {log} train evaluate"


rule describe_model:
    input:
        checked="models/candidate/training_data.json",
        study="models/candidate/study.json",
        model="models/candidate/model.ubj",
        described="models/candidate/model.json",
        metrics="models/candidate/metrics.json",
        forecasts="models/candidate/forecasts.parquet",
        code=code_of("train"),
        lock=LOCK_FILE,
    output:
        card=update("models/candidate/card.json"),
        page=update(
            report(
                "models/candidate/card.md",
                caption="report/card.rst",
                category="Evaluation",
            )
        ),
    log:
        "logs/train/card.log",
    shell:
        "pitchline --params {PARAMS} --log {log} train card"


rule track_model:
    input:
        rules.check_training_data.output,
        rules.tune_model.output,
        rules.fit_model.output,
        rules.evaluate_model.output,
        rules.describe_model.output,
        code=code_of("train"),
        lock=LOCK_FILE,
    output:
        update("logs/train/tracked.json"),
    log:
        "logs/train/track.log",
    params:
        sections=settings("retrain.experiment_name"),
    shell:
        "pitchline --params {PARAMS} --log {log} train track"


rule train:
    input:
        rules.check_training_data.output,
        rules.tune_model.output,
        rules.fit_model.output,
        rules.evaluate_model.output,
        rules.describe_model.output,
        rules.track_model.output,
        expand("logs/train/workers/{worker}.done", worker=OTHER_WORKERS),
