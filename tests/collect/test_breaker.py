"""A source that refused is left alone, by every process, until the pause is over."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pitchline.collect import clock
from pitchline.collect.breaker import Breaker, Pause
from pitchline.collect.engine import retry_after
from pitchline.collect.source import Answer
from tests.collect._children import Child, Say

NOW = datetime(2026, 5, 8, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


def test_a_source_may_be_asked_until_it_refuses(tmp_path: Path) -> None:
    breaker = Breaker(tmp_path / "source" / "breaker.json")
    assert breaker.pause(NOW) is None
    breaker.close()
    assert breaker.open(NOW, NOW + HOUR, "forbidden") == Pause(NOW + HOUR, "forbidden")
    assert breaker.pause(NOW) == Pause(NOW + HOUR, "forbidden")


def test_a_pause_ends_at_its_moment_or_when_the_source_answers(tmp_path: Path) -> None:
    breaker = Breaker(tmp_path / "breaker.json")
    breaker.open(NOW, NOW + HOUR, "forbidden")
    assert breaker.pause(NOW + HOUR - timedelta(seconds=1)) is not None
    assert breaker.pause(NOW + HOUR) is None
    breaker.close()
    assert breaker.pause(NOW) is None


@pytest.mark.parametrize(
    ("first", "second", "stays"), [(2, 1, "first"), (1, 2, "second"), (1, 1, "first")]
)
def test_the_longest_pause_wins(tmp_path: Path, first: int, second: int, stays: str) -> None:
    breaker = Breaker(tmp_path / "breaker.json")
    breaker.open(NOW, NOW + first * HOUR, "first")
    told = breaker.open(NOW, NOW + second * HOUR, "second")
    assert told == breaker.pause(NOW) == Pause(NOW + max(first, second) * HOUR, stays)


def test_a_pause_that_is_over_is_no_longer_the_longest(tmp_path: Path) -> None:
    breaker = Breaker(tmp_path / "breaker.json")
    breaker.open(NOW, NOW + 2 * HOUR, "old")
    later = NOW + 3 * HOUR
    breaker.open(later, later + HOUR, "new")
    assert breaker.pause(later) == Pause(later + HOUR, "new")


def test_another_process_knows_the_pause(tmp_path: Path) -> None:
    path = tmp_path / "breaker.json"

    def refuse(say: Say) -> None:
        Breaker(path).open(
            NOW, NOW + HOUR, "`challenge` (HTTP 403: Just a moment\N{HORIZONTAL ELLIPSIS})"
        )

    Child(refuse).finish()
    pause = Breaker(path).pause(NOW)
    assert pause == Pause(
        NOW + HOUR, "`challenge` (HTTP 403: Just a moment\N{HORIZONTAL ELLIPSIS})"
    )


JUNK = st.binary(max_size=30) | st.one_of(
    st.recursive(
        st.none() | st.booleans() | st.floats() | st.text(max_size=5) | st.integers(),
        lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner),
        max_leaves=4,
    ),
    st.fixed_dictionaries(
        {"until": st.none() | st.integers() | st.text(max_size=25)}, optional={"reason": st.none()}
    ),
).map(lambda value: json.dumps(value).encode())


@settings(max_examples=60, deadline=None)
@given(content=JUNK)
def test_a_damaged_file_is_no_pause_and_can_be_opened_over(
    tmp_path_factory: pytest.TempPathFactory, content: bytes
) -> None:
    path = tmp_path_factory.mktemp("state") / "breaker.json"
    path.write_bytes(content)
    breaker = Breaker(path)
    assert breaker.pause(NOW) is None
    breaker.open(NOW, NOW + HOUR, "forbidden")
    assert breaker.pause(NOW) == Pause(NOW + HOUR, "forbidden")


# -- how long a server asks to be left alone


def asked_for(text: str | None) -> float | None:
    headers = {} if text is None else {"retry-after": text}
    return retry_after(Answer("http://host", 429, headers, b""), NOW)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("0", 0.0),
        ("120", 120.0),
        (" 7 ", 7.0),
        ("Fri, 08 May 2026 12:01:30 GMT", 90.0),
        ("Fri, 08 May 2026 14:01:30 +0200", 90.0),
        # Without a zone it is read in UTC.
        ("Fri, 08 May 2026 12:01:30", 90.0),
        ("Friday, 08-May-26 12:01:30 GMT", 90.0),
        # What is over asks for nothing.
        ("Fri, 08 May 2026 11:59:00 GMT", 0.0),
        ("Thu, 01 Jan 1970 00:00:00 GMT", 0.0),
    ],
)
def test_seconds_and_dates_are_understood(text: str, seconds: float) -> None:
    assert asked_for(text) == seconds


@pytest.mark.parametrize(
    "text", [None, "", " ", "-5", "1.5", "1e3", "nan", "inf", "soon", "5, 6", "\N{SUPERSCRIPT TWO}"]
)
def test_what_is_neither_asks_for_nothing(text: str | None) -> None:
    assert asked_for(text) is None


@pytest.mark.parametrize(
    "text",
    [
        "999999999",
        "9999999999",
        "9" * 5000,
        "Fri, 08 May 9999 12:01:30 GMT",
        "Fri, 08 May 99999999999 12:01:30 GMT",
        "Fri, 08 May 2026 12:01:30 +99999999999999999999999",
        "Fri, 08 May 2026 99999999999999:01:30 GMT",
    ],
    ids=lambda text: text[:30],
)
def test_an_absurd_time_is_long_or_none(text: str) -> None:
    seconds = asked_for(text)
    assert seconds is None or seconds > 86_400


WORDS = st.sampled_from(
    [
        "Fri,",
        "08",
        "May",
        "2026",
        "12:01:30",
        "GMT",
        "+0200",
        "-",
        "+",
        ",",
        ":",
        "9" * 11,
        "(",
        "é",
    ]
)


@settings(max_examples=300, deadline=None)
@given(text=st.text(max_size=30) | st.lists(WORDS, max_size=8).map(" ".join))
def test_no_header_breaks_the_run(text: str) -> None:
    seconds = asked_for(text)
    assert seconds is None or seconds >= 0


# -- the clock's spelling


@settings(max_examples=100, deadline=None)
@given(
    moment=st.datetimes(
        datetime(1000, 1, 2),
        datetime(9999, 12, 30),
        timezones=st.timezones(),
    )
)
def test_a_spelt_moment_is_the_moment_to_the_second(moment: datetime) -> None:
    spelt = clock.spell(moment)
    assert clock.moment_of(spelt) == moment.astimezone(UTC).replace(microsecond=0)
    assert clock.spell(clock.moment_of(spelt)) == spelt


@settings(max_examples=100, deadline=None)
@given(
    st.lists(st.datetimes(datetime(1000, 1, 1)).map(lambda m: m.replace(tzinfo=UTC)), min_size=2)
)
def test_spellings_sort_as_their_moments(moments: list[datetime]) -> None:
    spelt = [clock.spell(moment) for moment in sorted(moments)]
    assert spelt == sorted(spelt)


@pytest.mark.parametrize(
    "text",
    ["", "2026-05-08", "2026-05-08T00:00:00", "2026-13-01T00:00:00Z", "2026-05-08T00:00:00+00:00"],
)
def test_other_spellings_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"match|day|month"):
        clock.moment_of(text)


def test_the_clock_tells_utc() -> None:
    assert abs(clock.now() - datetime.now(UTC)) < timedelta(seconds=5)
    assert clock.now().utcoffset() == timedelta(0)
