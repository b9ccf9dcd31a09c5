"""The only file that imports httpx2: the one HTTP client, which reaches listed hosts only.

The list is checked in the transport, below redirects and retries, so no caller can go round it.
Proxies of the environment are not used: a proxy would be a host outside the list.
"""

from __future__ import annotations

import json
from collections.abc import Collection
from typing import Any
from urllib.parse import urlsplit

import httpx2

from bot.errors import Misconfigured, Unavailable
from bot.settings import is_loopback

CONNECT_SECONDS = 5.0
READ_SECONDS = 60.0
LONGEST_FILE_BYTES = 50 * 1_048_576
LONGEST_JSON_BYTES = 1_048_576

# What a connection can fail with while a body is read; others catch it without the library.
TransportError = httpx2.HTTPError
AsyncClient = httpx2.AsyncClient


class Egress:
    """Makes HTTP clients that refuse every host but loopback and the listed ones."""

    def __init__(self, hosts: Collection[str] = ()) -> None:
        self.hosts = frozenset(_plain(host) for host in hosts)

    def check(self, url: str) -> None:
        """Raise Misconfigured, naming the host, when `url` may not be reached."""
        try:
            parts = urlsplit(url)
            host, scheme = _plain(parts.hostname or ""), parts.scheme
        except ValueError:
            host, scheme = "", ""
        if scheme not in ("http", "https") or not host:
            raise Misconfigured(["接続先は http:// か https:// で始まるアドレスにしてください。"])
        if not is_loopback(host) and host not in self.hosts:
            raise Misconfigured(
                [
                    f"{host} への接続は許可されていません。"
                    "外に出てよい先なら SHOMU_EGRESS_HOSTS に加えてください。"
                ]
            )

    def client(self, *, read_seconds: float = READ_SECONDS) -> httpx2.AsyncClient:
        """Make a client. Who opens it closes it. Redirects are not followed unless asked for."""
        return httpx2.AsyncClient(
            transport=_ListedHosts(self),
            timeout=httpx2.Timeout(read_seconds, connect=CONNECT_SECONDS),
            trust_env=False,
        )

    async def fetch_json(self, url: str, *, timeout: float = CONNECT_SECONDS) -> Any:
        """Get a small JSON document within `timeout` seconds for each step.

        Raises Unavailable when it does not come, is longer than 1 MiB or is not JSON.
        """
        body = await self._fetch(url, timeout, LONGEST_JSON_BYTES)
        try:
            return json.loads(body)
        except (ValueError, RecursionError) as error:
            raise Unavailable("JSON ではない応答が返されました。") from error

    async def fetch_bytes(self, url: str) -> bytes:
        """Get a file that was sent in a chat. Raises Unavailable, also beyond 50 MiB."""
        return await self._fetch(url, READ_SECONDS, LONGEST_FILE_BYTES)

    async def _fetch(self, url: str, timeout: float, longest: int) -> bytes:
        self.check(url)
        try:
            async with self.client(read_seconds=timeout) as client:
                return await _read(client, url, longest)
        except httpx2.HTTPError as error:
            raise Unavailable(f"{_plain(urlsplit(url).hostname or '')} が応答しません。") from error


class _ListedHosts(httpx2.AsyncBaseTransport):
    """Checks every request, and every redirect, before a connection is opened."""

    def __init__(self, egress: Egress) -> None:
        self._egress = egress
        # trust_env here only finds the office's own certificates (SSL_CERT_FILE).
        self._network = httpx2.AsyncHTTPTransport(trust_env=True)

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        self._egress.check(str(request.url))
        return await self._network.handle_async_request(request)

    async def aclose(self) -> None:
        await self._network.aclose()


async def _read(client: httpx2.AsyncClient, url: str, longest: int) -> bytes:
    """Read a body piece by piece, so that a long one is left before it fills the memory."""
    body = bytearray()
    async with client.stream("GET", url) as response:
        if response.status_code != httpx2.codes.OK:
            raise Unavailable(f"応答の状態が {response.status_code} でした。")
        async for piece in response.aiter_bytes():
            body += piece
            if len(body) > longest:
                raise Unavailable("応答が大きすぎます。")
    return bytes(body)


def _plain(host: str) -> str:
    """A host as it is compared: lower case, no trailing dot, no brackets, ASCII."""
    host = host.strip().strip("[]").rstrip(".").lower()
    try:
        return host.encode("idna").decode("ascii") if not host.isascii() else host
    except UnicodeError:
        return ""
