"""The only file that imports slack_sdk and aiohttp: calls to Slack, and its WebSocket.

What may have been posted is never tried again here: the next attempt at the turn looks for its own
message first, which a blind retry cannot.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

import aiohttp
from slack_sdk.errors import SlackApiError
from slack_sdk.http_retry.builtin_async_handlers import (
    AsyncConnectionErrorRetryHandler,
    AsyncRateLimitErrorRetryHandler,
)
from slack_sdk.socket_mode.aiohttp import SocketModeClient
from slack_sdk.socket_mode.async_client import AsyncBaseSocketModeClient
from slack_sdk.socket_mode.request import SocketModeRequest
from slack_sdk.socket_mode.response import SocketModeResponse
from slack_sdk.web.async_client import AsyncWebClient

from bot.adapters.slack.api import SlackRefused
from bot.errors import BadInput, Misconfigured, Unavailable
from bot.settings import Settings

log = logging.getLogger(__name__)
# The vendor's own warnings quote whole payloads, and payloads are what people wrote.
vendor_log = logging.getLogger(f"{__name__}.vendor")
vendor_log.setLevel(logging.CRITICAL)

Take = Callable[[Mapping[str, Any]], Awaitable[Mapping[str, Any] | None]]

LARGEST_FILE = 50 * 1_048_576
CALL_SECONDS = 15
FILE_SECONDS = 60
BAD_TOKEN = frozenset(
    {"invalid_auth", "not_authed", "account_inactive", "token_revoked", "token_expired"}
)
PASSING = frozenset(
    {"ratelimited", "internal_error", "fatal_error", "service_unavailable", "request_timeout"}
)
POSTING = ("/chat.postMessage", "/chat.postEphemeral", "/files.completeUploadExternal")
SLACK_HOSTS = frozenset({"files.slack.com", "hooks.slack.com"})


class _SafeRetry(AsyncConnectionErrorRetryHandler):
    """Tries again after a broken connection, except what Slack may already have posted.

    The next attempt at the turn looks for its own message first; a blind retry cannot.
    """

    async def _can_retry_async(self, *, request: Any, **about: Any) -> bool:
        if str(request.url).endswith(POSTING):
            return False
        return await super()._can_retry_async(request=request, **about)


class SlackWeb:
    """`SlackApi` over the vendor's client and one HTTP session."""

    def __init__(self, settings: Settings) -> None:
        self._token = settings.slack_bot_token
        base = settings.slack_api_url.rstrip("/") + "/"
        self._own = urlsplit(base)
        self._client = AsyncWebClient(
            token=self._token,
            base_url=base,
            timeout=CALL_SECONDS,
            logger=vendor_log,
            retry_handlers=[
                _SafeRetry(max_retry_count=2),
                AsyncRateLimitErrorRetryHandler(max_retry_count=3),
            ],
        )
        self._session: aiohttp.ClientSession | None = None

    async def call(self, method: str, **arguments: Any) -> dict[str, Any]:
        self._client.session = self._open()
        # Slack reads JSON only where something is written.
        takes_json = method.startswith(("chat.", "views."))
        body: dict[str, Any] = {"json": arguments} if takes_json else {"data": _form(arguments)}
        try:
            response = await self._client.api_call(method, **body)
        except SlackApiError as error:
            reason = error.response.get("error") if isinstance(error.response.data, dict) else ""
            if not reason or reason in PASSING or error.response.status_code in (429, 500, 503):
                raise Unavailable(f"{method}: {reason or error.response.status_code}") from None
            raise SlackRefused(method, str(reason)) from None
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise Unavailable(f"{method}: {type(error).__name__}") from None
        return response.data if isinstance(response.data, dict) else {}

    async def respond(self, url: str, body: Mapping[str, Any]) -> None:
        if not self._is_slack(url):
            raise SlackRefused("response_url", "foreign_host")
        timeout = aiohttp.ClientTimeout(total=CALL_SECONDS)
        try:
            async with self._open().post(
                url, json=dict(body), timeout=timeout, allow_redirects=False
            ) as response:
                status = response.status
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise Unavailable(f"response_url: {type(error).__name__}") from None
        if status == 429 or status >= 500:
            raise Unavailable(f"response_url: {status}")
        if status != 200:
            raise SlackRefused("response_url", f"http_{status}")

    async def send(self, url: str, content: bytes) -> None:
        if not self._is_slack(url):
            raise SlackRefused("upload_url", "foreign_host")
        timeout = aiohttp.ClientTimeout(total=FILE_SECONDS)
        headers = {"Content-Type": "application/octet-stream"}
        try:
            async with self._open().post(
                url, data=content, headers=headers, timeout=timeout, allow_redirects=False
            ) as response:
                status = response.status
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise Unavailable(f"upload_url: {type(error).__name__}") from None
        if status == 429 or status >= 500:
            raise Unavailable(f"upload_url: {status}")
        if status != 200:
            raise SlackRefused("upload_url", f"http_{status}")

    async def fetch(self, url: str) -> bytes:
        if not self._is_slack(url):
            # The token goes with the request: it must not go anywhere else.
            raise BadInput(
                "foreign file",
                remedy="Slack の外にあるファイルは読めません。添付し直してください。",
            )
        timeout = aiohttp.ClientTimeout(total=FILE_SECONDS)
        headers = {"Authorization": f"Bearer {self._token}"}
        try:
            async with self._open().get(
                url, headers=headers, timeout=timeout, allow_redirects=False
            ) as response:
                if response.status >= 500:
                    raise Unavailable(f"file: {response.status}")
                if response.status != 200:
                    raise BadInput(
                        f"file: {response.status}",
                        remedy="添付ファイルを開けません。アプリに files:read の権限が必要です。",
                    )
                return await _read(response)
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise Unavailable(f"file: {type(error).__name__}") from None

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()

    def _open(self) -> aiohttp.ClientSession:
        if self._session is None or self._session.closed:
            self._session = aiohttp.ClientSession(trust_env=True)
        return self._session

    def _is_slack(self, url: str) -> bool:
        parts = urlsplit(url)
        if (parts.scheme, parts.netloc) == (self._own.scheme, self._own.netloc):
            return True
        return parts.scheme == "https" and parts.netloc in SLACK_HOSTS


