"""Findings across repositories, and of schedules: given calls, routes and beat entries, these findings."""

from __future__ import annotations

import dataclasses

from extractor.checks import CheckContext, contracts, find, of_estate, settled, unread_tasks
from extractor.checks.schedules import ScheduleContext
from extractor.model.graph import Call, Context, Finding, Gap, Route, Schedule, Task
from tests.checked_worlds import program

CALL = Call(
    id="call-1",
    repo="shop",
    path="shop/api.py",
    line=12,
    end_line=12,
    function="orders",
    via="requests.get",
    system="campus",
    http_method="GET",
    url="{setting:CAMPUS_URL}/api/orders/v1/list/",
    base_setting="CAMPUS_URL",
    route_id=None,
    timeout="yes",
    contexts=(Context("request", "/orders/"),),
    confidence="certain",
)
ROUTE = Route(
    id="route-1",
    repo="campus",
    service="lms",
    pattern="/api/courses/v1/<id>/",
    name=None,
    view="courses",
    methods=("GET",),
    path="urls.py",
    line=3,
)
SERVED = {"campus": "campus"}


def told(call: Call, *routes: Route, gaps: tuple[Gap, ...] = ()) -> list[tuple[str, str]]:
    return [(f.rule, f.severity) for f in contracts([call], [ROUTE, *routes], SERVED, gaps)]


def unread(prefix: str) -> Gap:
    return Gap(
        id="gap-1",
        kind="route",
        repo="campus",
        path="urls.py",
        line=9,
        what=f"the URLs of social.urls under {prefix}",
        reason="not read",
        remedy="",
    )


def test_a_path_that_no_route_answers() -> None:
    (finding,) = contracts([CALL], [ROUTE], SERVED)
    assert (finding.rule, finding.severity) == ("unserved-endpoint", "high")
    assert (finding.repo, finding.path, finding.line, finding.call_ids) == ("shop", "shop/api.py", 12, ("call-1",))
    assert "GET {setting:CAMPUS_URL}/api/orders/v1/list/" in finding.message


def test_an_answered_call_is_no_finding() -> None:
    assert told(dataclasses.replace(CALL, route_id="route-1")) == []
    assert told(dataclasses.replace(CALL, route_candidates=("route-1",))) == []


def test_a_system_that_is_not_scanned_is_not_judged() -> None:
    assert told(dataclasses.replace(CALL, system="paywell")) == []


def test_dead_code_is_not_judged() -> None:
    assert told(dataclasses.replace(CALL, contexts=(Context("unknown", ""),))) == []


def test_too_little_of_the_path_is_known() -> None:
    assert told(dataclasses.replace(CALL, url="{setting:CAMPUS_URL}/{path}")) == []
    assert told(dataclasses.replace(CALL, url="{setting:CAMPUS_URL}/api/{name}-{version}/list/")) == []


def test_what_stands_in_the_last_hole_may_be_a_longer_path() -> None:
    assert told(dataclasses.replace(CALL, url="{setting:CAMPUS_URL}/api/courses/{rest}")) == []
    other = dataclasses.replace(CALL, url="{setting:CAMPUS_URL}/api/orders/{rest}")
    assert told(other) == [("unserved-endpoint", "high")]


def test_urls_that_were_not_read_may_serve_it() -> None:
    assert told(CALL, gaps=(unread("/api/orders/"),)) == []
    assert told(CALL, gaps=(unread("/api/<kind>/v1/"),)) == []
    assert told(CALL, gaps=(unread("/auth/"),)) == [("unserved-endpoint", "high")]
    assert told(CALL, gaps=(unread("/"),)) == [("unserved-endpoint", "low")]


def test_a_route_on_its_way_out() -> None:
    old = dataclasses.replace(ROUTE, id="route-2", deprecated="use v2")
    (finding,) = contracts([dataclasses.replace(CALL, route_id="route-2")], [ROUTE, old], SERVED)
    assert finding.rule == "deprecated-endpoint"
    assert "use v2" in finding.message


def test_a_moved_call_keeps_its_fingerprint() -> None:
    moved = dataclasses.replace(CALL, path="shop/clients.py", line=90, end_line=93, function="Client.orders")
    assert contracts([CALL], [ROUTE], SERVED)[0].fingerprint == contracts([moved], [ROUTE], SERVED)[0].fingerprint


