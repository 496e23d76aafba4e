"""What a run says of itself when it is over: notices delivered, failure told, metrics written."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from c4trace.nightly import journal, notify
from c4trace.nightly.config import NightlyConfig
from c4trace.nightly.events import notice_key
from c4trace.nightly.log import Log
from c4trace.nightly.metrics import Metric, write_metrics
from c4trace.nightly.notify import Event
from c4trace.nightly.parts import Outside, Run
from c4trace.snapshots.store import COUNTED, SnapshotStore, count, stamp, unstamp
from extractor.errors import C4traceError
from extractor.model.graph import SEVERITIES, Graph


def tell_notices(run: Run) -> int:
    """Deliver what is still to be delivered; return how many notices are left to the next night.

    After a hook failed once it is not tried again tonight. A notice to a hook that the configuration no longer has is
    crossed out.
    """
    hooks = {hook.name: hook for hook in run.config.hooks}
    failed: dict[str, int] = {}
    for notice in journal.undelivered(run.store, run.outside.now()):
        hook = hooks.get(notice.hook)
        if hook is not None and hook.name in failed:
            failed[hook.name] += 1
            continue
        reason = notify.deliver(hook, notice.body, run.outside.environment, run.outside.sleep) if hook else ""
        if hook and reason:
            failed[hook.name] = 1
            message = f"hook {hook.name} was not told: {reason}; the next run tries again"
            run.log.say("warning", "notice-failed", message, hook=hook.name)
        else:
            journal.delivered(run.store, notice, run.outside.now())
            run.log.say("info", "notice", f"hook {notice.hook} was told", hook=notice.hook)
    return sum(failed.values())


def tell_failure(config: NightlyConfig, outside: Outside, log: Log, error: Exception, began: datetime) -> None:
    """Log why a run failed, tell the hooks that want to know at once (the store may be what failed; what could not be
    told is kept in it, if it can be), and write it into the metrics.
    """
    reason = str(error) if isinstance(error, C4traceError) else f"{type(error).__name__}: {error}"
    log.say("error", "failed", f"the run failed: {reason}; the last output stands", kind=type(error).__name__)
    event = Event("failed", f"the nightly run failed: {reason}; the last output stands")
    untold = []
    for hook in config.hooks:
        if told := notify.wanted(hook, (event,)):
            text = notify.body(hook, "c4trace nightly", stamp(began), "the run failed", config.site_url, told)
            why = notify.deliver(hook, text, outside.environment, outside.sleep)
            if why:
                untold.append(journal.Notice(notice_key(hook, f"failed {stamp(began)} {reason}"), hook.name, text))
                log.say("warning", "notice-failed", f"hook {hook.name} was not told: {why}", hook=hook.name)
    if untold:
        _keep(config, untold, outside.now(), log)
    if config.metrics is None:
        return
    try:
        write_metrics(config.metrics, _run_metrics(False, began, outside.now(), _last_success(config)))
    except C4traceError as error:
        log.say("warning", "metrics", str(error))


def _keep(config: NightlyConfig, notices: Sequence[journal.Notice], now: datetime, log: Log) -> None:
    """Leave notices of a failure to the next good night."""
    try:
        with SnapshotStore(config.state / "snapshots.db") as store:
            journal.keep(store, notices, now)
    except C4traceError as error:
        log.say("warning", "notice-lost", f"the failure could not be written down to be told later: {error}")


def write_night(run: Run, graph: Graph, changes: int, breaches: int, undelivered: int) -> None:
    """Write the metrics of a night that came to its end, when the configuration says where.

    Raises UserError when the file cannot be written.
    """
    if run.config.metrics is None:
        return
    counts = count(graph)
    brittle = [finding.severity for finding in graph.findings if not finding.suppressed]
    now = run.outside.now()
    write_metrics(
        run.config.metrics,
        (
            *_run_metrics(True, run.began, now, now),
            *(_gauge(f"c4trace_{name}", _COUNTS[name], getattr(counts, name)) for name in COUNTED),
            Metric(
                "c4trace_findings",
                "Findings that nobody has accepted, by severity.",
                [({"severity": severity}, brittle.count(severity)) for severity in SEVERITIES],
            ),
            Metric(
                "c4trace_source_stale",
                "1 when a source could not be reached and an older commit is shown.",
                [({"source": s.name}, int(s.stale)) for s in graph.sources if s.kind == "repository"],
            ),
            Metric(
                "c4trace_source_lost",
                "1 when nothing of a source could be read, and nothing of it is shown.",
                [({"source": s.name}, int(bool(s.lost))) for s in graph.sources if s.kind == "repository"],
            ),
            _gauge("c4trace_changes", "Changes by meaning against the last good night.", changes),
            _gauge("c4trace_gate_breaches", "Breaches of the estate's policy.", breaches),
            _gauge("c4trace_notices_undelivered", "Notices that a webhook has not taken yet.", undelivered),
        ),
    )


_COUNTS = {
    "flows": "Arrows between systems, containers and stores.",
    "tasks": "Celery tasks.",
    "schedules": "Beat entries.",
    "calls": "Places that cause a request to another system.",
    "routes": "URL patterns served.",
    "brittle": "Findings that nobody has accepted, notes aside.",
    "unknowns": "Things seen and not understood.",
}


def _run_metrics(success: bool, began: datetime, ended: datetime, last: datetime | None) -> tuple[Metric, ...]:
    metrics = (
        _gauge("c4trace_run_success", "1 when the last run came to its end.", int(success)),
        _gauge("c4trace_run_timestamp_seconds", "When the last run ended (Unix time).", ended.timestamp()),
        _gauge("c4trace_run_duration_seconds", "How long the last run took.", (ended - began).total_seconds()),
    )
    if last is None:
        return metrics
    at = last.timestamp()
    return (*metrics, _gauge("c4trace_success_timestamp_seconds", "When a run last came to its end (Unix time).", at))


def _last_success(config: NightlyConfig) -> datetime | None:
    """When the last good snapshot was seen, as far as the store can still say."""
    try:
        with SnapshotStore(config.state / "snapshots.db", create=False) as store:
            good = store.latest_good()
    except C4traceError:
        return None
    return unstamp(good.seen) if good else None


def _gauge(name: str, explanation: str, value: float) -> Metric:
    return Metric(name, explanation, [({}, value)])
