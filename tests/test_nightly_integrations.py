"""What ships in integrations/nightly: units that systemd takes, a cron line, a workflow, a configuration that loads."""

from __future__ import annotations

import argparse
import re
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from c4trace.commands import nightly
from c4trace.nightly.config import load_config
from extractor.files.shipped import read_schema

ROOT = Path(__file__).parent.parent
SHIPPED = ROOT / "integrations" / "nightly"


def parsed(command: str) -> argparse.Namespace:
    """The arguments of a `c4trace nightly` command line, as the command itself reads them."""
    words = shlex.split(command)
    assert (Path(words[0]).name, words[1]) == ("c4trace", "nightly")
    parser = argparse.ArgumentParser()
    nightly.add_arguments(parser)
    return parser.parse_args(words[2:])


def test_the_example_configuration_shows_every_key_and_loads() -> None:
    config = load_config(SHIPPED / "nightly.yaml")
    assert [hook.name for hook in config.hooks] == ["team", "archive"]
    text = (SHIPPED / "nightly.yaml").read_text()
    for key in read_schema("nightly")["properties"]:
        assert re.search(rf"^(# )?{key}:", text, re.MULTILINE), key


def test_the_documentation_names_every_key() -> None:
    page = (ROOT / "docs" / "nightly.md").read_text()
    for key in read_schema("nightly")["properties"]:
        assert f"| `{key}` |" in page, key


def test_the_documentation_links_to_files_that_are_there() -> None:
    page = ROOT / "docs" / "nightly.md"
    links = re.findall(r"\]\((\.\./[^)]+)\)", page.read_text())
    assert len(links) >= 3
    assert [link for link in links if not (page.parent / link).is_file()] == []


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd-analyze is not on this machine")
def test_systemd_takes_the_units(tmp_path: Path) -> None:
    for unit in ("c4trace-nightly.service", "c4trace-nightly.timer"):
        # systemd asks that the program exists; on this machine another stands for it.
        text = (SHIPPED / unit).read_text().replace("/opt/c4trace/bin/c4trace", "/bin/true")
        (tmp_path / unit).write_text(text)
    units = [str(tmp_path / name) for name in ("c4trace-nightly.service", "c4trace-nightly.timer")]
    done = subprocess.run(["systemd-analyze", "verify", *units], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_the_service_runs_a_command_line_that_c4trace_takes() -> None:
    text = (SHIPPED / "c4trace-nightly.service").read_text()
    (command,) = re.findall(r"^ExecStart=(.+)$", text, re.MULTILINE)
    options = parsed(command)
    assert options.config == Path("/etc/c4trace/nightly.yaml")
    assert options.log_json


def test_the_cron_line_has_a_time_a_user_and_a_command_line_that_c4trace_takes() -> None:
    lines = (SHIPPED / "c4trace-nightly.cron").read_text().splitlines()
    (entry,) = [line for line in lines if line and line[0].isdigit()]
    *time, user, command = entry.split(" ", 6)
    assert len(time) == 5
    assert all(re.fullmatch(r"\d+|\*", part) for part in time)
    assert user == "c4trace"
    assert "%" not in command  # cron ends a command at a per cent sign
    (call,) = re.findall(r"/\S+/c4trace nightly[^|>]*(?=2>&1)", command)
    assert parsed(call).config == Path("/etc/c4trace/nightly.yaml")
    assert subprocess.run(["sh", "-n", "-c", command], check=False).returncode == 0


def test_the_workflow_is_scheduled_has_few_rights_and_pins_its_actions() -> None:
    flow = yaml.safe_load((SHIPPED / "github-workflow.yml").read_text())
    events = flow[True]  # YAML 1.1 reads the key `on` as true
    assert re.fullmatch(r"(\S+ ){4}\S+", events["schedule"][0]["cron"])
    assert flow["permissions"] == {}
    assert {name: job["permissions"] for name, job in flow["jobs"].items()} == {
        "nightly": {"contents": "read"},
        "publish": {"pages": "write", "id-token": "write"},
    }
    steps = [step for job in flow["jobs"].values() for step in job["steps"]]
    used = [step["uses"] for step in steps if "uses" in step]
    assert used
    assert [name for name in used if not re.fullmatch(r"[\w-]+/[\w./-]+@[0-9a-f]{40}", name)] == []
    assert flow["jobs"]["publish"]["needs"] == "nightly"


def test_the_workflows_scripts_take_nothing_untrusted_into_the_shell() -> None:
    flow = yaml.safe_load((SHIPPED / "github-workflow.yml").read_text())
    scripts = [step["run"] for job in flow["jobs"].values() for step in job["steps"] if "run" in step]
    for script in scripts:
        assert "${{" not in script
        assert subprocess.run(["sh", "-n", "-c", script], check=False).returncode == 0
    (call,) = re.findall(r"(?<=-m )c4trace nightly[^|]*", "\n".join(scripts))
    assert parsed(call).config == Path("nightly.yaml")
