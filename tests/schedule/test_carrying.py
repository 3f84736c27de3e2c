"""What a machine that forgets carries from run to run: put together, nothing doubled or lost."""

import json
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from pitchline import alerts, layout
from pitchline.errors import ArtifactError, PitchlineError
from pitchline.files import write_json
from pitchline.params import Params
from pitchline.schedule import carrying, clock, ledger, turns
from pitchline.schedule.beats import Outcome

MORNING = datetime(2026, 3, 3, 6, tzinfo=UTC)


def run(task: str, hours: float, *, ends: bool = True, due: datetime | None = None) -> str:
    """Write down a run that was queued so many hours after the morning."""
    run_id = f"{task}-{hours}-{layout.LEDGER.stat().st_ino if layout.LEDGER.exists() else 0}"
    with ledger.opened() as connection:
        wanted = turns.Wanted(task, "ci", "due", [f"snakemake {task}"], 5, due)
        made = turns.enter(connection, run_id, wanted, None)
        moment = clock.milliseconds(MORNING + timedelta(hours=hours))
        connection.execute("UPDATE runs SET queued_at = ? WHERE run_id = ?", (moment, run_id))
        if ends:
            turns.close(connection, made, Outcome("succeeded", 0, moment), {}, {})
    return run_id


def elsewhere(folder: Path) -> Path:
    """Carry what is here away, and forget it."""
    carrying.keep(folder)
    shutil.rmtree("data")
    return folder


def told() -> list[str]:
    return [each.run_id for each in ledger.recent_runs(100)[::-1]]


def test_runs_of_two_places_are_put_together_in_their_order(folder: Path) -> None:
    first = [run("collect", 0), run("collect", 24)]
    elsewhere(folder / "state")
    second = [run("performance", 6), run("performance", 12)]
    elsewhere(folder / "monitor")
    places = [folder / "state", folder / "monitor"]
    assert carrying.recall(places) == 4
    assert told() == [first[0], *second, first[1]]
    assert carrying.recall(places) == 0
    new = run("collect", 48)
    assert told()[-1] == new


def test_what_is_put_together_again_and_again_stays_the_same(folder: Path) -> None:
    run("collect", 0)
    elsewhere(folder / "state")
    run("performance", 6)
    elsewhere(folder / "monitor")
    for _ in range(2):
        carrying.recall([folder / "state", folder / "monitor"])
        one = carrying.keep(folder / "state")
        assert carrying.keep(folder / "monitor") == one
        elsewhere(folder / "monitor")


def test_a_due_time_is_held_by_one_run(folder: Path, params: Params) -> None:
    due = datetime(2026, 3, 3, 2, tzinfo=UTC)
    run("collect", 0, due=due)
    elsewhere(folder / "state")
    with ledger.opened() as connection:
        turns.register(connection, params.schedule)
    here = run("collect", 1, due=due)
    carrying.recall([folder / "state"])
    with ledger.opened() as connection:
        holders = connection.execute(
            "SELECT run_id FROM runs WHERE claim = ?", (clock.milliseconds(due),)
        ).fetchall()
    assert [row["run_id"] for row in holders] == [here]
    assert len(told()) == 2


def test_since_when_a_task_is_due_is_the_earliest_that_is_known(
    folder: Path, params: Params
) -> None:
    def since(name: str) -> int:
        with ledger.opened() as connection:
            found = connection.execute("SELECT since FROM tasks WHERE name = ?", (name,))
            return int(found.fetchone()[0])

    with ledger.opened() as connection:
        turns.register(connection, params.schedule)
        connection.execute("UPDATE tasks SET since = 1000")
        connection.execute("UPDATE tasks SET cron = '1 1 * * *' WHERE name = 'retrain'")
    elsewhere(folder / "state")
    with ledger.opened() as connection:
        turns.register(connection, params.schedule)
    carrying.recall([folder / "state"])
    assert since("collect") == 1000
    assert since("retrain") > 1000


def test_what_waits_or_works_is_not_carried_and_not_mixed(folder: Path) -> None:
    run("collect", 0)
    run("collect", 1, ends=False)
    elsewhere(folder / "state")
    assert carrying.recall([folder / "state"]) == 1
    run("retrain", 2, ends=False)
    with pytest.raises(PitchlineError, match="a run waits or works here"):
        carrying.recall([folder / "state"])


def test_emergencies_are_never_forgotten(folder: Path) -> None:
    def entry(day: int) -> dict[str, str]:
        return {"as_of": f"2026-03-0{day}T00:00:00Z", "reason": "drift", "champion": "0" * 12}

    write_json(layout.EMERGENCIES, [entry(2)])
    elsewhere(folder / "monitor")
    write_json(layout.EMERGENCIES, [entry(1)])
    for _ in range(2):
        carrying.recall([folder / "monitor", folder / "nowhere"])
        assert json.loads(layout.EMERGENCIES.read_text()) == [entry(1), entry(2)]


def test_alerts_are_those_of_the_own_folder(folder: Path) -> None:
    alerts.tell("a/mine", "error", "Mine", "It is.")
    elsewhere(folder / "monitor")
    alerts.tell("a/theirs", "error", "Theirs", "It is.")
    elsewhere(folder / "state")
    carrying.recall([folder / "state", folder / "monitor"], own=folder / "monitor")
    assert alerts.is_open("a/mine")
    assert not alerts.is_open("a/theirs")


def test_a_new_run_and_a_new_alert_give_another_hash_and_nothing_gives_the_same(
    folder: Path,
) -> None:
    made = [carrying.keep(folder / "memory")]
    run("collect", 0)
    made += [carrying.keep(folder / "memory"), carrying.keep(folder / "memory")]
    alerts.tell("a/b", "error", "Title", "Text.")
    made += [carrying.keep(folder / "memory"), carrying.keep(folder / "memory")]
    assert made[1] == made[2]
    assert made[3] == made[4]
    assert len(set(made)) == 3


def test_a_damaged_ledger_is_named(folder: Path) -> None:
    (folder / "state").mkdir()
    (folder / "state/ledger.sqlite").write_bytes(b"no database" * 1000)
    with pytest.raises(PitchlineError, match=r"state/ledger\.sqlite: the run ledger is damaged"):
        carrying.recall([folder / "state"])


@pytest.mark.parametrize("content", ["{}", "[1]", '[{"reason": "drift"}]'])
def test_damaged_emergencies_are_named(folder: Path, content: str) -> None:
    (folder / "state").mkdir()
    (folder / "state/emergencies.json").write_text(content)
    with pytest.raises(ArtifactError, match=r"state/emergencies\.json: not a list of retrainings"):
        carrying.recall([folder / "state"])
