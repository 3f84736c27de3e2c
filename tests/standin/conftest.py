"""Stand-ins the tests of the stand-in share."""

from collections.abc import Iterator

import pytest

from tests.standin import StandIn


@pytest.fixture(scope="module")
def shared_standin() -> Iterator[StandIn]:
    """A small world, one for a module: healed and forgetful before each test by ``standin``."""
    with StandIn(teams=8, now="2026-02-07T16:30:00Z") as running:
        yield running


@pytest.fixture
def standin(shared_standin: StandIn) -> StandIn:
    """The module's stand-in, as new."""
    shared_standin.heal()
    shared_standin.requests.clear()
    shared_standin.now = "2026-02-07T16:30:00Z"
    return shared_standin
