"""Due times against a plain look at every minute, and what an expression may be."""

from datetime import UTC, datetime, timedelta
from itertools import islice

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pitchline.params import Params
from pitchline.params.schedule import plain_command, plain_cron
from pitchline.schedule import due
from pitchline.schedule.due import due_times, latest_due, missed, next_due, next_dues

MINUTE = timedelta(minutes=1)
START = datetime(2026, 2, 20, tzinfo=UTC)


@st.composite
def field(draw: st.DrawFn, low: int, high: int, last: int = 0) -> tuple[str, set[int]]:
    """A cron field, and the values it stands for; a star goes to the last of all."""
    last = last or high
    kind = draw(st.sampled_from(["star", "step", "one", "list", "range"]))
    every = set(range(low, last + 1))
    if kind == "star":
        return "*", every
    if kind == "step":
        step = draw(st.integers(2, max(2, (high - low) // 2)))
        return f"*/{step}", set(range(low, last + 1, step))
    if kind == "range":
        first, last = sorted((draw(st.integers(low, high)), draw(st.integers(low, high))))
        return f"{first}-{last}", set(range(first, last + 1))
    values = draw(st.sets(st.integers(low, high), min_size=1, max_size=1 if kind == "one" else 3))
    return ",".join(map(str, sorted(values))), values


@st.composite
def expressions(draw: st.DrawFn) -> tuple[str, list[set[int]]]:
    """A cron expression with the values of each field; weekdays count from Sunday, 0."""
    minute, hour, month = draw(field(0, 59)), draw(field(0, 23)), draw(field(1, 12))
    every_day, every_weekday = ("*", set(range(1, 32))), ("*", set(range(7)))
    day, weekday = draw(
        st.one_of(
            st.tuples(field(1, 28, 31), st.just(every_weekday)),
            st.tuples(st.just(every_day), field(0, 6)),
        )
    )
    parts = [minute, hour, day, month, weekday]
    return " ".join(text for text, _ in parts), [values for _, values in parts]


def is_due(moment: datetime, values: list[set[int]]) -> bool:
    minute, hour, day, month, weekday = values
    return (
        moment.minute in minute
        and moment.hour in hour
        and moment.day in day
        and moment.month in month
        and moment.isoweekday() % 7 in weekday
    )


@settings(deadline=None, max_examples=60)
@given(expressions(), st.integers(0, 20 * 1440 * 60), st.integers(0, 14 * 1440))
def test_due_times_are_those_of_a_look_at_every_minute(
    expression: tuple[str, list[set[int]]], begin: int, length: int
) -> None:
    cron, values = expression
    after = START + timedelta(seconds=begin)
    until = after + length * MINUTE
    first = after.replace(second=0) + MINUTE
    minutes = [first + n * MINUTE for n in range(length + 1) if first + n * MINUTE <= until]
    plain = [moment for moment in minutes if is_due(moment, values)]
    assert list(due_times(cron, after, until)) == plain
    found = missed(cron, after, until)
    if not plain:
        assert found is None
        return
    assert found is not None
    assert (found.first, found.latest, found.count) == (plain[0], plain[-1], len(plain))
    assert next_due(cron, after) == plain[0]
    assert latest_due(cron, until) == plain[-1]


@settings(deadline=None)
@given(expressions(), st.datetimes(datetime(2020, 1, 1), datetime(2035, 1, 1)))
def test_the_latest_and_the_next_due_time_have_none_between_them(
    expression: tuple[str, list[set[int]]], moment: datetime
) -> None:
    cron, _ = expression
    at = moment.replace(tzinfo=UTC)
    latest = latest_due(cron, at)
    assert latest <= at < next_due(cron, at)
    assert next_due(cron, latest) == next_due(cron, at)
    assert latest_due(cron, latest) == latest


def test_a_due_time_counts_at_its_very_second() -> None:
    at = datetime(2026, 3, 2, 3, tzinfo=UTC)
    assert latest_due("0 3 * * MON", at) == at
    assert latest_due("0 3 * * MON", at - timedelta(microseconds=1)) == at - timedelta(days=7)
    assert next_due("0 3 * * MON", at) == at + timedelta(days=7)
    assert list(due_times("0 3 * * MON", at, at)) == []


@pytest.mark.parametrize("day", ["2026-03-29", "2026-10-25"])
def test_summer_time_changes_nothing(day: str) -> None:
    start = datetime.fromisoformat(f"{day}T00:00:00+00:00")
    found = list(due_times("30 * * * *", start, start + timedelta(days=1)))
    assert found == [start + timedelta(hours=n, minutes=30) for n in range(24)]


def test_an_endless_absence_is_counted_to_a_bound_and_ends_at_the_present() -> None:
    until = START + timedelta(days=3650)
    found = missed("* * * * *", START, until)
    assert found is not None
    assert found.count == due.MOST_COUNTED
    assert found.latest == until


def test_the_tables_defaults_are_due_when_the_mission_says(params: Params) -> None:
    monday = datetime(2026, 3, 2, tzinfo=UTC)
    found = {
        name: [f"{moment:%a %H:%M}" for moment in islice(due_times(task.cron, monday - MINUTE,
               monday + timedelta(days=7) - MINUTE), 60)]
        for name, task in params.schedule.tasks.items()
    }  # fmt: skip
    days = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]
    assert found["collect"] == [f"{day} 02:00" for day in days]
    assert found["retrain"] == ["Mon 03:00"]
    six = [f"{day} {hour:02}:00" for day in days for hour in (0, 6, 12, 18)]
    assert found["emergency-retrain"] == found["performance"] == six
    four = [f"{day} {hour:02}:00" for day in days for hour in range(0, 24, 4)]
    assert found["data-quality"] == four
    assert len(found["backup"]) == 7
    told = {name: (t.priority, t.limit_minutes) for name, t in params.schedule.tasks.items()}
    assert told.pop("backup")[0] < 5
    assert told == {
        "collect": (5, 60),
        "retrain": (8, 120),
        "emergency-retrain": (9, 30),
        "data-quality": (6, 20),
        "performance": (9, 30),
    }


def test_a_task_that_is_off_has_no_next_due_time(params: Params) -> None:
    schedule = params.schedule
    for name, moment in next_dues(schedule, START).items():
        assert (moment is not None) == schedule.tasks[name].enabled


@pytest.mark.parametrize(
    "cron",
    [
        "0 2 * *",
        "0 0 2 * * *",
        "60 2 * * *",
        "0 24 * * *",
        "0 2 L * *",
        "0 2 * * 5L",
        "0 2 * * MON#1",
        "0 2 1 * MON",
        "0 2 31 2 *",
        "@daily",
        "0 2 * * XYZ",
        "",
        "0 2 * * *; rm",
    ],
)
def test_an_expression_that_engines_read_differently_or_not_at_all_is_refused(cron: str) -> None:
    with pytest.raises(ValueError, match="five cron fields"):
        plain_cron(cron)


@pytest.mark.parametrize("cron", ["0 2 * * *", "*/15 0-6 * JUL MON-FRI", "5,35 * 1 * *"])
def test_a_plain_expression_stands_as_it_is(cron: str) -> None:
    assert plain_cron(cron) == cron


@pytest.mark.parametrize(
    "line",
    [
        "rm -rf data",
        "snakemake",
        "pitchline",
        "snakemake collect; rm x",
        "snakemake $(date)",
        "snakemake 'collect",
        "pitchline monitor quality > out",
        "pitchline a | b",
        "",
    ],
)
def test_a_line_for_a_shell_is_refused(line: str) -> None:
    with pytest.raises(ValueError, match="without a shell's signs"):
        plain_command(line)


def test_what_one_collection_brings_is_not_taken_for_fresh_by_the_next(params: Params) -> None:
    task = params.schedule.tasks["collect"]
    first = next_due(task.cron, datetime(2026, 3, 3, tzinfo=UTC))
    second = next_due(task.cron, first)
    # What the first one brings comes up to its limit later.
    between = second - first - timedelta(minutes=task.limit_minutes)
    for name, source in params.collect.network.items():
        assert timedelta(hours=source.fresh_hours) < between, name
