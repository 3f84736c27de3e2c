"""Workflows of GitHub run here: their scripts by bash, their conditions by GitHub's rules.

Each job gets an empty folder and the caches of the runs before it, as a hosted runner does. What
the product calls of GitHub is a stand-in that holds every job to the rights it was given: `gh`
with its issues and dispatches, and the few actions that are used.
"""

import fnmatch
import hashlib
import json
import os
import re
import shutil
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

GH = r"""#!/usr/bin/env python3
import json, os, shutil, subprocess, sys
from pathlib import Path

words = sys.argv[1:]
state = Path(os.environ["GH_STATE"])
told = json.loads(state.read_text())

def option(name):
    return words[words.index(name) + 1]

def need(right):
    if not os.environ.get("GH_TOKEN") or json.loads(os.environ["GH_RIGHTS"]).get(right) != "write":
        sys.exit(f"HTTP 403: the token has no {right}: write")

told["calls"].append(words)
match words[:2]:
    case ["issue", "list"]:
        need("issues")
        open_ones = [each for each in told["issues"] if each["open"]]
        query = option("--jq")
        if shutil.which("jq"):
            found = subprocess.run(["jq", "-r", query], input=json.dumps(open_ones), text=True,
                                   capture_output=True, check=True)
            print(found.stdout, end="")
        else:
            assert ".title == env.TITLE and .author.is_bot" in query
            found = [each["number"] for each in open_ones
                     if each["title"] == os.environ["TITLE"] and each["author"]["is_bot"]]
            print(*found[:1])
    case ["issue", "create"]:
        need("issues")
        told["issues"].append({"number": len(told["issues"]) + 1, "title": option("--title"),
                               "open": True, "author": {"is_bot": True},
                               "said": [option("--body")]})
    case ["issue", "comment" | "close" as what]:
        need("issues")
        issue = told["issues"][int(words[2]) - 1]
        issue["said"].append(option("--body" if what == "comment" else "--comment"))
        issue["open"] = what == "comment"
    case ["workflow", "run"]:
        need("actions")
        inputs = [words[at + 1] for at, word in enumerate(words) if word == "-f"]
        told["dispatches"].append({"workflow": words[2], "ref": option("--ref"),
                                   "inputs": dict(each.split("=", 1) for each in inputs)})
    case _:
        sys.exit(f"unknown: {words}")
state.write_text(json.dumps(told))
"""
TOKENS = re.compile(
    r"\s*(?:(?P<text>'(?:[^']|'')*')|(?P<number>\d+)|(?P<sign>&&|\|\||==|!=|!|\(|\)|,)"
    r"|(?P<name>[A-Za-z_][\w-]*(?:\.[\w*-]+)*))"
)
STATUS = re.compile(r"\b(?:success|failure|always|cancelled)\s*\(")


class Expression:
    """GitHub's expressions, as far as the workflows use them."""

    def __init__(self, text: str, context: Mapping[str, Any], functions: Mapping[str, Any]) -> None:
        self._context, self._functions = context, functions
        self._tokens: list[tuple[str, str]] = []
        at = 0
        while text[at:].strip():
            found = TOKENS.match(text, at)
            assert found, f"not understood: {text[at:]}"
            kind = found.lastgroup or ""
            self._tokens.append((kind, found[kind]))
            at = found.end()

    def value(self) -> Any:
        """What it comes to; operands are looked up whether they count or not."""
        found = self._either()
        assert not self._tokens, self._tokens
        return found

    def _sign(self, *signs: str) -> str | None:
        if self._tokens and self._tokens[0][0] == "sign" and self._tokens[0][1] in signs:
            return self._tokens.pop(0)[1]
        return None

    def _either(self) -> Any:
        found = self._both()
        while self._sign("||"):
            other = self._both()
            found = found or other
        return found

    def _both(self) -> Any:
        found = self._equal()
        while self._sign("&&"):
            other = self._equal()
            found = found and other
        return found

    def _equal(self) -> Any:
        found = self._single()
        while sign := self._sign("==", "!="):
            is_same = same(found, self._single())
            found = is_same if sign == "==" else not is_same
        return found

    def _single(self) -> Any:
        if self._sign("!"):
            return not self._single()
        if self._sign("("):
            found = self._either()
            assert self._sign(")")
            return found
        kind, text = self._tokens.pop(0)
        if kind == "text":
            return text[1:-1].replace("''", "'")
        if kind == "number":
            return int(text)
        assert kind == "name", (kind, text)
        if self._sign("("):
            values = []
            while not self._sign(")"):
                values.append(self._either())
                self._sign(",")
            return self._functions[text](*values)
        if text in ("true", "false"):
            return text == "true"
        found = self._context
        for part in text.split("."):
            found = found.get(part) if isinstance(found, Mapping) else None
        return found


