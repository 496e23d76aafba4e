"""The ingestion table: what a row says of the calls that the estate asks for, and the rows derived without asking."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import pytest

from extractor.errors import UserError
from extractor.estate.file import load_estate
from extractor.estate.model import Estate
from extractor.graph.etl import etl_gaps, etl_rows
from extractor.model.graph import Context, EtlRow, Graph, Place
from tests.small_graph import CALLS, CHECKOUT, POLL_ONE, PUSH, call, finding, small_graph

ROW = {"source": "Shop (stock)", "system": "warehouse", "consumer": "shop"}


def estate(*rows: Any, libraries: tuple[str, ...] = ()) -> Estate:
    """An estate that asks for these rows."""
    return Estate("Trade", (), libraries=libraries, etl=rows)


def row(graph: Graph | None = None, libraries: tuple[str, ...] = (), **asked: Any) -> EtlRow:
    """The one row that is asked for."""
    (only,) = etl_rows(graph or small_graph(), estate({**ROW, **asked}, libraries=libraries))
    return only


def test_a_row_of_batches_stands_on_the_task_that_a_schedule_starts() -> None:
    found = row(task="shop.tasks.poll*")
    assert (found.source, found.system, found.consumer) == ("Shop (stock)", "warehouse", "shop")
    assert found.cadence == "Fridays, every 6 hours, UTC"
    assert found.transport == "HTTPS REST via stock-client, batch"
    assert found.data == "levels"
    assert found.source_of_truth == Place("shop", "shop/tasks.py", 15)
    assert [(e.path, e.line, e.role) for e in found.evidence] == [
        ("shop/api.py", 30, "call"),
        ("shop/settings.py", 80, "schedule"),
        ("shop/tasks.py", 15, "task"),
        ("shop/tasks.py", 25, "task"),
        ("warehouse/urls.py", 3, "route"),
    ]


def test_a_row_of_requests_stands_on_its_first_call_and_leads_to_its_flows() -> None:
    found = row(context="request")
    assert (found.cadence, found.transport) == ("on request", "HTTPS REST via stock_client")
    assert found.source_of_truth == Place("shop", "shop/api.py", 10)
    assert found.flow_ids == ("flow-shop/web-warehouse/api-stock",)


def test_what_sets_calls_off_is_told_before_their_schedules_and_may_be_named() -> None:
    assert row().cadence == "on request; Fridays, every 6 hours, UTC"
    assert row(occasion="on checkout").cadence == "on checkout; Fridays, every 6 hours, UTC"
    assert row().transport == "HTTPS REST via stock_client, stock-client, on request and in batches"
    assert row(mode="by night").transport.endswith(", by night")


def test_calls_that_a_signal_sets_off_too_are_no_batches() -> None:
    levels = call("levels", 30, (POLL_ONE, Context("signal", "post_save")))
    found = row(small_graph(calls=(levels,)))
    assert found.transport == "HTTPS REST via stock_client, on request and in batches"
    assert found.source_of_truth == Place("shop", "shop/api.py", 30)
    only = row(small_graph(calls=(dataclasses.replace(levels, contexts=levels.contexts[1:]),)))
    assert (only.transport, only.cadence) == ("HTTPS REST via stock_client", "on change")


def test_several_schedules_are_told_by_task() -> None:
    graph = small_graph()
    (first,) = graph.schedules
    second = dataclasses.replace(first, id="s2", key="push", cadence="hourly", line=90)
    second = dataclasses.replace(second, task="shop.tasks.push_order", task_id="task-push_order-web")
    found = row(small_graph(schedules=(first, second)), context="task")
    assert found.cadence == "poll: Fridays, every 6 hours, UTC; push order: hourly"


def test_a_task_that_is_only_queued_runs_when_queued() -> None:
    assert row(task="*.push_order").cadence == "when queued"


def test_a_library_that_the_estate_names_carries_the_calls_of_its_modules() -> None:
    assert row(libraries=("stock-client", "other-client"), context="request").transport == "HTTPS REST via stock-client"


def test_a_wrapper_inside_the_repository_is_no_library() -> None:
    graph = small_graph(calls=(call("own", 10, (CHECKOUT,), via="shop.api.wrapper"),))
    assert row(graph).transport == "HTTPS REST"


def test_plain_http_is_said() -> None:
    graph = small_graph(calls=(call("plain", 10, (CHECKOUT,), url="http://warehouse.example/", via="requests.get"),))
    assert row(graph).transport == "HTTP REST via requests"


def test_only_calls_that_fit_and_that_something_reaches_are_in_a_row() -> None:
    assert row(calls={"method": "POST"}).data == "order"
    assert row(calls=[{"method": "POST"}, {"label": "levels"}]).data == "order, levels"
    assert "forgotten" not in row().data


def test_what_moves_is_named_by_the_api_where_the_label_leaves_it_out() -> None:
    url = "{setting:WAREHOUSE_URL}/api/grades/v1/courses/{id}/"
    assert row(small_graph(calls=(call("courses", 10, (CHECKOUT,), url=url),))).data == "grades"
    assert row(small_graph(calls=(call("POST grade", 10, (CHECKOUT,), url=url),))).data == "POST grade"


def test_more_than_six_things_are_counted() -> None:
    many = tuple(call(f"thing {n}", n, (CHECKOUT,)) for n in range(1, 10))
    assert row(small_graph(calls=many)).data.endswith("thing 6 and 3 more")


def test_calls_that_only_commands_make_stand_behind_the_others() -> None:
    early = call("early", 1, (Context("command", "import"),))
    assert row(small_graph(calls=(early, *CALLS))).source_of_truth.line == 10


@pytest.mark.parametrize(
    ("severity", "suppressed", "reasons"),
    [("high", "", ("no timeout (high)",)), ("info", "", ()), ("high", "accepted in the baseline", ())],
)
def test_a_row_is_brittle_for_the_findings_on_its_calls(severity: str, suppressed: str, reasons: tuple[str]) -> None:
    found = row(small_graph(findings=(finding("call-levels", severity, suppressed),)))
    assert (found.brittle, found.reasons) == (bool(reasons), reasons)


def test_a_finding_on_another_call_is_none_of_the_rows() -> None:
    assert not row(small_graph(findings=(finding("call-rates"),))).brittle


def test_a_row_without_calls_is_left_out_and_told_of() -> None:
    asked = estate({**ROW, "calls": {"endpoint": "/no/*"}, "task": "*.poll"}, ROW)
    assert [found.data for found in etl_rows(small_graph(), asked)] == ["stock, order, levels"]
    (gap,) = etl_gaps(small_graph(), asked)
    assert gap.reason == "no call of shop fits call with endpoint /no/* in a task with name *.poll"
    assert gap.what == "ingestion source Shop (stock)"


def test_without_rows_asked_for_those_are_derived_that_read_on_schedule_or_by_command() -> None:
    by_hand = call("by hand", 70, (Context("command", "import"),), system="bank", route_id=None)
    posted = call("posted", 80, (Context("command", "import"), PUSH), system="post", http_method="POST", route_id=None)
    found = etl_rows(small_graph(calls=(*CALLS, by_hand, posted)), estate())
    assert [(r.source, r.system, r.cadence) for r in found] == [
        ("Shop (batch reads of Bank)", "bank", "by command"),
        ("Shop (batch reads of Warehouse)", "warehouse", "Fridays, every 6 hours, UTC"),
    ]


FILE = """
systems:
  shop: {{name: Shop, repository: ./shop}}
  bank: {{name: Bank}}
etl:
  - {row}
"""


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("{source: S, system: bnak, consumer: shop}", "etl.0.system: 'bnak' is not a known system (did you mean"),
        ("{source: S, system: bank, consumer: bank}", "line 6: etl.0.consumer: 'bank' is not a known consumer"),
        ("{source: S, system: bank}", "line 6: etl.0: 'consumer' is missing"),
        ("{source: S, system: bank, consumer: shop, calls: {endpiont: x}}", "unknown key (did you mean 'endpoint'?)"),
    ],
)
def test_a_row_that_is_wrong_in_the_file_is_refused_with_its_line(tmp_path: Path, text: str, fault: str) -> None:
    path = tmp_path / "estate.yaml"
    path.write_text(FILE.format(row=text))
    with pytest.raises(UserError) as refused:
        load_estate(path)
    assert fault in str(refused.value)
