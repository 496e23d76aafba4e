"""Where the gate runs: the Action, the hook and the template hold together, and the comment stays one comment."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
import yaml

from c4trace.cli import main
from c4trace.commands import COMMANDS
from c4trace.compare.comment import new_client, put_comment, thread_of
from extractor.errors import SourceError, UserError
from renderers.diff.markdown import MARK
from tests.git_repository import add_commit, git, make_repository

ROOT = Path(__file__).parent.parent


class _Forge(BaseHTTPRequestHandler):
    """A forge with one request: comments are listed, added, changed."""

    comments: list[dict[str, Any]]
    asked: list[tuple[str, str, str]]

    def do_GET(self) -> None:
        page = int(re.findall(r"[?&]page=(\d+)", self.path)[0])
        self._answer(self.comments[(page - 1) * 100 : page * 100])

    def do_POST(self) -> None:
        self.comments.append({"id": len(self.comments) + 1, **self._sent()})
        self._answer(self.comments[-1])

    def do_PATCH(self) -> None:
        comment = next(c for c in self.comments if str(c["id"]) == self.path.rpartition("/")[2])
        comment.update(self._sent())
        self._answer(comment)

    do_PUT = do_PATCH

    def log_message(self, *_: object) -> None:
        """A test's server says nothing."""

    def _sent(self) -> dict[str, Any]:
        sent: dict[str, Any] = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        return sent

    def _answer(self, body: Any) -> None:
        key = self.headers.get("Authorization") or self.headers.get("PRIVATE-TOKEN") or ""
        self.asked.append((self.command, self.path, key))
        self.send_response(200 if "secret" in key else 403)
        self.end_headers()
        self.wfile.write(json.dumps(body).encode())


@pytest.fixture
def forge() -> Iterator[tuple[type[_Forge], str]]:
    """A forge on this machine: what it holds, and its address."""
    kind = type("Forge", (_Forge,), {"comments": [], "asked": []})
    server = HTTPServer(("127.0.0.1", 0), kind)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    yield kind, f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def github(address: str, token: str = "secret") -> dict[str, str]:
    return {
        "GITHUB_ACTIONS": "true",
        "GITHUB_REF": "refs/pull/7/merge",
        "GITHUB_REPOSITORY": "acme/shop",
        "GITHUB_API_URL": address,
        "GITHUB_TOKEN": token,
    }


def gitlab(address: str) -> dict[str, str]:
    return {
        "GITLAB_CI": "true",
        "CI_API_V4_URL": address,
        "CI_PROJECT_ID": "12",
        "CI_MERGE_REQUEST_IID": "7",
        "C4TRACE_TOKEN": "secret",
    }


@pytest.mark.parametrize("make", [github, gitlab])
def test_the_comment_is_added_once_and_then_replaced(forge: tuple[type[_Forge], str], make: Any) -> None:
    kind, address = forge
    kind.comments = [{"id": n, "body": f"talk about {MARK}"} for n in range(1, 131)]
    with new_client() as client:
        assert put_comment(thread_of(make(address)), f"{MARK}\nfirst", client) == "added"
        assert put_comment(thread_of(make(address)), f"{MARK}\nsecond", client) == "changed"
    ours = [c["body"] for c in kind.comments if c["body"].startswith(MARK)]
    assert ours == [f"{MARK}\nsecond"]
    assert len(kind.comments) == 131


def test_a_refused_comment_is_one_line_without_the_token(forge: tuple[type[_Forge], str]) -> None:
    thread = thread_of(github(forge[1], token="hidden"))
    with new_client() as client, pytest.raises(SourceError) as error:
        put_comment(thread, "text", client)
    assert "403" in str(error.value)
    assert "hidden" not in str(error.value) + repr(thread)


@pytest.mark.parametrize("environment", [{}, {"GITHUB_ACTIONS": "true", "GITHUB_REF": "refs/heads/main"}])
def test_outside_a_request_the_user_is_told(environment: dict[str, str]) -> None:
    with pytest.raises(UserError):
        thread_of(environment)


def test_every_action_that_the_action_uses_is_pinned_by_commit() -> None:
    text = (ROOT / "action.yml").read_text("utf-8")
    used = re.findall(r"uses: (\S+)", text)
    assert used
    assert all(re.fullmatch(r"[\w/.-]+@[0-9a-f]{40}", one) for one in used)


def test_no_input_is_pasted_into_a_script() -> None:
    steps = yaml.safe_load((ROOT / "action.yml").read_text("utf-8"))["runs"]["steps"]
    scripts = [step["run"] for step in steps if "run" in step]
    assert scripts
    assert not any("${{" in script for script in scripts)
    assert all(step.get("shell") == "bash" for step in steps if "run" in step)


def test_every_input_of_the_action_is_used_and_told() -> None:
    text = (ROOT / "action.yml").read_text("utf-8")
    page = (ROOT / "docs" / "github-action.md").read_text("utf-8")
    for name in yaml.safe_load(text)["inputs"]:
        assert f"inputs.{name}" in text
        assert f"`{name}`" in page


