"""Rules and reading agree: what a rule knows of a library holds when the library is read along, too."""

from __future__ import annotations

import pytest

from tests.linked import linked
from tests.test_replay_contexts import SETTINGS, views

# A client as libraries write them: what a call comes to is decided when it runs.
SLACK = {
    "slack_sdk/__init__.py": "from slack_sdk.web import WebClient\n",
    "slack_sdk/web.py": """
class WebClient:
    def __init__(self, token=None):
        self.methods = load()
    def chat_postMessage(self, **kwargs):
        return self.methods["chat.postMessage"](kwargs)
""",
}
USES = {
    "made where it is used": "WebClient(token='t').chat_postMessage(text='x')",
    "in a variable": "client = WebClient(token='t')\n    client.chat_postMessage(text='x')",
    "kept by a module": "CLIENT.chat_postMessage(text='x')",
    "given by a function": "made().chat_postMessage(text='x')",
    "kept by an object": "Teller().tell()",
}
CODE = """
from slack_sdk import WebClient
CLIENT = WebClient(token="t")
def made():
    return WebClient(token="t")
class Teller:
    def __init__(self):
        self.client = made()
    def tell(self):
        self.client.chat_postMessage(text="x")
def look(request):
    {use}
"""


def asked(code: str, libraries: dict[str, dict[str, str]]) -> set[tuple[str | None, str]]:
    """The systems that `look` asks, the one view of a shop, and how."""
    files = SETTINGS | {"shop/urls.py": views("look"), "shop/views.py": code}
    calls = linked(files, libraries=libraries).calls
    return {(call.system, call.url) for call in calls if "/look/" in {context.name for context in call.contexts}}


@pytest.mark.parametrize("use", USES.values(), ids=USES)
def test_a_rule_knows_a_call_that_reading_the_library_does_not_explain(use: str) -> None:
    code = CODE.format(use=use)
    unread = asked(code, {})
    assert {system for system, _url in unread} == {"slack"}
    assert asked(code, {"slack_sdk": SLACK}) == unread


def test_what_reading_explains_is_told_as_it_was_read() -> None:
    read = SLACK | {
        "slack_sdk/web.py": (
            "import requests\nclass WebClient:\n    def __init__(self, token=None):\n        self.token = token\n"
            "    def chat_postMessage(self, **kwargs):\n"
            "        requests.post('https://slack.com/api/chat.postMessage', json=kwargs, timeout=30)\n"
        )
    }
    found = asked(CODE.format(use=USES["in a variable"]), {"slack_sdk": read})
    assert found == {("slack", "https://slack.com/api/chat.postMessage")}


def test_a_call_of_ones_own_that_is_called_as_a_librarys_is_not_the_librarys() -> None:
    code = (
        "class WebClient:\n    def chat_postMessage(self, **kwargs):\n        return kwargs\n"
        "def look(request):\n    WebClient().chat_postMessage(text='x')\n"
    )
    assert asked(code, {"slack_sdk": SLACK}) == set()
