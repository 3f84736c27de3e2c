"""Pointing the project's params.yaml at the stand-in."""

import yaml

from tests.standin.server import StandIn

# Which host each source of the project asks.
HOST_OF_SOURCE = {
    "fotmob_fixtures": "fotmob",
    "fotmob_details": "fotmob",
    "fbref": "fbref",
    "openfootball": "openfootball",
    "football_data_org": "football_data_org",
    "openligadb": "openligadb",
    "football_data_co_uk": "football_data_co_uk",
}


def point_params_at(standin: StandIn, text: str) -> str:
    """Parameters whose sources are asked at the stand-in; comments get lost."""
    params = yaml.safe_load(text)
    network = params.setdefault("collect", {}).setdefault("network", {})
    for source, host in HOST_OF_SOURCE.items():
        settings = network.get(source) or {}
        network[source] = {**settings, "base_url": standin.base_url(host)}
    return yaml.safe_dump(params, sort_keys=False, allow_unicode=True)
