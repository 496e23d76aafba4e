"""Small graphs for the tests of snapshots and nights."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from extractor.model.graph import SCHEMA_VERSION, Evidence, Finding, Flow, Gap, Graph, Node, Schedule, Source, Task

NOON = datetime(2025, 3, 10, 12, 0, tzinfo=UTC)
COMMIT = "c0ffee" + "0" * 34


def night(number: int) -> datetime:
    """Noon of the day `number` days after 2025-03-10 (UTC)."""
    return NOON + timedelta(days=number)


def task(name: str) -> Task:
    return Task(f"task:shop:{name}", "shop", name, "shop/tasks.py", 3, 5, name.rpartition(".")[2], "default")


def flow(label: str, *, sync: bool = False) -> Flow:
    evidence = Evidence("shop", COMMIT, "shop/tasks.py", 4, 4, "call", "requests.get(url)")
    return Flow(f"flow:{label}", "shop", "bank", label, sync, "HTTPS", label, "task", "", "certain", (evidence,))


def finding(subject: str, severity: str = "high") -> Finding:
    return Finding(
        f"finding:{subject}",
        "no-timeout",
        severity,
        f"{subject} has no timeout",
        "shop",
        "shop/tasks.py",
        4,
        4,
        f"fp-{subject}",
        (),
        remedy="pass timeout=",
    )


def graph(
    *,
    tasks: tuple[str, ...] = ("shop.tasks.sync",),
    flows: tuple[str, ...] = ("orders",),
    findings: tuple[Finding, ...] = (),
    commit: str = COMMIT,
    stale: bool = False,
    generated: str = "2025-03-10T12:00:00Z",
) -> Graph:
    """A shop that talks to a bank: one source, the tasks and flows named, a schedule for each task, one gap."""
    return Graph(
        schema=SCHEMA_VERSION,
        version="0.1.0",
        generated=generated,
        estate="The shop",
        sources=(Source("shop", "https://example.org/shop", "main", commit, 4, stale=stale),),
        tasks=tuple(task(name) for name in tasks),
        schedules=tuple(
            Schedule(
                f"schedule:{name}",
                "shop",
                name,
                name,
                f"task:shop:{name}",
                "crontab: 0 5 * * *",
                "daily at 05:00",
                "shop/settings.py",
                9,
                9,
            )
            for name in tasks
        ),
        findings=findings,
        gaps=(Gap("gap:1", "call", "shop", "shop/x.py", 7, "get(url)", "url is an argument", "add a hint"),),
        nodes=(
            Node("shop", "system", "Shop", "Django", "", None, ()),
            Node("bank", "external", "Bank", "", "", None, (), scope="external"),
        ),
        flows=tuple(flow(label) for label in flows),
    )