@pytest.mark.parametrize("path", ["action.yml", ".pre-commit-hooks.yaml", "integrations/gitlab/c4trace.gitlab-ci.yml"])
def test_the_commands_and_options_that_integrations_run_exist(path: str, capsys: pytest.CaptureFixture[str]) -> None:
    text = "\n".join(line for line in (ROOT / path).read_text("utf-8").splitlines() if not line.strip().startswith("#"))
    commands = set(re.findall(r"-m c4trace (diff|gate|baseline|comment|scan)\b", text))
    assert commands
    assert commands <= set(COMMANDS)
    helped = ""
    for command in sorted(commands):
        with pytest.raises(SystemExit):
            main([command, "--help"])
        helped += capsys.readouterr().out
    scripts = "\n".join(re.findall(r"-m c4trace (?:diff|gate|comment|scan)[^|]*?(?:\|\||\n\n|$)", text))
    assert "diff" not in commands or "--write" in scripts
    assert all(option in helped for option in re.findall(r"--[a-z-]+", scripts))


def test_the_hook_is_one_that_pre_commit_can_run() -> None:
    [hook] = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text("utf-8"))
    assert {"id", "name", "entry", "language"} <= set(hook)
    assert hook["pass_filenames"] is False
    assert hook["stages"] == ["pre-push"]


def test_the_page_of_the_gate_shows_every_rule_of_the_policy() -> None:
    from extractor.files.shipped import read_schema
    from extractor.gate.policy import load_policy

    page = (ROOT / "docs" / "gate.md").read_text("utf-8")
    shown = yaml.safe_load(re.findall(r"```yaml\n(.*?)```", page, re.DOTALL)[0])["policy"]
    schema = read_schema("policy")
    assert load_policy(shown, schema, ()).brittle == "medium"
    assert set(shown["forbid"]) == set(schema["properties"]["forbid"]["properties"])


def gitlab_jobs() -> dict[str, Any]:
    jobs: dict[str, Any] = yaml.safe_load((ROOT / "integrations/gitlab/c4trace.gitlab-ci.yml").read_text("utf-8"))
    return jobs


def scripts_of(document: Any) -> Iterator[str]:
    """Every script in a workflow, an action or a job: what is run, line by line."""
    if isinstance(document, list):
        for item in document:
            yield from scripts_of(item)
    elif isinstance(document, dict):
        for key, value in document.items():
            if key in ("run", "script", "before_script", "entry"):
                yield "\n".join(value) if isinstance(value, list) else value
            else:
                yield from scripts_of(value)


@pytest.mark.parametrize(
    "path",
    [
        "action.yml",
        ".pre-commit-hooks.yaml",
        "integrations/gitlab/c4trace.gitlab-ci.yml",
        "integrations/nightly/github-workflow.yml",
    ],
)
def test_python_is_isolated_wherever_it_runs_beside_a_checkout(path: str) -> None:
    scripts = list(scripts_of(yaml.safe_load((ROOT / path).read_text("utf-8"))))
    calls = [call for script in scripts for call in re.findall(r'(?:\bpython3?|\$PYTHON)"? (\S+)', script)]
    assert calls
    assert set(calls) == {"-I"}
    # Nothing that Python installed is called by its name: a job's variables may put the checkout on Python's path.
    assert not [script for script in scripts if re.search(r"(?<!-m )\b(c4trace|pip) [a-z]+ ", script)]


def test_only_the_step_that_posts_has_a_token() -> None:
    steps = yaml.safe_load((ROOT / "action.yml").read_text("utf-8"))["runs"]["steps"]
    holding = [step["name"] for step in steps if "token" in json.dumps(step.get("env", {})).lower()]
    assert holding == ["Comment"]
    text = (ROOT / "action.yml").read_text("utf-8")
    assert len(re.findall(r"github\.token|secrets\.", text)) == 1
    jobs = gitlab_jobs()
    posting = jobs["c4trace-comment"]
    assert posting["environment"] == {"name": "c4trace-comment", "action": "access"}
    assert posting["variables"]["GIT_STRATEGY"] == "none"
    knowing = {name for name, job in jobs.items() if "C4TRACE_TOKEN" in json.dumps(job)}
    assert knowing == {"c4trace-comment"}
    assert [name for name, job in jobs.items() if "c4trace comment" in "\n".join(scripts_of(job))] == [
        "c4trace-comment"
    ]
    assert "environment" not in jobs["c4trace"]


def test_jobs_on_requests_write_no_cache_and_read_none_of_a_protected_branch() -> None:
    jobs = gitlab_jobs()
    of_requests = [
        job for job in jobs.values() if "merge_request_event" in json.dumps(job.get("rules", "")) and "cache" in job
    ]
    for job in of_requests:
        asks = [rule["if"] for rule in job["rules"]]
        on_requests = all('== "merge_request_event"' in ask for ask in asks)
        assert job["cache"]["policy"] == ("pull" if on_requests else "push")
        assert job["cache"]["key"] == "c4trace-requests"
    assert len(of_requests) == 2
    assert "cache@" not in (ROOT / "action.yml").read_text("utf-8")


