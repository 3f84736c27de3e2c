"""The gate before training, as a user of the whole DAG meets it."""

import json
from dataclasses import replace
from datetime import timedelta

from pitchline.collect import archive, store
from tests.dag.workspace import Workspace

FORCED = "train={gate: {force: true}}"


def break_the_last_month(workspace: Workspace) -> None:
    """Archive a newer body of the last season, in which a month's results are missing."""
    raw = workspace.folder / "data/raw/starter"
    last = list(archive.read_archive(raw))[-1]
    season = json.loads(last.body)
    for match in season["matches"]:
        if "2026-04-10" <= match["kick_off"][:10] <= "2026-05-06":
            match["home_goals"] = match["away_goals"] = None
            match["home_xg"] = match["away_xg"] = None
    broken = replace(
        last, body=json.dumps(season).encode(), fetched_at="2026-11-25T00:00:00Z", etag=None
    )
    state = workspace.folder / "data/state/collect"
    with store.opened("starter", raw, state, timedelta(seconds=5)) as opened:
        opened.add(broken, last.key)


def test_bad_data_stop_the_retraining_until_it_is_forced(workspace: Workspace) -> None:
    candidate = workspace.folder / "models/candidate"
    before = {path.name: path.read_bytes() for path in candidate.iterdir()}
    champion = (workspace.folder / "models/champion.json").read_bytes()
    break_the_last_month(workspace)

    refused = workspace.snakemake("retrain", check=False)

    assert refused.returncode == 1
    for text in (
        "quality score 0.000, asked for 0.85",
        "results_on_time",
        "eng-premier-league_2025-26_",
        "starter season eng-premier-league/2025-26",
        "data/raw/starter/",
        "pitchline raw show",
        "train.gate.force: true",
    ):
        assert text in refused.stdout, refused.stdout
    assert {path.name: path.read_bytes() for path in candidate.iterdir()} == before
    assert (workspace.folder / "models/champion.json").read_bytes() == champion

    workspace.snakemake("models/decision.json", "--config", FORCED)

    card = json.loads((candidate / "model.json").read_text())
    assert card["training_data"]["forced"]
    assert not card["training_data"]["passed"]
    assert "results_on_time" in card["training_data"]["failing"]
    gates = json.loads((workspace.folder / "models/decision.json").read_text())
    assert "forced" in json.dumps(gates)
