"""Requests to one host keep their distance, whoever sends them and whatever happens."""

import itertools
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pitchline.collect.limiter import POLL_SECONDS, HostLimiter, OutOfTime
from tests.collect._children import Child, Say

NEVER = float("inf")
# The state is kept to a millionth of a second.
ROUNDING = 2e-6
# What one may hold back for others who have waited longer.
COURTESY = POLL_SECONDS + ROUNDING


class Time:
    """A clock that only moves when someone sleeps, or sets it."""

    def __init__(self, now: float = 1_800_000_000.0) -> None:
        self.now = now
        self.slept: list[float] = []

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        assert seconds > 0
        self.slept.append(seconds)
        assert len(self.slept) < 200, "it waits for ever"
        self.now += seconds


def limiter(path: Path, seconds: float, clock: Time) -> HostLimiter:
    return HostLimiter(path, seconds, clock, clock.sleep)


def send(host: HostLimiter, clock: Time, takes: float = 0.0, latest: float = NEVER) -> float:
    with host.turn(latest):
        sent = clock.now
        clock.now += takes
    return sent


def test_the_first_request_goes_at_once_and_each_next_after_the_spacing(tmp_path: Path) -> None:
    clock = Time()
    host = limiter(tmp_path / "deep" / "host.json", 3.0, clock)
    sent = [send(host, clock) for _ in range(4)]
    assert [moment - sent[0] for moment in sent] == pytest.approx([0, 3, 6, 9], abs=3 * COURTESY)
    clock.now += 100
    before = len(clock.slept)
    send(host, clock)
    assert len(clock.slept) == before


def test_the_spacing_counts_from_the_end_of_a_request(tmp_path: Path) -> None:
    clock = Time()
    host = limiter(tmp_path / "host", 3.0, clock)
    first = send(host, clock, takes=2.0)
    assert send(host, clock) - first >= 5.0 - ROUNDING


def test_a_request_that_failed_counts(tmp_path: Path) -> None:
    clock = Time()
    host = limiter(tmp_path / "host", 3.0, clock)
    with pytest.raises(RuntimeError), host.turn(NEVER):
        clock.now += 1.0
        raise RuntimeError
    failed = clock.now
    assert send(host, clock) - failed >= 3.0 - ROUNDING


def test_the_spacing_survives_a_restart_and_hosts_are_apart(tmp_path: Path) -> None:
    clock = Time()
    first = send(limiter(tmp_path / "host", 3.0, clock), clock)
    assert send(limiter(tmp_path / "other", 3.0, clock), clock) == first
    assert send(limiter(tmp_path / "host", 3.0, clock), clock) - first >= 3.0 - ROUNDING


def test_a_turn_that_would_come_too_late_is_not_taken(tmp_path: Path) -> None:
    clock = Time()
    host = limiter(tmp_path / "host", 10.0, clock)
    first = send(host, clock)
    state = (tmp_path / "host").read_bytes()
    with pytest.raises(OutOfTime):
        send(host, clock, latest=first + 9)
    assert (tmp_path / "host").read_bytes() == state
    assert sum(clock.slept) <= 9
    # Whoever has more time isn't put off by the one who gave up.
    assert send(host, clock, latest=first + 11) - first == pytest.approx(10, abs=COURTESY)


def test_no_time_at_all_is_told_without_waiting(tmp_path: Path) -> None:
    clock = Time()
    host = limiter(tmp_path / "host", 10.0, clock)
    send(host, clock)
    with pytest.raises(OutOfTime):
        send(host, clock, latest=clock.now - 1)
    assert clock.slept == []


def test_a_host_that_may_be_asked_at_any_pace_never_waits(tmp_path: Path) -> None:
    clock = Time()
    host = limiter(tmp_path / "host", 0.0, clock)
    for _ in range(5):
        send(host, clock)
    assert clock.slept == []


def test_a_clock_that_was_set_back_makes_no_one_wait_for_hours(tmp_path: Path) -> None:
    clock = Time()
    host = limiter(tmp_path / "host", 5.0, clock)
    send(host, clock)
    clock.now -= 86_400
    moments = [send(host, clock, latest=clock.now + 60) for _ in range(3)]
    assert sum(clock.slept) <= 4 * 5.0
    gaps = [b - a for a, b in itertools.pairwise(moments)]
    assert min(gaps) >= 5.0 - ROUNDING