CALLS = "import requests\n\n\ndef {name}(request):\n    return requests.get('https://{name}.example.com/api/')\n"


def branched(place: Path) -> tuple[Path, dict[str, str]]:
    """A shop whose branch adds a brittle call after which main adds another; the commits by name."""
    urls = "from django.urls import path\nfrom shop import a{0}\nurlpatterns = [path('a/', a.a){1}]\n"
    first = {"shop/__init__.py": "", "shop/a.py": CALLS.format(name="a"), "shop/urls.py": urls.format("", "")}
    estate = "title: Shop\nsystems:\n  shop:\n    name: Shop\n    repository: .\n    services:\n"
    estate += "      web: {name: Web, urlconf: shop.urls}\npolicy: {forbid: {new-brittle-links: low}}\n"
    repository = place / "shop"
    commits = {"base": make_repository(repository, {**first, "estate.yaml": estate})}
    git(repository, "checkout", "--quiet", "-b", "feature")
    second = {"shop/b.py": CALLS.format(name="b"), "shop/urls.py": urls.format(", b", ", path('b/', b.b)")}
    commits["head"] = add_commit(repository, second, "Call b")
    git(repository, "checkout", "--quiet", "main")
    third = {"shop/c.py": CALLS.format(name="c"), "shop/urls.py": urls.format(", c", ", path('c/', c.c)")}
    commits["tip"] = add_commit(repository, third, "Call c")
    git(repository, "checkout", "--quiet", "feature")
    return repository, commits


def run_script(script: str, shell: str, where: Path, **env: str) -> subprocess.CompletedProcess[str]:
    """A step of CI run as the service runs it, where `$RUNNER_TEMP/c4trace/bin/python` has c4trace. What a stranger put
    into the checkout stands on Python's path, as a job may say for its own tests."""
    tools = where.parent / "temp" / "c4trace" / "bin"
    tools.mkdir(parents=True)
    (tools / "python").write_text(f'#!/bin/sh\nexec {sys.executable} "$@"\n')
    (tools / "python").chmod(0o755)
    own = {"RUNNER_TEMP": str(tools.parent.parent), "C4TRACE_CACHE": str(where.parent / "cache")}
    for name in ("json", "c4trace", "argparse", "sitecustomize", "usercustomize", "git", "orjson", "pip", "venv"):
        (where / f"{name}.py").write_text(f"open({str(where.parent / 'marker')!r}, 'w')\n")
    return subprocess.run(
        [shell, "-e", "-c", script],
        cwd=where,
        env={**os.environ, **own, "PYTHONPATH": ".", **env, "PYTHON": str(tools / "python")},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.slow
def test_the_actions_comparison_tells_what_the_branch_brings_and_not_what_main_did_since(tmp_path: Path) -> None:
    repository, commits = branched(tmp_path)
    steps = yaml.safe_load((ROOT / "action.yml").read_text("utf-8"))["runs"]["steps"]
    [script] = [step["run"] for step in steps if step.get("id") == "diff"]
    done = run_script(
        script,
        "bash",
        repository,
        NAME="shop",
        ESTATE="estate.yaml",
        BASE=commits["tip"],
        HEAD=commits["head"],
        BASELINE="c4trace-baseline.yaml",
        GITHUB_WORKSPACE=str(repository),
        GITHUB_STEP_SUMMARY=str(tmp_path / "summary"),
        GITHUB_OUTPUT=str(tmp_path / "output"),
    )
    assert done.returncode == 0, done.stderr
    outputs = dict(line.split("=", 1) for line in (tmp_path / "output").read_text("utf-8").splitlines())
    assert outputs["breached"] == "true"
    summary = (tmp_path / "summary").read_text("utf-8")
    assert "b.example.com" in summary
    assert "c.example.com" not in summary
    assert "<svg" in Path(outputs["html"]).read_text("utf-8")
    results = json.loads(Path(outputs["sarif"]).read_text("utf-8"))["runs"][0]["results"]
    assert {one["baselineState"] for one in results} == {"new", "unchanged"}
    assert not (tmp_path / "marker").exists()


@pytest.mark.slow
def test_the_template_writes_its_artifacts_and_ends_as_the_gate_does(tmp_path: Path) -> None:
    repository, commits = branched(tmp_path)
    job = gitlab_jobs()
    (tmp_path / "elsewhere").mkdir()
    (repository / "c4trace-diff").symlink_to(tmp_path / "elsewhere")  # as a merge request may commit it
    done = run_script(
        "\n".join(job["c4trace"]["script"]),
        "sh",
        repository,
        C4TRACE_NAME="shop",
        **job["variables"],
        CI_MERGE_REQUEST_DIFF_BASE_SHA=commits["base"],
        CI_COMMIT_SHA=commits["head"],
        CI_PROJECT_DIR=str(repository),
    )
    assert done.returncode == 1, done.stderr
    assert "new-brittle-links: shop/shop/b.py:5" in done.stdout
    assert all((repository / name).stat().st_size for name in job["c4trace"]["artifacts"]["paths"])
    assert not (tmp_path / "marker").exists()
    assert list((tmp_path / "elsewhere").iterdir()) == []
