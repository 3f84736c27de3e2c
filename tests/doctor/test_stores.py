"""What the stores look like when they are broken: records, tables, champion, MLflow, backups."""

import contextlib
import hashlib
import http.server
import json
import shutil
import socket
import sqlite3
import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import yaml

from pitchline import layout
from pitchline.backup.store import Store
from pitchline.doctor import ports
from pitchline.doctor.checks import CHECKS, examine
from pitchline.doctor.finding import Finding, Installation
from pitchline.ingest.tables import Conflicts, write_table
from pitchline.params import PARAMS_FILE
from pitchline.train import unsent
from tests.backup.world import NOW as MADE_AT
from tests.backup.world import back_up
from tests.doctor.conftest import NOW, Look, as_json, only
from tests.promote.candidates import promoted
from tests.train.project import pitchline
from tests.train.stores import store_at


def findings(check: str) -> list[Finding]:
    """What a check finds in the current folder."""
    return [named.finding for named in examine(Installation(PARAMS_FILE, {}, NOW), [check])]


# -- what DVC recorded


def record(path: str, content: bytes) -> None:
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    Path(path).write_bytes(content)
    lock = yaml.safe_load(Path("dvc.lock").read_text())
    md5 = hashlib.md5(content, usedforsecurity=False).hexdigest()
    outs = lock["stages"].setdefault("made", {"outs": []})["outs"]
    outs.append({"path": path, "md5": md5, "size": len(content)})
    Path("dvc.lock").write_text(yaml.safe_dump(lock))


def record_folder(path: str, files: int, size: int) -> None:
    lock = yaml.safe_load(Path("dvc.lock").read_text())
    out = {"path": path, "md5": f"{'0' * 32}.dir", "size": size, "nfiles": files}
    lock["stages"].setdefault("made", {"outs": []})["outs"].append(out)
    Path("dvc.lock").write_text(yaml.safe_dump(lock))


def test_recorded_outputs_that_are_missing_or_other(look: Look) -> None:
    record("data/a", b"a")
    record("data/b", b"b")
    Path("data/folder").mkdir()
    Path("data/folder/x").write_bytes(b"xyz")
    record_folder("data/folder", 1, 3)
    assert look("recorded")[0].told == "the 3 outputs of dvc.lock are here"
    Path("data/a").unlink()
    found = only(look("recorded"), "warning")
    assert found.told == "1 of 3 recorded outputs are not here: data/a"
    Path("data/a").write_bytes(b"z")
    assert "not those of dvc.lock: data/a" in only(look("recorded"), "warning").told
    Path("data/a").write_bytes(b"a")
    Path("data/folder/x").write_bytes(b"xyz!")
    assert "not those of dvc.lock: data/folder" in only(look("recorded"), "warning").told


@pytest.mark.parametrize("content", ["[", "stages: 7", "stages: {a: {outs: [{}]}}", "\0"])
def test_a_damaged_record(look: Look, content: str) -> None:
    Path("dvc.lock").write_text(content)
    assert only(look("recorded"), "error").mend == "git checkout dvc.lock"


# -- tables and the raw archive


def test_a_table_that_cannot_be_read(look: Look) -> None:
    write_table(layout.CONFLICTS, Conflicts, Conflicts.empty())
    assert [finding.level for finding in look("tables")] == ["ok"]
    layout.CONFLICTS.write_bytes(layout.CONFLICTS.read_bytes()[:-7])
    assert "conflicts.parquet: not readable" in only(look("tables"), "error").told


def test_a_table_of_another_version(look: Look) -> None:
    pd.DataFrame({"match_id": ["a"]}).to_parquet(layout.CONFLICTS)
    found = only(look("tables"), "error")
    assert "conflicts.parquet: other columns than its model has" in found.told
    assert f"rm {layout.CONFLICTS}" in str(found.mend)


def test_feature_columns_are_named_by_patterns(look: Look, features: pd.DataFrame) -> None:
    layout.FEATURES.parent.mkdir(parents=True)
    features.head().to_parquet(layout.FEATURES, index=False)
    assert [finding.level for finding in look("tables")] == ["ok"]
    features.head().assign(unknown=1.0).to_parquet(layout.FEATURES, index=False)
    assert only(look("tables"), "error").told.endswith(": unknown")


def test_a_raw_archive_that_lacks_a_pack(look: Look) -> None:
    source = layout.RAW / "starter"
    from pitchline.collect import starter

    shutil.copytree(starter.PACKS, source)
    assert look("raw")[0].level == "ok"
    pack = next(source.glob("*/*/*.zst"))
    pack.unlink()
    found = [finding for finding in look("raw") if finding.level == "error"]
    assert str(pack.relative_to(source)) in found[0].told
    (source / "manifest.json").write_text("{")
    assert look("raw")[0].mend == "dvc checkout data/raw"


# -- the champion


def test_the_champions_faults(project: Path) -> None:
    Path(".dvc").mkdir()
    Path(".dvc/config").touch()
    assert only(findings("champion"), "warning").told.endswith("no model was promoted yet")
    first, second = promoted(2)
    assert [finding.level for finding in findings("champion")] == ["ok"]

    decision = layout.DECISION.read_bytes()
    layout.DECISION.write_text(json.dumps(json.loads(decision) | {"champion": first}))
    assert only(findings("champion"), "warning").mend == "pitchline promote agree"
    layout.DECISION.unlink()
    assert "missing or damaged" in only(findings("champion"), "warning").told
    layout.DECISION.write_bytes(decision)

    (layout.CHAMPIONS / first / "model.ubj").write_bytes(b"altered")
    assert first in only(findings("champion"), "warning").told

    shutil.rmtree(layout.CANDIDATE)
    (layout.CHAMPIONS / second / "model.ubj").write_bytes(b"altered")
    shutil.rmtree(layout.CHAMPIONS / first)
    lost, _ = findings("champion")
    assert lost.level == "error"
    assert "backup restore latest --only champions" in str(lost.mend)

    layout.CHAMPION.write_text("{")
    assert only(findings("champion"), "error").told.startswith("models/champion.json: not valid")


