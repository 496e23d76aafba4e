"""The tables of requests: the routes a system serves and who calls each, and the calls it makes itself."""

from __future__ import annotations

from markupsafe import Markup

from extractor.model.graph import Call, Context, Route
from renderers.links import relative
from renderers.site.cells import badge, breakable, code, code_link, context_words, flow_buttons, link, note
from renderers.site.chains import ChainPages
from renderers.site.estate import SiteIndex, SiteSystem, row_anchor
from renderers.site.table import Cell, Column, Table, TableRow, cell, joined, limited

_TIMEOUT = {"yes": "yes", "no": "⚠ none", "unknown": "not known"}


class ApiTables:
    """The tables of a system's API and Calls pages."""

    def __init__(self, estate: SiteIndex, chains: ChainPages, system: SiteSystem) -> None:
        self._estate, self._chains, self._system = estate, chains, system
        self._routes = {route.id: route for route in estate.graph.routes}

    def routes(self) -> Table:
        """A row for each URL pattern served."""
        columns = (
            Column("Methods", choices=True),
            Column("Pattern"),
            Column("Service", choices=True),
            Column("View"),
            Column("Called by"),
            Column("Route"),
        )
        rows = tuple(self._route(r) for r in self._estate.rows(self._system, self._estate.graph.routes))
        empty = "No URL pattern was found: the services of this system name no root URL module, or serve none."
        return Table("routes", "Routes served", columns, rows, empty)

    def calls(self) -> Table:
        """A row for each place that causes a request to another system."""
        columns = (
            Column("Target", choices=True),
            Column("Request"),
            Column("In function"),
            Column("Reached from"),
            Column("Timeout", choices=True),
            Column("Confidence", choices=True),
            Column("Line"),
        )
        rows = tuple(self._call(c) for c in self._estate.rows(self._system, self._estate.graph.calls))
        empty = "No request to another system was found in this system's repositories."
        return Table("calls", "Calls made", columns, rows, empty)

    def _route(self, route: Route) -> TableRow:
        page = self._system.page("api")
        pattern = [code(route.pattern)]
        if route.deprecated:
            pattern.append(note(f"deprecated: {route.deprecated}"))
        if route.condition:
            pattern.append(note(f"only if {route.condition}"))
        chain = self._chains.href(route.repo, Context("request", route.pattern))
        if chain:
            pattern.append(Markup('<a class="chain" href="{}">Its own diagram</a>').format(relative(page, chain)))
        view = code(route.view)
        if route.view_path:
            view = joined([view, code_link(self._estate, route.repo, route.view_path, route.view_line or 1)])
        callers = [self._caller(call, page) for call in self._estate.route_calls.get(route.id, ())]
        callers += [
            Markup("{} ({})").format(self._estate.name(i.system), i.label or i.kind)
            for i in self._estate.graph.inbound
            if i.route_id == route.id
        ]
        return TableRow(
            row_anchor(route.id),
            (
                cell(" ".join(route.methods) or "any"),
                Cell(joined(pattern), route.pattern),
                cell(route.service),
                cell(view),
                cell(limited(callers, 3)),
                cell(code_link(self._estate, route.repo, route.path, route.line)),
            ),
        )

    def _caller(self, call: Call, page: str) -> Markup:
        owner = self._estate.owner(call.repo, call.service)
        target = f"{relative(page, owner.page('calls'))}#{row_anchor(call.id)}"
        return link(target, Markup("{}: {}").format(owner.name, breakable(call.function)))

    def _call(self, call: Call) -> TableRow:
        request = [code(f"{call.http_method or ''} {call.url}".strip() or call.via)]
        if call.label:
            request.insert(0, Markup("<b>{}</b>").format(call.label))
        route = self._routes.get(call.route_id or "")
        if route:
            owner = self._estate.owner(route.repo, route.service)
            page = relative(self._system.page("calls"), owner.page("api"))
            request.append(Markup("answered by {}").format(link(f"{page}#{row_anchor(route.id)}", code(route.pattern))))
        request += flow_buttons(self._estate, self._estate.call_flows.get(call.id, ())[:3])
        contexts = [self._context(call.repo, context) for context in call.contexts]
        why = note(call.why or call.known_by)
        return TableRow(
            row_anchor(call.id),
            (
                cell(self._estate.name(call.system) or "not known"),
                cell(joined(request)),
                cell(code(call.function)),
                cell(limited(contexts, 3)),
                cell(_TIMEOUT.get(call.timeout, call.timeout)),
                Cell(joined([badge(call.confidence, call.confidence), why]), call.confidence),
                cell(code_link(self._estate, call.repo, call.path, call.line, call.end_line)),
            ),
            warn=any(self._estate.flow_findings.get(f) for f in self._estate.call_flows.get(call.id, ())),
        )

    def _context(self, repo: str, context: Context) -> Markup:
        href = self._chains.href(repo, context)
        words = breakable(context_words(context))
        return link(relative(self._system.page("calls"), href), words) if href else words
