"""Pictures by a Kroki server: the C4-PlantUML of each view sent there, its SVG and PNG kept beside the other outputs.

Kroki's interface: POST of the source as plain text to `/c4plantuml/svg` and `/c4plantuml/png` (docs.kroki.io, "Usage").
There is no default server, as the sources of a diagram leave this machine.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import PurePosixPath
from urllib.parse import urlsplit

import httpx

from extractor.errors import UserError

_SECONDS = httpx.Timeout(60.0, connect=10.0)  # a picture of a large view takes PlantUML some seconds
_AT_ONCE = 4
_STARTS: Mapping[str, Callable[[bytes], bool]] = {
    "svg": lambda body: b"<svg" in body[:2000],
    "png": lambda body: body.startswith(b"\x89PNG\r\n\x1a\n"),
}


def check_kroki(url: str) -> str:
    """The server's address without a slash at its end. Raises UserError for what is no http(s) address."""
    try:
        parts = urlsplit(url)
        good = parts.scheme in ("http", "https") and bool(parts.hostname)
    except ValueError:
        good = False
    if not good:
        raise UserError(f"{url!r} is no address of a Kroki server", "give one like http://localhost:8000")
    return url.rstrip("/")


def kroki_pictures(url: str, sources: Mapping[str, str]) -> dict[str, bytes]:
    """`kroki/<name>.svg` and `.png` for C4-PlantUML sources by file name, drawn by the server at `url`.

    Raises UserError, in one line, at the first picture that the server does not give.
    """
    base = check_kroki(url)
    jobs = [(PurePosixPath(name).stem, text, kind) for name, text in sorted(sources.items()) for kind in _STARTS]
    with httpx.Client(timeout=_SECONDS) as client, ThreadPoolExecutor(_AT_ONCE) as pool:
        waiting = [pool.submit(_picture, client, base, *job) for job in jobs]
        try:
            drawn = [item.result() for item in waiting]
        except UserError:
            pool.shutdown(cancel_futures=True)
            raise
    return {f"kroki/{name}.{kind}": body for (name, _, kind), body in zip(jobs, drawn, strict=True)}


def _picture(client: httpx.Client, base: str, name: str, source: str, kind: str) -> bytes:
    headers = {"Content-Type": "text/plain; charset=utf-8"}
    try:
        answer = client.post(f"{base}/c4plantuml/{kind}", content=source.encode(), headers=headers)
    except httpx.HTTPError as error:
        raise _trouble(base, f"did not answer: {error or type(error).__name__}") from error
    if answer.status_code != httpx.codes.OK:
        reason = " ".join(answer.text[:300].split())[:120]
        raise _trouble(base, f"did not draw {name}.{kind}: status {answer.status_code}{reason and ', ' + reason}")
    if not _STARTS[kind](answer.content):
        raise _trouble(base, f"gave something else than {kind.upper()} for {name}")
    return answer.content


def _trouble(base: str, what: str) -> UserError:
    # The address may hold a password; the host is enough to know the server by.
    return UserError(
        f"the Kroki server {urlsplit(base).hostname} {what}", "all other outputs were written; --kroki is an option"
    )