def same(one: Any, other: Any) -> bool:
    """GitHub's ``==``: texts without regard to case, values of two kinds as numbers."""
    if isinstance(one, str) and isinstance(other, str):
        return one.lower() == other.lower()
    if type(one) is type(other):
        return bool(one == other)

    def number(value: Any) -> float:
        if value is None or value == "":
            return 0.0
        try:
            return float(value)
        except ValueError:
            return float("nan")

    return number(one) == number(other)


@dataclass
class Job:
    """A job that ran.

    Attributes:
        result: success, failure or skipped.
        steps: outcome and outputs by id, or by name for a step without an id.
        said: what its scripts printed.
    """

    result: str
    outputs: dict[str, str] = field(default_factory=dict)
    steps: dict[str, dict[str, Any]] = field(default_factory=dict)
    said: str = ""
    summary: str = ""


class GitHub:
    """A repository with its caches, issues and dispatches.

    Args:
        folder: for all of it; a copy of another's goes on where that one was.
        repository: a git repository with what a checkout brings.
        env: of every script, with where the tools are.
    """

    def __init__(self, folder: Path, repository: Path, env: Mapping[str, str]) -> None:
        self.folder, self.repository = folder, repository
        self.caches, self.artifacts = folder / "caches", folder / "artifacts"
        self.state = folder / "gh.json"
        tools = folder / "tools"
        if not self.state.exists():
            self.state.write_text(json.dumps({"issues": [], "dispatches": [], "calls": []}))
        for made in (self.caches, self.artifacts, tools):
            made.mkdir(exist_ok=True)
        (tools / "gh").write_text(GH)
        (tools / "gh").chmod(0o755)
        self.env = {**env, "PATH": f"{tools}{os.pathsep}{env['PATH']}", "GH_STATE": str(self.state)}
        self.saves_fail = False
        self._runs = len(list(self.artifacts.iterdir()))

    def told(self) -> dict[str, Any]:
        """Issues, dispatches and calls."""
        return dict(json.loads(self.state.read_text()))

    def open_issues(self) -> list[str]:
        """Titles of the issues that are open."""
        return [each["title"] for each in self.told()["issues"] if each["open"]]

    def cached(self, prefix: str = "") -> list[str]:
        """Keys of the caches, the oldest first."""
        kept = [json.loads(path.read_text()) for path in sorted(self.caches.glob("*/about.json"))]
        return [each["key"] for each in kept if each["key"].startswith(prefix)]

    def run(
        self,
        text: str,
        *,
        event: str = "workflow_dispatch",
        cron: str | None = None,
        inputs: Mapping[str, Any] | None = None,
        secrets: Mapping[str, str] | None = None,
        actor: str = "somebody",
        attempt: int = 1,
    ) -> dict[str, Job]:
        """Run a workflow, its jobs one after the other.

        Args:
            text: the workflow.
            event: ``schedule`` or ``workflow_dispatch``.
            cron: which of the schedule's expressions it is.
            inputs: of a dispatch; the others have their defaults.
            secrets: those that are set.
            actor: who started it.
            attempt: which one of the same run.
        """
        workflow = yaml.safe_load(text.replace("\non:\n", "\n'on':\n"))
        known = workflow["on"]["workflow_dispatch"]["inputs"]
        assert set(inputs or {}) <= set(known)
        if event == "workflow_dispatch":
            stated = {name: each["default"] for name, each in known.items()} | dict(inputs or {})
        else:
            stated = {}
            assert cron in [each["cron"] for each in workflow["on"]["schedule"]]
        self._runs += attempt == 1
        context = {
            "github": {
                "event_name": event,
                "event": {"schedule": cron},
                "run_id": str(1000 + self._runs),
                "run_attempt": str(attempt),
                "actor": actor,
                "token": "a token",
                "repository": "a/b",
                "ref_name": "main",
                "server_url": "https://github.example",
            },
            "inputs": stated,
            "secrets": dict(secrets or {}),
            "runner": {"os": "Linux"},
            "needs": {},
        }
        group = self._filled(workflow["concurrency"]["group"], context, {})
        assert group
        done: dict[str, Job] = {}
        for name, job in workflow["jobs"].items():
            needs = job.get("needs", [])
            needs = [needs] if isinstance(needs, str) else needs
            context["needs"] = {
                each: {"result": done[each].result, "outputs": done[each].outputs} for each in needs
            }
            fine = all(done[each].result == "success" for each in needs)
            if self._holds(job.get("if", "success()"), context, fine):
                rights = job.get("permissions", workflow["permissions"])
                done[name] = self._job(job, rights, context)
            else:
                done[name] = Job("skipped")
        return done

    def _functions(
        self, fine: bool, workspace: Path | None = None
    ) -> dict[str, Callable[..., Any]]:
        return {
            "success": lambda: fine,
            "failure": lambda: not fine,
            "always": lambda: True,
            "cancelled": lambda: False,
            "format": lambda text, *values: text.format(*values),
            "contains": lambda whole, part: part in whole,
            "hashFiles": lambda *patterns: _hash(workspace, patterns),
        }

    def _holds(
        self, text: str, context: Mapping[str, Any], fine: bool, workspace: Path | None = None
    ) -> bool:
        text = text.strip()
        inner = text[3:-2] if text.startswith("${{") else text
        if not STATUS.search(inner):
            inner = f"success() && ({inner})"
        return bool(Expression(inner, context, self._functions(fine, workspace)).value())

    def _filled(self, text: Any, context: Mapping[str, Any], functions: Mapping[str, Any]) -> str:
        known = {**self._functions(True), **functions}

        def value(found: re.Match[str]) -> str:
            told = Expression(found[1], context, known).value()
            if isinstance(told, bool):
                return str(told).lower()
            return "" if told is None else str(told)

        plain = str(text).lower() if isinstance(text, bool) else str(text)
        return re.sub(r"\$\{\{(.*?)\}\}", value, plain)

    def _job(
        self, job: Mapping[str, Any], rights: Mapping[str, str], given: Mapping[str, Any]
    ) -> Job:
        home = self.folder / "runner"
        shutil.rmtree(home, ignore_errors=True)
        workspace, temp = home / "work", home / "temp"
        workspace.mkdir(parents=True)
        temp.mkdir()
        steps: dict[str, Any] = {}
        context = {**given, "steps": steps, "runner": {"os": "Linux", "temp": str(temp)}}
        made, path = Job("success"), ""
        for number, step in enumerate(job["steps"]):
            key = step.get("id") or step.get("name") or f"step {number}"
            fine = made.result == "success"
            told: dict[str, Any] = {"outcome": "skipped", "outputs": {}}
            if self._holds(step.get("if", "success()"), context, fine, workspace):
                functions = self._functions(fine, workspace)
                if "uses" in step:
                    options = {
                        each: self._filled(value, context, functions)
                        for each, value in step.get("with", {}).items()
                    }
                    outcome, outputs = self._use(step["uses"], options, workspace)
                else:
                    env = {
                        each: self._filled(value, context, functions)
                        for each, value in step.get("env", {}).items()
                    }
                    env |= {"GH_RIGHTS": json.dumps(rights), "GITHUB_WORKSPACE": str(workspace)}
                    outcome, outputs, path = self._script(
                        step["run"], env, workspace, temp, path, made
                    )
                told = {"outcome": outcome, "outputs": outputs}
                if outcome == "failure":
                    made.result = "failure"
            made.steps[key] = told
            if "id" in step:
                steps[step["id"]] = told
        made.outputs = {
            each: self._filled(value, context, {}) for each, value in job.get("outputs", {}).items()
        }
        return made

    def _script(
        self, script: str, env: dict[str, str], workspace: Path, temp: Path, path: str, made: Job
    ) -> tuple[str, dict[str, str], str]:
        files = {
            each: temp / each for each in ("GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY", "GITHUB_PATH")
        }
        for file in files.values():
            file.write_text("")
        whole = self.env | env | {each: str(file) for each, file in files.items()}
        whole["PATH"] = f"{path}{whole['PATH']}"
        done = subprocess.run(
            ["bash", "-e", "-c", script],
            cwd=workspace,
            env=whole,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            timeout=120,
        )
        made.said += done.stdout
        made.summary += files["GITHUB_STEP_SUMMARY"].read_text()
        added = "".join(f"{line}{os.pathsep}" for line in files["GITHUB_PATH"].read_text().split())
        outputs = dict(
            line.split("=", 1) for line in files["GITHUB_OUTPUT"].read_text().splitlines()
        )
        return "failure" if done.returncode else "success", outputs, added + path

    def _use(
        self, action: str, options: Mapping[str, str], workspace: Path
    ) -> tuple[str, dict[str, str]]:
        name = action.partition("@")[0]
        if name == "actions/checkout":
            subprocess.run(
                ["git", "clone", "--quiet", str(self.repository), str(workspace)], check=True
            )
            return "success", {}
        if name == "actions/setup-python":
            return "success", {"python-version": "3.11.0"}
        if name == "actions/cache/restore":
            return self._restore(options, workspace)
        if name == "actions/cache/save":
            self._save(options, workspace)
            return "success", {}
        if name == "actions/upload-artifact":
            target = self.artifacts / options["name"]
            assert not target.exists(), "an artifact's name can't be used again"
            for path in _matching(workspace, options["path"].split()):
                _copy(workspace / path, target / path)
            if options["if-no-files-found"] == "error" and not target.exists():
                return "failure", {}
            return "success", {}
        assert name == "actions/download-artifact", name
        _copy(self.artifacts / options["name"], workspace)
        return "success", {}

    def _restore(self, options: Mapping[str, str], workspace: Path) -> tuple[str, dict[str, str]]:
        paths = options["path"].split()
        found = None
        for folder in sorted(self.caches.iterdir(), reverse=True):
            about = json.loads((folder / "about.json").read_text())
            if about["paths"] != paths:
                continue
            if about["key"] == options["key"]:
                found = (folder, about["key"])
                break
            prefixes = options.get("restore-keys", "").split()
            if found is None and any(about["key"].startswith(prefix) for prefix in prefixes):
                found = (folder, about["key"])
        if found is None:
            missing = options.get("fail-on-cache-miss") == "true"
            return "failure" if missing else "success", {"cache-hit": "", "cache-matched-key": ""}
        if options.get("lookup-only") != "true":
            _copy(found[0] / "files", workspace)
        is_hit = str(found[1] == options["key"]).lower()
        return "success", {"cache-hit": is_hit, "cache-matched-key": found[1]}

    def _save(self, options: Mapping[str, str], workspace: Path) -> None:
        paths = options["path"].split()
        present = [path for path in paths if (workspace / path).exists()]
        if self.saves_fail or options["key"] in self.cached() or not present:
            # The action itself warns and ends well.
            return
        folder = self.caches / f"{len(list(self.caches.iterdir())):04}"
        for path in present:
            _copy(workspace / path, folder / "files" / path)
        (folder / "about.json").write_text(json.dumps({"key": options["key"], "paths": paths}))


def _copy(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    if source.is_dir():
        shutil.copytree(source, target, symlinks=True, dirs_exist_ok=True)
    else:
        shutil.copy2(source, target)


def _matching(workspace: Path, patterns: list[str]) -> list[str]:
    found = []
    for pattern in patterns:
        if (workspace / pattern).exists():
            found.append(pattern)
        found += [str(path.relative_to(workspace)) for path in workspace.glob(pattern)]
    return sorted(set(found))


def _hash(workspace: Path | None, patterns: tuple[str, ...]) -> str:
    assert workspace is not None
    whole = hashlib.sha256()
    for path in sorted(path for path in workspace.rglob("*") if path.is_file()):
        name = path.relative_to(workspace).as_posix()
        if any(fnmatch.fnmatch(name, pattern.replace("**/", "*")) for pattern in patterns):
            whole.update(path.read_bytes())
    return whole.hexdigest()
