"""What a diff must not tell: the same requests under other labels, bases, values, ordinals; and what it then must."""

from __future__ import annotations

import dataclasses

from extractor.diff import diff_graphs
from extractor.diff.document import FieldChange
from extractor.diff.identity import finding_group, fingerprint
from extractor.gate.baseline import Acceptance, Baseline
from extractor.gate.policy import Policy, check
from extractor.model.graph import Context, Finding, Flow, Graph, Inbound, Store
from tests.diff_graphs import call, evidence, finding, flow, graph, route, setting

GRADES = call(id="grades", line=30, url="{setting:CAMPUS_URL}/api/grades/", route_id=None, label="GET grades")


def arrows(*flows: tuple[str, tuple[str, ...]]) -> Graph:
    """The shop's two calls, drawn as arrows: each a label and the ids of its calls."""
    drawn = [
        flow(id=f"f{at}", label=label, call_ids=ids, evidence=(evidence(line=10 + at),))
        for at, (label, ids) in enumerate(flows)
    ]
    return graph(flows=drawn, calls=[call(), GRADES], routes=[route(), route(id="r2", pattern="/api/grades/")])


def test_the_same_calls_under_another_label_are_no_change() -> None:
    base = arrows(("POST enrollment", ("call",)), ("GET grades", ("grades",)))
    assert diff_graphs(base, arrows(("enrol", ("call",)), ("GET grades", ("grades",)))).empty


def test_calls_gathered_under_fewer_labels_are_no_change() -> None:
    base = arrows(("POST enrollment", ("call",)), ("GET grades", ("grades",)))
    together = arrows(("learner records", ("call", "grades")))
    assert diff_graphs(base, together).empty
    assert diff_graphs(together, base).empty


def test_a_new_call_under_an_old_label_is_told_and_what_stood_elsewhere_is_not() -> None:
    base = dataclasses.replace(arrows(("POST enrollment", ("call",))), calls=(call(),))
    [change] = diff_graphs(base, arrows(("learner records", ("call", "grades")))).of("flows")
    assert change.status == "changed"
    [calls] = [f for f in change.fields if f.field == "calls"]
    assert (calls.removed, len(calls.added)) == ((), 1)


def test_the_values_that_one_line_may_send_are_one_call() -> None:
    given = call(id="given", url="{setting:CDN_URL}/service/{service_id}/purge/")
    fallback = call(id="fallback", url="{setting:CDN_URL}/service/{setting:SERVICE_ID}/purge/")
    assert [c.kind for c in diff_graphs(graph(), graph(calls=[given, fallback])).of("calls")] == ["calls"]
    [change] = diff_graphs(graph(calls=[given]), graph(calls=[given, fallback])).of("calls")
    assert change.fields == (FieldChange("url", "", "", (), (fallback.url,)),)


def test_a_base_that_is_read_from_a_renamed_setting_is_told_as_a_setting_only() -> None:
    base = graph(calls=[call()], settings=[setting()])
    moved = call(url="{setting:SHOP_CAMPUS_URL}/api/enrollment/", base_setting="SHOP_CAMPUS_URL")
    head = graph(calls=[moved], settings=[setting("SHOP_CAMPUS_URL", env="CAMPUS_URL")])
    assert {c.kind for c in diff_graphs(base, head).changes} == {"settings"}


def test_a_call_that_reads_its_base_from_another_setting_is_changed() -> None:
    settings = [setting(), setting("OTHER_URL", env="OTHER_URL", default="https://other.example")]
    moved = call(url="{setting:OTHER_URL}/api/enrollment/", base_setting="OTHER_URL")
    [change] = diff_graphs(graph(calls=[call()], settings=settings), graph(calls=[moved], settings=settings)).changes
    assert change.fields == (FieldChange("base", "CAMPUS_URL", "OTHER_URL"),)


def test_a_call_whose_system_is_no_longer_known_is_one_change() -> None:
    lost = call(system=None, url="{?campus url}/api/enrollment/", base_setting=None, label="enrol learner")
    [change] = diff_graphs(graph(calls=[call()]), graph(calls=[lost])).of("calls")
    assert (change.status, change.old("system"), change.new("system")) == ("changed", "Campus", "")


def hooked(*methods: str) -> Graph:
    hook = route(id="r9", pattern="/hook/", methods=methods)
    calls = Inbound(
        id="i",
        repo="campus",
        service="web",
        route_id="r9",
        system="",
        kind="webhook",
        label="bounces",
        evidence=(evidence("campus"),),
    )
    return graph(routes=[hook, route()], inbound=[calls])


