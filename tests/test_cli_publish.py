"""Publishing: the last good output stands whole until the next one stands in its place, whatever happens."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from c4trace.output.publish import check_out_dir, exchange, publish
from extractor.errors import UserError
from tests.killed import killed_at


def tree(where: Path) -> dict[str, str]:
    return {
        str(path.relative_to(where)): path.read_text()
        for path in sorted(where.rglob("*"))
        if path.is_file() and path.name != ".c4trace-output"
    }


def siblings(out: Path) -> list[str]:
    return sorted(path.name for path in out.parent.iterdir())


FIRST: dict[str, str | bytes] = {"graph.json": "1", "site/index.html": "one", "puml/a.puml": "a"}
SECOND: dict[str, str | bytes] = {"graph.json": "2", "site/index.html": b"two"}


@pytest.fixture(params=[True, False], ids=["exchange", "two-renames"])
def swap(request: pytest.FixtureRequest):  # type: ignore[no-untyped-def]
    return exchange if request.param else (lambda one, other: False)


def test_an_output_is_made_and_then_replaced_whole(tmp_path: Path, swap) -> None:  # type: ignore[no-untyped-def]
    out = tmp_path / "deep" / "out"
    publish(out, FIRST, swap)
    assert tree(out) == FIRST
    publish(out, SECOND, swap)
    assert tree(out) == {"graph.json": "2", "site/index.html": "two"}
    assert siblings(out) == ["out"]


def test_the_users_readme_and_dot_files_stay(tmp_path: Path, swap) -> None:  # type: ignore[no-untyped-def]
    out = tmp_path / "out"
    out.mkdir()
    (out / "README.md").write_text("mine")
    (out / ".gitignore").write_text("*")
    for files in (FIRST, SECOND):
        publish(out, files, swap)
        assert tree(out)["README.md"] == "mine"
        assert tree(out)[".gitignore"] == "*"


def test_a_directory_of_somebody_else_is_refused_and_untouched(tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (out / "thesis.tex").write_text("years of work")
    refused = r"has files but no graph\.json"
    with pytest.raises(UserError, match=refused):
        publish(out, FIRST)
    with pytest.raises(UserError, match=refused):
        check_out_dir(out)
    assert tree(out) == {"thesis.tex": "years of work"}
    assert siblings(out) == ["out"]


def test_a_file_of_the_user_among_ours_is_refused_and_not_lost(tmp_path: Path) -> None:
    out = tmp_path / "out"
    publish(out, FIRST)
    (out / "notes.md").write_text("mine")
    with pytest.raises(UserError, match=r"holds notes.md, which c4trace did not write"):
        publish(out, SECOND)
    assert tree(out) == {**FIRST, "notes.md": "mine"}


def test_what_cannot_be_replaced_says_so(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match="is a file"):
        publish(tmp_path / "file", FIRST)
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    with pytest.raises(UserError, match="is a symbolic link"):
        publish(tmp_path / "link", FIRST)
    with pytest.raises(UserError, match="is a mount point"):
        check_out_dir(Path("/proc"))


@pytest.mark.parametrize("name", ["../x", "/x", "a/../../x", "", "a\0b", ".c4trace-output"])
def test_no_output_leaves_the_directory(tmp_path: Path, name: str) -> None:
    with pytest.raises(ValueError):
        publish(tmp_path / "out", {name: "x"})
    assert siblings(tmp_path / "out") == []


def test_a_run_killed_between_two_renames_is_mended_by_the_next(tmp_path: Path) -> None:
    out = tmp_path / "out"
    publish(out, FIRST)
    out.rename(tmp_path / ".out.c4trace-old")
    (tmp_path / ".out.c4trace-new").mkdir()
    (tmp_path / ".out.c4trace-new" / "half").write_text("half")
    with pytest.raises(UserError):
        # Even a run that comes to nothing puts the last good output back first.
        publish(out, SECOND, _stop)
    assert tree(out) == FIRST
    publish(out, SECOND)
    assert siblings(out) == ["out"]


def _stop(one: Path, other: Path) -> bool:
    raise OSError(28, "No space left on device", str(one))


@pytest.mark.slow
def test_a_kill_at_any_step_leaves_one_whole_output(tmp_path: Path) -> None:
    out = tmp_path / "place" / "out"
    program = tmp_path / "program.py"
    program.write_text(
        "import sys; from pathlib import Path; from c4trace.output.publish import publish\n"
        "names = ('graph.json', 'site/a.html', 'site/b.html', 'puml/c.puml')\n"
        "publish(Path(sys.argv[1]), dict.fromkeys(names, sys.argv[2]))\n"
    )
    publish(out, dict.fromkeys(("graph.json", "site/a.html", "site/b.html", "puml/c.puml"), "0"))
    step, seen = 1, {"0"}
    while killed_at(step, out.parent, program, out, step):
        contents = tree(out)
        assert len(contents) == 4
        assert len(set(contents.values())) == 1, f"a mixture of two runs, killed at step {step}"
        seen |= set(contents.values())
        step += 1
    assert tree(out)["graph.json"] == str(step)
    assert step > 15
    assert len(seen) > 2, "some were killed before the exchange and some after"


@pytest.mark.slow
def test_two_runs_at_once_leave_one_of_them_whole(tmp_path: Path) -> None:
    out = tmp_path / "out"
    program = (
        "import sys; from pathlib import Path; from c4trace.output.publish import publish\n"
        "for _ in range(15): publish(Path(sys.argv[1]), {'graph.json': sys.argv[2], 'a/b': sys.argv[2]})\n"
    )
    runs = [subprocess.Popen([sys.executable, "-c", program, str(out), name]) for name in "xy"]
    assert [run.wait() for run in runs] == [0, 0]
    assert tree(out) in ({"graph.json": "x", "a/b": "x"}, {"graph.json": "y", "a/b": "y"})
    assert siblings(out) == ["out"]
