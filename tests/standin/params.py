"""Pointing the project's params.yaml at the stand-in."""

from typing import Any

from tests.standin.server import StandIn
from tests.yaml_text import parsed, spelt_out

# Which host each source of the project asks.
HOST_OF_SOURCE = {
    "fotmob_fixtures": "fotmob",
    "fotmob_details": "fotmob",
    "fbref": "fbref",
    "openfootball": "openfootball",
    "football_data_org": "football_data_org",
    "openligadb": "openligadb",
    "football_data_co_uk": "football_data_co_uk",
    "football_datasets": "football_datasets",
}
# Nobody's terms stand against asking a server of one's own.
ACKNOWLEDGEMENT = {
    "right": "the stand-in on this machine is our own",
    "covers_machine_learning": True,
    "covers_robots_txt": True,
}


def point_params_at(standin: StandIn, text: str, seconds_between_requests: float = 0.05) -> str:
    """Parameters whose sources are asked at the stand-in, all switched on; comments get lost."""
    params: dict[str, Any] = parsed(text)
    params["as_of"] = f"{standin.now:%Y-%m-%dT%H:%M:%SZ}"
    collect = params["collect"]
    collect["sources"] = list(HOST_OF_SOURCE)
    collect["seasons"] = list(standin.world.seasons)
    collect["competitions"] = list(standin.world.leagues)
    for source, host in HOST_OF_SOURCE.items():
        collect["network"][source] |= {
            "base_url": standin.base_url(host),
            "seconds_between_requests": seconds_between_requests,
            "acknowledgement": ACKNOWLEDGEMENT,
        }
    return spelt_out(params)
