"""Words on arrows: how data travels, what is asked for, and the names of tasks and routes."""

from __future__ import annotations

from extractor.model.graph import Call, Route, Store
from extractor.text.urls import scheme_of
from extractor.text.words import spaced


def protocol(call: Call) -> str:
    """The words for how a call travels."""
    lowered = call.via.lower()
    if "mail" in lowered and call.http_method is None and not call.url:
        return "e-mail"
    if call.http_method or call.url.startswith(("http", "{", "/")):
        return "HTTPS" if scheme_of(call.url) != "http" else "HTTP"
    return "SDK: " + call.via.split(".")[0].split("(")[0]


def store_protocol(store: Store) -> str:
    """The words for how a datastore is reached."""
    if store.system == "mongodb":
        return "MongoDB protocol"
    return {"database": "SQL", "cache": "cache", "queue": "queue", "search": "search API", "storage": "object API"}.get(
        store.kind, store.kind
    )


def endpoint(call: Call) -> str:
    """What a call asks for: method and address, else the function that sends it."""
    shown = f"{call.http_method or ''} {call.url}".strip()
    return shown or call.via


def served(route: Route) -> str:
    """The words for a call of a route: its method, where it has one, and the last word of its pattern."""
    words = [part for part in route.pattern.split("/") if part and "<" not in part]
    method = route.methods[0] if len(route.methods) == 1 else ""
    return f"{method} {spaced(words[-1]) if words else route.pattern}".strip()


def short(task: str) -> str:
    """The last name of a task."""
    return task.rsplit(".", 1)[-1]