def test_a_clock_set_back_during_the_wait_does_not_stretch_it(tmp_path: Path) -> None:
    clock = Time()
    host = HostLimiter(tmp_path / "host", 5.0, clock, lambda s: (clock.sleep(s), back()))
    send(host, clock)
    jumps = iter([3600.0])

    def back() -> None:
        clock.now -= next(jumps, 0.0)

    send(host, clock)
    assert sum(clock.slept) <= 3 * 5.0


@pytest.mark.parametrize(
    "state",
    [
        b"",
        b"{",
        b"[]",
        b"nan",
        b"inf",
        b"-inf",
        b"1e999",
        b"\xff\xfe\x00",
        b"\x00" * 64,
        b"x" * 5000,
        b'{"next": 1e12, "sent": 1e12}',
        b"9" * 400,
    ],
    ids=lambda state: repr(state[:12]),
)
def test_a_damaged_state_is_as_good_as_none_once(tmp_path: Path, state: bytes) -> None:
    (tmp_path / "host").write_bytes(state)
    clock = Time()
    host = limiter(tmp_path / "host", 5.0, clock)
    sent = [send(host, clock, latest=clock.now + 60) for _ in range(3)]
    assert sent[0] - 1_800_000_000.0 <= 5.0 + COURTESY
    gaps = [b - a for a, b in itertools.pairwise(sent)]
    assert gaps == pytest.approx([5.0, 5.0], abs=COURTESY)


@settings(max_examples=60, deadline=None)
@given(
    spacing=st.floats(0.01, 60),
    steps=st.lists(
        st.tuples(st.floats(0, 100), st.floats(0, 20), st.sampled_from([5.0, 50.0, NEVER])),
        max_size=12,
    ),
)
def test_no_two_requests_are_closer_than_the_spacing(
    tmp_path_factory: pytest.TempPathFactory,
    spacing: float,
    steps: list[tuple[float, float, float]],
) -> None:
    clock = Time()
    path = tmp_path_factory.mktemp("host") / "host"
    ended = None
    for passed, takes, patience in steps:
        clock.now += passed
        latest = clock.now + patience
        try:
            sent = send(limiter(path, spacing, clock), clock, takes, latest)
        except OutOfTime:
            assert clock.now <= latest
            assert ended is not None
            assert ended + spacing > latest - COURTESY
            continue
        assert sent <= latest
        assert ended is None or sent - ended >= spacing - ROUNDING
        ended = clock.now


# -- real processes


def requests_of(path: Path, spacing: float, count: int) -> Child:
    """A process that waits for a sign and then sends so many requests, telling each."""
    sign = path.with_name("go")

    def work(say: Say) -> None:
        host = HostLimiter(path, spacing)
        say("ready")
        while not sign.exists():
            time.sleep(0.005)
        for _ in range(count):
            with host.turn(NEVER):
                began = time.time()
                time.sleep(0.002)
                ended = time.time()
            say(f"{began!r} {ended!r}")

    return Child(work)


def test_three_processes_keep_the_spacing_and_none_starves(tmp_path: Path) -> None:
    spacing, count = 0.05, 10
    children = [requests_of(tmp_path / "host", spacing, count) for _ in range(3)]
    for child in children:
        assert child.line() == "ready"
    (tmp_path / "go").touch()
    began = time.time()
    each = [[tuple(map(float, line.split())) for line in child.finish()] for child in children]
    took = time.time() - began
    assert [len(one) for one in each] == [count] * 3
    requests = sorted(itertools.chain(*each))
    gaps = [later[0] - earlier[1] for earlier, later in itertools.pairwise(requests)]
    assert min(gaps) >= spacing - ROUNDING
    # No one waits until the others have ended.
    first_end = min(one[-1][1] for one in each)
    assert all(sum(request[0] < first_end for request in one) >= 2 for one in each)
    # And the host isn't left idle for long.
    assert took < 30 * spacing * 6


def test_a_killed_holder_keeps_no_one_waiting_but_its_request_counts(tmp_path: Path) -> None:
    path, spacing = tmp_path / "host", 0.7

    def hold(say: Say) -> None:
        with HostLimiter(path, spacing).turn(NEVER):
            say(f"{time.time()!r}")
            time.sleep(20)

    holder = Child(hold)
    held_from = float(holder.line())
    with pytest.raises(OutOfTime), HostLimiter(path, spacing).turn(time.time() + 0.2):
        pass
    holder.kill()
    holder.wait()
    with HostLimiter(path, spacing).turn(time.time() + 5):
        # It marks its turn right before it begins.
        assert time.time() - held_from >= spacing - 0.1
