"""One night: fetch, scan, store, compare with the last good night, publish, write down, tell. Start reading here.

The order is what makes a run safe to kill. A snapshot is stored as not yet good; the site is swapped in whole; then one
transaction makes the snapshot good and writes down the change and the notices. A night killed before that is done again
against the same base, with the same ids in the feed; one killed after it leaves only notices to the next.
"""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

from c4trace.nightly import journal
from c4trace.nightly.config import NightlyConfig
from c4trace.nightly.events import events_of, notices_of
from c4trace.nightly.fetch import Fetched, fetch_all
from c4trace.nightly.lock import Busy, hold
from c4trace.nightly.log import Log
from c4trace.nightly.pages import extras_of
from c4trace.nightly.parts import Outside, Parts, Run
from c4trace.nightly.report import tell_failure, tell_notices, write_night
from c4trace.snapshots.store import Snapshot, SnapshotStore, stamp, unstamp
from extractor.diff.document import GraphDiff
from extractor.errors import SourceError
from extractor.gate.policy import Breach
from extractor.model.graph import Graph
from extractor.sources import Tree
from renderers.history.changes import change_summary, change_title

DONE, GATE, LOST = 0, 1, SourceError.exit_code


@dataclass(frozen=True, slots=True)
class _Base:
    """The last good night: its snapshot and graph."""

    row: Snapshot
    graph: Graph


@dataclass(frozen=True, slots=True)
class _News:
    """What tonight is against the last good night. `change` and `diff` are None when nothing changed by meaning."""

    change: journal.ChangeRow | None = None
    diff: GraphDiff | None = None
    breaches: tuple[Breach, ...] = ()


def run_night(config: NightlyConfig, parts: Parts, outside: Outside, log: Log) -> int:
    """Do one night; return the exit status: 0 done (or another run is at it), 1 done and the gate is breached,
    3 a source is lost (not reached, no copy of it here): the others were published, with what was last read of it, if
    that is kept, or with the gap that it leaves.

    When the night fails, the last output and the store are whole, the log, the metrics and the hooks that want to know
    say so, and what made it fail is raised: C4traceError for what a person can mend.
    """
    began = outside.now()
    try:
        with hold(config.state / "nightly.lock", stamp(began)) as held:
            if held.unfinished:
                log.say("warning", "unfinished", f"the run that began at {held.unfinished} did not come to its end")
            with SnapshotStore(config.state / "snapshots.db") as store:
                store.check()
                return _night(Run(config, parts, outside, log, store, began))
    except Busy as busy:
        log.say("info", "busy", f"another run is in progress ({busy.holder}); nothing done")
        return DONE
    except Exception as error:
        tell_failure(config, outside, log, error, began)
        raise


def _night(run: Run) -> int:
    row = run.store.latest_good()
    base = _Base(row, run.store.graph(row.id)) if row else None
    fetched = _fetch(run, base)
    absent = {**fetched.stale, **fetched.lost}
    graph = _graph(run, fetched, absent, base)
    # A clock that was set back must not put tonight before last night.
    when = max(run.began, unstamp(base.row.seen)) if base else run.began
    tonight = run.store.row(run.store.put(graph, when, good=False))
    news = _news(run, base, tonight, graph, fetched.trees)

    told = _with_new(journal.changes(run.store, run.config.feed_entries), news.change)
    history = _with_tonight(run.store.history(), tonight)
    drawn = _drawn(run, base, graph, news, absent)
    run.parts.publish(graph, extras_of(run.config, graph, history, told[: run.config.feed_entries], absent, drawn))
    _write_down(run, base, tonight, graph, news, absent)

    undelivered = tell_notices(run)
    run.store.prune(run.config.retention)
    _log_done(run, tonight, graph, news, fetched, "nothing changed" if base else "the first snapshot")
    write_night(run, graph, len(news.diff.changes) if news.diff else 0, len(news.breaches), undelivered)
    return LOST if fetched.lost else GATE if news.breaches else DONE


def _fetch(run: Run, base: _Base | None) -> Fetched:
    last_good = {source.name: source.commit for source in base.row.sources} if base else {}
    return fetch_all(run.parts.specs, last_good, run.parts.opener, run.config.fetch, run.log, run.outside.sleep)


def _graph(run: Run, fetched: Fetched, absent: Mapping[str, str], base: _Base | None) -> Graph:
    """Tonight's graph, the sources that could not be reached marked.

    When there is nothing of any source, here or kept, the last good graph is nearest to the truth, and stands. Raises
    SourceError when there is none.
    """
    graph = run.parts.scan(fetched.trees, fetched.lost, base.graph if base else None)
    if all(source.lost for source in graph.sources):
        if base is None:
            raise SourceError("; ".join(fetched.lost.values()), "the first run needs a source that can be read")
        graph = base.graph
    sources = tuple(
        dataclasses.replace(source, stale=source.name in absent and not source.lost) for source in graph.sources
    )
    return dataclasses.replace(graph, sources=sources)


