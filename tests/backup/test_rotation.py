from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from pitchline.backup.rotation import kept
from pitchline.params.backup import BackupKeep

START = datetime(2026, 1, 1, tzinfo=UTC)
MOMENTS = st.lists(
    st.integers(0, 400 * 24).map(lambda hours: START + timedelta(hours=hours)), max_size=60
)
COUNTS = st.integers(0, 20)
KEEP = st.builds(BackupKeep, newest=st.integers(1, 20), days=COUNTS, weeks=COUNTS, months=COUNTS)
DAILY = [START + timedelta(days=day, hours=4) for day in range(400)]


def by_rule(moments: list[datetime], now: datetime, keep: BackupKeep) -> set[datetime]:
    """The rule once more, one moment at a time."""
    past = {moment for moment in moments if moment <= now}

    def rank(moment: datetime, form: str) -> int | None:
        """How many younger periods have one; None if a later one is in the same period."""
        own = moment.strftime(form)
        later = [other for other in past if other > moment]
        if any(other.strftime(form) == own for other in later):
            return None
        return len({other.strftime(form) for other in later})

    wanted = set(moments) - past
    for moment in past:
        if len([other for other in past if other > moment]) < keep.newest:
            wanted.add(moment)
        for form, count in (("%Y-%m-%d", keep.days), ("%G-%V", keep.weeks), ("%Y-%m", keep.months)):
            place = rank(moment, form)
            if place is not None and place < count:
                wanted.add(moment)
    return wanted


@settings(max_examples=200, deadline=None)
@given(MOMENTS, st.integers(0, 400), KEEP)
def test_what_stays_is_what_the_rule_says(
    moments: list[datetime], day: int, keep: BackupKeep
) -> None:
    now = START + timedelta(days=day)
    assert kept(moments, now, keep) == by_rule(moments, now, keep)


@settings(deadline=None)
@given(MOMENTS.filter(bool), st.integers(0, 400), KEEP)
def test_the_newest_always_stays(moments: list[datetime], day: int, keep: BackupKeep) -> None:
    assert max(moments) in kept(moments, START + timedelta(days=day), keep)


@settings(deadline=None)
@given(MOMENTS, st.integers(0, 400), KEEP)
def test_letting_go_twice_lets_no_more_go(
    moments: list[datetime], day: int, keep: BackupKeep
) -> None:
    now = START + timedelta(days=day)
    stay = kept(moments, now, keep)
    assert kept(stay, now, keep) == stay


@settings(max_examples=20, deadline=None)
@given(KEEP)
def test_day_by_day_no_more_stay_than_asked_for(keep: BackupKeep) -> None:
    there: set[datetime] = set()
    for moment in DAILY:
        there = kept(there | {moment}, moment, keep)
        assert len(there) <= keep.newest + keep.days + keep.weeks + keep.months
    asked = {moment for moment in DAILY if (DAILY[-1] - moment).days < max(keep.days, keep.newest)}
    assert asked <= there


def test_a_backup_from_the_future_takes_nobodys_place() -> None:
    keep = BackupKeep(newest=1, days=2, weeks=0, months=0)
    now = DAILY[10]
    future = [now + timedelta(days=300), now + timedelta(days=301)]
    assert kept([*DAILY[:11], *future], now, keep) == {*DAILY[9:11], *future}


def test_a_year_of_days_leaves_days_weeks_and_months() -> None:
    keep = BackupKeep(newest=3, days=14, weeks=8, months=12)
    there: set[datetime] = set()
    for moment in DAILY:
        there = kept(there | {moment}, moment, keep)
    months = {(moment.year, moment.month) for moment in there}
    assert len(months) == 12
    assert 25 <= len(there) <= 34
