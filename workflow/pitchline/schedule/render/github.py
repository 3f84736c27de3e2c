"""The table as GitHub workflows: collect, retrain, monitor."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import jinja2

from pitchline.params import Alerts, Schedule
from pitchline.schedule.render.cron import off_the_hour
from pitchline.schedule.targets import uses_snakemake

FOLDER = ".github/workflows"
TEMPLATE = "workflow.yml.j2"
ACTIONS = {
    "checkout": "actions/checkout@11bd71901bbe5b1630ceea73d27597364c9af683 # v4.2.2",
    "python": "actions/setup-python@0b93645e9fea7318ecaed2b359559ac225c90a2b # v5.3.0",
    "restore": "actions/cache/restore@0057852bfaa89a56745cba8c7296529d2fc39830 # v4.3.0",
    "save": "actions/cache/save@0057852bfaa89a56745cba8c7296529d2fc39830 # v4.3.0",
    "download": "actions/download-artifact@d3f86a106a0bac45b974a628896c90dbdf5c8093 # v4.3.0",
    "upload": "actions/upload-artifact@ea165f8d65b6e75b540449e92b4886f43607fa02 # v4.6.2",
}
# Making the environment and moving caches, beside the tasks themselves.
SLACK_MINUTES = 30
# The runner ends a task at its limit; a runner that hangs itself is ended so much later.
HUNG_MINUTES = 5
STATE = (
    ".snakemake",
    "data",
    "dvc.lock",
    "logs/train",
    "mlruns",
    "models/candidate",
    "models/challenger.json",
    "models/challengers",
    "models/champions",
    "models/champion.json",
    "models/decision.json",
    "models/rejected",
    "reports",
)
# What a person commits when something was recorded.
RECORDED = ("dvc.lock", "models/champion.json", "models/decision.json")
BRANCH = "recorded"
# Each is written by the workflows of one concurrency group, and read by all.
LINEAGES = ("state", "monitor")
# A retraining on the same archive, from the same champion, by the same parameters and code gives
# the same model.
CODE = (
    "${{{{ hashFiles('params.yaml', 'requirements/run.lock', 'Snakefile', 'workflow/**/*.smk', "
    "'workflow/**/*.py', 'workflow/reference/*.csv') }}}}"
)
TRAINED_KEY = "trained-${{{{ steps.{0}.outputs.raw }}}}-${{{{ steps.{0}.outputs.models }}}}-" + CODE
IS_READY = "steps.before.outcome == 'success'"
BY_HAND = "github.event_name == 'workflow_dispatch'"
IS_NEWS = "steps.trained.outputs.cache-hit != 'true'"
IS_ASKED = "inputs.reason != '' || inputs.lookback_days != ''"
MARKS = (
    f"!inputs.trial && steps.after.outputs.raw != 'none' && {IS_NEWS} "
    "&& inputs.reason == '' && inputs.lookback_days == ''"
)
# A due time is answered once, and one that failed is none the less: run again, it is by hand.
TRIGGER = "${{ github.event_name == 'schedule' && github.run_attempt == 1 && 'ci' || 'manual' }}"
# Only the token of a workflow has this name: the one that dispatches for an emergency.
TRIGGER_OF_RETRAIN = TRIGGER.replace(
    "'manual'", "github.actor == 'github-actions[bot]' && 'emergency' || 'manual'"
)
TOKEN = "FOOTBALL_DATA_ORG_TOKEN"  # noqa: S105 a variable's name
REMOTE = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")
EMERGENCY = "pitchline monitor emergency --start"
# It puts what is to be started into the file that this variable names.
ASKED_TO = "PITCHLINE_EMERGENCY_TO"


@dataclass(frozen=True)
class _Step:
    name: str
    condition: str
    minutes: int
    script: Sequence[str]
    env: dict[str, str] = field(default_factory=dict)


def files(schedule: Schedule, alerts: Alerts) -> dict[str, str]:
    """The workflows, by their paths in the repository: those whose tasks the table has.

    Args:
        schedule: the table.
        alerts: whose routes name the secrets that hold addresses.
    """
    made: dict[str, str] = {}
    if "collect" in schedule.tasks:
        step = _step(schedule, "collect", "success()", _secrets([TOKEN]))
        made["collect"] = _workflow(schedule, alerts, "collect", [step])
    if "retrain" in schedule.tasks:
        env = {"REASON": "${{ inputs.reason }}", "LOOKBACK_DAYS": "${{ inputs.lookback_days }}"}
        step = _step(schedule, "retrain", f"{IS_NEWS} || {IS_ASKED}", env)
        made["retrain"] = _workflow(schedule, alerts, "retrain", [step])
    monitors = [name for name in schedule.tasks if _is_monitor(schedule, name)]
    if monitors:
        times = _times(schedule, monitors)
        steps = [
            _step(
                schedule,
                name,
                f"!cancelled() && {IS_READY} && ({_on_time(times.get(name))})",
                {ASKED_TO: "${{ runner.temp }}/emergency"} if _starts(schedule, name) else {},
            )
            for name in monitors
        ]
        made["monitor"] = _workflow(schedule, alerts, "monitor", steps)
    return {f"{FOLDER}/{name}.yml": text for name, text in made.items()}


def _is_monitor(schedule: Schedule, name: str) -> bool:
    return all(line.startswith("pitchline monitor ") for line in schedule.tasks[name].target)


def _starts(schedule: Schedule, name: str) -> bool:
    return "retrain" in schedule.tasks and EMERGENCY in schedule.tasks[name].target


def _records(schedule: Schedule, name: str) -> bool:
    return schedule.record != "none" and any(map(uses_snakemake, schedule.tasks[name].target))


def _secrets(names: Sequence[str]) -> dict[str, str]:
    return {name: f"${{{{ secrets.{name} }}}}" for name in names}


def _step(schedule: Schedule, name: str, condition: str, env: dict[str, str]) -> _Step:
    minutes = schedule.tasks[name].limit_minutes
    call = f'pitchline run {name} --trigger "$TRIGGER" --show'
    if _records(schedule, name):
        minutes += schedule.record_minutes
        call += ' "$RECORD"'
        env = env | {"RECORD": "${{ inputs.trial && '--no-record' || '--record' }}"}
        if schedule.record == "push":
            env |= _secrets(REMOTE)
    script = [call]
    if name == "retrain":
        script = [
            "changes=()",
            'if [ -n "$REASON" ]; then changes+=(--set "retrain.reason=$REASON"); fi',
            'if [ -n "$LOOKBACK_DAYS" ]; then '
            'changes+=(--set "retrain.lookback_days=$LOOKBACK_DAYS"); fi',
            f'{call} --reason "${{REASON:-scheduled}}" "${{changes[@]}}"',
        ]
    elif ASKED_TO in env:
        # What is remembered as started is started, however the run ends.
        script = [
            "code=0",
            f"{call} || code=$?",
            f'if [ -f "${ASKED_TO}" ]; then cat "${ASKED_TO}" >> "$GITHUB_OUTPUT"; fi',
            'exit "$code"',
        ]
    return _Step(name, condition, math.ceil(minutes) + HUNG_MINUTES, script, env)


def _on_time(cron: str | None) -> str:
    return BY_HAND if cron is None else f"{BY_HAND} || github.event.schedule == '{cron}'"


def _times(schedule: Schedule, tasks: Sequence[str]) -> dict[str, str]:
    """The tasks that are on, with GitHub's expression for each."""
    return {
        name: off_the_hour(schedule.tasks[name].cron, name)
        for name in tasks
        if schedule.tasks[name].enabled
    }


