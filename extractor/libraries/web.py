"""Reading a URL of a package index: https with retries and a size limit, or a local file. Credentials never show."""

from __future__ import annotations

import netrc
import os
import ssl
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote, urljoin, urlsplit
from urllib.request import url2pathname

from extractor.libraries.index import IndexConfig
from extractor.libraries.pins import without_credentials

if TYPE_CHECKING:  # takes long to import, and a scan whose libraries are cached asks the network nothing
    import httpx

_ATTEMPTS = 4
_MAX_WAIT = 10.0
_MAX_REDIRECTS = 10
_MAX_SECONDS = 600
_RETRIED = frozenset((408, 425, 429, 500, 502, 503, 504))
_LOOPBACK = frozenset(("localhost", "127.0.0.1", "::1"))


class WebError(Exception):
    """A URL could not be read. `reason` and `remedy` are fit to print; `absent` is set when there is no such page."""

    def __init__(self, reason: str, remedy: str, absent: bool = False) -> None:
        super().__init__(reason)
        self.reason, self.remedy, self.absent = reason, remedy, absent


@dataclass(frozen=True, slots=True)
class IndexPage:
    """What a URL gave: the body, its media type in lower case, and the address it came from after redirects."""

    body: bytes
    media_type: str
    url: str


@dataclass(slots=True)
class Web:
    """A reader of URLs under one configuration, safe to share between threads. `pause` waits between attempts."""

    config: IndexConfig
    pause: Callable[[float], None] = time.sleep
    _client: httpx.Client | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def close(self) -> None:
        """Close the connections."""
        if self._client is not None:
            self._client.close()

    def get(self, url: str, limit: int, accept: str = "*/*") -> IndexPage:
        """The body of `url`, at most `limit` bytes. Raises WebError."""
        scheme = url.partition(":")[0].lower()
        if scheme == "file":
            return _local(url, limit)
        if scheme not in ("http", "https"):
            raise WebError(f"{without_credentials(url)} is not an address that can be read", _CHECK_INDEX)
        return self._remote(url, limit, accept)

    def _remote(self, url: str, limit: int, accept: str) -> IndexPage:
        import httpx

        shown, failure = without_credentials(url), ""
        for attempt in range(_ATTEMPTS):
            wait = min(0.5 * 2**attempt, _MAX_WAIT)
            try:
                return self._once(url, limit, accept)
            except _Again as again:
                failure, wait = again.reason, min(again.wait or wait, _MAX_WAIT)
            except httpx.TransportError as error:
                failure = type(error).__name__
                if isinstance(error, httpx.ConnectError) and "CERTIFICATE" in str(error):
                    reason = f"the certificate of {shown} is not trusted"
                    raise WebError(reason, "point SSL_CERT_FILE or PIP_CERT at your certificates") from error
            except OSError as error:  # before anything was sent
                reason = f"the certificates for {shown} cannot be read ({type(error).__name__})"
                raise WebError(reason, "point SSL_CERT_FILE or PIP_CERT at your certificates") from error
            except (httpx.HTTPError, httpx.InvalidURL, ImportError, ValueError) as error:
                raise WebError(f"{shown} could not be read ({type(error).__name__})", _CHECK_INDEX) from error
            if attempt + 1 < _ATTEMPTS:
                self.pause(wait)
        raise WebError(f"{shown} could not be reached ({failure})", "check the network, or run with --offline")

    def _once(self, url: str, limit: int, accept: str) -> IndexPage:
        """One attempt, following redirects by hand, so that each hop is checked and given its own credentials."""
        for _ in range(_MAX_REDIRECTS):
            self._check_transport(url)
            client = self._open()
            headers = {"Accept": accept}
            with client.stream("GET", without_credentials(url), headers=headers, auth=self._auth(url)) as response:
                if response.has_redirect_location:
                    url = urljoin(url, response.headers["location"])
                    continue
                _check_status(url, response)
                body = _bounded(response, limit, without_credentials(url))
                media_type = response.headers.get("content-type", "").partition(";")[0].strip().lower()
                return IndexPage(body, media_type, without_credentials(url))
        raise WebError(f"{without_credentials(url)} redirects too often", _CHECK_INDEX)

    def _check_transport(self, url: str) -> None:
        """As pip: plain http only to this machine and to hosts that the user trusts."""
        parts = urlsplit(url)
        trusted = {host.partition(":")[0] for host in self.config.trusted_hosts}
        if parts.scheme == "https" or (parts.scheme == "http" and (parts.hostname or "") in _LOOPBACK | trusted):
            return
        remedy = "use an https index, or add the host to pip's trusted-host"
        raise WebError(f"{without_credentials(url)} is not served over https", remedy)

    def _auth(self, url: str) -> tuple[str, str] | None:
        """Credentials in the address, else those of a configured index on the same host, else the netrc file's."""
        parts = urlsplit(url)
        for known in (url, self.config.index_url or "", *self.config.extra_index_urls, *self.config.find_links):
            other = urlsplit(known)
            if other.username and (other.scheme, other.hostname, other.port) == (
                parts.scheme,
                parts.hostname,
                parts.port,
            ):
                return unquote(other.username), unquote(other.password or "")
        return _from_netrc(parts.hostname or "")

    def _open(self) -> httpx.Client:
        import httpx

        with self._lock:
            if self._client is None:
                timeout = httpx.Timeout(min(self.config.timeout, 60.0), connect=min(self.config.timeout, 15.0))
                proxy = self.config.proxy or None
                self._client = httpx.Client(timeout=timeout, verify=_trust(self.config), proxy=proxy)
            return self._client


