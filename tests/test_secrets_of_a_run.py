"""A repository full of secrets is scanned, and every byte that the run writes or says is read: none is there."""

from __future__ import annotations

import contextlib
import gzip
import io
import sqlite3
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from c4trace.cli import main
from extractor.files.cache import unsealed
from extractor.sources.spec import shown
from tests.git_repository import make_repository
from tests.test_secrets_in_code import IN_CODE, SECRET, URLS

SETTINGS = "ROOT_URLCONF = 'shop.urls'\nINSTALLED_APPS = ['shop']\nimport os\n"
SENT = (
    "requests.get({0!r}, timeout=5)",
    "requests.post('https://crm.test/x', json={{'next': {0!r}}}, timeout=5)",
    "later.delay({0!r})",
)
DEPLOYED = {
    ".env": f"DB_PASSWORD={SECRET}\nDATABASE_URL=postgres://u:{SECRET}@db.test/shop\n",
    "Procfile": f"web: API_TOKEN={SECRET} gunicorn shop.wsgi --password={SECRET}\n",
    "Dockerfile": f"FROM python:3.11\nENV SECRET_KEY={SECRET}\nARG API_TOKEN={SECRET}\nCMD gunicorn --token {SECRET}\n",
    "docker-compose.yml": "services:\n  web:\n    build: .\n    environment:\n"
    f"      DB_PASSWORD: {SECRET}\n      BROKER: amqp://u:{SECRET}@mq.test//\n    command: celery --api-key={SECRET}\n",
    "requirements.txt": f"--extra-index-url https://u:{SECRET}@index.test/simple\n"
    f"shop-client @ git+https://u:{SECRET}@git.test/client.git\n",
}


def repository() -> dict[str, str]:
    calls = [call.format(url) for url in URLS for call in SENT]
    code = [line.replace("{{", "{").replace("}}", "}").replace("{0}", repr(SECRET)) for line in IN_CODE]
    inside = [line for line in (*calls, *code) if not line.startswith(("def ", "self."))]
    settings = [f"URL_{number} = os.environ.get('URL_{number}', {url!r})" for number, url in enumerate(URLS)]
    head = "import os\nimport requests\nfrom celery import shared_task\n\n@shared_task\ndef later(what):\n    pass\n\n"
    tasks = head + "@shared_task\ndef tell(given=None):\n    settings = {}\n" + "".join(f"    {x}\n" for x in inside)
    return {
        "manage.py": "import os\nos.environ.setdefault('DJANGO_SETTINGS_MODULE', 'shop.settings')\n",
        "shop/__init__.py": "",
        "shop/settings.py": SETTINGS + "\n".join((*settings, f"DB_PASSWORD = {SECRET!r}")) + "\n",
        "shop/urls.py": "urlpatterns = []\n",
        "shop/tasks.py": tasks,
        **DEPLOYED,
    }


def unpacked(data: bytes) -> Iterator[bytes]:
    """The bytes, and those that are packed in them."""
    yield data
    if data[:2] == b"\x1f\x8b":
        yield from unpacked(gzip.decompress(data))
    elif data[:4] == b"PK\x03\x04":
        with zipfile.ZipFile(io.BytesIO(data)) as packed:
            for name in packed.namelist():
                yield from unpacked(packed.read(name))
    elif data[:1] == b"\x78":
        with contextlib.suppress(zlib.error):  # a digest may begin with this byte
            yield from unpacked(zlib.decompressobj().decompress(data))


def written(where: Path) -> Iterator[tuple[str, bytes]]:
    """What stands in every file, rows of databases and sealed entries of the cache unpacked. git's own objects are what
    was fetched, and are not looked at."""
    for path in sorted(path for path in where.rglob("*") if path.is_file()):
        data = path.read_bytes()
        yield from ((str(path), part) for part in unpacked(data))
        if data.startswith(b"SQLite format 3"):
            with sqlite3.connect(path) as database:
                for row in database.execute("SELECT data FROM summary"):
                    yield from ((str(path), part) for part in unpacked(bytes(row[0])))
        elif (body := unsealed(path.name, data)) is not None:
            yield from ((str(path), part) for part in unpacked(body))


def test_no_byte_that_a_run_writes_or_says_is_of_a_secret(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    planted = repository()
    assert sum(text.count(SECRET) for text in planted.values()) >= 110
    make_repository(tmp_path / "shop", planted)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("C4TRACE_CACHE", str(tmp_path / "cache"))
    assert main(["scan", "--jobs", "1", "--offline", "--source", "shop=shop"]) == 0
    files = [*written(tmp_path / "out"), *written(tmp_path / "cache")]
    assert any(name.endswith("graph.json") and b"shop.test" in data for name, data in files)
    assert any("cache" in name and b"shop.test" in data for name, data in files)
    assert sorted({name for name, data in files if SECRET.encode() in data}) == []
    assert SECRET not in "".join(capfd.readouterr())


@pytest.mark.parametrize(
    ("address", "told"),
    [
        (f"https://u:{SECRET}@git.test/x.git", "https://git.test/x.git"),
        (f"https://u:a@{SECRET}@git.test/x.git", "https://git.test/x.git"),
        (f"https://u:a/b?{SECRET}@git.test/x.git", "https://git.test/x.git"),
        (f"https://u:a%2F{SECRET}@git.test/x.git", "https://git.test/x.git"),
        (f"https://{SECRET}@git.test/x.git", "https://git.test/x.git"),
        (f"https://git.test/x.git?private_token={SECRET}", "https://git.test/x.git?private_token=***"),
        (f"ssh://u:{SECRET}@git.test/x.git", "ssh://u:***@git.test/x.git"),
        ("ssh://git@git.test:2222/x.git", "ssh://git@git.test:2222/x.git"),
        ("git@git.test:x.git", "git@git.test:x.git"),
        ("https://git.test/x@y.git", "https://git.test/x@y.git"),
    ],
)
def test_an_address_is_told_without_its_secrets(address: str, told: str) -> None:
    assert shown(address) == told
