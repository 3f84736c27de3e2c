"""The stand-in by hand: ``python -m tests.standin``."""

import argparse
import signal
import threading
from pathlib import Path

from tests.standin.failures import MIXED, Failure
from tests.standin.params import point_params_at
from tests.standin.server import HOSTS, LEAGUES, StandIn
from tests.standin.simulate import COMPETITIONS


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m tests.standin", description="Serve simulated seasons as every source would."
    )
    add = parser.add_argument
    add("--seed", type=int, default=1, help="of the simulated world")
    add("--port", type=int, default=8700, help="of the first host; the others follow")
    add("--teams", type=int, default=20, help="clubs of each league, an even number")
    add("--now", default="2026-02-01T00:00:00Z", help="the moment the hosts live in")
    add("--seasons", nargs="*", help="such as 2024-25 2025-26; the last two by default")
    add("--leagues", nargs="*", default=LEAGUES, help=f"of {', '.join(COMPETITIONS)}")
    add("--vintage", default="2026", help="the year whose shapes FotMob serves")
    add("--failures", default="none",
        help=f"none, mixed, or one of: {', '.join(f.name.lower() for f in Failure)}")  # fmt: skip
    add("--recordings", type=Path, help="a folder of recorded bodies to serve where they answer")
    add("--clubs", type=Path, help="a file of club names for the first league, one a line")
    add("--log", type=Path, help="write every request to this file, one JSON object a line")
    add("--params", type=Path, default=Path("params.yaml"), help="what --write-params starts from")
    add("--write-params", type=Path, help="write parameters that point at the stand-in")
    return parser.parse_args()


def main() -> None:
    """Serve until interrupted."""
    args = _arguments()
    names = args.clubs.read_text(encoding="utf-8").split("\n")[: args.teams] if args.clubs else None
    standin = StandIn(
        seed=args.seed, now=args.now, seasons=args.seasons, teams=args.teams,
        vintage=args.vintage, recordings=args.recordings, log_to=args.log, port=args.port,
        club_names=names, leagues=args.leagues,
    )  # fmt: skip
    for number, host in enumerate(HOSTS):
        if args.failures == "mixed":
            standin.fail_at_random(host, MIXED, seed=args.seed + number)
        elif args.failures != "none":
            standin.fail(host, [Failure[args.failures.upper()]], repeat=True)
    stopped = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopped.set())
    with standin:
        for host in HOSTS:
            print(f"{host:20} {standin.base_url(host)}", flush=True)
        if args.write_params:
            text = args.params.read_text(encoding="utf-8")
            args.write_params.write_text(point_params_at(standin, text), encoding="utf-8")
            print(f"parameters in {args.write_params}", flush=True)
        print("Ctrl-C stops it.", flush=True)
        stopped.wait()


if __name__ == "__main__":
    main()
