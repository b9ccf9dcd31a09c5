"""The only file that imports jwt: who may post to /api/messages.

It stands in front of the Teams library because that library accepts tokens without an expiry and
activities from any tenant, answers a bad signature with 500, and blocks the event loop while it
fetches keys. Nothing behind this gate sees a request that was not proven to come from Teams.
"""

from __future__ import annotations

import asyncio
import json
import logging
import re
import time
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import jwt

from bot.errors import Misconfigured, ShomuError, Unavailable
from bot.settings import Settings, is_loopback

log = logging.getLogger(__name__)

BODY_BYTES = 1 << 20
BODY_SECONDS = 10
TOKEN_CHARACTERS = 8_192
JSON_DEPTH = 64
FETCH_SECONDS = 3
REFRESH_SECONDS = 300  # for a key id we do not know
RETRY_SECONDS = 5  # while there is no usable key at all
RENEW_SECONDS = 12 * 3600
STALE_SECONDS = 24 * 3600
# The clock difference the Bot Connector's documentation asks bots to allow.
LEEWAY_SECONDS = 300
KEY_BITS = 2048
CHANNEL = "msteams"

FetchJson = Callable[[str], Awaitable[Mapping[str, Any]]]
Count = Callable[[str], None]
ReportRefusal = Callable[[str, Mapping[str, str]], Awaitable[None]]
Scope = MutableMapping[str, Any]
ReceiveEvent = Callable[[], Awaitable[MutableMapping[str, Any]]]
SendEvent = Callable[[MutableMapping[str, Any]], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Answer:
    """What Teams is told: a status and, for invokes, a JSON body."""

    status: int = 202
    body: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class SigningKey:
    """One public key of the Bot Connector, and the channels it may speak for."""

    key: Any
    endorsements: frozenset[str]


class Denied(Exception):
    """The request stops here. `reason` is counted; `details` go to the audit record for 403."""

    def __init__(self, status: int, reason: str, **details: str) -> None:
        super().__init__(reason)
        self.status = status
        self.reason = reason
        self.details = details


class Keys:
    """The keys that sign Teams requests: fetched before they are needed, kept for a day."""

    def __init__(
        self, url: str, fetch_json: FetchJson, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.issuer = ""
        self._url = url
        self._fetch_json = fetch_json
        self._clock = clock
        self._keys: dict[str, SigningKey] = {}
        self._loaded_at: float | None = None
        self._tried_at: float | None = None
        self._failed = False
        self._lock = asyncio.Lock()

    async def prefetch(self) -> None:
        """Fetch the keys at start; a failure is logged and tried again with the first request."""
        async with self._lock:
            await self._refresh()

    async def find(self, key_id: str) -> SigningKey | None:
        """The key of this id, or None when Teams has none. Raises Unavailable."""
        async with self._lock:
            if self._is_due(key_id):
                await self._refresh()
        if self._is_stale():
            raise Unavailable("no signing keys")
        found = self._keys.get(key_id)
        if found is None and self._failed:
            raise Unavailable("signing keys could not be refreshed")
        return found

    def _is_stale(self) -> bool:
        return self._loaded_at is None or self._clock() - self._loaded_at > STALE_SECONDS

    def _is_due(self, key_id: str) -> bool:
        now = self._clock()
        idle = now - self._tried_at if self._tried_at is not None else float("inf")
        if self._loaded_at is None or self._is_stale():
            return idle >= RETRY_SECONDS
        old = now - self._loaded_at > RENEW_SECONDS
        return (key_id not in self._keys or old) and idle >= REFRESH_SECONDS

    async def _refresh(self) -> None:
        self._tried_at = self._clock()
        self._failed = True
        try:
            async with asyncio.timeout(FETCH_SECONDS):
                metadata = await self._fetch_json(self._url)
                keys_url = str(metadata["jwks_uri"])
                if urlsplit(keys_url)[:2] != urlsplit(self._url)[:2]:
                    raise ValueError("jwks_uri is on another host")
                listed = await self._fetch_json(keys_url)
            issuer, keys = str(metadata["issuer"]), dict(_signing_keys(listed))
            if not keys or not issuer:
                raise ValueError("no issuer or no RSA keys listed")
        except (ShomuError, OSError, ValueError, KeyError, TypeError) as error:
            log.warning("Teams signing keys not refreshed: %s", type(error).__name__)
            return
        self.issuer, self._keys = issuer, keys
        self._loaded_at = self._clock()
        self._failed = False


def _signing_keys(listed: Mapping[str, Any]) -> list[tuple[str, SigningKey]]:
    found = []
    for item in listed["keys"]:
        if not isinstance(item, dict) or item.get("kty") != "RSA" or not item.get("kid"):
            continue
        # Only the public numbers: what else the list says about a key is not ours to believe.
        numbers = {name: item.get(name) for name in ("kty", "n", "e")}
        try:
            key = jwt.PyJWK.from_dict(numbers, algorithm="RS256").key
        except (jwt.PyJWTError, ValueError, TypeError):
            continue
        if key.key_size >= KEY_BITS:
            endorsements = frozenset(str(name) for name in item.get("endorsements") or ())
            found.append((str(item["kid"]), SigningKey(key, endorsements)))
    return found


class Gate:
    """ASGI application for POST /api/messages: verifies, then hands the activity on."""

    def __init__(
        self,
        settings: Settings,
        keys: Keys,
        receive: Callable[[dict[str, Any]], Awaitable[Answer]],
        count: Count = lambda name: None,
        refused: ReportRefusal | None = None,
    ) -> None:
        if settings.teams_dev and not settings.is_loopback:
            raise Misconfigured(
                ["SHOMU_TEAMS_DEV=1 は SHOMU_HOST がループバックのときだけ使えます。"]
            )
        self._settings = settings
        self._keys = keys
        self._receive = receive
        self._count = count
        self._refused = refused

    async def __call__(self, scope: Scope, receive: ReceiveEvent, send: SendEvent) -> None:
        if scope["type"] != "http":
            return
        try:
            answer = await self._admit(scope, receive)
            self._count("accepted")
        except Denied as denied:
            self._count(denied.reason)
            if denied.status == 403 and self._refused is not None:
                await self._refused(denied.reason, denied.details)
            answer = Answer(denied.status, {"error": denied.reason})
        await _respond(send, answer)

    async def _admit(self, scope: Scope, receive: ReceiveEvent) -> Answer:
        if scope["method"] != "POST":
            raise Denied(405, "method")
        headers = {
            name.decode("latin-1").lower(): value.decode("latin-1")
            for name, value in scope["headers"]
        }
        # The token first: a body from a stranger is not even read.
        claims, key = await self._authenticate(scope, headers.get("authorization", ""))
        media_type = headers.get("content-type", "").partition(";")[0].strip().lower()
        if media_type != "application/json":
            raise Denied(415, "content_type")
        activity = parse_body(await _read_body(receive, headers.get("content-length", "")))
        self._check_service_url(activity, claims)
        self._check_channel(activity, key)
        self._check_tenant(activity)
        try:
            return await self._receive(activity)
        except Unavailable as error:
            raise Denied(503, "inbox_unavailable") from error

    async def _authenticate(
        self, scope: Scope, authorization: str
    ) -> tuple[Mapping[str, Any] | None, SigningKey | None]:
        """Check the token. (None, None) only on loopback with SHOMU_TEAMS_DEV."""
        if self._settings.teams_dev:
            client = scope.get("client") or ("", 0)
            if not is_loopback(client[0]):
                raise Denied(401, "not_loopback")
            return None, None
        scheme, _, token = authorization.partition(" ")
        if scheme.lower() != "bearer" or not token:
            raise Denied(401, "no_token")
        if len(token) > TOKEN_CHARACTERS:
            raise Denied(401, "bad_token")
        try:
            header = jwt.get_unverified_header(token)
        except (jwt.PyJWTError, ValueError, TypeError, RecursionError) as error:
            raise Denied(401, "bad_token") from error
        key_id = header.get("kid")
        if header.get("alg") != "RS256" or not isinstance(key_id, str):
            raise Denied(401, "bad_algorithm")
        try:
            key = await self._keys.find(key_id)
        except Unavailable as error:
            raise Denied(503, "keys_unavailable") from error
        if key is None:
            raise Denied(401, "unknown_key")
        return self._verify(token, key), key

    def _verify(self, token: str, key: SigningKey) -> Mapping[str, Any]:
        try:
            claims: Mapping[str, Any] = jwt.decode(
                token,
                key.key,
                algorithms=["RS256"],
                audience=self._settings.teams_app_id,
                issuer=self._keys.issuer,
                leeway=LEEWAY_SECONDS,
                options={"require": ["exp", "nbf", "iss", "aud"], "strict_aud": True},
            )
        except (jwt.PyJWTError, ValueError, TypeError, ArithmeticError, RecursionError) as error:
            raise Denied(401, "bad_token") from error
        return claims

    def _check_service_url(
        self, activity: Mapping[str, Any], claims: Mapping[str, Any] | None
    ) -> None:
        url = activity.get("serviceUrl")
        if not isinstance(url, str) or not url:
            raise Denied(401, "no_service_url")
        if claims is not None and claims.get("serviceurl") != url:
            raise Denied(401, "other_service_url")
        if not is_allowed_service(self._settings, url):
            raise Denied(403, "service_url", url=url[:200])

    def _check_channel(self, activity: Mapping[str, Any], key: SigningKey | None) -> None:
        if activity.get("channelId") != CHANNEL:
            raise Denied(403, "channel", channel=str(activity.get("channelId"))[:40])
        if key is not None and CHANNEL not in key.endorsements:
            raise Denied(401, "not_endorsed")

    def _check_tenant(self, activity: Mapping[str, Any]) -> None:
        tenants = tenants_of(activity)
        expected = self._settings.teams_tenant
        if not expected and self._settings.teams_dev:
            return
        if tenants != {expected}:
            raise Denied(403, "tenant", tenant=",".join(sorted(tenants))[:120])


def tenants_of(activity: Mapping[str, Any]) -> set[str]:
    """Every tenant an activity names; one, unless something is wrong with it."""
    channel_data = activity.get("channelData")
    tenant = channel_data.get("tenant") if isinstance(channel_data, dict) else None
    conversation = activity.get("conversation")
    named = [
        tenant.get("id") if isinstance(tenant, dict) else None,
        conversation.get("tenantId") if isinstance(conversation, dict) else None,
    ]
    return {str(name) for name in named if name}


def is_allowed_service(settings: Settings, url: str) -> bool:
    """Whether replies, and the token they carry, may be sent to this address."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return False
    if parts.username or parts.password or parts.query or parts.fragment:
        return False
    if settings.teams_dev and is_loopback(host):
        return parts.scheme in ("http", "https")
    return parts.scheme == "https" and host in settings.teams_service_hosts and port in (None, 443)


# Strings are swallowed whole, closed or not, so that no character is looked at twice.
_STRINGS = re.compile(rb'"(?:[^"\\]++|\\.)*+(?:"|\\?\Z)', re.DOTALL)
_SQUARE = bytes.maketrans(b"{}", b"[]")
_NOT_BRACKETS = bytes(set(range(256)) - set(b"[]{}"))


def is_deep(body: bytes, limit: int = JSON_DEPTH) -> bool:
    """Whether JSON nests deeper than `limit`, found without recursion.

    Each round takes the innermost brackets away. What never closes counts as deep.
    """
    if body.count(b"[") + body.count(b"{") <= limit:
        return False
    brackets = _STRINGS.sub(b"", body).translate(_SQUARE, _NOT_BRACKETS)
    for _ in range(limit):
        brackets = brackets.replace(b"[]", b"")
    return bool(brackets)


def parse_body(body: bytes) -> dict[str, Any]:
    """Turn bytes into an activity with the fields everything behind the gate relies on."""
    if is_deep(body):
        raise Denied(400, "too_deep")
    try:
        activity = json.loads(body.decode("utf-8"), parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise Denied(400, "not_json") from error
    if not isinstance(activity, dict) or not isinstance(activity.get("type"), str):
        raise Denied(400, "not_an_activity")
    conversation = activity.get("conversation")
    if not isinstance(conversation, dict) or not isinstance(conversation.get("id"), str):
        raise Denied(400, "no_conversation")
    if not isinstance(activity.get("id", ""), str):
        raise Denied(400, "not_an_activity")
    return activity


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


async def _read_body(receive: ReceiveEvent, declared: str) -> bytes:
    if declared.isdecimal() and int(declared[:20]) > BODY_BYTES:
        raise Denied(413, "too_large")
    body = bytearray()
    try:
        async with asyncio.timeout(BODY_SECONDS):
            while True:
                event = await receive()
                if event["type"] == "http.disconnect":
                    raise Denied(400, "disconnected")
                body += event.get("body", b"")
                if len(body) > BODY_BYTES:
                    raise Denied(413, "too_large")
                if not event.get("more_body"):
                    return bytes(body)
    except TimeoutError as error:
        raise Denied(408, "slow_body") from error


async def _respond(send: SendEvent, answer: Answer) -> None:
    body = b"" if answer.body is None else json.dumps(answer.body).encode()
    headers = [(b"content-length", str(len(body)).encode())]
    if body:
        headers.append((b"content-type", b"application/json; charset=utf-8"))
    if answer.status == 401:
        headers.append((b"www-authenticate", b"Bearer"))
    if answer.status == 503:
        headers.append((b"retry-after", b"5"))
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
