"""How often the comparison of champion and challenger errs, and how soon it sees who is better.

Simulated worlds in which two models see the truth through noise; someone looks after every match.
"""

import sys
from math import log
from pathlib import Path

import numpy as np

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "workflow")]

from pitchline.params import load  # noqa: E402
from pitchline.promote.sequential import running_log_evidence  # noqa: E402
from tests.promote.simulated import BOUND, looked_at_once, simulated  # noqa: E402

WORLDS_AT_ONCE, EQUAL_WORLDS, EQUAL_MATCHES = 250, 2000, 2000
BETTER_WORLDS, BETTER_MATCHES = 150, 3000
CHALLENGER, CHAMPIONS = 0.1, (0.2, 0.25, 0.3, 0.35, 0.5)
FIRST_LOOK = 100


def equally_good(needed: float) -> None:
    told, usual = 0, 0
    for seed in range(EQUAL_WORLDS // WORLDS_AT_ONCE):
        bounded, unbounded = simulated(WORLDS_AT_ONCE, EQUAL_MATCHES, (0.15, 0.15), 100 + seed)
        best = np.maximum(
            running_log_evidence(bounded, BOUND), running_log_evidence(-bounded, BOUND)
        )
        told += int((best >= needed).any(axis=1).sum())
        usual += int(looked_at_once(unbounded)[:, FIRST_LOOK:].any(axis=1).sum())
    print(
        f"equally good, {EQUAL_WORLDS:,} worlds of {EQUAL_MATCHES:,} matches: one was ever "
        f"preferred in {told / EQUAL_WORLDS:.1%}; by the usual test of one look from match "
        f"{FIRST_LOOK} on in {usual / EQUAL_WORLDS:.0%}"
    )


def better(needed: float) -> None:
    print(f"challenger better, {BETTER_WORLDS} worlds of {BETTER_MATCHES:,} matches:")
    print("| gain, nats | deviation | found | median matches | one look needs, for 80 % |")
    print("|---|---|---|---|---|")
    for champion in CHAMPIONS:
        bounded, unbounded = simulated(
            BETTER_WORLDS, BETTER_MATCHES, (champion, CHALLENGER), seed=7
        )
        enough = running_log_evidence(bounded, BOUND) >= needed
        found = enough.any(axis=1)
        first = np.where(found, enough.argmax(axis=1) + 1.0, np.inf)
        gain, spread = unbounded.mean(), unbounded.std()
        print(
            f"| {gain:.4f} | {spread:.2f} | {found.mean():.0%} | {np.median(first):,.0f} "
            f"| {7.85 * spread**2 / gain**2:,.0f} |"
        )


def main() -> None:
    level = load(ROOT / "params.yaml").challenge.level
    needed = log(2 / (1 - level))
    equally_good(needed)
    better(needed)


if __name__ == "__main__":
    main()
