"""`c4trace scan` and `render` from outside: what is written, what is said, and what an error leaves behind."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from c4trace.cli import main
from c4trace.commands import COMMANDS, load_command
from c4trace.sources import default_cache_dir
from c4trace.version import stamp
from extractor.errors import UserError
from renderers.data.graph_json import render_graph_json
from tests.git_repository import git, make_repository
from tests.hostile_graph import hostile_graph
from tests.sample_graph import sample_graph

SHOP = {
    "shop/settings.py": "ROOT_URLCONF = 'shop.urls'\nINSTALLED_APPS = ['shop']\n",
    "shop/urls.py": "urlpatterns = []\n",
    "shop/tasks.py": "from celery import shared_task\n\n\n@shared_task\ndef tell(order):\n    '''Tell the CRM.'''\n",
}


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory with a repository `shop` and an estate file beside it."""
    make_repository(tmp_path / "shop", SHOP)
    (tmp_path / "estate.yaml").write_text("systems:\n  shop:\n    name: Shop\n    repository: shop\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("C4TRACE_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1700000000")
    return tmp_path


def files(where: Path) -> dict[str, bytes]:
    return {str(path.relative_to(where)): path.read_bytes() for path in sorted(where.rglob("*")) if path.is_file()}


def test_a_scan_writes_every_output_and_says_what_it_came_to(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["scan", "--jobs", "1"]) == 0
    graph = json.loads((here / "out/graph.json").read_text())
    assert [task["name"] for task in graph["tasks"]] == ["shop.tasks.tell"]
    assert (graph["estate"], graph["generated"]) == ("estate", "2023-11-14T22:13:20+00:00")
    assert (graph["sources"][0]["commit"], graph["sources"][0]["url"]) == (
        git(here / "shop", "rev-parse", "HEAD"),
        "shop",
    )
    for name in ("site/index.html", "etl.csv", "findings.sarif", "puml/landscape.puml", "mermaid/landscape.md"):
        assert (here / "out" / name).is_file()
    last = capsys.readouterr().err.splitlines()[-1]
    assert re.fullmatch(r"3 modules, 1 task, \d+ flows?, \d+ findings?, \d+ gaps?( \(.*\))?; \d+\.\d s", last), last


@pytest.mark.slow
def test_the_same_input_gives_the_same_bytes_cold_warm_and_with_more_processes(here: Path) -> None:
    assert main(["scan", "--quiet", "--jobs", "1", "--out", "cold"]) == 0
    assert main(["scan", "--quiet", "--jobs", "2", "--out", "warm"]) == 0
    assert main(["scan", "--quiet", "--jobs", "2", "--no-cache", "--out", "uncached"]) == 0
    assert files(here / "cold") == files(here / "warm") == files(here / "uncached")


def test_without_an_estate_file_the_sources_are_scanned(here: Path) -> None:
    (here / "estate.yaml").unlink()
    assert main(["scan", "--quiet", "--source", "shop=shop@main", "--format", "graph"]) == 0
    graph = json.loads((here / "out/graph.json").read_text())
    assert [(source["name"], source["ref"]) for source in graph["sources"]] == [("shop", "main")]
    assert sorted(path.name for path in (here / "out").iterdir()) == [".c4trace-output", "graph.json"]


@pytest.mark.parametrize(
    ("arguments", "status", "words"),
    [
        (["--estate", "no.yaml"], 2, "there is no estate file no.yaml"),
        (["--source", "shp=shop"], 2, "did you mean 'shop'?"),
        (["--source", "shop"], 2, "is not of the form NAME=PATH_OR_URL"),
        (["--only", "shp"], 2, "did you mean 'shop'?"),
        (["--format", "pdf"], 2, "there is no output format 'pdf'"),
        (["--out", "shop"], 2, "has files but no graph.json"),
        (["--source", "shop=nowhere"], 3, "there is no nowhere"),
        (["--source", "shop=shop@v9"], 3, "has no ref 'v9'"),
        (["--source", "shop=cache-that-is-plain"], 3, "is a directory but no git repository"),
        (["--source", "shop=https://shop.invalid/x", "--offline"], 3, "is not in the cache"),
    ],
)
def test_bad_input_is_one_line_and_leaves_the_last_output_whole(
    here: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], status: int, words: str
) -> None:
    (here / "cache-that-is-plain").mkdir()
    (here / "out").mkdir()
    (here / "out/graph.json").write_text("the last good one")
    assert main(["scan", *arguments]) == status
    output = capsys.readouterr()
    assert words in output.err
    assert (len(output.err.splitlines()), output.out) == (1, "")
    assert files(here / "out") == {"graph.json": b"the last good one"}


