"""What the routes share: the champion, the tables, the names, the settings."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

import numpy as np

from pitchline import clock
from pitchline.serve.challenge import Contest
from pitchline.serve.errors import At, Problem
from pitchline.serve.measure import Measures
from pitchline.serve.names import Names
from pitchline.serve.settings import Settings
from pitchline.serve.tables import Tables


class Model(Protocol):
    """A loaded model, as ``engine.Served`` is one."""

    @property
    def version(self) -> str: ...  # noqa: D102
    @property
    def reads(self) -> tuple[str, ...]: ...  # noqa: D102
    @property
    def card(self) -> dict[str, Any]: ...  # noqa: D102
    @property
    def metrics(self) -> dict[str, Any]: ...  # noqa: D102
    @property
    def decision(self) -> dict[str, Any]: ...  # noqa: D102
    @property
    def as_of(self) -> str: ...  # noqa: D102
    @property
    def loaded_at(self) -> Any: ...  # noqa: D102

    def predict(self, table: np.ndarray) -> np.ndarray:
        """Probabilities of H, D and A, shape (rows, 3), of rows of shape (rows, reads)."""
        ...


class Champion(Protocol):
    """The model that serves, as ``swap.Champion`` keeps it."""

    @property
    def current(self) -> Model: ...  # noqa: D102
    @property
    def refused(self) -> list[dict[str, Any]]: ...  # noqa: D102
    def start(self) -> None: ...  # noqa: D102
    def stop(self) -> None: ...  # noqa: D102


@dataclass(frozen=True)
class Service:
    """All that an answer is made from."""

    settings: Settings
    champion: Champion
    tables: Tables
    names: Names
    measures: Measures
    contest: Contest = field(default_factory=lambda: Contest(Measures()))

    def data_as_of(self, model: Model) -> datetime:
        """The moment up to which the data know results: the predictions', else the model's."""
        return self.tables.predictions.as_of or parsed(model.as_of)

    def now(self, model: Model) -> datetime:
        """The moment before which a kick-off is past."""
        return clock.now() if self.settings.by_wall else self.data_as_of(model)

    def team(self, text: str, pointer: str) -> tuple[str, ...]:
        """Slugs that a team's name or slug may mean.

        Raises:
            Problem: nobody is called so.
        """
        found = self.names.meant(text)
        if not found:
            raise Problem(
                "unknown-team", "A team's name is not known.", [self.no_team(text, pointer)]
            )
        return found

    def no_team(self, text: str, pointer: str) -> At:
        """The fault of an unknown team, with those it may mean."""
        return At(pointer, f"no team is called {text[:100]!r}", self.names.like(text))

    def competition(self, text: str, pointer: str) -> str:
        """A competition's slug.

        Raises:
            Problem: there is no such competition.
        """
        if text not in self.names.competitions:
            at = At(
                pointer,
                f"no competition has the slug {text[:100]!r}",
                self.names.competitions_like(text),
            )
            raise Problem("unknown-competition", "A competition is not known.", [at])
        return text


def parsed(moment: str) -> datetime:
    """An ISO moment; UTC where it tells no zone."""
    read = datetime.fromisoformat(moment)
    return read.replace(tzinfo=UTC) if read.tzinfo is None else read.astimezone(UTC)


def age_seconds(moment: datetime) -> float:
    """Seconds since a moment by the wall's clock, 0 where it is still to come."""
    return max((clock.now() - moment) / timedelta(seconds=1), 0.0)