_CHECK_INDEX = "check the index that pip is configured for (pip config list)"


class _Again(Exception):
    def __init__(self, reason: str, wait: float | None) -> None:
        super().__init__(reason)
        self.reason, self.wait = reason, wait


def _check_status(url: str, response: httpx.Response) -> None:
    shown, status = without_credentials(url), response.status_code
    if status in _RETRIED:
        after = response.headers.get("retry-after", "")
        raise _Again(f"HTTP {status}", float(after) if after.isdigit() else None)
    if status in (404, 410):
        raise WebError(f"{shown} does not exist", _CHECK_INDEX, absent=True)
    if status in (401, 403):
        raise WebError(f"{shown} refused access (HTTP {status})", "check the credentials of pip's index")
    if status != 200:
        raise WebError(f"{shown} answered HTTP {status}", _CHECK_INDEX)


def _bounded(response: httpx.Response, limit: int, shown: str) -> bytes:
    body, started = bytearray(), time.monotonic()
    for chunk in response.iter_bytes():
        body += chunk
        if time.monotonic() - started > _MAX_SECONDS:
            raise WebError(f"{shown} takes more than {_MAX_SECONDS} seconds", "try again later, or use a nearer index")
        if len(body) > limit:
            raise WebError(f"{shown} is larger than {limit} bytes", "raise the size limit, or leave the library out")
    return bytes(body)


def _trust(config: IndexConfig) -> ssl.SSLContext:
    """The certificates that pip is told to use, else those of SSL_CERT_FILE, SSL_CERT_DIR or the system."""
    if config.cert and Path(config.cert).is_dir():
        return ssl.create_default_context(capath=config.cert)
    return ssl.create_default_context(cafile=config.cert or os.environ.get("SSL_CERT_FILE") or None)


def _from_netrc(host: str) -> tuple[str, str] | None:
    try:
        found = netrc.netrc(os.environ.get("NETRC")).authenticators(host)
    except (OSError, netrc.NetrcParseError):
        return None
    return (found[0], found[2] or "") if found else None


def _local(url: str, limit: int) -> IndexPage:
    """A file of a local index; a folder stands for the `index.html` in it, as pip reads it."""
    path = Path(url2pathname(urlsplit(url).path))
    try:
        path = path / "index.html" if path.is_dir() else path
        with path.open("rb") as stream:
            body = stream.read(limit + 1)
    except (FileNotFoundError, NotADirectoryError) as error:
        raise WebError(f"{url} does not exist", _CHECK_INDEX, absent=True) from error
    except (OSError, ValueError) as error:
        raise WebError(f"{url} could not be read ({type(error).__name__})", _CHECK_INDEX) from error
    if len(body) > limit:
        raise WebError(f"{url} is larger than {limit} bytes", "raise the size limit, or leave the library out")
    return IndexPage(body, "application/json" if path.suffix == ".json" else "text/html", path.absolute().as_uri())
