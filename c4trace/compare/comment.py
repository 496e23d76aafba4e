"""The sticky comment: a diff's Markdown on a pull or merge request, replaced there on every run."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import httpx

from extractor.errors import SourceError, UserError
from renderers.diff.markdown import MARK

_PULL = re.compile(r"refs/pull/([0-9]+)/(?:merge|head)")
_PAGE = 100
_MOST_PAGES = 30
_SECONDS = 20.0


@dataclass(frozen=True, slots=True)
class Thread:
    """Where comments are kept: the address of the list, of one comment (`{id}`), how one is changed, and the key.

    GitHub: https://docs.github.com/en/rest/issues/comments; GitLab: https://docs.gitlab.com/api/notes/.
    """

    comments: str
    comment: str
    change: str
    headers: Mapping[str, str]

    def __repr__(self) -> str:
        return f"Thread({self.comments!r})"


def thread_of(environment: Mapping[str, str]) -> Thread:
    """The thread of the request that a CI job runs for, out of its environment.

    Raises UserError when the job runs for none, or has no token.
    """
    if environment.get("GITHUB_ACTIONS") == "true":
        return _github(environment)
    if environment.get("GITLAB_CI") == "true":
        return _gitlab(environment)
    raise UserError("this is no job of GitHub Actions or GitLab CI", "run `c4trace comment` there")


def put_comment(thread: Thread, text: str, client: httpx.Client) -> str:
    """Replace the comment that starts with c4trace's mark, or add it; `changed` or `added`.

    Raises SourceError when the server refuses or cannot be reached.
    """
    body = text if text.startswith(MARK) else f"{MARK}\n{text}"
    known = [c["id"] for c in _comments(thread, client) if str(c.get("body", "")).startswith(MARK)]
    if known:
        _ask(client, thread, thread.change, thread.comment.replace("{id}", str(known[-1])), {"body": body})
        return "changed"
    _ask(client, thread, "POST", thread.comments, {"body": body})
    return "added"


def new_client() -> httpx.Client:
    """A client with a timeout that follows no redirect: a token goes to the host it was given for only."""
    return httpx.Client(timeout=_SECONDS, follow_redirects=False)


def _github(environment: Mapping[str, str]) -> Thread:
    found = _PULL.fullmatch(environment.get("GITHUB_REF", ""))
    token = environment.get("GITHUB_TOKEN", "")
    if not found or not token:
        raise UserError("this job runs for no pull request, or GITHUB_TOKEN is not set", "see docs/github-action.md")
    issues = f"{environment['GITHUB_API_URL']}/repos/{environment['GITHUB_REPOSITORY']}/issues"
    headers = {"Authorization": f"Bearer {token}", "Accept": "application/vnd.github+json"}
    return Thread(f"{issues}/{found[1]}/comments", f"{issues}/comments/{{id}}", "PATCH", headers)


def _gitlab(environment: Mapping[str, str]) -> Thread:
    number, token = environment.get("CI_MERGE_REQUEST_IID", ""), environment.get("C4TRACE_TOKEN", "")
    if not number or not token:
        raise UserError("this job runs for no merge request, or C4TRACE_TOKEN is not set", "see docs/gitlab.md")
    project = f"{environment['CI_API_V4_URL']}/projects/{environment['CI_PROJECT_ID']}"
    notes = f"{project}/merge_requests/{number}/notes"
    return Thread(notes, f"{notes}/{{id}}", "PUT", {"PRIVATE-TOKEN": token})


def _comments(thread: Thread, client: httpx.Client) -> Iterator[dict[str, Any]]:
    for page in range(1, _MOST_PAGES + 1):
        found = _ask(client, thread, "GET", f"{thread.comments}?per_page={_PAGE}&page={page}", None)
        yield from found
        if len(found) < _PAGE:
            return


def _ask(client: httpx.Client, thread: Thread, method: str, url: str, body: dict[str, str] | None) -> Any:
    try:
        answer = client.request(method, url, json=body, headers=dict(thread.headers))
        answer.raise_for_status()
        return answer.json()
    except httpx.HTTPStatusError as error:
        status = error.response.status_code
        raise SourceError(
            f"the server answered {status} to a comment", "check that the token may write comments"
        ) from error
    except (httpx.HTTPError, ValueError) as error:
        raise SourceError(f"the comment could not be written: {type(error).__name__}", "try again") from error
