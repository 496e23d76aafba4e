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
    return Task(
        id=f"task:shop:{name}",
        repo="shop",
        name=name,
        path="shop/tasks.py",
        line=3,
        end_line=5,
        function=name.rpartition(".")[2],
        queue="default",
    )


def flow(label: str, *, sync: bool = False) -> Flow:
    evidence = Evidence("shop", COMMIT, "shop/tasks.py", 4, 4, "call", "requests.get(url)")
    return Flow(
        id=f"flow:{label}",
        source="shop",
        target="bank",
        label=label,
        sync=sync,
        protocol="HTTPS",
        data=label,
        trigger="task",
        cadence="",
        confidence="certain",
        evidence=(evidence,),
    )


def finding(subject: str, severity: str = "high") -> Finding:
    return Finding(
        id=f"finding:{subject}",
        rule="no-timeout",
        severity=severity,
        message=f"{subject} has no timeout",
        repo="shop",
        path="shop/tasks.py",
        line=4,
        end_line=4,
        fingerprint=f"fp-{subject}",
        flow_ids=(),
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
                id=f"schedule:{name}",
                repo="shop",
                key=name,
                task=name,
                task_id=f"task:shop:{name}",
                schedule="crontab: 0 5 * * *",
                cadence="daily at 05:00",
                path="shop/settings.py",
                line=9,
                end_line=9,
            )
            for name in tasks
        ),
        findings=findings,
        gaps=(
            Gap(
                id="gap:1",
                kind="call",
                repo="shop",
                path="shop/x.py",
                line=7,
                what="get(url)",
                reason="url is an argument",
                remedy="add a hint",
            ),
        ),
        nodes=(
            Node("shop", "system", "Shop", "Django", "", None, ()),
            Node("bank", "external", "Bank", "", "", None, (), scope="external"),
        ),
        flows=tuple(flow(label) for label in flows),
    )