def _form(arguments: Mapping[str, Any]) -> dict[str, str]:
    return {
        key: value if isinstance(value, str) else json.dumps(value)
        for key, value in arguments.items()
    }


async def _read(response: aiohttp.ClientResponse) -> bytes:
    content = bytearray()
    async for part in response.content.iter_chunked(65_536):
        content += part
        if len(content) > LARGEST_FILE:
            raise BadInput(
                "file too large", remedy="添付ファイルは 50MB までです。分けてお送りください。"
            )
    return bytes(content)


async def receive(settings: Settings, take: Take, stop: asyncio.Event) -> None:
    """Hand every envelope to `take`, then acknowledge it; until `stop` is set.

    An envelope that `take` fails on is not acknowledged, and Slack sends it again.
    """
    client = SocketModeClient(
        app_token=settings.slack_app_token,
        web_client=AsyncWebClient(base_url=settings.slack_api_url, logger=vendor_log),
        logger=vendor_log,
    )

    async def on_envelope(client: AsyncBaseSocketModeClient, request: SocketModeRequest) -> None:
        answer = await take(request.payload)
        payload = dict(answer) if answer else None
        await client.send_socket_mode_response(
            SocketModeResponse(envelope_id=request.envelope_id, payload=payload)
        )

    client.socket_mode_request_listeners.append(on_envelope)
    waiting = asyncio.create_task(stop.wait())
    connecting = asyncio.create_task(_connect(client))
    try:
        await asyncio.wait({waiting, connecting}, return_when=asyncio.FIRST_COMPLETED)
        if connecting.done():
            connecting.result()
        await waiting
    finally:
        waiting.cancel()
        connecting.cancel()
        await client.close()  # type: ignore[no-untyped-call]


async def _connect(client: SocketModeClient) -> None:
    try:
        client.wss_uri = await client.issue_new_wss_url()
    except SlackApiError as error:
        if error.response.get("error") in BAD_TOKEN:
            raise Misconfigured(
                ["SHOMU_SLACK_APP_TOKEN が Slack に受け付けられません。"],
                remedy="connections:write の権限を持つ App-Level Token を確認してください。",
            ) from error
    except (aiohttp.ClientError, TimeoutError, OSError):
        log.warning("Slack does not answer yet; still trying")
    await client.connect()  # type: ignore[no-untyped-call]
