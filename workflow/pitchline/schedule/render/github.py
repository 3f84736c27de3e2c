"""The table as GitHub workflows: collect, retrain, monitor."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import jinja2

from pitchline.params import Schedule
from pitchline.schedule.render.cron import off_the_hour

FOLDER = ".github/workflows"
TEMPLATE = "workflow.yml.j2"
ACTIONS = {
    "checkout": "actions/checkout@11bd71901bbe5b1630ceea73d27597364c9af683 # v4.2.2",
    "python": "actions/setup-python@0b93645e9fea7318ecaed2b359559ac225c90a2b # v5.3.0",
    "restore": "actions/cache/restore@0057852bfaa89a56745cba8c7296529d2fc39830 # v4.3.0",
    "save": "actions/cache/save@0057852bfaa89a56745cba8c7296529d2fc39830 # v4.3.0",
    "upload": "actions/upload-artifact@ea165f8d65b6e75b540449e92b4886f43607fa02 # v4.6.2",
}
# Making the environment and moving caches, beside the tasks themselves.
SLACK_MINUTES = 30
STATE = (
    ".snakemake",
    "data",
    "mlruns",
    "models/candidate",
    "models/challenger.json",
    "models/challengers",
    "models/champions",
    "models/champion.json",
    "models/decision.json",
    "reports",
)
ENVIRONMENT_KEY = (
    "environment-${{ runner.os }}-${{ steps.python.outputs.python-version }}-"
    "${{ hashFiles('requirements/*.lock', 'pyproject.toml') }}"
)
# A retraining on the same archive by the same parameters and code gives the same model.
CODE = "${{{{ hashFiles('params.yaml', 'workflow/**/*.py') }}}}"
TRAINED_KEY = "trained-${{{{ steps.{}.outputs.raw }}}}-" + CODE
BY_HAND = "github.event_name == 'workflow_dispatch'"
NEWS = "steps.trained.outputs.cache-hit != 'true' || inputs.reason != ''"
TOKEN = "FOOTBALL_DATA_ORG_TOKEN"  # noqa: S105 a variable's name


@dataclass(frozen=True)
class _Step:
    name: str
    condition: str
    options: str = ""
    env: dict[str, str] = field(default_factory=dict)


def files(schedule: Schedule) -> dict[str, str]:
    """The workflows, by their paths in the repository: those whose tasks the table has."""
    made: dict[str, str] = {}
    if "collect" in schedule.tasks:
        env = {TOKEN: f"${{{{ secrets.{TOKEN} }}}}"}
        made["collect"] = _workflow(
            schedule, "collect", [_Step("collect", "success()", env=env)], "state"
        )
    if "retrain" in schedule.tasks:
        env = {"REASON": "${{ inputs.reason || 'scheduled' }}"}
        step = _Step("retrain", NEWS, ' --reason "$REASON"', env)
        made["retrain"] = _workflow(schedule, "retrain", [step], "state")
    monitors = [name for name in schedule.tasks if _is_monitor(schedule, name)]
    if monitors:
        times = _times(schedule, monitors)
        steps = [_Step(name, f"!cancelled() && ({_on_time(times.get(name))})") for name in monitors]
        made["monitor"] = _workflow(schedule, "monitor", steps, "monitor")
    return {f"{FOLDER}/{name}.yml": text for name, text in made.items()}


def _is_monitor(schedule: Schedule, name: str) -> bool:
    return all(line.startswith("pitchline monitor ") for line in schedule.tasks[name].target)


def _on_time(cron: str | None) -> str:
    return BY_HAND if cron is None else f"{BY_HAND} || github.event.schedule == '{cron}'"


def _times(schedule: Schedule, tasks: Sequence[str]) -> dict[str, str]:
    """The tasks that are on, with GitHub's expression for each."""
    return {
        name: off_the_hour(schedule.tasks[name].cron, name)
        for name in tasks
        if schedule.tasks[name].enabled
    }


def _workflow(schedule: Schedule, name: str, steps: Sequence[_Step], group: str) -> str:
    names = [step.name for step in steps]
    minutes = sum(schedule.tasks[each].limit_minutes for each in names)
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
        times=_times(schedule, names),
        group=group,
        minutes=round(minutes) + SLACK_MINUTES,
        tasks=steps,
        keeps_state=group == "state",
        actions=ACTIONS,
        state=STATE,
        environment_key=ENVIRONMENT_KEY,
        trained_key=TRAINED_KEY,
    )