def test_a_fault_of_the_estate_file_names_its_line(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (here / "estate.yaml").write_text("systems:\n  shop:\n    name: Shop\n    repositry: shop\n")
    assert main(["scan"]) == 2
    assert "line 4: systems.shop.repositry: unknown key (did you mean 'repository'?)" in capsys.readouterr().err


def test_all_sources_that_cannot_be_read_are_told_at_once(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (here / "estate.yaml").unlink()
    assert main(["scan", "--source", "a=nowhere", "--source", "b=shop@v9"]) == 3
    output = capsys.readouterr().err
    assert "2 of 2 sources could not be read" in output
    assert "there is no nowhere" in output
    assert "no ref 'v9'" in output


@pytest.mark.slow
@pytest.mark.parametrize("moment", ["done < total", "done == total"], ids=["workers are busy", "workers are idle"])
def test_an_interrupted_scan_says_so_and_leaves_the_last_output_whole(here: Path, moment: str) -> None:
    assert main(["scan", "--quiet", "--jobs", "1"]) == 0
    before = files(here / "out")
    make_repository(here / "large", {f"m{n}.py": f"VALUE = {n}\n" * 300 for n in range(400)})
    # It stops with its workers still there until the interrupt comes, which all of them get, or its input ends. A run
    # in the background of a shell has inherited that interrupts are ignored; one at a terminal has not.
    program = (
        "import contextlib, signal, sys\n"
        "from c4trace.cli import main\n"
        "from c4trace.console import Console\n"
        "def progress(stage, done, total):\n"
        f"    if stage == 'reading modules' and {moment}:\n"
        "        print(stage, file=sys.stderr, flush=True)\n"
        "        sys.stdin.read()\n"
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "Console.progress = lambda console: contextlib.nullcontext(progress)\n"
        "sys.exit(main(sys.argv[1:]))\n"
    )
    command = [sys.executable, "-c", program, "scan", "--source", "shop=large", "--jobs", "2", "--quiet"]
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parent.parent)}
    with subprocess.Popen(
        command, env=environment, stdin=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    ) as run:
        assert run.stderr is not None
        assert run.stderr.readline() == "reading modules\n"
        os.killpg(run.pid, signal.SIGINT)
        _, said = run.communicate()
    assert run.returncode == 130
    assert said == "c4trace: interrupted; the last output is as it was\n"
    assert files(here / "out") == before


def test_an_unexpected_error_is_one_line_and_its_traceback_is_one_option_away(
    here: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("the \x1b[31mfloor\nis gone")

    monkeypatch.setattr("c4trace.sources.choose_estate", broken)
    assert main(["scan"]) == 70
    output = capsys.readouterr().err
    assert output == (
        "c4trace: unexpected RuntimeError: the \\x1b[31mfloor (run again with --verbose for the traceback)\n"
    )
    assert main(["scan", "--verbose"]) == 70
    assert "Traceback (most recent call last)" in capsys.readouterr().err


@pytest.mark.slow
def test_a_terminal_that_knows_ascii_alone_is_told_all_the_same(here: Path) -> None:
    git(here / "shop", "commit", "--quiet", "--allow-empty", "-m", "Nothing")
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parent.parent), "PYTHONIOENCODING": "ascii"}
    command = [sys.executable, "-m", "c4trace", "diff", "shop@HEAD~1..HEAD", "--offline"]
    done = subprocess.run(command, env=environment, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
    assert rb"\u2192" in done.stdout


def test_render_makes_the_outputs_anew_from_the_graph_alone(tmp_path: Path) -> None:
    (tmp_path / "g.json").write_text(render_graph_json(sample_graph()))
    arguments = ["render", "--quiet", "--from", str(tmp_path / "g.json"), "--out"]
    assert main([*arguments, str(tmp_path / "one")]) == 0
    assert main([*arguments, str(tmp_path / "two")]) == 0
    assert files(tmp_path / "one") == files(tmp_path / "two")
    assert (tmp_path / "one/graph.json").read_text() == (tmp_path / "g.json").read_text()


@pytest.mark.slow
def test_a_hostile_graph_is_rendered_inside_the_output_directory(tmp_path: Path) -> None:
    (tmp_path / "g.json").write_text(render_graph_json(hostile_graph()))
    assert main(["render", "--quiet", "--from", str(tmp_path / "g.json"), "--out", str(tmp_path / "out")]) == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == ["g.json", "out"]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (None, "there is no "),
        ("{", "is not JSON"),
        ("[]", "is not a graph.json"),
        ('{"schema": "9.0"}', "has schema 9.0, and this c4trace reads 1.0"),
        ('{"schema": "1.0"}', "is not a graph.json of c4trace"),
        ('{"schema": "1.0", "version": "1", "generated": "", "estate": "", "tasks": [{}]}', "is not a graph.json"),
    ],
)
def test_what_is_no_graph_is_refused_in_words(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], content: str | None, words: str
) -> None:
    if content is not None:
        (tmp_path / "g.json").write_text(content)
    assert main(["render", "--from", str(tmp_path / "g.json"), "--out", str(tmp_path / "out")]) == 2
    assert words in capsys.readouterr().err


def test_the_stamp_is_pinned_by_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "0")
    assert stamp() == "1970-01-01T00:00:00+00:00"
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "yesterday")
    with pytest.raises(UserError, match="SOURCE_DATE_EPOCH is 'yesterday'"):
        stamp()


def test_the_cache_directory_follows_the_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("C4TRACE_CACHE", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CACHE_HOME", "relative/is/void")
    assert default_cache_dir() == tmp_path / ".cache/c4trace"
    monkeypatch.setenv("XDG_CACHE_HOME", "/var/x")
    assert default_cache_dir() == Path("/var/x/c4trace")
    monkeypatch.setenv("C4TRACE_CACHE", "/var/y")
    assert default_cache_dir() == Path("/var/y")


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_teaches_by_example(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert f"c4trace {name}" in load_command(name).DETAILS
    with pytest.raises(SystemExit) as ended:
        main([name, "--help"])
    assert ended.value.code == 0
    assert COMMANDS[name][1:20] in capsys.readouterr().out


@pytest.mark.slow
def test_help_is_quick_as_it_imports_nothing_heavy() -> None:
    program = (
        "import sys; from c4trace.cli import main\n"
        "try: main(['--help'])\n"
        "except SystemExit: pass\n"
        "heavy = {'git', 'libcst', 'networkx', 'jinja2', 'httpx', 'jsonschema', 'rich', 'yaml', 'graphviz_pure'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"
