"""Fetching pinned distributions from an index of the test's own: what is taken, checked, cached and refused."""

from __future__ import annotations

import base64
import hashlib
import http.server
import importlib.util
import io
import json
import tarfile
import threading
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from extractor.libraries import archive
from extractor.libraries.archive import BadArchive, read_archive
from extractor.libraries.fetch import Distribution, Missing, fetch_all, fetch_distribution
from extractor.libraries.index import IndexConfig, candidates, pip_configuration
from extractor.libraries.pins import Pin
from extractor.libraries.web import Web, WebError

SOURCES = {
    "lib/__init__.py": b"URL = 'x'\n",
    "lib/client.py": b"import os\n",
    "lib/client.pyi": b"stub\n",
    "lib/data.json": b"{}",
    "lib-1.0.dist-info/entry_points.txt": b"[console_scripts]\n",
    "lib-1.0.dist-info/METADATA": b"Name: lib\n",
    "lib-1.0.data/purelib/extra.py": b"X = 1\n",
    "lib-1.0.data/scripts/run.py": b"raise SystemExit\n",
}


def wheel(files: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive_:
        for name, data in files.items():
            archive_.writestr(zipfile.ZipInfo(name), data)
    return out.getvalue()


def sdist(files: dict[str, bytes], links: dict[str, str] | None = None) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as archive_:
        for name, data in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive_.addfile(info, io.BytesIO(data))
        for name, target in (links or {}).items():
            info = tarfile.TarInfo(name)
            info.type, info.linkname = tarfile.SYMTYPE, target
            archive_.addfile(info)
    return out.getvalue()


def sha(data: bytes) -> str:
    return "sha256:" + hashlib.sha256(data).hexdigest()


def pin(name: str = "lib", version: str = "1.0", *hashes: str) -> Pin:
    return Pin(
        name=name,
        version=version,
        source="index",
        url=None,
        ref=None,
        hashes=tuple(sorted(hashes)),
        path="uv.lock",
        line=1,
    )


WHEEL = wheel(SOURCES)
WHEEL_NAME = "lib-1.0-py3-none-any.whl"


def folder_index(root: Path, files: dict[str, bytes], stated: bool = True) -> IndexConfig:
    """A simple index in a folder, as PEP 503 lays it out."""
    page = root / "simple" / "lib"
    page.mkdir(parents=True)
    links = []
    for name, data in files.items():
        (page / name).write_bytes(data)
        links.append(f'<a href="{name}{"#" + sha(data).replace(":", "=") if stated else ""}">{name}</a>')
    (page / "index.html").write_text("<!DOCTYPE html><html><body>" + "\n".join(links) + "</body></html>")
    return IndexConfig((root / "simple").as_uri())


def got(result: Distribution | Missing) -> Distribution:
    assert isinstance(result, Distribution), result
    return result


def missing(result: Distribution | Missing) -> Missing:
    assert isinstance(result, Missing), result
    return result


def test_the_wheel_is_read_and_vouched_for_by_the_lock(tmp_path: Path) -> None:
    config = folder_index(tmp_path, {"lib-1.0.tar.gz": sdist({"lib-1.0/lib.py": b""}), WHEEL_NAME: WHEEL})
    found = got(fetch_distribution(pin("lib", "1.0", sha(WHEEL)), tmp_path / "cache", False, config=config))
    assert sorted(found.files) == ["extra.py", "lib-1.0.dist-info/entry_points.txt", "lib/__init__.py", "lib/client.py"]
    assert found.top_level == ("extra", "lib")
    assert (found.filename, found.checked_by, found.sha256) == (WHEEL_NAME, "lock", sha(WHEEL)[7:])
    assert found.size == len(WHEEL)


def test_without_a_hash_in_the_lock_the_index_vouches_or_nothing_does(tmp_path: Path) -> None:
    for stated, checked_by in ((True, "index"), (False, "nothing")):
        root = tmp_path / checked_by
        config = folder_index(root, {WHEEL_NAME: WHEEL}, stated)
        assert got(fetch_distribution(pin(), root / "cache", False, config=config)).checked_by == checked_by
        assert got(fetch_distribution(pin(), root / "cache", True)).checked_by == checked_by


def test_a_file_with_another_hash_than_the_lock_is_refused_and_not_cached(tmp_path: Path) -> None:
    wanted = pin("lib", "1.0", "sha256:" + "0" * 64)
    for stated in (True, False):
        config = folder_index(tmp_path / str(stated), {WHEEL_NAME: WHEEL}, stated)
        result = missing(fetch_distribution(wanted, tmp_path / "cache", False, config=config))
        assert "hash" in result.reason
    assert not (tmp_path / "cache").exists()


def test_a_file_that_is_not_what_the_index_states_is_refused(tmp_path: Path) -> None:
    config = folder_index(tmp_path, {WHEEL_NAME: WHEEL})
    (tmp_path / "simple" / "lib" / WHEEL_NAME).write_bytes(wheel({"lib.py": b"evil = 1\n"}))
    assert "index states" in missing(fetch_distribution(pin(), tmp_path / "cache", False, config=config)).reason


def test_the_sdist_serves_when_there_is_no_pure_wheel(tmp_path: Path) -> None:
    data = sdist(
        {
            "lib-1.0/setup.py": b"raise SystemExit('never run')",
            "lib-1.0/src/lib/__init__.py": b"A = 1\n",
            "lib-1.0/src/lib.egg-info/top_level.txt": b"lib\n",
            "lib-1.0/src/lib.egg-info/entry_points.txt": b"[x]\n",
            "lib-1.0/tests/test_lib.py": b"",
        },
        links={"lib-1.0/src/lib/link.py": "/etc/passwd"},
    )
    binary = "lib-1.0-cp311-cp311-manylinux_2_28_x86_64.whl"
    config = folder_index(tmp_path, {"lib-1.0.tar.gz": data, binary: wheel({"lib/__init__.py": b""})})
    found = got(fetch_distribution(pin(), tmp_path / "cache", False, config=config))
    assert dict(found.files) == {"lib/__init__.py": b"A = 1\n", "lib.egg-info/entry_points.txt": b"[x]\n"}


def test_an_sdist_without_egg_info_is_read_from_its_root(tmp_path: Path) -> None:
    data = sdist({"lib-1.0/lib/a.py": b"", "lib-1.0/setup.py": b"", "lib-1.0/docs/conf.py": b""})
    assert read_archive("lib-1.0.tar.gz", data).top_level == ("lib",)


def test_offline_reads_the_cache_alone(tmp_path: Path) -> None:
    wanted = pin("lib", "1.0", sha(WHEEL))
    assert "offline" in missing(fetch_distribution(wanted, tmp_path / "cache", True)).reason
    config = folder_index(tmp_path, {WHEEL_NAME: WHEEL})
    online = got(fetch_distribution(wanted, tmp_path / "cache", False, config=config))
    assert got(fetch_distribution(wanted, tmp_path / "cache", True)) == online


def test_a_spoiled_cache_is_not_believed(tmp_path: Path) -> None:
    wanted, cache_dir = pin("lib", "1.0", sha(WHEEL)), tmp_path / "cache"
    config = folder_index(tmp_path, {WHEEL_NAME: WHEEL})
    online = got(fetch_distribution(wanted, cache_dir, False, config=config))
    (blob,) = [path for path in (cache_dir / "archives").rglob("*") if path.is_file() and not path.suffix]
    blob.write_bytes(b"poison")
    missing(fetch_distribution(wanted, cache_dir, True))
    assert got(fetch_distribution(wanted, cache_dir, False, config=config)) == online


def test_a_version_pin_of_another_estate_does_not_satisfy_a_lock_with_hashes(tmp_path: Path) -> None:
    config = folder_index(tmp_path, {WHEEL_NAME: WHEEL})
    got(fetch_distribution(pin(), tmp_path / "cache", False, config=config))
    missing(fetch_distribution(pin("lib", "1.0", "sha256:" + "1" * 64), tmp_path / "cache", True))


def test_find_links_folders_are_searched(tmp_path: Path) -> None:
    (tmp_path / WHEEL_NAME).write_bytes(WHEEL)
    config = IndexConfig(find_links=(str(tmp_path),))
    found = got(fetch_distribution(pin("lib", "1.0", sha(WHEEL)), tmp_path / "cache", False, config=config))
    assert (found.checked_by, found.filename) == ("lock", WHEEL_NAME)


def test_the_second_index_serves_when_the_first_has_nothing(tmp_path: Path) -> None:
    second = folder_index(tmp_path, {WHEEL_NAME: WHEEL}).index_url or ""
    config = IndexConfig((tmp_path / "empty").as_uri(), (second,))
    got(fetch_distribution(pin(), tmp_path / "cache", False, config=config))


@pytest.mark.parametrize(
    ("source", "url", "ref", "words"),
    [
        ("git", "https://git.example/o/lib.git", "beef", ("estate", "https://git.example/o/lib.git", "beef")),
        ("url", "https://files.example/lib.whl", None, ("estate",)),
        ("path", "packages/lib", None, ("estate",)),
    ],
)
def test_what_is_not_pinned_to_an_index_says_what_to_do(
    tmp_path: Path, source: str, url: str, ref: str | None, words: tuple[str, ...]
) -> None:
    result = missing(
        fetch_distribution(
            Pin(name="lib", version="", source=source, url=url, ref=ref, hashes=(), path="uv.lock", line=1),
            tmp_path,
            False,
        )
    )
    assert all(word in result.remedy for word in words)


def test_a_name_that_is_a_path_is_not_looked_up(tmp_path: Path) -> None:
    config = folder_index(tmp_path, {WHEEL_NAME: WHEEL})
    assert (
        "no distribution" in missing(fetch_distribution(pin("x/../lib"), tmp_path / "c", False, config=config)).reason
    )


def test_no_index_and_no_such_version(tmp_path: Path) -> None:
    assert "PIP_INDEX_URL" in missing(fetch_distribution(pin(), tmp_path, False, config=IndexConfig())).remedy
    config = folder_index(tmp_path, {WHEEL_NAME: WHEEL})
    assert "version" in missing(fetch_distribution(pin("lib", "9"), tmp_path / "c", False, config=config)).reason


def test_fetch_all_keeps_order_and_stops_at_the_bound(tmp_path: Path) -> None:
    config = folder_index(tmp_path, {f"lib-{n}.0-py3-none-any.whl": wheel({"lib.py": b"%d" % n}) for n in range(1, 6)})
    pins = [pin("lib", f"{n}.0") for n in range(1, 6)]
    everything = fetch_all(iter(pins), tmp_path / "cache", False, config=config, workers=3)
    assert list(everything) == pins
    sizes = [got(result).size for result in everything.values()]
    bounded = fetch_all(pins, tmp_path / "cache", True, workers=3, max_total=sizes[0] + sizes[1])
    assert [isinstance(bounded[p], Distribution) for p in pins] == [True, True, False, False, False]


Answer = tuple[int, dict[str, str], bytes]


@contextmanager
def served(answer: Callable[[str, dict[str, str]], Answer]) -> Iterator[str]:
    """A web server on loopback that answers by (path, request headers); gives its address."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, headers, body = answer(self.path, {k.lower(): v for k, v in self.headers.items()})
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield f"127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()


def json_page(url: str) -> Answer:
    files = [{"filename": WHEEL_NAME, "url": url, "hashes": {"sha256": sha(WHEEL)[7:]}}]
    body = json.dumps({"meta": {"api-version": "1.0"}, "name": "lib", "files": files}).encode()
    return 200, {"Content-Type": "application/vnd.pypi.simple.v1+json"}, body


def test_a_json_index_with_credentials_and_a_hiccup(tmp_path: Path) -> None:
    seen: list[str] = []
    expected = "Basic " + base64.b64encode(b"me:pa ss").decode()

    def answer(path: str, headers: dict[str, str]) -> Answer:
        seen.append(path)
        if headers.get("authorization") != expected:
            return 401, {}, b""
        if path == "/simple/lib/":
            return json_page("../../files/" + WHEEL_NAME) if seen.count(path) > 1 else (503, {"Retry-After": "0"}, b"")
        return 200, {}, WHEEL

    with served(answer) as address:
        config = IndexConfig(f"http://me:pa%20ss@{address}/simple")
        pauses: list[float] = []
        result = fetch_distribution(pin(), tmp_path, False, web=Web(config, pauses.append))
    assert got(result).url == f"http://{address}/files/{WHEEL_NAME}"
    assert len(pauses) == 1
    assert repr(config) == repr(IndexConfig())


def test_refused_credentials_are_said_but_not_shown(tmp_path: Path) -> None:
    with served(lambda path, headers: (403, {}, b"")) as address:
        config = IndexConfig(f"http://me:hunter2@{address}/simple")
        result = missing(fetch_distribution(pin(), tmp_path, False, config=config))
    assert "credentials" in result.remedy
    assert "hunter2" not in repr(result)


def test_credentials_do_not_follow_a_redirect_to_another_host(tmp_path: Path) -> None:
    other: list[str | None] = []

    def elsewhere(path: str, headers: dict[str, str]) -> Answer:
        other.append(headers.get("authorization"))
        return 200, {}, WHEEL

    with served(elsewhere) as far:

        def answer(path: str, headers: dict[str, str]) -> Answer:
            if path == "/simple/lib/":
                return json_page("/files/" + WHEEL_NAME)
            return 302, {"Location": f"http://{far}/x.whl"}, b""

        with served(answer) as near:
            config = IndexConfig(f"http://me:secret@{near}/simple")
            got(fetch_distribution(pin(), tmp_path, False, config=config))
    assert other == [None]


def test_an_index_that_is_down_is_tried_again_and_then_reported(tmp_path: Path) -> None:
    pauses: list[float] = []
    with served(lambda path, headers: (200, {}, b"")) as address:
        pass
    web = Web(IndexConfig(f"http://{address}/simple"), pauses.append)
    result = missing(fetch_distribution(pin(), tmp_path, False, web=web))
    assert "reached" in result.reason
    assert "--offline" in result.remedy
    assert len(pauses) == 3


def test_plain_http_is_for_loopback_and_trusted_hosts() -> None:
    with pytest.raises(WebError, match="https"):
        Web(IndexConfig()).get("http://index.invalid/simple/lib/", 10)
    with pytest.raises(WebError, match="address"):
        Web(IndexConfig()).get("ftp://index.invalid/x", 10)


def test_a_remote_page_cannot_link_to_local_files() -> None:
    page = f'<a href="file:///etc/{WHEEL_NAME}">x</a>'.encode()
    assert candidates(pin(), page, "text/html", "https://index.example/simple/lib/") == ()


def test_a_body_larger_than_the_limit_is_cut_off() -> None:
    with (
        served(lambda path, headers: (200, {}, b"x" * 1000)) as address,
        pytest.raises(WebError, match="larger"),
    ):
        Web(IndexConfig()).get(f"http://{address}/", 999)


@pytest.mark.parametrize(
    "name", ["../out.py", "/abs.py", "a/../../b.py", "a\\b.py", "C:/x.py"], ids=["up", "root", "mid", "back", "drive"]
)
def test_paths_that_lead_out_of_an_archive_are_refused(name: str) -> None:
    for filename, data in ((WHEEL_NAME, wheel({name: b""})), ("lib-1.0.tar.gz", sdist({name: b""}))):
        with pytest.raises(BadArchive, match="out of it"):
            read_archive(filename, data)


def test_archives_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, "MAX_UNPACKED", 50_000)
    monkeypatch.setattr(archive, "MAX_MEMBERS", 10)
    big = {f"lib/{n}.py": b"#" * 9_000 for n in range(8)}
    many = {f"lib/{n}.py": b"" for n in range(11)}
    bomb = sdist({"lib-1.0/zeros.bin": bytes(5_000_000)})
    for filename, data, why in (
        (WHEEL_NAME, wheel(big), "too much"),
        (WHEEL_NAME, wheel(many), "members"),
        ("lib-1.0.tar.gz", bomb, "too much"),
        ("lib-1.0.tar.gz", b"not a tar", "cannot be read"),
        (WHEEL_NAME, WHEEL[: len(WHEEL) // 2], "cannot be read"),
    ):
        with pytest.raises(BadArchive, match=why):
            read_archive(filename, data)


def test_one_huge_module_is_left_out_and_the_rest_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, "MAX_FILE", 100)
    assert list(read_archive(WHEEL_NAME, wheel({"lib/a.py": b"1", "lib/table.py": b"#" * 101})).files) == ["lib/a.py"]


@pytest.mark.skipif(importlib.util.find_spec("pip") is None, reason="this environment has no pip to ask")
def test_pip_is_asked_for_its_configuration(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "pip.conf"
    file.write_text("[global]\nindex-url = https://index.example/simple\n[download]\nfind-links = /a /b\n")
    monkeypatch.setenv("PIP_CONFIG_FILE", str(file))
    monkeypatch.setenv("PIP_EXTRA_INDEX_URL", "https://one.example/s https://two.example/s")
    for name in ("PIP_INDEX_URL", "PIP_FIND_LINKS", "PIP_NO_INDEX"):
        monkeypatch.delenv(name, raising=False)
    pip_configuration.cache_clear()
    try:
        config = pip_configuration()
    finally:
        pip_configuration.cache_clear()
    one, two = "https://one.example/s", "https://two.example/s"
    assert config.indexes == ("https://index.example/simple", one, two)
    assert config.find_links == ("/a", "/b")


def test_without_a_pip_the_environment_is_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIP_INDEX_URL", "https://index.example/simple")
    monkeypatch.setenv("PIP_EXTRA_INDEX_URL", "https://one.example/s")
    config = pip_configuration(str(tmp_path / "no-python"))
    assert config.indexes == ("https://index.example/simple", "https://one.example/s")
