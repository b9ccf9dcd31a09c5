"""What a person asks for in words, about the minutes of the thread."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

Verb = Literal[
    "evidence",
    "change",
    "drop",
    "add",
    "row",
    "edit",
    "template",
    "export",
    "changes",
    "undisclose",
    "show",
]
ADDED: dict[str, str] = {
    "決定": "decision",
    "対応": "action",
    "論点": "open",
    "要望": "request",
    "質問": "question",
    "答え": "answer",
}
PARTS: dict[str, str] = {"担当": "owner", "期限": "due"}

_N = r"(?P<number>\d{1,3})\s*(?:番|．|\.)?\s*"
_QUOTED = r"[『「](?P<text>.+)[』」]"
_EVIDENCE = re.compile(
    rf"{_N}の?\s*(?:根拠|もとの発言|元の発言|発言)|根拠\D{{0,4}}(?P<after>\d{{1,3}})"
)
_CHANGE = re.compile(rf"{_N}(?:の(?P<part>本文|内容|文|担当|期限))?\s*[をは]\s*{_QUOTED}", re.S)
_PLAIN = re.compile(
    rf"{_N}の(?P<part>担当|期限)\s*[をは]\s*(?P<text>[^『「」』]+?)\s*"
    r"(?:に(?:する|して|直|変|修正|お願い).*|です|で|へ|に)?[。\s]*$"
)
_DROP = re.compile(rf"{_N}[をは]?\s*(?:消し|消す|削除|取り消|除い|いらない|不要)")
_ADD = re.compile(
    rf"(?P<kind>{'|'.join(ADDED)})(?:事項|点)?\s*[にと]\s*(?:して\s*)?{_QUOTED}\s*を?\s*(?:加え|追加|足)",
    re.S,
)
_ROW = re.compile(
    rf"(?P<row>[^\s、。『「」』\d]{{1,10}}?)\s*[をは]\s*{_QUOTED}\s*(?:に|へ|と(?:する|して|書)|です)",
    re.S,
)
_EDIT = re.compile(rf"{_N}[をは]\s*(?:直|編集|修正|変更|書き換え)")
_TEMPLATE = re.compile(r"様式|ひな形|ひながた|テンプレート|(?:全文記録|要点記録|決定一覧)(?:で|に)")
_EXPORT = re.compile(r"word|ワード|docx|markdown|マークダウン|書き出|ダウンロード|\.md", re.I)
_CHANGES = re.compile(r"変更点|差分|何を直した|どこを直した|直したところ")
_UNDISCLOSE = re.compile(r"AI[^。]{0,12}(?:表示|注記|断り|開示)[^。]{0,6}(?:外|消|なし)", re.I)
_REASON = re.compile(r"理由\s*[:：はが]?\s*(?P<text>.+)", re.S)
_SHOW = re.compile(r"(?:議事録|下書き|要旨)を?\s*(?:見せ|表示|もう一度)")


@dataclass(frozen=True, slots=True)
class Request:
    """One wish. `number` is that of an item; `part` what of it, or the name of a row or kind."""

    verb: Verb
    number: int = 0
    part: str = ""
    text: str = ""


def parse(text: str) -> Request | None:
    """What is asked for; None when it is about nothing here."""
    text = text.strip()
    if found := _EVIDENCE.search(text):
        return Request("evidence", int(found["number"] or found["after"]))
    if found := _ADD.search(text):
        return Request("add", part=ADDED[found["kind"]], text=found["text"].strip())
    if found := _CHANGE.search(text) or _PLAIN.search(text):
        part = PARTS.get(found["part"] or "", "text")
        return Request("change", int(found["number"]), part, found["text"].strip())
    if found := _DROP.search(text):
        return Request("drop", int(found["number"]))
    if found := _EDIT.search(text):
        return Request("edit", int(found["number"]))
    if _UNDISCLOSE.search(text):
        reason = _REASON.search(text)
        return Request("undisclose", text=reason["text"].strip() if reason else "")
    if found := _ROW.search(text):
        return Request("row", part=found["row"], text=found["text"].strip())
    for verb, pattern in _WORDS:
        if pattern.search(text):
            return Request(verb, text=text)
    return None


_WORDS: tuple[tuple[Verb, re.Pattern[str]], ...] = (
    ("changes", _CHANGES),
    ("export", _EXPORT),
    ("template", _TEMPLATE),
    ("show", _SHOW),
)
