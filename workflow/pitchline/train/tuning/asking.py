"""What Optuna decides: the settings of the next trials, and which trial is given up.

Both follow from recorded results alone. Each batch is asked of a study made anew from the trials
before it, with a sampler seeded by the seed and the batch's number, so any process at any time
asks for the same trials.
"""

import warnings
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import optuna
from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)

from pitchline.params import Search

SIGNIFICANT_DIGITS = 4
STARTUP_TRIALS = 8
# With three folds 0.125 is the least p there is: worse than the best trial on each of them.
FOLDS_BEFORE_PRUNING = 3
PRUNING_P_VALUE = 0.13
ON_A_LOG_SCALE = ("learning_rate", "min_child_weight", "reg_lambda", "reg_alpha")


def distributions(ranges: Search) -> dict[str, BaseDistribution]:
    """The search space as Optuna states it."""
    found: dict[str, BaseDistribution] = {}
    for name, asked in ranges.model_dump().items():
        if name == "start":
            found[name] = CategoricalDistribution(asked)
        elif name == "max_depth":
            found[name] = IntDistribution(*asked)
        else:
            low, high = asked
            found[name] = FloatDistribution(low, high, log=name in ON_A_LOG_SCALE)
    return found


def rounded(params: Mapping[str, Any], space: Mapping[str, BaseDistribution]) -> dict[str, Any]:
    """Settings of four digits: a parameter's last bits may differ between CPUs."""

    def short(value: Any, among: BaseDistribution) -> Any:
        if isinstance(among, FloatDistribution):
            digits = float(f"{value:.{SIGNIFICANT_DIGITS}g}")
            return min(max(digits, among.low), among.high)
        return value

    return {name: short(params[name], among) for name, among in space.items()}


def told(
    space: Mapping[str, BaseDistribution],
    settings: Mapping[str, Any],
    folds: Sequence[float],
    log_loss: float | None,
) -> optuna.trial.FrozenTrial:
    """A finished trial as Optuna keeps it.

    Args:
        space: where its settings are from.
        settings: its own.
        folds: log loss of each fold it ran.
        log_loss: of all folds; None for a trial that was pruned.
    """
    state = optuna.trial.TrialState
    return optuna.trial.create_trial(
        state=state.PRUNED if log_loss is None else state.COMPLETE,
        params=dict(settings),
        distributions=dict(space),
        value=log_loss,
        intermediate_values=dict(enumerate(folds)),
    )


def ask(
    past: Sequence[optuna.trial.FrozenTrial],
    space: Mapping[str, BaseDistribution],
    seed: int,
    batch: int,
    count: int,
) -> list[dict[str, Any]]:
    """The settings of one batch.

    Args:
        past: all trials of the batches before.
        space: the search space.
        seed: of the search.
        batch: its number; with the seed it decides every random choice.
        count: how many.
    """
    own = int(np.random.SeedSequence([seed, batch]).generate_state(1)[0])
    study = _study(optuna.samplers.TPESampler(seed=own, n_startup_trials=STARTUP_TRIALS))
    study.add_trials(past)
    return [rounded(study.ask(dict(space)).params, space) for _ in range(count)]


def is_hopeless(folds: Sequence[float], best: Sequence[float]) -> bool:
    """Whether a trial was worse than the best one on every fold so far, and in the mean.

    Args:
        folds: lowest log loss of each fold the trial has run.
        best: the same of the best trial of the batches before, all folds.
    """
    if len(folds) < FOLDS_BEFORE_PRUNING:
        return False
    study = _study(optuna.samplers.RandomSampler(seed=0))
    study.add_trial(told({}, {}, best, sum(best) / len(best)))
    trial = optuna.trial.create_trial(
        state=optuna.trial.TrialState.RUNNING, intermediate_values=dict(enumerate(folds))
    )
    pruner = optuna.pruners.WilcoxonPruner(
        p_threshold=PRUNING_P_VALUE, n_startup_steps=FOLDS_BEFORE_PRUNING
    )
    return pruner.prune(study, trial)


def _study(sampler: optuna.samplers.BaseSampler) -> optuna.study.Study:
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    warnings.filterwarnings("ignore", category=optuna.exceptions.ExperimentalWarning)
    return optuna.create_study(sampler=sampler, pruner=optuna.pruners.NopPruner())
