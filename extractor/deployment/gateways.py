"""Gateway configurations of APISIX, Traefik and Varnish: whom they pass requests on to, and who signs people in.

Formats: APISIX's "Deployment modes: Standalone" (`apisix.yaml`), Traefik's "File provider" (routers and services of
the dynamic configuration), Varnish's "Backend definition" (VCL). Templates of the environment become
`${NAME:-default}`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from posixpath import basename

from extractor.deployment.units import UnreadableFile, Upstream
from extractor.deployment.yaml_nodes import Items, Tree, YamlMapping, documents, text_of, texts_of
from extractor.text.masking import masked_text

_MAX_BYTES = 1024 * 1024
_APISIX_VARIABLE = re.compile(r"\$\{\{\s*(\w+)\s*(?::=\s*([^{}]*?)\s*)?\}\}")
_BACKEND = re.compile(r"^\s*backend\s+(\w+)\s*\{?")
_FIELD = re.compile(r"\.(host|port)\s*=\s*\"([^\"]*)\"")


def is_gateway(path: str) -> bool:
    """Whether the file is a gateway's configuration by its name or folder."""
    yaml_of = re.search(r"\.ya?ml$", path) is not None and re.search(r"apisix|traefik", path.lower()) is not None
    return path.endswith(".vcl") or (yaml_of and "compose" not in basename(path).lower())


def gateway_upstreams(path: str, data: bytes, kind: str) -> tuple[Upstream, ...]:
    """Where the gateway passes requests on to, and (`purpose` is `sign-in`) which provider it sends people to.

    Raises Unreadable.
    """
    if path.endswith(".vcl"):
        return tuple(_varnish(path, data, kind))
    found: list[Upstream] = []
    for root in documents(data):
        if isinstance(root, YamlMapping) and "apisix" in path.lower():
            found += _Apisix(root, path, kind).rows()
        elif isinstance(root, YamlMapping):
            found += _traefik(root, path, kind)
    return tuple(found)


class _Apisix:
    """Routes with the nodes of their upstreams, which stand in the route, in a service, or under an id."""

    def __init__(self, root: YamlMapping, path: str, kind: str) -> None:
        self._root, self._path, self._kind = root, path, kind
        self._named = {key: dict(_by_id(root.get(key))) for key in ("upstreams", "services")}

    def rows(self) -> Iterator[Upstream]:
        for route in _tables(self._root.get("routes")):
            uris = route.get("uris") or route.get("uri")
            where = ", ".join(texts_of(uris))
            served = (route.line, max(_last_line(uris), route.line))
            for target, line in _nodes(self._upstream(route)):
                yield self._row(where, target, line, served, "requests")
            for discovery, line in _sign_in(route):
                yield self._row(where, discovery, line, served, "sign-in")

    def _row(self, where: str, target: str, line: int, served: tuple[int, int], purpose: str) -> Upstream:
        shown = masked_text(_APISIX_VARIABLE.sub(_variable, target))
        return Upstream(
            location=where,
            target=shown,
            unit="",
            path=self._path,
            line=line,
            kind=self._kind,
            proxy="Apache APISIX",
            served=served,
            purpose=purpose,
        )

    def _upstream(self, holder: YamlMapping) -> YamlMapping | None:
        own = holder.get("upstream")
        if isinstance(own, YamlMapping):
            return own
        named = self._named["upstreams"].get(text_of(holder.get("upstream_id")))
        if named is not None:
            return named
        service = self._named["services"].get(text_of(holder.get("service_id")))
        return self._upstream(service) if service is not None and service is not holder else None


def _variable(match: re.Match[str]) -> str:
    return f"${{{match.group(1)}:-{match.group(2)}}}" if match.group(2) else f"${{{match.group(1)}}}"


def _by_id(rows: Tree | None) -> Iterator[tuple[str, YamlMapping]]:
    return ((text_of(row.get("id")), row) for row in _tables(rows))


def _tables(rows: Tree | None) -> Iterator[YamlMapping]:
    return (row for row in (rows.items if isinstance(rows, Items) else ()) if isinstance(row, YamlMapping))


def _nodes(upstream: YamlMapping | None) -> Iterator[tuple[str, int]]:
    """The nodes of an upstream, `host:port` and its line: a mapping to weights, or a list of hosts and ports."""
    nodes = upstream.get("nodes") if upstream is not None else None
    if isinstance(nodes, YamlMapping):
        yield from ((name, line) for name, (_weight, line) in nodes.rows.items())
    for node in _tables(nodes):
        host, port = text_of(node.get("host")), text_of(node.get("port"))
        if host:
            yield f"{host}:{port}" if port else host, node.line


def _sign_in(route: YamlMapping) -> Iterator[tuple[str, int]]:
    """The OpenID provider that a route's plugin asks, and its line."""
    plugins = route.get("plugins")
    plugin = plugins.get("openid-connect") if isinstance(plugins, YamlMapping) else None
    row = plugin.rows.get("discovery") if isinstance(plugin, YamlMapping) else None
    if row is not None and text_of(row[0]):
        yield text_of(row[0]), row[1]


def _last_line(tree: Tree | None) -> int:
    if isinstance(tree, Items) and tree.items:
        return tree.items[-1].line
    return tree.line if tree is not None else 0


def _traefik(root: YamlMapping, path: str, kind: str) -> Iterator[Upstream]:
    """Routers (`rule`, `service`) with the servers of their services, below `http`."""
    http = root.get("http")
    routers = http.get("routers") if isinstance(http, YamlMapping) else None
    services = http.get("services") if isinstance(http, YamlMapping) else None
    if not isinstance(routers, YamlMapping) or not isinstance(services, YamlMapping):
        return
    for router, line in routers.rows.values():
        if not isinstance(router, YamlMapping):
            continue
        service = services.get(text_of(router.get("service")))
        balancer = service.get("loadBalancer") if isinstance(service, YamlMapping) else None
        for server in _tables(balancer.get("servers") if isinstance(balancer, YamlMapping) else None):
            target = masked_text(text_of(server.get("url")))
            yield Upstream(
                location=text_of(router.get("rule")),
                target=target,
                unit="",
                path=path,
                line=server.line,
                kind=kind,
                proxy="Traefik",
                served=(line, line),
            )


def _varnish(path: str, data: bytes, kind: str) -> Iterator[Upstream]:
    if len(data) > _MAX_BYTES or b"\0" in data:
        raise UnreadableFile("not a VCL file (too large, or binary)")
    opened, host, port, line = 0, "", "", 0
    for number, row in enumerate(data.decode("utf-8", "replace").splitlines(), 1):
        row = re.sub(r"(#|//).*$", "", row[:4096])
        if _BACKEND.match(row):
            opened, host, port = number, "", ""
        for name, value in _FIELD.findall(row) if opened else ():
            host, line = (value, number) if name == "host" else (host, line)
            port = value if name == "port" else port
        if opened and "}" in row:
            if host:
                target = masked_text(f"{host}:{port}" if port else host)
                yield Upstream(
                    location="",
                    target=target,
                    unit="",
                    path=path,
                    line=line,
                    kind=kind,
                    proxy="Varnish",
                    served=(opened, opened),
                )
            opened = 0
