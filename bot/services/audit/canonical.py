"""The canonical text of an audit event: what is hashed, byte for byte.

JSON with sorted keys, without spaces, UTF-8 in NFC, always the same top-level keys. There are no
floating-point numbers, because their digits differ between languages: seconds become whole
milliseconds, anything else becomes a decimal text. Whoever checks a record hashes the stored text
and never writes the JSON again.
"""

from __future__ import annotations

import json
import math
import secrets
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from bot.messages import new_id
from bot.ports import AuditEvent
from bot.services.audit import vault
from bot.services.audit.merkle import leaf_hash

SCHEMA_VERSION = 1
REQUEST = "assistant.request"

# The keys of `AuditEvent.details` that have a place of their own, and what stands there when
# they are not given. Every other key is kept under "details".
FROM_DETAILS: Mapping[str, Any] = {
    "actor_type": "person",  # person, bot, schedule
    "event_id": "",  # the platform's identity of the delivery
    "attempt": 1,
    "latency_ms": 0,
    "skill": "",  # name@version is taken apart
    "skill_version": "",
    "prompts": [],  # name@version+digest
    "engine": "",
    "model": "",
    "tokens_in": 0,
    "tokens_out": 0,
    "cost_yen": "0",
    "sources": [],  # document, version, passage, label
    "policy": {},  # label, zone, decision, masks by type
    "reviewer": "",
}
ALSO_CALLED = {"latency_ms": "milliseconds", "event_id": "identity"}
IN_POLICY = ("label", "zone", "decision", "masks")
# Columns that repeat what the text says, so that rows can be found; `verify` compares them.
COLUMNS = (
    "id",
    "key",
    "turn",
    "workspace",
    "platform",
    "actor",
    "action",
    "target",
    "outcome",
    "skill",
    "engine",
    "occurred",
)


@dataclass(frozen=True, slots=True)
class Entry:
    """An event ready to be written: its text, its hash, and the words that go beside it."""

    event: AuditEvent
    columns: Mapping[str, str]
    canonical: str
    leaf_hash: bytes
    subject: str
    body: bytes
    salt: bytes

    @property
    def id(self) -> str:
        return self.columns["id"]

    @property
    def key(self) -> str:
        return self.columns["key"]


def prepare(
    event: AuditEvent, now: datetime, *, body: str = "", subject: str = "", event_id: str = ""
) -> Entry:
    """Write an event in canonical form. Its id is the turn for the request that opens it."""
    if not event_id:
        is_request = event.action == REQUEST and event.turn
        event_id = _text(event.turn) if is_request else new_id()
    words = _whole(body).encode()
    salt = vault.new_salt() if words else b""
    fields = {
        "schema_version": SCHEMA_VERSION,
        "id": event_id,
        "key": _text(event.key or event_id),
        "turn": _text(event.turn),
        "occurred": timestamp(event.occurred or now),
        "recorded": timestamp(now),
        "workspace": _text(event.workspace),
        "platform": _text(event.platform),
        "actor": _text(event.actor),
        "actor_role": _text(event.actor_role),
        "action": _text(event.action),
        "target": _text(event.target),
        "outcome": _text(event.outcome),
        "reason": _text(event.reason),
        "body_digest": vault.body_digest(salt, words) if words else "",
        # Keeps the leaf unguessable after the row is deleted.
        "salt": secrets.token_hex(16),
        **_flatten(event.details),
    }
    canonical = json.dumps(fields, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return Entry(
        event,
        columns_of(fields),
        canonical,
        leaf_hash(canonical.encode()),
        _text(subject or event.actor or event.workspace) if words else "",
        words,
        salt,
    )


def columns_of(fields: Mapping[str, Any]) -> dict[str, str]:
    """What the columns of a row must hold, given its canonical fields."""
    return {name: str(fields.get(name, "")) for name in COLUMNS}


def timestamp(moment: datetime) -> str:
    """ISO 8601 in UTC, always as long, so that text order is time order. Naive means UTC."""
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return moment.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def _flatten(details: Mapping[str, Any]) -> dict[str, Any]:
    given = dict(details)
    seconds = given.pop("seconds", None)
    if isinstance(seconds, (int, float)) and math.isfinite(seconds):
        given.setdefault("latency_ms", round(seconds * 1000))
    for name, other in ALSO_CALLED.items():
        if other in given:
            given.setdefault(name, given.pop(other))
    skill = given.get("skill")
    if isinstance(skill, str) and "@" in skill:
        given["skill"], _, version = skill.partition("@")
        given.setdefault("skill_version", version)
    policy = {name: given.pop(name) for name in IN_POLICY if name in given}
    if policy:
        given["policy"] = {**given.get("policy", {}), **policy}
    flat = {name: given.pop(name, default) for name, default in FROM_DETAILS.items()}
    for name in ("skill", "engine"):  # they are columns too, and columns are text
        flat[name] = str(flat[name] or "")
    flat["details"] = given
    return {name: _plain(value, name) for name, value in flat.items()}


def _plain(value: Any, path: str) -> Any:
    """A JSON value without floats and in NFC. Raises TypeError for anything else."""
    match value:
        case None | bool() | int():
            return value
        case str():
            return _text(value)
        case float():
            return format(Decimal(repr(value)), "f")
        case Mapping():
            return {_text(str(key)): _plain(item, f"{path}.{key}") for key, item in value.items()}
        case Sequence() if not isinstance(value, (bytes, bytearray)):
            return [_plain(item, f"{path}[{at}]") for at, item in enumerate(value)]
    raise TypeError(f"details {path}: {type(value).__name__} is not a JSON value")


def _text(value: str) -> str:
    """Text in NFC that both databases can hold."""
    if value.isascii() and "\x00" not in value:
        return value
    return unicodedata.normalize("NFC", _whole(value).replace("\x00", "\ufffd"))


def _whole(value: str) -> str:
    """Text that UTF-8 can hold: JSON from a platform may carry half a character."""
    return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
