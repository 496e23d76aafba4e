"""The sample estate itself: its repositories, its estate file, and the specification that stands beside it."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from extractor.estate.file import load_estate
from extractor.estate.model import Target
from extractor.model.graph import Call, Context, Evidence, Graph, Scenario, Step, Task
from tests.build_estate import ESTATE, REPOSITORIES, build_estate, build_repository
from tests.estate_expectation import SECTIONS, differences, same_endpoint
from tests.estate_rows import expected, many, marked
from tests.git_repository import git

EMPTY = Graph(schema="1.0", version="", generated="", estate="")


def test_every_build_gives_the_same_commits(tmp_path: Path) -> None:
    first, second = build_estate(tmp_path / "first"), build_estate(tmp_path / "second")
    commits = {name: git(where, "rev-parse", "HEAD") for name, where in first.items()}
    assert commits == {name: git(where, "rev-parse", "HEAD") for name, where in second.items()}
    assert sorted(commits) == sorted(REPOSITORIES)


def test_the_lock_of_enrol_pins_the_commit_that_the_client_is_built_at(tmp_path: Path) -> None:
    client = build_repository("campus-api-client", tmp_path)
    lock = tomllib.loads((ESTATE / "enrol" / "uv.lock").read_text(encoding="utf-8"))
    pinned = next(package for package in lock["package"] if package["name"] == "campus-api-client")
    assert pinned["source"]["git"].endswith(f"?tag=v1.4.0#{git(client, 'rev-parse', 'v1.4.0')}")


def test_awkward_files_are_there_as_git_has_them(tmp_path: Path) -> None:
    platform = build_repository("campus-platform", tmp_path)
    modes = {line.split("\t")[1]: line.split()[0] for line in git(platform, "ls-tree", "-r", "HEAD").splitlines()}
    assert modes["scripts/settings.py"] == "120000"
    assert modes["lms/celery.py"] == "100644"
    assert b"\xff\xfe" in (platform / "lms/static/logo.py").read_bytes()
    assert b"R\xe9union" in (ESTATE / "credits/profiles/countries.py").read_bytes()


def test_the_estate_file_tells_the_two_meanings_of_a_misleading_name_apart() -> None:
    estate = load_estate(ESTATE / "estate.yaml")
    assert estate.of_setting("credits", "ENROL_BASE_URL") == Target("campus-platform", "lms")
    assert estate.of_setting("campus-platform", "ENROL_ROOT_URL") == Target("enrol")
    assert estate.of_setting("credits", "PARTNER_BASE_URL") == Target("partner")
    assert [spec.name for spec in estate.sources()] == ["campus-platform", "enrol", "credits", "campus-api-client"]


def _marked_rows() -> Iterator[tuple[str, Mapping[str, Any]]]:
    for section in SECTIONS:
        if section in ("routes", "orm", "skipped", "schedules", "settings", "arrows", "scenarios", "etl"):
            continue
        for repo, rows in expected()[section].items():
            yield from ((repo, row) for row in rows)
    for scenario in expected()["scenarios"]:
        yield from ((step["repo"], step) for step in scenario["steps"])


def test_every_text_of_the_specification_marks_exactly_one_line() -> None:
    marks = [(repo, row["path"], text) for repo, row in _marked_rows() for text in many(row["at"])]
    assert len(marks) > 200
    assert all(marked(*mark) for mark in marks)


def test_a_graph_of_nothing_lacks_everything() -> None:
    wanted = sum(len(rows) for rows in expected()["tasks"].values())
    assert len(differences(EMPTY, "tasks")) == wanted
    negative = {section for section in SECTIONS if section.startswith("no_")}
    for section in set(SECTIONS) - negative:
        assert differences(EMPTY, section), section
    assert {differences(EMPTY, section) for section in negative} == {()}


def test_what_is_wrong_and_what_is_too_much_is_told() -> None:
    path = "search/tasks.py"
    line = marked("credits", path, "def index_users(")
    right = Task(
        id="t1",
        repo="credits",
        name="search.tasks.index_users",
        path=path,
        line=line,
        end_line=line,
        function="index_users",
        queue="default",
    )
    extra = Task(
        id="t2", repo="credits", name="search.tasks.made_up", path=path, line=1, end_line=2, function="", queue="search"
    )
    told = "\n".join(differences(Graph("1.0", "", "", "", tasks=(right, extra)), "tasks"))
    assert "wrong task: name=search.tasks.index_users" in told
    assert "queue is default" in told
    assert "unexpected task: search.tasks.made_up" in told


def test_a_call_is_compared_field_by_field() -> None:
    path, line = "currency/tasks.py", marked("enrol", "currency/tasks.py", "rates = requests.get(")
    context = (Context("task", "currency.tasks.update_rates"),)
    call = Call(
        id="c",
        repo="enrol",
        path=path,
        line=line,
        end_line=line,
        function="update_rates",
        via="requests.get",
        system="openmoney",
        http_method="GET",
        url="http://rates.openmoney.example/latest.json",
        base_setting=None,
        route_id=None,
        timeout="no",
        contexts=context,
        confidence="certain",
    )
    told = [text for text in differences(Graph("1.0", "", "", "", calls=(call,)), "calls") if path in text]
    assert len(told) == 1
    assert told[0].endswith("timeout is no")


def _scenario(row: Mapping[str, Any], backwards: bool) -> Scenario:
    rows = list(reversed(row["steps"])) if backwards else row["steps"]
    steps = []
    for n, step in enumerate(rows, 1):
        line = marked(step["repo"], step["path"], many(step["at"])[0])
        evidence = Evidence(step["repo"], "", step["path"], line, line, "call")
        steps.append(Step(n, step["from"], step["to"], "", step["sync"], (evidence,)))
    return Scenario(row["title"], row["title"], "", tuple(steps), tuple(row.get("missing", ())))


def test_the_steps_of_a_scenario_have_an_order() -> None:
    rows = expected()["scenarios"]
    right = Graph("1.0", "", "", "", scenarios=tuple(_scenario(row, backwards=False) for row in rows))
    wrong = Graph("1.0", "", "", "", scenarios=tuple(_scenario(row, backwards=True) for row in rows))
    assert differences(right, "scenarios") == ()
    assert len(differences(wrong, "scenarios")) > len(rows)


@pytest.mark.parametrize(
    ("wanted", "url", "same"),
    [
        ("/api/v1/threads", "{setting:COMMENTS_SERVICE_URL}/api/v1/threads", True),
        ("/api/v1/threads/{}", "{setting:COMMENTS_SERVICE_URL}/api/v1/threads/{arg:thread_id}", True),
        ("/api/v1/threads", "{setting:COMMENTS_SERVICE_URL}/api/v1/threads/{arg:thread_id}", False),
        ("/latest.json", "http://rates.openmoney.example/latest.json", True),
        ("/api/v1/courses/", "https://catalog.campus.example/api/v1/courses/?platform=credits", True),
        ("", "{setting:RATES_URL}", True),
        ("/a/{}/b/", "{setting:X}/a/{?computed}/c/", False),
    ],
)
def test_endpoints_are_compared_by_path(wanted: str, url: str, same: bool) -> None:
    assert same_endpoint(wanted, url) is same
