"""Event buses: signals of a library that a setting sends on to a bus, which `rules/eventbus.yaml` knows.

The line that sends the signal says nothing of the bus: the setting's topics do, and whether they are enabled.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from extractor.evaluate import values as av
from extractor.evaluate.evaluator import qualified
from extractor.evaluate.values import Ext, Text, Values
from extractor.link.callgraph import CallGraph, Site
from extractor.link.replay.reach import Reached
from extractor.link.settings import SettingBinding, SettingsTable, Where
from extractor.link.settings.layers import bindings, end_line
from extractor.link.surroundings import Surroundings
from extractor.model.graph import Call, Gap
from extractor.model.ids import row_id
from extractor.program.module import Def
from extractor.rules.buses import Bus, buses
from extractor.text.words import spaced, words_of


@dataclass(frozen=True, slots=True)
class Topic:
    """A topic to which a service sends events of a type. `enabled` is None when only deployment decides."""

    service: str
    bus: Bus
    event: str
    name: str
    enabled: bool | None
    where: Where

    def carries(self, domain: str, signal: str) -> int:
        """How many words of this type a signal of the library (`CERTIFICATE_CREATED` of a domain) leaves unsaid; -1
        when it is of another type."""
        found = self.bus.type.fullmatch(self.event)
        words, named = words_of(found["name"]) if found is not None else (), words_of(signal)
        same = found is not None and found["domain"] == domain and words[-len(named) :] == named
        return len(words) - len(named) if same else -1


@dataclass(frozen=True, slots=True)
class Events:
    """The lines of a repository that send events, the settings that join it to a bus, and the topics of which no line
    that was read sends an event."""

    calls: tuple[Call, ...]
    bindings: tuple[SettingBinding, ...]
    gaps: tuple[Gap, ...]


def events_of(graph: CallGraph, settings: Mapping[str, SettingsTable], around: Surroundings) -> Events:
    """The events of one repository. `settings` are those of its services, by service id."""
    topics = _topics(settings)
    sent = _sent_events(graph, topics, settings, around)
    gaps = tuple(_unsent_topics(topics, sent, around.repo))
    return Events(tuple(call for call, _topic in sent), _bus_bindings(topics, settings), gaps)


def _topics(tables: Mapping[str, SettingsTable]) -> tuple[Topic, ...]:
    """Every topic of every service, by the layer of its settings that holds it."""
    return tuple(
        topic for service, table in tables.items() for bus in buses() for topic in _of_service(service, table, bus)
    )


def _bus_bindings(found: Iterable[Topic], tables: Mapping[str, SettingsTable]) -> tuple[SettingBinding, ...]:
    """The settings that say which events go out (`topics`), through what (`producer`) and come in (`consumer`)."""
    out = [SettingBinding(t.service, "topics", t.bus.topics, t.where, t.event) for t in found]
    for service, table in tables.items():
        for bus in buses():
            for role, setting in (("producer", bus.producer), ("consumer", bus.consumer)):
                where = table.where(setting)
                if where is not None and table.text(setting):
                    out.append(SettingBinding(service, role, setting, where, bus.system))
    return tuple(dict.fromkeys(out))


def _sent_events(
    graph: CallGraph, found: Sequence[Topic], tables: Mapping[str, SettingsTable], around: Surroundings
) -> tuple[tuple[Call, Topic], ...]:
    """Each line that sends a signal, with each topic that carries it, in the services that run the line."""
    out: list[tuple[Call, Topic]] = []
    for site in (site for sites in graph.sites.values() for site in sites) if found else ():
        for bus, domain, name, via in dict.fromkeys(s for func in site.funcs if (s := _signal(func)) is not None):
            carrying = _carrying((t for t in found if t.bus == bus), domain, name)
            reached = around.occurrences.of_site(site) if carrying else None
            out += [
                (_call(site, topic, spaced(name), via, tables[topic.service], around, reached), topic)
                for topic in carrying
                if reached is None or any(topic.service in context.services for context in reached.contexts)
            ]
    return tuple(out)


def senders(graph: CallGraph, settings: Mapping[str, SettingsTable]) -> set[Def]:
    """The definitions that send a signal which a topic of some service may carry."""
    sites = (site for sites in graph.sites.values() for site in sites) if _topics(settings) else ()
    return {site.runner for site in sites if any(_signal(func) is not None for func in site.funcs)}


def _unsent_topics(found: Iterable[Topic], sent: Iterable[tuple[Call, Topic]], repo: str) -> Iterator[Gap]:
    """Topics whose events no line that was read sends."""
    known = {topic for _call, topic in sent}
    for topic in found:
        if topic not in known:
            yield Gap(
                id=row_id("gap", "event", repo, topic.service, topic.event, topic.name),
                kind="event",
                repo=repo,
                path=topic.where.path,
                line=topic.where.line,
                what=f"{topic.event} to the topic {topic.name}",
                reason=f"{topic.bus.topics} names it, and no line that was read sends it",
                remedy="a library that was not read may send it",
            )


def _carrying(found: Iterable[Topic], domain: str, signal: str) -> list[Topic]:
    """The topics of the type whose name is nearest to the signal's, with its words at the end."""
    ranked = [(rank, topic) for topic in found if (rank := topic.carries(domain, signal)) >= 0]
    return [topic for rank, topic in ranked if rank == min(ranked, key=lambda row: row[0])[0]]


