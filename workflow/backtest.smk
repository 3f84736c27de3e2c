"""
backtest: past seasons forecast match by match, each by fits on what was known before.

REQUIRED INPUTS: data/features/matches.parquet, data/tables/{matches,odds}.parquet
OUTPUTS: data/backtest/*
"""


include: "common.smk"


localrules:
    backtest,


rule tune_backtest:
    input:
        features="data/features/matches.parquet",
        matches="data/tables/matches.parquet",
        code=code_of("backtest"),
        lock=LOCK_FILE,
    output:
        update("data/backtest/study.json"),
    log:
        "logs/backtest/tune.log",
    # As many as there are: Snakemake lowers it to the cores it is given.
    threads: 64
    params:
        sections=settings(
            "seed",
            "train.warm_up_seasons",
            "train.folds",
            "train.trials_at_once",
            "train.max_rounds",
            "train.early_stopping_rounds",
            "train.search",
            "train.groups",
            "train.market",
            "train.logit",
            "train.dixon_coles",
            "train.family",
            "train.families",
            "backtest.first_season",
            "backtest.last_season",
            "backtest.competitions",
            "backtest.step",
            "backtest.refit_steps",
            "backtest.trials",
        ),
    shell:
        "pitchline --params {PARAMS} --log {log} backtest tune --threads {threads}"


rule run_backtest:
    input:
        features="data/features/matches.parquet",
        matches="data/tables/matches.parquet",
        odds="data/tables/odds.parquet",
        study="data/backtest/study.json",
        code=code_of("backtest"),
        lock=LOCK_FILE,
    output:
        update("data/backtest/forecasts.parquet"),
    log:
        "logs/backtest/run.log",
    threads: 64
    params:
        sections=settings(
            "seed",
            "features.market",
            "train.warm_up_seasons",
            "train.groups",
            "train.market",
            "backtest.first_season",
            "backtest.last_season",
            "backtest.competitions",
            "backtest.step",
            "backtest.refit_steps",
            "backtest.dixon_coles",
            "backtest.market",
        ),
    shell:
        "pitchline --params {PARAMS} --log {log} backtest run --threads {threads}"


rule score_backtest:
    input:
        forecasts="data/backtest/forecasts.parquet",
        code=code_of("backtest"),
        lock=LOCK_FILE,
    output:
        metrics=update("data/backtest/metrics.json"),
        summary=update(
            report(
                "data/backtest/summary.csv",
                caption="report/backtest_summary.rst",
                category="Backtest",
            )
        ),
        reliability_plot=update(
            report(
                "data/backtest/reliability.svg",
                caption="report/backtest_reliability.rst",
                category="Backtest",
            )
        ),
        log_loss_plot=update(
            report(
                "data/backtest/log_loss_by_season.svg",
                caption="report/backtest_log_loss.rst",
                category="Backtest",
            )
        ),
        sharpness_plot=update(
            report(
                "data/backtest/sharpness.svg",
                caption="report/backtest_sharpness.rst",
                category="Backtest",
            )
        ),
    log:
        "logs/backtest/score.log",
    params:
        sections=settings(
            "seed", "evaluate", "backtest.compare_with", "backtest.confidence_edges"
        ),
    shell:
        "pitchline --params {PARAMS} --log {log} backtest score"


rule backtest:
    input:
        rules.tune_backtest.output,
        rules.run_backtest.output,
        rules.score_backtest.output,
