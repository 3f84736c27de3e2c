"""Let days go by in minutes: a small league, all stages, the schedule, the service, a fault a day.

    python benchmarks/sixty_days.py DIR [--days 60] [--seed 1] [--full]

DIR is a fresh folder; where root runs this, it gets a disk of its own, so that it can be full.
The clock of all processes is moved to shortly before each due time; while anything is at work it
goes at its own pace. Missed, doubled and open runs are counted from the ledger and the table.
"""

import argparse
import json
import signal
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "workflow")]

from tests.days.whole import days_in  # noqa: E402

# The product's table with fewer looks a day: each costs seconds of this machine.
THINNED = {
    "backup": "0 1 * * *",
    "collect": "0 2 * * *",
    "retrain": "0 3 * * MON",
    "data-quality": "0 4 * * *",
    "performance": "0 6 */2 * *",
    "emergency-retrain": "0 12 */2 * *",
}
FULL = {
    "backup": "0 1 * * *",
    "collect": "0 2 * * *",
    "retrain": "0 3 * * MON",
    "data-quality": "0 */4 * * *",
    "performance": "0 */6 * * *",
    "emergency-retrain": "0 */6 * * *",
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--days", type=int, default=60)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--full", action="store_true", help="the product's own due times")
    parser.add_argument("--megabytes", type=int, default=3000, help="of the folder's own disk")
    parser.add_argument("--faults", nargs="*", help="these, one a day, instead of all in turn")
    parser.add_argument("--json", type=Path, help="write the figures there")
    told = parser.parse_args()
    # Whoever ends this ends what it has started.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as aside:
        figures = days_in(
            told.folder, Path(aside) / "clock", told.days, told.seed,
            FULL if told.full else THINNED, megabytes=told.megabytes, faults=told.faults,
        )  # fmt: skip
    figures["seconds"]["all"] = round(time.monotonic() - began)
    if told.json:
        told.json.write_text(json.dumps(figures, indent=2), encoding="utf-8")
    show(figures)


def show(figures: dict[str, Any]) -> None:
    print("\n| fault | times | longest recovery (min) | not recovered |\n|---|---|---|---|")
    by_name: dict[str, list[float | None]] = {}
    for each in figures["faults"]:
        by_name.setdefault(each["fault"], []).append(each["recovery_minutes"])
    for name, minutes in sorted(by_name.items()):
        known = [each for each in minutes if each is not None]
        longest = f"{max(known):.1f}" if known else ""
        print(f"| {name} | {len(minutes)} | {longest} | {len(minutes) - len(known)} |")
    alerts = figures["alerts"]
    print(
        f"\n{figures['days']} days, {figures['due']} due times: {figures['once']} answered once, "
        f"{len(figures['missed'])} missed, {len(figures['doubled'])} doubled, "
        f"{len(figures['open'])} open\n"
        f"service: {figures['availability']:.5f} of {figures['polls']} questions answered 200; "
        f"{figures['models_served']} champions served\n"
        f"alerts: {alerts['raised']} raised, {alerts['recovered']} recovered, "
        f"{alerts['messages']} messages, {alerts['waiting']} waiting; open: {alerts['open']}\n"
        f"start delays (s): {figures['start_delays']}\nruns: {figures['runs']}\n"
        f"seconds by task: {figures['run_seconds']}\narchive: {figures['archive']}\n"
        f"end: {figures['end']}\nseconds: {figures['seconds']}"
    )
    for name in ("missed", "doubled", "open", "polls_failed"):
        for each in figures[name]:
            print(f"{name}: {each}")


if __name__ == "__main__":
    main()
