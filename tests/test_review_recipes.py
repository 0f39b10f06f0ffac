"""The recipes in docs/ci do what they say: they are read as YAML, and their scripts run here, without a service.

The GitHub and GitLab scripts run in a repository with a change, the calls of GitLab's interface against a server that
this process is. What GitHub's actions do is not tried.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from tests.checkout import ROOT, plain_environment, run
from tests.test_revisions import repository
from tsl.cli.commands import COMMANDS
from tsl.review.comment import MARKER

__all__ = ["repository"]

yaml = pytest.importorskip("yaml", reason="recipes are read with PyYAML")

RECIPES = sorted((ROOT / "docs" / "ci").iterdir())
GITHUB, GITLAB = ROOT / "docs" / "ci" / "tsl-review.yml", ROOT / "docs" / "ci" / "gitlab.yml"


@pytest.fixture
def environment(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """An environment whose `tsl` and `python` are those under test, and whose pip installs nothing."""
    home = tmp_path_factory.mktemp("bin")
    python = f'#!/bin/sh\n[ "$1 $2" = "-m pip" ] && exit 0\nexec {sys.executable} "$@"\n'
    for name, text in (("tsl", f'#!/bin/sh\nexec {sys.executable} -m tsl "$@"\n'), ("python", python)):
        (home / name).write_text(text)
        (home / name).chmod(0o755)
    base = plain_environment(PYTHONPATH=str(ROOT))
    return {**base, "PATH": f"{home}:{base['PATH']}"}


@pytest.mark.parametrize("path", RECIPES, ids=lambda path: path.name)
def test_a_recipe_is_yaml_and_says_what_it_is_for(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert yaml.safe_load(text)
    assert text.startswith("# ")
    assert path.name in (ROOT / "docs" / "ci.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("path", RECIPES, ids=lambda path: path.name)
def test_a_recipe_asks_for_options_that_there_are(path: Path) -> None:
    text = re.sub(r"\n\s+\$\{", " ${", path.read_text(encoding="utf-8"))  # a command that goes on in the next line
    commands = re.findall(r"^[^#\n]*\btsl (check|review) ([^|\n]*--[^|\n]*)", text, re.M)
    assert commands or path.name == "pre-commit-config.yaml"
    for name, rest in commands:
        known = {flag for option in COMMANDS[name].form.options for flag in option.flags}
        asked = set(re.findall(r"(?<![\w-])--?[a-z][\w-]*", rest))
        assert asked <= known, asked - known


def test_the_hooks_are_those_that_there_are() -> None:
    hooks = {hook["id"] for hook in yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())}
    config = yaml.safe_load((ROOT / "docs" / "ci" / "pre-commit-config.yaml").read_text())
    assert {hook["id"] for repo in config["repos"] for hook in repo["hooks"]} <= hooks


def test_the_review_of_the_github_workflow_runs(repository: Any, environment: dict[str, str]) -> None:
    steps = yaml.safe_load(GITHUB.read_text())["jobs"]["review"]["steps"]
    step = next(one for one in steps if one.get("id") == "review")
    given = {"BASE": "main", "PATHS": ".", "MODELS": "model.pt", "FAIL_ON": "added-findings"}
    assert set(step["env"]) == set(given)
    files = {"GITHUB_OUTPUT": str(repository.root / "output"), "GITHUB_STEP_SUMMARY": str(repository.root / "summary")}
    done = run("bash", "-e", "-c", step["run"], cwd=repository.root, env={**environment, **given, **files})
    assert (done.returncode, done.stderr) == (0, "")
    assert (repository.root / "output").read_text() == "code=1\n"
    assert (repository.root / "summary").read_text().startswith(MARKER)
    assert (repository.root / "tsl-review" / "tsl.sarif").exists()


class Notes(BaseHTTPRequestHandler):
    """GitLab's notes on a merge request, as far as the recipe asks for them."""

    known: list[dict[str, Any]]
    asked: list[tuple[str, str, str]]

    def _answer(self, value: Any) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(json.dumps(value).encode())

    def _told(self) -> str:
        return str(json.loads(self.rfile.read(int(self.headers["Content-Length"])))["body"])

    def do_GET(self) -> None:
        self._answer(self.known)

    def do_POST(self) -> None:
        self.asked.append(("POST", self.path, self._told()))
        self._answer({})

    def do_PUT(self) -> None:
        self.asked.append(("PUT", self.path, self._told()))
        self._answer({})

    def log_message(self, *_: object) -> None:
        """Says nothing."""


@pytest.fixture
def notes() -> Iterator[tuple[str, type[Notes]]]:
    """The address of a server of notes, and what it knows and was asked."""
    served = type("Served", (Notes,), {"known": [], "asked": []})
    server = HTTPServer(("127.0.0.1", 0), served)
    Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}", served
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize("before", [False, True])
def test_the_job_of_gitlab_keeps_one_note(
    repository: Any, environment: dict[str, str], notes: tuple[str, type[Notes]], before: bool
) -> None:
    address, served = notes
    served.known = [{"id": 7, "body": f"{MARKER}\nolder"}, {"id": 8, "body": "a word"}][: 2 * before]
    job = yaml.safe_load(GITLAB.read_text())["tsl review"]
    predefined = {
        "CI_MERGE_REQUEST_DIFF_BASE_SHA": "main",
        "CI_API_V4_URL": address,
        "CI_PROJECT_ID": "1",
        "CI_MERGE_REQUEST_IID": "2",
        "TSL_TOKEN": "secret",
    }
    env = {**environment, **job["variables"], **predefined, "TSL_MODELS": "model.pt"}
    done = run("bash", "-e", "-c", "\n".join(job["script"]), cwd=repository.root, env=env)
    assert (done.returncode, done.stderr) == (1, "")  # a finding is new
    where = "/projects/1/merge_requests/2/notes"
    ((method, path, body),) = served.asked
    assert (method, path) == (("PUT", f"{where}/7") if before else ("POST", where))
    assert body.startswith(MARKER)