def test_a_route_that_answers_more_methods_breaks_no_contract_and_one_that_answers_fewer_does() -> None:
    assert [c.status for c in diff_graphs(hooked("POST"), hooked("GET", "POST")).contracts] == ["mended"]
    [contract] = diff_graphs(hooked("GET", "POST"), hooked("POST")).contracts
    assert (contract.status, contract.caller) == ("broken", "a system outside")


def waiting(*places: tuple[str, int]) -> Graph:
    """Findings about one request, each at a place, counted in the order of the places."""
    marks = [fingerprint("no-timeout", "shop", "POST /api/enrollment/", n) for n in range(len(places))]
    rows = [
        finding(mark, path=path, line=line, function=f"f{line}", severity="high" if line == 1 else "medium")
        for mark, (path, line) in zip(marks, sorted(places), strict=True)
    ]
    return graph(findings=rows)


def test_a_finding_before_others_like_it_is_the_only_one_told() -> None:
    base, head = waiting(("b.py", 1), ("c.py", 2)), waiting(("a.py", 7), ("b.py", 1), ("c.py", 2))
    [change] = diff_graphs(base, head).changes
    assert (change.status, change.after[0].path) == ("added", "a.py")
    [change] = diff_graphs(head, base).changes
    assert (change.status, change.before[0].path) == ("removed", "a.py")


def test_what_is_accepted_of_others_like_it_does_not_hide_a_new_finding() -> None:
    base, head = waiting(("b.py", 1), ("c.py", 2)), waiting(("a.py", 7), ("b.py", 1), ("c.py", 2))
    rows: tuple[Finding, ...] = base.findings
    accepted = Baseline(
        tuple(Acceptance(f.fingerprint, "new-brittle-links", f.path, "known", "2027-01-01") for f in rows)
    )
    [breach] = check(diff_graphs(base, head), head, Policy(brittle="low"), accepted, "2026-01-01").breaches
    assert breach.where == "shop/a.py:7"
    assert breach.fingerprint == fingerprint("no-timeout", "shop", "POST /api/enrollment/", 2)


def test_fingerprints_about_one_thing_share_a_group() -> None:
    first, second, other = (
        fingerprint("no-timeout", "shop", subject, n) for subject, n in (("a", 0), ("a", 1), ("b", 0))
    )
    assert finding_group(first) == finding_group(second) != finding_group(other)


def test_an_arrow_without_calls_keeps_its_label_as_its_meaning() -> None:
    drawn: Flow = flow()
    [change] = diff_graphs(
        graph(flows=[drawn]), graph(flows=[dataclasses.replace(drawn, label="POST enrolment")])
    ).changes
    assert [f.field for f in change.fields] == ["label"]


def test_an_entry_point_known_by_a_class_only_may_be_renamed() -> None:
    base, head = (
        graph(calls=[call(contexts=(Context("request", name),))]) for name in ("Enrol.post", "Enrolment.post")
    )
    assert diff_graphs(base, head).empty


def test_what_a_store_holds_is_told_by_model_and_never_by_the_code_of_a_client() -> None:
    def store(via: str) -> Graph:
        return graph(
            stores=[
                Store(
                    id="s",
                    repo="shop",
                    service="web",
                    system="redis",
                    kind="cache",
                    operation="both",
                    setting=None,
                    engine="redis",
                    path="a.py",
                    line=3,
                    end_line=3,
                    function="f",
                    contexts=(),
                    via=via,
                )
            ]
        )

    assert diff_graphs(store("redis.Redis().get"), store("get_client().register_script()")).empty
    assert [c.kind for c in diff_graphs(store("Django ORM: Order"), store("Django ORM: Basket")).changes] == ["stores"]


def test_findings_that_share_no_path_function_or_words_are_two() -> None:
    mark = fingerprint("no-timeout", "shop", "GET requests.get", 0)
    gone = finding(mark, path="a.py", function="f", message="a web worker may wait")
    come = finding(mark, path="b.py", function="g", message="a command may wait")
    found = diff_graphs(graph(findings=[gone]), graph(findings=[come]))
    assert sorted(c.status for c in found.changes) == ["added", "removed"]
    renamed = dataclasses.replace(come, path="a.py")
    assert diff_graphs(graph(findings=[gone]), graph(findings=[renamed])).empty


def test_a_default_made_of_another_setting_is_the_same_however_that_one_is_filled() -> None:
    base = graph(settings=[setting(default="{env:yaml:ROOT_URL}/api/")])
    assert diff_graphs(base, graph(settings=[setting(default="{setting:ROOT_URL}/api/")])).empty
    assert not diff_graphs(base, graph(settings=[setting(default="{setting:OTHER_URL}/api/")])).empty
