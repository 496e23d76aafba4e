"""Values that are followed: objects handed over and kept, attributes made of themselves, URLs joined from settings."""

from __future__ import annotations

import pytest

from tests.linked import linked, sent
from tests.test_replay_contexts import SETTINGS, views

OTHERS = "".join(
    f"class {name}:\n    def send(self, letter):\n        return letter\n" for name in ("Drum", "Flag", "Horn", "Lamp")
)
BIRDS = (
    """
import requests
class Pigeon:
    def send(self, letter):
        requests.post("https://pigeon.example/letters/", json=letter, timeout=5)
class Desk:
    def __init__(self, bird=None):
        self.bird = bird
    def write(self, letter):
        self.bird.send(letter)
"""
    + OTHERS
)


def shop(view: str, settings: str = "", **more: str) -> dict[str, set[str]]:
    """What a shop sends whose view `look` is this, and from where."""
    files = SETTINGS | {"shop/urls.py": views("look"), "shop/views.py": view}
    files["shop/settings.py"] += settings
    return sent(linked(files | {f"shop/{name}.py": text for name, text in more.items()}))


@pytest.mark.parametrize(
    "view",
    [
        "from shop.mail import Desk, Pigeon\ndef look(request):\n    Desk(Pigeon()).write(1)\n",
        "from shop.mail import Desk, Pigeon\ndef look(request):\n    desk = Desk(bird=Pigeon())\n    desk.write(1)\n",
        "from shop import mail\nDESK = mail.Desk(mail.Pigeon())\ndef look(request):\n    DESK.write(1)\n",
        "from shop.mail import Pigeon\ndef use(bird):\n    bird.send(1)\ndef look(request):\n    use(Pigeon())\n",
    ],
)
def test_an_object_that_is_handed_over_is_the_one_that_is_asked(view: str) -> None:
    assert shop(view, mail=BIRDS) == {"POST https://pigeon.example/letters/": {"/look/"}}


@pytest.mark.parametrize(
    "view",
    [
        "from shop.mail import Desk, Drum\ndef look(request):\n    Desk(Drum()).write(1)\n",
        "from shop.mail import Desk\ndef look(request):\n    Desk().write(1)\n",
    ],
)
def test_another_object_sends_nothing(view: str) -> None:
    assert shop(view, mail=BIRDS) == {"POST https://pigeon.example/letters/": {""}}


DOOR = """
from urllib.parse import urljoin
import requests
from django.conf import settings
class Door:
    def __init__(self):
        self.base = settings.DOOR_URL
        if not self.base:
            raise ValueError("DOOR_URL")
        {again}
    def look(self):
        requests.get({url}, timeout=5)
"""
LOOK = "from shop.door import Door\ndef look(request):\n    Door().look()\n"
VALUES = (
    'DOOR_URL = "https://door.example/"\nREALM = "main"\nROOT_PATH = "/auth/"\nOTHER_URL = "https://other.example/"\n'
)


@pytest.mark.parametrize(
    ("again", "url", "expected"),
    [
        ('self.base = urljoin(self.base, "/admin/")', "self.base", "{setting:DOOR_URL}/admin/"),
        ('self.base = self.base + "v1/"', "self.base", "{setting:DOOR_URL}v1/"),
        ('self.base += "v1/"', "self.base", "{setting:DOOR_URL}v1/"),
        ("pass", "urljoin(self.base, f'{settings.REALM}/users')", "{setting:DOOR_URL}/{setting:REALM}/users"),
        ("pass", "urljoin(self.base, settings.ROOT_PATH)", "{setting:DOOR_URL}/auth/"),
        ("pass", "urljoin(self.base, settings.OTHER_URL)", "{setting:OTHER_URL}"),
    ],
)
def test_a_base_is_what_it_was_made_of_last(again: str, url: str, expected: str) -> None:
    assert shop(LOOK, VALUES, door=DOOR.format(again=again, url=url)) == {f"GET {expected}": {"/look/"}}


def test_an_attribute_that_is_set_again_in_a_branch_may_be_either() -> None:
    door = DOOR.format(again='if settings.REALM:\n            self.base = self.base + "v1/"', url="self.base")
    assert set(shop(LOOK, VALUES, door=door)) == {"GET {setting:DOOR_URL}", "GET {setting:DOOR_URL}v1/"}


TABLES = """
import requests
class Client:
    def ask(self, endpoint):
        requests.get(f"https://door.example/{endpoint}", timeout=5)
class Table:
    def __init__(self, client, endpoint):
        self.client, self.endpoint = client, endpoint
    def rows(self):
        self.client.ask(self.endpoint)
def table(endpoint, client=None):
    return Table(client or Client(), endpoint)
"""


def test_a_path_that_the_object_keeps_is_part_of_the_url() -> None:
    view = "from shop.tables import table\ndef look(request):\n    table('users').rows()\n    table('groups').rows()\n"
    found = shop(view, tables=TABLES)
    assert found == {"GET https://door.example/users": {"/look/"}, "GET https://door.example/groups": {"/look/"}}


@pytest.mark.parametrize(
    ("patch", "timeout"),
    [
        ("session.request = functools.partial(session.request, timeout=5)", "yes"),
        ("session.get = functools.partial(session.get, timeout=7)", "yes"),
        ("session.post = functools.partial(session.post, timeout=7)", "no"),
    ],
)
def test_a_method_that_is_put_on_a_session_is_the_one_that_sends(patch: str, timeout: str) -> None:
    view = (
        "import functools\nimport requests\n"
        f"def patched():\n    session = requests.Session()\n    {patch}\n    return session\n"
        "def look(request):\n    patched().get('https://door.example/')\n"
    )
    facts = linked(SETTINGS | {"shop/urls.py": views("look"), "shop/views.py": view})
    assert [call.timeout for call in facts.calls] == [timeout]
