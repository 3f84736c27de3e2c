"""The stand-in by hand."""

import signal
import subprocess
import sys
from pathlib import Path

import yaml

from tests.conftest import ROOT
from tests.standin import HOSTS
from tests.standin.client import get
from tests.standin.params import HOST_OF_SOURCE


def test_it_serves_until_interrupted(tmp_path: Path) -> None:
    written = tmp_path / "params.yaml"
    command = [
        sys.executable, "-m", "tests.standin", "--port", "0", "--teams", "4",
        "--failures", "server_503", "--write-params", str(written),
    ]  # fmt: skip
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        lines = []
        for line in process.stdout:
            lines.append(line)
            if "Ctrl-C" in line:
                break
        try:
            urls = dict(line.split() for line in lines[: len(HOSTS)])
            assert set(urls) == set(HOSTS)
            assert get(urls["fotmob"] + "/robots.txt").status == 200
            assert get(urls["fotmob"] + "/api/data/leagues?id=47").status == 503
            told = yaml.safe_load(written.read_text(encoding="utf-8"))
            network = told["collect"]["network"]
            for source, host in HOST_OF_SOURCE.items():
                assert network[source]["base_url"] == urls[host]
            assert told["seed"] == yaml.safe_load((ROOT / "params.yaml").read_text())["seed"]
        finally:
            process.send_signal(signal.SIGINT)
        assert process.wait(timeout=10) == 0
