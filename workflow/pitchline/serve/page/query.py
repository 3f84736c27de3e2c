"""Which part of the page is asked for: a team, a date, a competition."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

from pitchline.serve.errors import At, Problem
from pitchline.serve.schemas import DAY
from pitchline.serve.service import Service

FIRST = "#fixtures"
LONGEST = 200


@dataclass(frozen=True)
class Query:
    """A choice of fixtures.

    Attributes:
        teams: slugs that the team's name may mean; none: all teams.
        date: day of the kick-off, UTC.
        competition: slug.
    """

    teams: tuple[str, ...] = ()
    date: dt.date | None = None
    competition: str | None = None

    @property
    def chosen(self) -> bool:
        """Whether it leaves anything out."""
        return self != Query()


def read(service: Service, told: Mapping[str, str]) -> Query:
    """The choice that a query string makes; empty fields of the form and other names say nothing.

    Raises:
        Problem: a team or competition is not known, or the date is none.
    """
    team, day = told.get("team", "").strip(), told.get("date", "").strip()
    competition = told.get("competition", "").strip()
    if len(team) > LONGEST or len(competition) > LONGEST:
        at = At("?team" if len(team) > LONGEST else "?competition", f"at most {LONGEST} letters")
        raise Problem("wrong-value", "A name is too long.", [at])
    return Query(
        teams=service.team(team, "?team") if team else (),
        date=_date(day) if day else None,
        competition=service.competition(competition, "?competition") if competition else None,
    )


def _date(text: str) -> dt.date:
    try:
        if not DAY.fullmatch(text):
            raise ValueError
        return dt.date.fromisoformat(text)
    except ValueError:
        at = At("?date", f"not a date: {text[:100]!r}; write it as 2026-05-24")
        raise Problem("wrong-value", "The date can't be used.", [at]) from None


def link(
    team: str | None = None, day: dt.date | None = None, competition: str | None = None
) -> str:
    """The page of a choice."""
    told = {"team": team, "date": day.isoformat() if day else None, "competition": competition}
    text = urlencode({name: value for name, value in told.items() if value})
    return f"/?{text}{FIRST}" if text else f"/{FIRST}"
