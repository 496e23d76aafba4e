"""`--kroki`: a server's pictures of the C4-PlantUML sources; when it fails, one line, and all other outputs stand."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from c4trace.cli import main
from c4trace.output.kroki import check_kroki, kroki_pictures
from extractor.errors import UserError
from renderers.data.graph_json import render_graph_json
from tests.sample_graph import sample_graph

PNG = b"\x89PNG\r\n\x1a\nrest"
SOURCES = {
    "puml/shop-context.puml": '@startuml\nPerson(a, "Zoë")\n@enduml\n',
    "puml/landscape.puml": "@startuml\n@enduml\n",
}


class Server(ThreadingHTTPServer):
    """A stand-in for Kroki: keeps what it was asked, answers as it is told."""

    status, svg = 200, b"<?xml version='1.0'?><svg xmlns='http://www.w3.org/2000/svg'/>"

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Answer)
        self.asked: list[tuple[str, str, str]] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class Answer(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        server = self.server
        assert isinstance(server, Server)
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        server.asked.append((self.path, self.headers["Content-Type"], body))
        self.send_response(server.status)
        self.end_headers()
        good = PNG if self.path.endswith("/png") else server.svg
        self.wfile.write(good if server.status == 200 else b"Error 400:\n Syntax Error? (line: 2)\n")

    def log_message(self, format: str, *args: object) -> None:
        """Says nothing on the terminal."""


@pytest.fixture
def server() -> Iterator[Server]:
    running = Server()
    thread = threading.Thread(target=running.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    yield running
    running.shutdown()
    running.server_close()
    thread.join()


@pytest.fixture
def scanned(tmp_path: Path) -> Path:
    path = tmp_path / "graph.json"
    path.write_bytes(bytes(render_graph_json(sample_graph()), "utf-8"))
    return path


def test_each_source_becomes_an_svg_and_a_png(server: Server) -> None:
    drawn = kroki_pictures(server.url + "/", SOURCES)
    assert sorted(drawn) == [
        "kroki/landscape.png",
        "kroki/landscape.svg",
        "kroki/shop-context.png",
        "kroki/shop-context.svg",
    ]
    assert drawn["kroki/shop-context.png"] == PNG
    assert drawn["kroki/shop-context.svg"] == server.svg


def test_the_server_is_sent_the_source_as_plain_text(server: Server) -> None:
    kroki_pictures(server.url, {"puml/shop-context.puml": SOURCES["puml/shop-context.puml"]})
    asked = [
        (path, kind, SOURCES["puml/shop-context.puml"])
        for path in ("/c4plantuml/png", "/c4plantuml/svg")
        for kind in ["text/plain; charset=utf-8"]
    ]
    assert sorted(server.asked) == asked


def test_a_refused_source_is_told_in_one_line_with_the_servers_words(server: Server) -> None:
    server.status = 400
    with pytest.raises(UserError) as told:
        kroki_pictures(server.url, SOURCES)
    assert "127.0.0.1 did not draw landscape.svg: status 400, Error 400: Syntax Error? (line: 2)" in str(told.value)
    assert "\n" not in str(told.value)


def test_what_is_no_picture_is_refused(server: Server) -> None:
    server.svg = b"<html>log in</html>"
    with pytest.raises(UserError, match="something else than SVG for landscape"):
        kroki_pictures(server.url, SOURCES)


def test_a_server_that_is_not_there_is_told_without_its_password(server: Server) -> None:
    server.shutdown()
    server.server_close()
    with pytest.raises(UserError) as told:
        kroki_pictures(server.url.replace("//", "//me:secret@"), SOURCES)
    assert "127.0.0.1 did not answer" in str(told.value)
    assert "secret" not in str(told.value)


@pytest.mark.parametrize("url", ["", "kroki", "ftp://host", "http://", "http://[::1", "file:///etc/passwd"])
def test_only_web_addresses_are_servers(url: str) -> None:
    with pytest.raises(UserError, match="no address of a Kroki server"):
        check_kroki(url)


def test_render_keeps_the_pictures_beside_the_other_outputs(server: Server, scanned: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    assert main(["render", "--from", str(scanned), "--out", str(out), "--format", "puml", "--kroki", server.url]) == 0
    drawn = {path.stem for path in (out / "kroki").iterdir()}
    assert drawn == {path.stem for path in (out / "puml").iterdir()}


def test_when_the_server_fails_all_other_outputs_are_written_and_the_exit_code_says_so(
    server: Server, scanned: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    server.status = 500
    out = tmp_path / "out"
    assert main(["render", "--from", str(scanned), "--out", str(out), "--format", "puml", "--kroki", server.url]) == 2
    assert (out / "puml" / "landscape.puml").is_file()
    assert not (out / "kroki").exists()
    assert "status 500" in capsys.readouterr().err


def test_without_the_option_nothing_is_asked(server: Server, scanned: Path, tmp_path: Path) -> None:
    assert main(["render", "--from", str(scanned), "--out", str(tmp_path / "out"), "--format", "puml"]) == 0
    assert server.asked == []
