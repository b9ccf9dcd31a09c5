"""Lets in only what Slack signed, and keeps it before saying so.

No vendor library here: this runs for every request that anyone sends, so it is small enough to
read in one go. Bolt sees a payload later, in the worker, after it has been verified and stored.
"""

from __future__ import annotations

import hmac
import json
import logging
import re
import time
from collections.abc import Awaitable, Callable, Mapping, MutableMapping, Sequence
from hashlib import sha256
from typing import Any
from urllib.parse import parse_qsl

from bot.adapters.slack import events as slack_events
from bot.ports import Delivery, Inbox

log = logging.getLogger(__name__)

MAX_BODY = 1_048_576
MAX_DEPTH = 64
MAX_SKEW_SECONDS = 300

Payload = Mapping[str, Any]
Count = Callable[[str], None]
AnswerNow = Callable[[Payload], Awaitable[Payload]]
Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

_TIMESTAMP = re.compile(r"[0-9]{1,12}")
_SIGNATURE = re.compile(r"v0=[0-9a-f]{64}")
# A string is swallowed whole, even one that never closes, so that the scan stays linear.
_BRACKETS = re.compile(rb'"(?:[^"\\]++|\\.)*+(?:"|\\?\Z)|[\[\]{}]', re.DOTALL)


class Rejected(Exception):
    """The request is refused. `outcome` is counted, `status` is what the sender sees."""

    def __init__(self, status: int, outcome: str) -> None:
        super().__init__(outcome)
        self.status = status
        self.outcome = outcome


class Intake:
    """What both roads in, HTTP and Socket Mode, do with a payload that is known to be Slack's.

    `bot_user` is empty until the adapter has asked Slack who it is; until then nothing that may
    mention the bot is thrown away.
    """

    def __init__(self, inbox: Inbox, answer_now: AnswerNow, count: Count) -> None:
        self.bot_user = ""
        self.withdrawn = Withdrawals()
        self._inbox = inbox
        self._answer_now = answer_now
        self._count = count

    async def take(self, payload: Payload, raw: str = "") -> Payload | None:
        """Answer at once what cannot wait; make everything else durable. Then it is ours.

        Returns the body of the acknowledgement, or None for an empty one.
        """
        if payload.get("type") == "url_verification":
            self._count("verification")
            return {"challenge": str(payload.get("challenge", ""))[:512]}
        if payload.get("ssl_check"):
            self._count("ssl_check")
            return None
        if slack_events.cannot_wait(payload):
            self._count("answered_inline")
            return await self._answer_now(payload)
        deleted = slack_events.deleted_identity(payload)
        if deleted:
            # At once, not through the queue: there it would stand behind the message it takes back.
            self.withdrawn.add(deleted)
            taken = await self._inbox.withdraw(deleted)
            self._count("withdrawn" if taken else "ignored")
            return None
        if not slack_events.is_known(payload):
            self._count("unknown_type")
            return None
        if slack_events.is_noise(payload, self.bot_user):
            self._count("ignored")
            return None
        await self.keep(payload, raw)
        return None

    async def keep(self, payload: Payload, raw: str = "") -> bool:
        """Put a payload into the inbox. False when its identity is already known."""
        identity = slack_events.identity(payload)
        delivery = Delivery("slack", identity, raw or json.dumps(payload))
        is_new = await self._inbox.accept(delivery)
        self._count("accepted" if is_new else "duplicate")
        return is_new


class Withdrawals:
    """The last messages that were deleted, so that a turn under way can still be dropped."""

    def __init__(self, size: int = 1_000) -> None:
        self._identities: dict[str, None] = {}
        self._size = size

    def add(self, identity: str) -> None:
        self._identities[identity] = None
        if len(self._identities) > self._size:
            del self._identities[next(iter(self._identities))]

    def __contains__(self, identity: str) -> bool:
        return identity in self._identities