def test_two_calls_of_one_endpoint_are_two_findings() -> None:
    again = dataclasses.replace(CALL, id="call-2", line=40, end_line=40)
    found = contracts([CALL, again], [ROUTE], SERVED)
    assert len({f.fingerprint for f in found}) == len({f.id for f in found}) == 2


# schedules -------------------------------------------------------------------------------------------------------


def schedules(task_id: str | None) -> tuple[Finding, ...]:
    row = Schedule(
        id="s-1",
        repo="shop",
        key="digest",
        task="mail.tasks.digest",
        task_id=task_id,
        schedule="crontab: 0 3 * * *",
        cadence="",
        path="main.py",
        line=8,
        end_line=11,
    )
    return beat_findings(with_schedules(dataclasses.replace(program({"shop/__init__.py": ""}), schedules=(row,))))


def with_schedules(seen: CheckContext) -> CheckContext:
    """As a scan has it: every entry that leads to no task says why."""
    return dataclasses.replace(seen, schedules=settled(seen))


def beat_findings(seen: CheckContext) -> tuple[Finding, ...]:
    return find(ScheduleContext("shop", seen.schedules))


def test_a_schedule_of_no_task() -> None:
    (finding,) = schedules(None)
    assert (finding.rule, finding.severity) == ("schedule-unresolved", "high")
    assert (finding.path, finding.line, finding.end_line) == ("main.py", 8, 11)
    assert "mail.tasks.digest" in finding.message


def test_a_schedule_of_a_task() -> None:
    assert schedules("task-1") == ()


NIGHTLY = Schedule(
    id="schedule-1",
    repo="shop",
    key="nightly",
    task="sweeper.tasks.sweep",
    task_id=None,
    schedule="crontab: 0 3 * * *",
    cadence="",
    path="main.py",
    line=8,
    end_line=8,
)
SHOP = {"shop/__init__.py": "", "shop/tasks.py": "def count(): pass\n"}


def nightly(task: str, files: dict[str, str], *skipped: str) -> tuple[list[str], list[str]]:
    """The findings, and the reasons of the gaps, of a beat entry of this task in a repository of these files."""
    row = dataclasses.replace(NIGHTLY, task=task)
    seen = with_schedules(dataclasses.replace(program(files), schedules=(row,), skipped=skipped))
    return [finding.rule for finding in beat_findings(seen)], [gap.reason for gap in unread_tasks(seen)]


def test_a_task_that_celery_brings_exists() -> None:
    assert nightly("celery.backend_cleanup", SHOP) == ([], [])


def test_a_name_that_only_looks_like_one_of_celery_does_not_exist() -> None:
    assert nightly("celery_extra.backend_cleanup", SHOP) == (["schedule-unresolved"], [])


def test_a_task_that_is_known_only_at_run_time_is_not_said_to_be_missing() -> None:
    assert nightly("?", SHOP) == ([], [])


def test_a_task_of_a_library_that_was_not_read_is_a_gap() -> None:
    files = {**SHOP, "shop/use.py": "import sweeper\n\ndef use():\n    sweeper.start()\n"}
    assert nightly("sweeper.tasks.sweep", files) == ([], ["the library sweeper was not read"])


def test_a_library_that_nothing_uses_holds_no_task() -> None:
    assert nightly("sweeper.tasks.sweep", SHOP) == (["schedule-unresolved"], [])


def test_a_task_of_a_file_that_could_not_be_read_is_a_gap() -> None:
    files = {**SHOP, "legacy/__init__.py": ""}
    assert nightly("legacy.tasks.run", files, "legacy/tasks.py") == ([], ["the file legacy/tasks.py was not read"])


def test_an_unread_file_beside_the_one_that_is_named_excuses_nothing() -> None:
    assert nightly("shop.tasks.coutn", SHOP, "shop/old_tasks.py", "shop/more/tasks.py") == (["schedule-unresolved"], [])


def elsewhere(task: str, repo: str) -> str:
    """What is said of a beat entry of the shop that names a task which a repository has."""
    row = dataclasses.replace(NIGHTLY, task=task, unresolved="missing")
    known = Task("task-1", repo, "sweeper.tasks.sweep", "sweeper/tasks.py", 3, 4, "sweep", None)
    return of_estate((row,), (known,))[0].unresolved


def test_a_task_of_another_repository_is_not_missing() -> None:
    assert elsewhere("sweeper.tasks.sweep", "sweeper") == "elsewhere"


def test_a_task_that_no_repository_has_is_missing() -> None:
    assert elsewhere("sweeper.tasks.swep", "sweeper") == "missing"