def _call(
    site: Site,
    topic: Topic,
    label: str,
    via: str,
    table: SettingsTable,
    around: Surroundings,
    reached: Reached | None,
) -> Call:
    runner, bus = site.runner, topic.bus
    own = [c for c in reached.contexts if topic.service in c.services] if reached is not None else []
    told = [(entry, chain) for entry, chain in reached.chains if entry in own] if reached is not None else []
    why = f"{bus.topics} sends {topic.event} to the topic {topic.name}"
    return Call(
        id=row_id("call", around.repo, bus.system, topic.service, topic.event, topic.name, runner.qualified),
        repo=around.repo,
        path=runner.module.path,
        line=site.call.line,
        end_line=site.call.end_line,
        function=runner.shown,
        via=via,
        system=bus.system,
        http_method=None,
        url=topic.name,
        base_setting=bus.topics,
        route_id=None,
        timeout="unknown",
        contexts=tuple(own) or (around.reach.unreached(runner),),
        confidence="certain" if own else "possible",
        label=label,
        condition=_condition(topic, table),
        service=topic.service,
        known_by=f"setting {bus.topics}",
        why=why if own else "no entry point was found that reaches it",
        chains=tuple(chain for _entry, chain in told),
        entered=tuple(entry for entry, _chain in told),
    )


def _signal(func: av.Value) -> tuple[Bus, str, str, str] | None:
    """The bus, domain and name of the signal that a call sends, and the call's access path."""
    path = func.path if isinstance(func, Ext) else None
    for bus in buses() if path is not None else ():
        match = bus.sent.fullmatch(path or "")
        if match is not None:
            return bus, match["domain"], match["name"], path or ""
    return None


def _of_service(service: str, table: SettingsTable, bus: Bus) -> Iterator[Topic]:
    """The topics of the uppermost layer that lists any: layers above it may merge deployment's own into them."""
    for module in table.chain:
        for binding in bindings(module, bus.topics):
            frame = table.ev.frame(module.define(""))
            values = table.expander.folded(table.expander.opened(table.ev.eval(binding.value, frame)))
            last = end_line(module.summary.scopes[""], binding.value, binding.line)
            where = Where(module.path, binding.line, last)
            listed = [
                Topic(service, bus, event, name, _enabled(options), where)
                for event, named in _items(values)
                if bus.type.fullmatch(event)
                for name, options in _items(named)
            ]
            if listed:
                yield from listed
                return


def _items(values: Iterable[av.Value]) -> Iterator[tuple[str, Values]]:
    for value in values:
        for keys, inner in value.items if isinstance(value, av.Mapping) else ():
            for key in keys:
                if isinstance(key, Text) and key.literal is not None:
                    yield key.literal, inner


def _enabled(options: Values) -> bool | None:
    """What `enabled` is by default: True, False, or None when nothing tells."""
    found = {
        v.value
        for name, values in _items(options)
        if name == "enabled"
        for v in values
        if isinstance(v, av.Const) and isinstance(v.value, bool)
    }
    return bool(found.pop()) if len(found) == 1 else None


def _condition(topic: Topic, table: SettingsTable) -> str:
    """When the event is sent: enabled by the topic's setting, and carried by a producer that another setting names."""
    state = {True: "on by default", False: "off by default", None: "decided by deployment"}[topic.enabled]
    enabling = f"{topic.bus.topics} enables {topic.event} ({state})"
    named = [name for value in table.value(topic.bus.producer) if (name := _dotted(value))]
    carried = f"is {named[0]}" if named else "names a producer (none by default)"
    return f"{enabling} and {topic.bus.producer} {carried}"


def _dotted(value: av.Value) -> str | None:
    return value.literal if isinstance(value, Text) else qualified(value)