def _workflow(schedule: Schedule, alerts: Alerts, name: str, steps: Sequence[_Step]) -> str:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent),
        undefined=jinja2.StrictUndefined,
        autoescape=False,  # noqa: S701 it is YAML of our own
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        block_start_string="<%",
        block_end_string="%>",
        variable_start_string="<<",
        variable_end_string=">>",
    )
    return environment.get_template(TEMPLATE).render(
        name=name,
        times=_times(schedule, [step.name for step in steps]),
        minutes=sum(step.minutes for step in steps) + SLACK_MINUTES,
        tasks=steps,
        trigger=TRIGGER_OF_RETRAIN if name == "retrain" else TRIGGER,
        actions=ACTIONS,
        state=STATE,
        record=schedule.record,
        recorded=RECORDED,
        branch=BRANCH,
        remote_env=_secrets(REMOTE),
        lineages=LINEAGES,
        trained_key=TRAINED_KEY,
        marks=MARKS,
        is_no_news=f"success() && !({IS_NEWS} || {IS_ASKED})",
        beginner="retrain" if "retrain" in schedule.tasks else "collect",
        alert_variables=sorted({route.urls_from for route in alerts.routes.values()}),
        **_environment(schedule),
        **_jobs(schedule, name, steps),
    )


def _environment(schedule: Schedule) -> dict[str, str]:
    """What is installed, and the key of its cache."""
    made = "environment-s3" if schedule.record == "push" else "environment"
    key = (
        f"{made}-${{{{ runner.os }}}}-${{{{ steps.python.outputs.python-version }}}}-"
        "${{ hashFiles('requirements/*.lock', 'pyproject.toml') }}"
    )
    return {"environment": made, "environment_key": key}


def _jobs(schedule: Schedule, name: str, steps: Sequence[_Step]) -> dict[str, Any]:
    """What the job tells the jobs after it, and what these make of it."""
    starting = [step.name for step in steps if ASKED_TO in step.env]
    keeps_state = name != "monitor"
    outputs, told = {}, []
    if not keeps_state:
        outputs = {step.name: f"${{{{ steps.task-{step.name}.outcome }}}}" for step in steps}
        told = [f"{step.name}=${{{{ needs.{name}.outputs.{step.name} }}}}" for step in steps]
    for task in starting:
        outputs |= {
            part: f"${{{{ steps.task-{task}.outputs.{part} }}}}"
            for part in ("reason", "lookback_days")
        }
        outputs["memory"] = "${{ steps.memory.outputs.memory }}"
        told[told.index(f"{task}=${{{{ needs.{name}.outputs.{task} }}}}")] = (
            f"{task}=${{{{ needs.dispatch.result == 'failure' && 'failure' "
            f"|| needs.{name}.outputs.{task} }}}}"
        )
    if keeps_state and schedule.record == "push":
        outputs["recorded"] = "${{ steps.recorded.outputs.recorded }}"
    whole = f"needs.{name}.result"
    if keeps_state and schedule.record == "push":
        whole = f"needs.branch.result == 'failure' && 'failure' || {whole}"
    group = "state" if keeps_state else "monitor"
    return {
        "group": group,
        "keeps_state": keeps_state,
        "others": " ".join(f"logs/memory/{each}" for each in LINEAGES if each != group),
        "outputs": outputs,
        "dispatches": bool(starting),
        "told_tasks": " ".join(told) or '""',
        "whole": f"${{{{ {whole} }}}}",
    }
