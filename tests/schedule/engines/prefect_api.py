"""A Prefect server's HTTP API, as its own page uses it."""

import http.client
import json
import time
from typing import Any

ENDED = {"COMPLETED", "FAILED", "CRASHED", "CANCELLED"}
BUSY, BUSY_SECONDS = 503, 60.0


class Api:
    """The API of a server on a port of this machine."""

    def __init__(self, port: int) -> None:
        self.port = port

    def post(self, path: str, body: dict[str, Any]) -> Any:
        return self._ask("POST", path, json.dumps(body))

    def get(self, path: str) -> Any:
        return self._ask("GET", path, None)

    def _ask(self, method: str, path: str, body: str | None) -> Any:
        """As Prefect's own client: asked again while the server's database is locked (503)."""
        until = time.monotonic() + BUSY_SECONDS
        while True:
            status, content = self._answer(method, path, body)
            if status != BUSY or time.monotonic() > until:
                assert status < 300, content
                return json.loads(content)
            time.sleep(0.5)

    def _answer(self, method: str, path: str, body: str | None) -> tuple[int, bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            connection.request(method, f"/api{path}", body, {"Content-Type": "application/json"})
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()

    def deployments(self) -> dict[str, dict[str, Any]]:
        """Every deployment, by its flow's name."""
        names = {each["id"]: each["name"] for each in self.post("/flows/filter", {})}
        return {names[each["flow_id"]]: each for each in self.post("/deployments/filter", {})}

    def start(self, task: str, **parameters: Any) -> str:
        """Start a run of a task's deployment by hand; gives its id."""
        deployment = self.deployments()[task]["id"]
        path = f"/deployments/{deployment}/create_flow_run"
        run: str = self.post(path, {"parameters": parameters})["id"]
        return run

    def state(self, run: str) -> str:
        found: str = self.get(f"/flow_runs/{run}")["state"]["type"]
        return found

    def cancel(self, run: str) -> None:
        self.post(f"/flow_runs/{run}/set_state", {"state": {"type": "CANCELLING"}})

    def logs(self, run: str) -> list[str]:
        told = self.post("/logs/filter", {"logs": {"flow_run_id": {"any_": [run]}}})
        return [line["message"] for line in told]
