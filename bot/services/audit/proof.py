"""Proofs that events are in the record, checked without a database or this bot's state."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bot.errors import BadInput
from bot.services.audit.checkpoints import Checkpoint, PublicKey
from bot.services.audit.merkle import extends, includes, leaf_hash

FORMAT = "shomu-proof/1"


@dataclass(frozen=True, slots=True)
class Proof:
    """One event's text, its number and the hashes that lead to the root."""

    canonical: str
    leaf_index: int
    path: Sequence[bytes]


@dataclass(frozen=True, slots=True)
class ProofReport:
    """What a proof shows. `is_key_known` is False when it was only checked against itself."""

    holds: bool
    is_key_known: bool
    lines: tuple[str, ...]


def make_proof(
    proofs: Sequence[Proof],
    checkpoint: Checkpoint,
    known: Sequence[PublicKey],
    since: tuple[int, Sequence[bytes]] | None = None,
) -> dict[str, Any]:
    """Write proofs under one checkpoint as JSON values.

    `since` is an earlier size and the consistency path from it.
    `canonical` is a text, not an object: it is hashed as it is, and writing JSON again could
    change it.
    """
    keys = [str(key) for key in known if checkpoint.is_signed_by([key])]
    earlier = {"since": {"size": since[0], "path": _texts(since[1])}} if since else {}
    return {
        "format": FORMAT,
        "events": [
            {
                "id": json.loads(proof.canonical)["id"],
                "canonical": proof.canonical,
                "leaf_index": proof.leaf_index,
                "path": _texts(proof.path),
            }
            for proof in proofs
        ],
        "checkpoint": checkpoint.note,
        "public_key": keys[0] if keys else "",
        **earlier,
    }


def verify_proof(proof: Mapping[str, Any], key: str = "", held: str = "") -> ProofReport:
    """Check a proof. `key` is the public key you hold; without it the proof's own is used.

    `held` is a checkpoint that you kept: the proof must show that the record still begins so.
    Never raises for bad content: what is wrong is said in `lines`.
    """
    try:
        checkpoint = Checkpoint.parse(proof["checkpoint"])
        public = PublicKey.parse(key or proof["public_key"])
        events = [_read(event) for event in proof["events"]]
        kept = Checkpoint.parse(held) if held else None
        path = _hashes(proof["since"]["path"]) if kept else []
    except (BadInput, KeyError, TypeError, ValueError, AttributeError, RecursionError):
        return ProofReport(False, bool(key), ("証明の書き方が違うため、確かめられません。",))
    lines, broken = [], not events
    if checkpoint.is_signed_by([public]):
        lines.append(f"検証点（{checkpoint.size} 件）の署名は正しいものです。")
    else:
        broken = True
        lines.append("検証点の署名が、この公開鍵では確かめられません。")
    for event_id, item in events:
        leaf = leaf_hash(item.canonical.encode())
        if includes(leaf, item.leaf_index, checkpoint.size, item.path, checkpoint.root):
            lines.append(f"記録 {event_id} は {item.leaf_index} 番として、この検証点に含まれます。")
        else:
            broken = True
            lines.append(f"記録 {event_id} は、この検証点に含まれる内容と一致しません。")
    if kept:
        size = checkpoint.size
        if kept.is_signed_by([public]) and extends(
            kept.size, size, kept.root, checkpoint.root, path
        ):
            lines.append(
                f"手元の検証点（{kept.size} 件）から後に、書き換えられた記録はありません。"
            )
        else:
            broken = True
            lines.append(f"手元の検証点（{kept.size} 件）と、この証明の記録はつながりません。")
    if not key:
        lines.append("公開鍵は証明に付いていたものです。手元の keys/audit.pub と見比べてください。")
    return ProofReport(not broken, bool(key), tuple(lines))


def _read(event: Mapping[str, Any]) -> tuple[str, Proof]:
    canonical = event["canonical"]
    canonical.encode()  # half a character in it is found here, not when it is hashed
    fields = json.loads(canonical)
    if fields["id"] != event["id"] or not isinstance(event["leaf_index"], int):
        raise ValueError
    return str(fields["id"]), Proof(canonical, event["leaf_index"], _hashes(event["path"]))


def _texts(hashes: Sequence[bytes]) -> list[str]:
    return [base64.b64encode(step).decode() for step in hashes]


def _hashes(texts: Sequence[str]) -> list[bytes]:
    # binascii.Error is a ValueError.
    return [base64.b64decode(text, validate=True) for text in texts]