# -- MLflow


def test_a_store_that_is_damaged(look: Look) -> None:
    store_at(Path("mlruns/mlflow.db").absolute())
    assert [finding.level for finding in look("mlflow")] == ["ok"]
    Path("mlruns/mlflow.db").write_bytes(b"no database" * 1000)
    found = only(look("mlflow"), "error")
    assert "file is not a database" in found.told
    assert "backup restore" in str(found.mend)


def test_a_store_that_was_copied_from_another_project(
    look: Look, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = Path("mlruns/mlflow.db")
    store_at(path.absolute())
    other = "/somewhere/else/mlruns"
    with contextlib.closing(sqlite3.connect(path)) as database, database:
        database.execute("UPDATE experiments SET artifact_location = ?", (f"file://{other}/1",))
        database.execute(
            "INSERT INTO runs (run_uuid, artifact_uri, experiment_id) VALUES ('a', ?, 0)",
            (f"{other}/artifacts/a/artifacts",),
        )
    found = only(look("mlflow"), "warning")
    assert other in found.told
    assert found.fix is not None
    found.fix()
    own = Path("mlruns").absolute()
    with contextlib.closing(sqlite3.connect(path)) as database:
        assert database.execute("SELECT artifact_location FROM experiments").fetchall() == [
            (f"file://{own}/1",)
        ]
        assert database.execute("SELECT artifact_uri FROM runs").fetchall() == [
            (f"{own}/artifacts/a/artifacts",)
        ]
    assert [finding.level for finding in look("mlflow")] == ["ok"]


def test_runs_that_wait(look: Look) -> None:
    for name in ("000001-aaaaaaaaaaaa", "000002-0123456789ab", ".000003-aaaaaaaaaaaa.1.part"):
        (layout.UNSENT / name).mkdir(parents=True)
    found = only(look("mlflow"), "warning")
    assert found.mend == "pitchline train track --send"
    assert found.told.startswith(f"{len(unsent.entries())} run(s) wait")


def test_a_server_that_is_down(look: Look) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        uri = f"http://user:secret@127.0.0.1:{free.getsockname()[1]}"
    found = only(look("mlflow", MLFLOW_TRACKING_URI=uri), "warning")
    assert "doesn't answer" in found.told
    assert "secret" not in found.told


# -- backups


def test_backups_absent_fresh_old_and_damaged(look: Look) -> None:
    assert only(look("backups"), "warning").mend == "pitchline backup create"
    Path("data/raw").mkdir()
    Path("data/raw/a").write_bytes(b"a")
    store = Store(Path("backups"))
    made = back_up(Path(), store)
    assert look("backups")[0].level == "ok"
    found = only(look("backups", MADE_AT + timedelta(days=5)), "warning")
    assert "5 days old" in found.told
    next((store.folder / "objects").glob("*/*")).unlink()
    damaged, none = look("backups")
    assert damaged.mend == f"pitchline backup verify {made.name}"
    assert (damaged.level, none.level) == ("error", "warning")


# -- ports


@contextlib.contextmanager
def listening(answers: dict[str, bytes]) -> Iterator[int]:
    """A server that answers some paths."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = answers.get(self.path, b"")
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None: ...

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server.server_address[1]
    server.shutdown()
    server.server_close()


def test_ports_free_ours_and_anothers(look: Look, monkeypatch: pytest.MonkeyPatch) -> None:
    service = {"/v1/health": b'{"live": true, "ready": false}', "/health": b"OK"}
    with listening(service) as ours, listening({}) as others, socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        monkeypatch.setattr(ports, "MLFLOW_PORT", ours)
        told = [f.told for f in look("ports", PITCHLINE_SERVE_PORT=str(ours))]
        assert told == [f"the prediction service answers on {ours}", f"MLflow answers on {ours}"]
        monkeypatch.setattr(ports, "MLFLOW_PORT", others)
        found = look("ports", PITCHLINE_SERVE_PORT=str(others))
        assert [finding.level for finding in found] == ["warning", "warning"]
        assert "PITCHLINE_SERVE_PORT=<another>" in str(found[0].mend)
        port = free.getsockname()[1]
        assert look("ports", PITCHLINE_SERVE_PORT=str(port))[0].told.startswith(f"{port} is free")


# -- the command


def test_the_command_tells_all_and_ends_with_1_on_an_error(sound: Path) -> None:
    done = pitchline("doctor", "--json")
    found = as_json(done.stdout)
    assert done.exit_code == 0, found
    assert list(found) == list(CHECKS)
    assert found["parameters"][0]["level"] == "ok"
    PARAMS_FILE.write_text("seed: -1\n")
    done = pitchline("doctor")
    assert done.exit_code == 1
    assert "error    parameters  seed: found -1" in done.stdout
    assert "mend: edit params.yaml" in done.stdout


def test_fix_mends_what_it_can(sound: Path) -> None:
    page = Path("docs/parameters.md")
    whole = page.read_text()
    page.write_text("old")
    done = pitchline("doctor", "--fix")
    assert "wrote docs/parameters.md" in done.stderr
    assert page.read_text() == whole
    assert "ok       pages" in done.stdout


def test_it_runs_where_commands_refuse_to(sound: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    layout.STATE.mkdir()
    (layout.STATE / "environment.json").write_text('{"environment": "prod"}')
    assert "the project is prod's" in pitchline("doctor").stdout