def _news(run: Run, base: _Base | None, tonight: Snapshot, graph: Graph, trees: Mapping[str, Tree]) -> _News:
    diff = run.parts.diff(base.graph if base else graph, graph)
    breaches = run.parts.gate(diff, graph)
    if diff.empty or base is None:
        return _News(None, None, breaches)
    diff = run.parts.explain(diff, {source.name: source.commit for source in base.row.sources}, trees)
    title, summary = _encodable(change_title(diff)), _encodable(change_summary(diff))
    row = journal.ChangeRow(_identity(base, tonight), tonight.taken, title, summary)
    return _News(row, diff, breaches)


def _drawn(run: Run, base: _Base | None, graph: Graph, news: _News, absent: Mapping[str, str]) -> str:
    """The document that shows both sides of the last change; "" when there was none, or its graphs were dropped."""
    unread = {source.name for source in graph.sources if source.lost}
    told = {False: "it is shown as it was when it was last read", True: "nothing of it could be read"}
    warnings = [f"{name} could not be reached: {told[name in unread]}" for name in sorted(absent)]
    if base is not None and news.diff is not None:
        return run.parts.draw(base.graph, graph, news.diff, warnings)
    head = journal.last_change(run.store)
    rows = run.store.history()
    at = next((index for index, row in enumerate(rows) if row.id == head), 0)
    if at == 0 or not (rows[at - 1].kept and rows[at].kept):
        return ""
    before, after = run.store.graph(rows[at - 1].id), run.store.graph(rows[at].id)
    return run.parts.draw(before, after, run.parts.diff(before, after), warnings)


def _encodable(text: str) -> str:
    """Text that UTF-8 can hold: a path that was none in the repository has lone surrogates."""
    return text.encode("utf-8", "backslashreplace").decode()


def _identity(base: _Base | None, tonight: Snapshot) -> str:
    """A name for the step from the last good night to this one, of content and time.

    Not of row numbers: those begin anew with a new store, and a feed's reader must never see an old id again.
    """
    text = f"{base.row.digest if base else ''} {tonight.digest} {tonight.taken}"
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def _with_new(rows: tuple[journal.ChangeRow, ...], new: journal.ChangeRow | None) -> tuple[journal.ChangeRow, ...]:
    """The changes told so far and tonight's, which is written down only once it is published; newest first."""
    return rows if new is None else (new, *(row for row in rows if row.key != new.key))


def _with_tonight(history: tuple[Snapshot, ...], tonight: Snapshot) -> tuple[Snapshot, ...]:
    return (*(row for row in history if row.id != tonight.id), tonight)


def _write_down(
    run: Run, base: _Base | None, tonight: Snapshot, graph: Graph, news: _News, absent: Mapping[str, str]
) -> None:
    known = {source.name for source in base.row.sources if source.stale or not source.commit} if base else set()
    newly = {name: why for name, why in absent.items() if name not in known}
    told = journal.breaches(run.store)
    breaches = [breach for breach in news.breaches if breach.fingerprint not in told]
    events = events_of(graph, news.diff, breaches, newly, news.change)
    title = news.change.title if news.change else "a source could not be reached" if newly else "the gate is breached"
    night, identity = stamp(run.began), _identity(base, tonight)
    notices = notices_of(run.config, graph, night, identity, title, events)
    with run.store.transaction():
        run.store.mark_good(tonight.id)
        standing = [breach.fingerprint for breach in news.breaches]
        journal.note(run.store, tonight.id, news.change, standing, notices, run.outside.now())


def _log_done(run: Run, tonight: Snapshot, graph: Graph, news: _News, fetched: Fetched, no_news: str) -> None:
    for breach in news.breaches:
        run.log.say("error", "gate", f"the gate: {breach}", rule=breach.rule, fingerprint=breach.fingerprint)
    title = news.change.title if news.change else no_news
    seconds = round((run.outside.now() - run.began).total_seconds(), 1)
    counts = tonight.counts
    run.log.say(
        "info",
        "published",
        f"published #{tonight.id}: {title}. {counts.flows} flows, {counts.tasks} tasks, {counts.schedules} schedules, "
        f"{counts.brittle} brittle links, {counts.unknowns} unknowns, in {seconds:g} s",
        snapshot=tonight.id,
        changes=len(news.diff.changes) if news.diff else 0,
        breaches=len(news.breaches),
        commits=[f"{source.name}@{source.commit}" for source in graph.sources],
        stale=sorted(fetched.stale),
        lost=sorted(fetched.lost),
        seconds=seconds,
    )
