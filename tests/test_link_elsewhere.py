"""Tasks of other repositories: who queues one by its name, and whose workers take it."""

from __future__ import annotations

import dataclasses

import pytest

from extractor.estate.model import Estate, System
from extractor.graph.arrows import Arrows
from extractor.graph.deployment import deployments
from extractor.graph.timing import timings
from extractor.link.elsewhere import join_tasks
from extractor.link.facts import RepoFacts
from extractor.model.graph import Context, Enqueue, Flow, Gap, Schedule, Source
from extractor.model.ids import row_id
from tests.diff_graphs import schedule, task

BUY = Context("request", "/buy/", ("web",))
ESTATE = Estate("Test", (System("shop", "Shop", kind="system"), System("stock", "Stock", kind="system")))
RESERVE = task(id="t-reserve", repo="stock", name="stock.reserve", queue="stock", services=("web",))


def sends(name: str = "stock.reserve", repo: str = "shop", queue: str | None = None) -> Enqueue:
    """A place that sends a task by its name."""
    place = ("shop/views.py", 7, 7, "buy")
    return Enqueue(f"e-{repo}", repo, *place, name, "send_task()", queue=queue, contexts=(BUY,))


def times(name: str = "stock.reserve", unresolved: str = "missing") -> Schedule:
    """A beat entry of the shop's."""
    return dataclasses.replace(
        schedule(), id="s", repo="shop", task=name, task_id=None, service="", unresolved=unresolved
    )


def joined(shop: RepoFacts, **more: RepoFacts) -> dict[str, RepoFacts]:
    """The shop, joined with the stock, which reserves, and more repositories."""
    return join_tasks({"shop": shop, "stock": repo("stock", tasks=(RESERVE,)), **more})


def repo(name: str, **rows: object) -> RepoFacts:
    """A repository of these rows."""
    return dataclasses.replace(RepoFacts(Source(name, "", "main", name[0] * 40, 1)), **rows)  # type: ignore[arg-type]


def flows(facts: dict[str, RepoFacts]) -> dict[tuple[str, str], Flow]:
    """The arrows of the two systems, by their ends."""
    found = Arrows(ESTATE, facts, timings(facts), deployments(ESTATE, facts)).flows()
    return {(flow.source, flow.target): flow for flow in found}


def test_a_message_by_the_name_of_another_repositorys_task_goes_to_its_queue_and_worker() -> None:
    facts = joined(repo("shop", enqueues=(sends(queue="fast"),)))
    (row,) = facts["shop"].enqueues
    assert (row.task_id, row.queue, row.confidence) == ("t-reserve", "fast", "likely")
    found = flows(facts)
    sent = found["shop/web", "stock/web-queue"]
    assert (sent.label, sent.sync, sent.trigger, sent.confidence) == ("reserve", False, "request /buy/", "likely")
    assert [(e.repo, e.path, e.role) for e in sent.evidence[:2]] == [
        ("shop", "shop/views.py", "enqueue"),
        ("stock", RESERVE.path, "task"),
    ]
    assert ("shop/web", "shop/web-queue") not in found
    assert found["stock/web-queue", "stock/web-worker"].label.startswith("tasks of queue")


def test_a_beat_entry_of_another_repositorys_task_queues_it_there_and_times_it() -> None:
    facts = joined(repo("shop", schedules=(times(),)))
    (row,) = facts["shop"].schedules
    assert (row.task_id, row.unresolved, row.queue) == ("t-reserve", "", "stock")
    queued = flows(facts)["shop/web-beat", "stock/web-queue"]
    assert (queued.cadence, queued.sync, queued.evidence[0].repo) == (row.cadence, False, "shop")
    assert timings(facts)["stock"].of("stock.reserve").schedules == (row,)


def test_the_gap_of_an_entry_that_was_found_elsewhere_is_closed() -> None:
    gap = Gap(row_id("gap", "schedule", "s", "unread"), "schedule", "shop", "a.py", 1, "", "", "")
    other = dataclasses.replace(gap, id="gap-other")
    facts = joined(repo("shop", schedules=(times(unresolved="unread"),), gaps=(gap, other)))
    assert facts["shop"].gaps == (other,)


@pytest.mark.parametrize("name", ["stock.releese", "reserve", ""])
def test_a_name_that_nobody_has_stays_what_it_is(name: str) -> None:
    shop = repo("shop", enqueues=(sends(name),), schedules=(times(name),))
    assert joined(shop)["shop"] == shop


def test_a_name_that_two_others_have_is_not_guessed() -> None:
    shop, again = repo("shop", enqueues=(sends(),)), dataclasses.replace(RESERVE, id="t-2", repo="depot")
    assert joined(shop, depot=repo("depot", tasks=(again,)))["shop"] == shop


def test_what_a_repository_has_itself_or_celery_has_is_not_looked_for_elsewhere() -> None:
    own = dataclasses.replace(sends(), task_id="t-own")
    built_in = times(unresolved="built-in")
    shop = repo("shop", enqueues=(own,), schedules=(built_in,))
    assert joined(shop)["shop"] == shop
