"""The routes of params.yaml and the environment: which addresses there are."""

from collections.abc import Mapping

from pitchline.alerts.planning import Address
from pitchline.alerts.record import secrets_of, urls_of
from pitchline.params.alerts import Alerts


def addresses(params: Alerts, environment: Mapping[str, str]) -> list[Address]:
    """The addresses of all configured routes; a route's second URL is ``chat/2``, and so on."""
    return [
        Address(
            name=name if number == 0 else f"{name}/{number + 1}",
            variable=route.urls_from,
            number=number,
            minimum=route.minimum_severity,
            quiet=route.quiet_hours,
            environments=None
            if route.only_environments is None
            else tuple(route.only_environments),
        )
        for name, route in params.routes.items()
        for number in range(len(urls_of(route.urls_from, environment)))
    ]


def route_of(address: Address) -> str:
    """The name of an address's route."""
    return address.name.partition("/")[0]


def hidden_of(params: Alerts, environment: Mapping[str, str]) -> list[str]:
    """What no message and no line may show, the longest first."""
    urls = {url for each in params.routes.values() for url in urls_of(each.urls_from, environment)}
    return sorted(urls | set(secrets_of(environment)), key=lambda text: (-len(text), text))
