"""One audit event as the pages show it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bot.services.audit.search import Line

FIELDS = {
    "recorded": "記録日時（UTC）",
    "actor_type": "利用者の種類",
    "event_id": "配信番号",
    "identity": "メッセージの識別子",
    "attempt": "試行",
    "kind": "メッセージの種類",
    "attachments": "添付ファイル",
    "skill_version": "スキルの版",
    "model": "モデル",
    "model_failures": "AIの失敗",
    "cost_yen": "費用（円）",
    "reviewer": "確認者",
    "body_digest": "本文のダイジェスト",
    "filter": "条件",
    "format": "形式",
    "events": "件数",
}
POLICY = {
    "label": "回答の機密性",
    "model_label": "AIに渡した情報の機密性",
    "zone": "AIの場所",
    "decision": "判定",
    "masks": "伏せた個人情報",
    "private": "本人だけに表示",
}
SHOWN = frozenset(
    {
        *("id", "turn", "workspace", "actor", "actor_role", "platform", "action", "target"),
        *("outcome", "reason", "skill", "engine", "latency_ms", "tokens_in", "tokens_out"),
        *("sources", "prompts", "policy", "occurred", "details", "key", "salt", "schema_version"),
    }
)
ZONES = {"local": "同じ機器", "lgwan": "LGWAN", "cloud": "クラウド"}
# Said only when it is different.
USUAL = {"actor_type": "person", "attempt": 1}
DECISIONS = {"allow": "渡してよい", "mask": "伏せて渡す", "refuse": "渡さない"}


@dataclass(frozen=True, slots=True)
class Record:
    """An event as the pages show it."""

    line: Line
    canonical: str = ""
    leaf_hash: str = ""

    @property
    def mood(self) -> str:
        """Whether the outcome is worth a second look."""
        if self.line.outcome in ("ok", "answered", "good"):
            return "ok"
        return "bad" if self.line.outcome in ("failed", "refused") else ""

    @property
    def short_turn(self) -> str:
        return short_number(self.line.turn)

    @property
    def latency(self) -> str:
        """How long the answer took, in seconds."""
        kept = self.line.fields.get("details", {})
        milliseconds = self.line.fields.get("latency_ms") or (
            kept.get("milliseconds", 0) if isinstance(kept, Mapping) else 0
        )
        return f"{milliseconds / 1000:.2f}秒" if isinstance(milliseconds, int | float) else ""

    @property
    def tokens(self) -> str:
        counts = [self.line.fields.get(name) or 0 for name in ("tokens_in", "tokens_out")]
        return f"{counts[0]}／{counts[1]}" if any(counts) else ""

    @property
    def sources(self) -> Sequence[Mapping[str, str]]:
        """Document, revised, label and passage of each source."""
        names = ("document", "revised", "label", "passage")
        return [
            {name: str(source.get(name, "")) for name in names}
            for source in _dicts(self.line.fields.get("sources"))
        ]

    @property
    def prompts(self) -> Sequence[Mapping[str, str]]:
        """`name@version+digest` of each prompt, and the digest alone."""
        used = self.line.fields.get("prompts")
        texts = [str(text) for text in used] if isinstance(used, list) else []
        return [{"text": text, "digest": text.rpartition("+")[2]} for text in texts]

    @property
    def others(self) -> Sequence[tuple[str, str]]:
        """Every other field that says something, under its own name."""
        details = self.line.fields.get("details")
        rest = {name: value for name, value in self.line.fields.items() if name not in SHOWN}
        rest |= {
            name: value
            for name, value in (details.items() if isinstance(details, Mapping) else ())
            if name != "milliseconds"
        }
        return [
            (FIELDS.get(name, name), value if isinstance(value, str) else _json(value))
            for name, value in rest.items()
            if value not in ("", None, {}, [], 0, "0") and USUAL.get(name) != value
        ]

    @property
    def policy(self) -> Sequence[tuple[str, str]]:
        """What was decided about the data, in the words of the page."""
        kept = self.line.fields.get("policy")
        if not isinstance(kept, Mapping):
            return ()
        return [
            (POLICY.get(str(name), str(name)), _words(value))
            for name, value in sorted(kept.items(), key=lambda item: _place(item[0]))
            if value not in ("", None, {}, [])
        ]


def short_number(number: str) -> str:
    """A reference number short enough for a list; the search takes it like this."""
    # The last digits: the first ones are the time and look alike on one day.
    return f"…{number[-12:]}" if len(number) > 12 else number


def _words(value: object) -> str:
    if isinstance(value, Mapping):
        return "、".join(f"{name} {count}件" for name, count in value.items())
    if isinstance(value, bool):
        return "はい" if value else "いいえ"
    text = str(value)
    return DECISIONS.get(text) or ZONES.get(text) or text


def _dicts(value: object) -> Sequence[Mapping[str, Any]]:
    return [item for item in value if isinstance(item, Mapping)] if isinstance(value, list) else []


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)


def _place(name: str) -> int:
    """Where a line of the policy stands; lines we do not know come last."""
    return list(POLICY).index(name) if name in POLICY else len(POLICY)