class SlackGate:
    """The ASGI app behind POST /slack/events. Bad input ends in 4xx, never in 5xx."""

    def __init__(
        self,
        secrets: Sequence[str],
        intake: Intake,
        count: Count,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._secrets = tuple(secret.encode() for secret in secrets)
        self._intake = intake
        self._count = count
        self._now = now

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            payload, raw = await self._admit(scope, receive)
        except Rejected as rejected:
            self._count(rejected.outcome)
            log.info("slack request refused: %s", rejected.outcome)
            await _respond(send, rejected.status, {"error": rejected.outcome})
            return
        except ConnectionResetError:
            self._count("disconnected")
            return
        await _respond(send, 200, await self._intake.take(payload, raw))

    async def _admit(self, scope: Scope, receive: Receive) -> tuple[Payload, str]:
        """Check a request, cheapest first. Returns the payload and its JSON text."""
        if scope.get("method") != "POST":
            raise Rejected(405, "method")
        headers = _headers(scope)
        media_type = headers.get("content-type", "").partition(";")[0].strip().lower()
        if media_type not in ("application/json", "application/x-www-form-urlencoded"):
            raise Rejected(415, "content_type")
        timestamp = headers.get("x-slack-request-timestamp", "")
        signature = headers.get("x-slack-signature", "")
        if not _TIMESTAMP.fullmatch(timestamp) or not _SIGNATURE.fullmatch(signature):
            raise Rejected(401, "unsigned")
        if abs(self._now() - int(timestamp)) > MAX_SKEW_SECONDS:
            raise Rejected(401, "stale")
        body = await _read(headers, receive)
        if not is_signed(self._secrets, timestamp, body, signature):
            raise Rejected(401, "bad_signature")
        try:
            text = body.decode("utf-8")
        except UnicodeDecodeError:
            raise Rejected(400, "malformed") from None
        if media_type == "application/json":
            return read_json(text), text
        return _read_form(text)


def is_signed(secrets: Sequence[bytes], timestamp: str, body: bytes, signature: str) -> bool:
    """Whether one of the signing secrets made this signature.

    Every secret is tried even after a match, so that timing does not tell which one it was.

    Source: Slack, "Verifying requests from Slack": v0:{timestamp}:{raw body}, HMAC-SHA256.
    """
    base = b"v0:" + timestamp.encode() + b":" + body
    matches = [
        hmac.compare_digest("v0=" + hmac.new(secret, base, sha256).hexdigest(), signature)
        for secret in secrets
    ]
    return any(matches)


def read_json(text: str) -> Payload:
    """Parse a JSON object no deeper than MAX_DEPTH. Raises Rejected."""
    if is_too_deep(text.encode()):
        raise Rejected(400, "too_deep")
    try:
        payload = json.loads(text)
    except ValueError:
        raise Rejected(400, "malformed") from None
    if not isinstance(payload, dict):
        raise Rejected(400, "malformed")
    return payload


def is_too_deep(body: bytes) -> bool:
    """Whether brackets nest deeper than MAX_DEPTH, without recursion and before any parsing."""
    if body.count(b"[") + body.count(b"{") <= MAX_DEPTH:
        return False
    depth = 0
    for match in _BRACKETS.finditer(body):
        first = body[match.start()]
        if first in b"[{":
            depth += 1
            if depth > MAX_DEPTH:
                return True
        elif first in b"]}":
            depth -= 1
    return False


def _headers(scope: Scope) -> dict[str, str]:
    headers: dict[str, str] = {}
    for name, value in scope.get("headers", ()):
        key = name.decode("latin-1").lower()
        if key in headers and (key.startswith("x-slack-") or key == "content-type"):
            raise Rejected(400, "malformed")
        headers[key] = value.decode("latin-1")
    return headers


async def _read(headers: Mapping[str, str], receive: Receive) -> bytes:
    """Read the body, and stop as soon as it is too large."""
    announced = headers.get("content-length", "0")
    if announced.isascii() and announced.isdigit() and int(announced[:12]) > MAX_BODY:
        raise Rejected(413, "too_large")
    body = bytearray()
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ConnectionResetError
        body += message.get("body", b"")
        if len(body) > MAX_BODY:
            raise Rejected(413, "too_large")
        if not message.get("more_body", False):
            return bytes(body)


def _read_form(text: str) -> tuple[Payload, str]:
    """Read a form: interactions carry JSON in `payload`, commands are fields themselves."""
    try:
        fields = dict(parse_qsl(text, keep_blank_values=True, errors="strict", max_num_fields=100))
    except ValueError:
        raise Rejected(400, "malformed") from None
    payload = read_json(fields["payload"]) if "payload" in fields else fields
    # Written anew: the inbox holds JSON text whatever the form looked like.
    return payload, json.dumps(payload)


async def _respond(send: Send, status: int, body: Payload | None) -> None:
    content = b"" if body is None else json.dumps(body, ensure_ascii=False).encode()
    headers = [(b"content-length", str(len(content)).encode())]
    if content:
        headers.append((b"content-type", b"application/json; charset=utf-8"))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": content})
