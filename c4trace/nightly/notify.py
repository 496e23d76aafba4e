"""Telling people: what a night found worth telling, in the shape a webhook wants, and its delivery."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass

import httpx

from c4trace.nightly.config import Hook
from extractor.model.graph import SEVERITIES

TIMEOUT = httpx.Timeout(10.0)
WAITS = (1.0, 4.0)
# Slack refuses a section of more than 3000 characters (Block Kit reference, section block).
SLACK_TEXT = 2900
LISTED = 20


@dataclass(frozen=True, slots=True)
class Event:
    """Something worth telling: one of the config's EVENTS, a sentence, a severity ("" but for `brittle`), a link."""

    kind: str
    text: str
    severity: str = ""
    link: str = ""


def wanted(hook: Hook, events: Sequence[Event]) -> tuple[Event, ...]:
    """The events that a hook's policy asks for."""
    limit = SEVERITIES.index(hook.severity)
    return tuple(
        event
        for event in events
        if event.kind in hook.when and (not event.severity or SEVERITIES.index(event.severity) <= limit)
    )


def body(hook: Hook, estate: str, night: str, title: str, site: str, events: Sequence[Event]) -> str:
    """The JSON text to post to a hook. `night` is ISO 8601 (UTC), `site` the published site's URL or ""."""
    if hook.shape == "slack":
        return json.dumps(_slack(estate, title, site, events), sort_keys=True)
    data = {"estate": estate, "night": night, "title": title, "site": site, "events": [asdict(e) for e in events]}
    return json.dumps(data, sort_keys=True)


def deliver(hook: Hook, text: str, environment: Mapping[str, str], sleep: Callable[[float], None]) -> str:
    """Post `text` to a hook, trying again while it is unreachable or busy. Returns "" or why it was not delivered.

    The reason never holds the address or the token: an exception's own words may, so only its kind is told.
    """
    address = environment.get(hook.url_env, "")
    if not address:
        return f"the environment variable {hook.url_env} is not set"
    headers = {"Content-Type": "application/json"}
    if hook.token_env:
        token = environment.get(hook.token_env, "")
        if not token:
            return f"the environment variable {hook.token_env} is not set"
        headers["Authorization"] = f"Bearer {token}"
    reason = ""
    for wait in (*WAITS, None):
        reason, again = _post(address, text, headers)
        if not reason or not again or wait is None:
            break
        sleep(wait)
    return reason


def _post(address: str, text: str, headers: Mapping[str, str]) -> tuple[str, bool]:
    """Why a post failed ("" when it did not), and whether trying again may help."""
    try:
        answer = httpx.post(address, content=text.encode(), headers=dict(headers), timeout=TIMEOUT)
    except (httpx.InvalidURL, httpx.UnsupportedProtocol, UnicodeError, ValueError):
        return "the address is no http(s) URL, or the token is no header", False
    except httpx.HTTPError as error:
        return f"{type(error).__name__}", True
    if answer.is_success:
        return "", False
    return f"it answered {answer.status_code}", answer.status_code in (408, 429) or answer.status_code >= 500


def _slack(estate: str, title: str, site: str, events: Sequence[Event]) -> dict[str, object]:
    """A message of Slack's incoming webhooks: `text` for notifications, `blocks` for reading."""
    lines = [f"• {_mrkdwn(event.text)}" for event in events[:LISTED]]
    if len(events) > LISTED:
        lines.append(f"and {len(events) - LISTED} more")
    if site:
        lines.append(f"<{site}|Open the site>")
    head = f"{estate}: {title}"
    return {
        "text": _mrkdwn(head),
        "blocks": [
            {"type": "header", "text": {"type": "plain_text", "text": head[:150]}},
            *({"type": "section", "text": {"type": "mrkdwn", "text": part}} for part in _parts(lines)),
        ],
    }


def _parts(lines: Sequence[str]) -> list[str]:
    """The lines joined into as few texts as Slack's limit allows."""
    parts: list[str] = []
    for line in lines:
        line = line[:SLACK_TEXT]
        if parts and len(parts[-1]) + len(line) < SLACK_TEXT:
            parts[-1] += "\n" + line
        else:
            parts.append(line)
    return parts


def _mrkdwn(text: str) -> str:
    """Text that Slack shows as it stands: no mention, link or markup of its own."""
    escaped = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    # A zero-width space takes *, _, ~ and ` their meaning, and leaves them to be read.
    return "".join(f"\u200b{c}\u200b" if c in "*_~`" else c for c in escaped)
