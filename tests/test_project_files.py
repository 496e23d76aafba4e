"""What keeps the project: workflows with few rights and pinned actions, and checks that name what is there."""

from __future__ import annotations

import configparser
import re
import subprocess
import tomllib
from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

ROOT = Path(__file__).parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
MAKEFILE = (ROOT / "Makefile").read_text("utf-8")
WORKFLOWS = {path.name: yaml.safe_load(path.read_text("utf-8")) for path in (ROOT / ".github" / "workflows").iterdir()}
FORMS = sorted(path for path in (ROOT / ".github" / "ISSUE_TEMPLATE").iterdir() if path.name != "config.yml")
RIGHTS = {
    "ci.yml": {"test": {"contents": "read"}, "lowest": {"contents": "read"}, "audit": {"contents": "read"}},
    "release.yml": {"ci": {"contents": "read"}, "release": {"contents": "write"}},
}


def targets() -> set[str]:
    """What `make` can be asked for."""
    return {word for line in re.findall(r"^\.PHONY: (.+)$", MAKEFILE, re.MULTILINE) for word in line.split()}


def steps(workflow: str) -> list[dict[str, Any]]:
    return [step for job in WORKFLOWS[workflow]["jobs"].values() for step in job.get("steps", ())]


def pythons() -> list[str]:
    """The versions of Python that the project says it runs on, oldest first."""
    prefix = "Programming Language :: Python :: 3."
    return [f"3.{text.removeprefix(prefix)}" for text in PROJECT["project"]["classifiers"] if text.startswith(prefix)]


def test_make_help_tells_of_every_target_and_of_no_other() -> None:
    told = re.findall(r'@echo "make ([\w-]+) ', MAKEFILE)
    assert sorted(told) == sorted(targets() - {"help"})
    assert [target for target in targets() if not re.search(rf"^{target}:", MAKEFILE, re.MULTILINE)] == []


def test_no_workflow_has_rights_and_each_job_has_the_few_it_needs() -> None:
    assert {name: flow["permissions"] for name, flow in WORKFLOWS.items()} == {name: {} for name in RIGHTS}
    given = {name: {job: d["permissions"] for job, d in flow["jobs"].items()} for name, flow in WORKFLOWS.items()}
    assert given == RIGHTS


@pytest.mark.parametrize("workflow", RIGHTS)
def test_a_checkout_leaves_no_token_behind_and_every_job_ends(workflow: str) -> None:
    checkouts = [step for step in steps(workflow) if step.get("uses", "").startswith("actions/checkout@")]
    assert checkouts
    assert [step for step in checkouts if step["with"]["persist-credentials"] is not False] == []
    own = [job for job in WORKFLOWS[workflow]["jobs"].values() if "steps" in job]
    assert all(0 < job["timeout-minutes"] <= 30 for job in own)


def test_only_the_step_that_publishes_sees_the_token() -> None:
    seeing = [step["name"] for step in steps("release.yml") if "github.token" in str(step) or "secrets." in str(step)]
    assert seeing == ["Publish"]


@pytest.mark.parametrize("workflow", RIGHTS)
def test_scripts_take_nothing_untrusted_into_the_shell(workflow: str) -> None:
    scripts = [step["run"] for step in steps(workflow) if "run" in step]
    assert scripts
    for script in scripts:
        assert "${{" not in script
        assert subprocess.run(["bash", "-n", "-c", script], check=False).returncode == 0


def test_every_action_anywhere_is_pinned_by_commit_and_at_one_commit() -> None:
    pins = defaultdict(set)
    files = (path for folder in (".github", "integrations", "docs") for path in (ROOT / folder).rglob("*.*"))
    for path in [ROOT / "action.yml", *(path for path in files if path.suffix in (".yml", ".md"))]:
        for used, comment in re.findall(r"(?m)^[ -]*uses: (?!OWNER/)(\S+)(.*)", path.read_text("utf-8")):
            if used.startswith("./"):
                assert (ROOT / used).is_file()
                continue
            action, _, commit = used.partition("@")
            assert re.fullmatch(r"[0-9a-f]{40}", commit), f"{path.name}: {used}"
            assert re.fullmatch(r" # v\d+\.\d+\.\d+", comment), f"{path.name}: {used}: the comment names the release"
            pins[action].add((commit, comment))
    assert "actions/checkout" in pins
    assert {action: seen for action, seen in pins.items() if len(seen) > 1} == {}


@pytest.mark.parametrize("workflow", RIGHTS)
def test_what_a_workflow_runs_is_there(workflow: str) -> None:
    scripts = "\n".join(step["run"] for step in steps(workflow) if "run" in step)
    assert set(re.findall(r"\bmake ([\w-]+)", scripts)) <= targets()
    assert [
        path for path in re.findall(r"(?<![\w.])(?:\.ci|release)/[\w.]+", scripts) if not (ROOT / path).is_file()
    ] == []


def test_ci_runs_on_every_python_that_the_project_names_and_the_lowest_versions_on_the_oldest() -> None:
    jobs = WORKFLOWS["ci.yml"]["jobs"]
    assert jobs["test"]["strategy"]["matrix"]["python"] == pythons()
    assert ".ci/run" in [step.get("run") for step in jobs["test"]["steps"]]
    (oldest,) = [step["with"]["python-version"] for step in jobs["lowest"]["steps"] if "python-version" in str(step)]
    assert oldest == pythons()[0]


def test_everything_that_names_the_oldest_python_names_the_same() -> None:
    oldest = pythons()[0]
    wanted = SpecifierSet(PROJECT["project"]["requires-python"])
    assert oldest in wanted
    assert f"3.{int(oldest.removeprefix('3.')) - 1}" not in wanted
    assert PROJECT["tool"]["mypy"]["python_version"] == oldest
    assert PROJECT["tool"]["ruff"]["target-version"] == "py" + oldest.replace(".", "")


def test_every_dependency_says_what_its_lowest_version_is() -> None:
    extras = PROJECT["project"]["optional-dependencies"].values()
    groups = (
        PROJECT["project"]["dependencies"],
        *(PROJECT["dependency-groups"][name] for name in ("build", "test")),
        *extras,
    )
    operators = {
        name: {one.operator for one in Requirement(name).specifier}
        for group in groups
        for name in group
        if "include-group" not in name
    }
    assert {name for name, seen in operators.items() if not seen & {">=", "=="}} == set()


@pytest.mark.parametrize("path", FORMS, ids=lambda path: path.stem)
def test_every_kind_of_issue_asks_for_the_line_of_code(path: Path) -> None:
    form = yaml.safe_load(path.read_text("utf-8"))
    fields = {field["id"]: field for field in form["body"] if field["type"] != "markdown"}
    assert fields["code"]["attributes"]["label"] == "The line of code"
    assert fields["code"]["attributes"]["render"] == "python"
    assert fields["code"].get("validations", {}).get("required", False) == (path.stem != "other")
    assert {"name", "description", "body"} == set(form)


def test_there_is_a_form_for_what_is_wrong_missing_falsely_told_and_all_else() -> None:
    assert {path.stem for path in FORMS} == {"wrong-arrow", "missing-arrow", "false-alarm", "other"}


def test_the_hooks_before_a_commit_are_what_make_test_runs_but_the_tests() -> None:
    (repo,) = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text("utf-8"))["repos"]
    assert repo["repo"] == "local"
    (runs,) = re.findall(r"^test: (.+)$", MAKEFILE, re.MULTILINE)
    assert [hook["entry"] for hook in repo["hooks"]] == [f"make {name}" for name in runs.split() if name != "unit"]
    assert all(hook["language"] == "system" and hook["pass_filenames"] is False for hook in repo["hooks"])
    assert all(re.search(hook["files"], "c4trace/cli.py") for hook in repo["hooks"])


def test_the_fast_tests_are_chosen_by_registered_markers() -> None:
    (chosen,) = re.findall(r'pytest .*-m "(.+)"', MAKEFILE)
    registered = {line.partition(":")[0] for line in PROJECT["tool"]["pytest"]["ini_options"]["markers"]}
    assert set(re.findall(r"\w+", chosen)) - {"not", "and"} == registered


def test_editors_are_told_the_layout_that_the_formatter_keeps() -> None:
    layout = configparser.ConfigParser()
    layout.read_string("[top]\n" + (ROOT / ".editorconfig").read_text("utf-8"))
    assert layout["*.py"]["max_line_length"] == str(PROJECT["tool"]["ruff"]["line-length"])
    assert layout["Makefile"]["indent_style"] == "tab"
    assert [name for name in layout if "/" in name and not (ROOT / name).is_file()] == []


def test_every_file_and_option_that_the_security_page_names_is_there(capsys: pytest.CaptureFixture[str]) -> None:
    from c4trace.cli import main

    page = (ROOT / "SECURITY.md").read_text("utf-8")
    named = set(re.findall(r"`([\w.-]+(?:/[\w.-]+)*\.(?:yml|yaml|py))`", page)) - {"json.py"}
    assert "action.yml" in named
    assert [path for path in named if not (ROOT / path).exists()] == []
    with pytest.raises(SystemExit):
        main(["scan", "--help"])
    helped = capsys.readouterr().out
    assert [option for option in re.findall(r"`(--[\w-]+)`", page) if option not in helped] == []


@pytest.mark.parametrize("page", ["SECURITY.md", "docs/reliability.md"])
def test_every_threat_and_fault_that_a_page_tells_of_names_tests_that_are_there(page: str) -> None:
    tables = re.findall(
        r"^\| (?:an attacker|attack or fault) \|.*\n\|[ |-]+\|\n((?:\|.*\n)+)", (ROOT / page).read_text("utf-8"), re.M
    )
    rows = [row.rstrip(" |").rpartition("|")[2] for table in tables for row in table.splitlines()]
    assert len(rows) > 8
    there = {
        name
        for path in (ROOT / "tests").glob("test_*.py")
        for name in re.findall(r"^ *def (test_\w+)", path.read_text("utf-8"), re.MULTILINE)
    }
    for row in rows:
        named = re.findall(r"`(\w+)`", row)
        assert named, row
        assert set(named) <= there
