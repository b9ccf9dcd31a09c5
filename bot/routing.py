"""Which skill answers a message. Deterministic: the same words always reach the same skill.

An explicit command wins, then the longest trigger, then the skill of the thread, then manual
search. Greetings, thanks and empty mentions get help instead of a search.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass

from bot.contract import Skill
from bot.messages import Message

DEFAULT_SKILL = "manual-search"
HELP_WORDS = frozenset({"", "help", "ヘルプ", "使い方", "つかいかた", "?", "メニュー"})
SMALL_TALK = (
    "ありがとう", "おはよう", "こんにちは", "こんばんは", "お疲れさま", "お疲れ様", "おつかれ",
    "よろしく", "はじめまして", "お願いします", "テスト", "test", "hello", "hi", "thanks",
    "thank you", "了解", "承知", "わかりました", "分かりました", "すみません", "ok", "庶務さん",
    "助かりました", "ございます", "ございました", "です", "しました", "さま", "様", "どうも",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Route:
    """The chosen skill and the words left for it; no skill means help."""

    skill: Skill | None
    text: str


def fold(text: str) -> str:
    """Bring what people type into one form: 「？」 is not "?"."""
    return unicodedata.normalize("NFKC", text).casefold().strip()


def route(message: Message, skills: Mapping[str, Skill], thread_skill: str = "") -> Route:
    """Choose the skill for a message."""
    text = message.text.strip()
    folded = fold(text)
    named, rest = _command(folded, text, skills)
    if message.command in skills:
        return Route(skills[message.command], text)
    if named is not None:
        return Route(named, rest)
    if folded in HELP_WORDS and not message.attachments:
        return Route(None, text)
    triggered = _triggered(folded, skills)
    if triggered is not None:
        return Route(triggered, text)
    if is_small_talk(folded):
        return Route(None, text)
    if thread_skill in skills:
        return Route(skills[thread_skill], text)
    return Route(skills.get(DEFAULT_SKILL), text)


def _command(folded: str, text: str, skills: Mapping[str, Skill]) -> tuple[Skill | None, str]:
    """「検索 夏季休暇」「/minutes 先週の会議」: a skill's name or title as the first word."""
    first, _, _ = folded.partition(" ")
    for skill in skills.values():
        if first and first in (skill.name, f"/{skill.name}", fold(skill.title)):
            words = unicodedata.normalize("NFKC", text).strip()
            return skill, words[len(first) :].strip()
    return None, text


def _triggered(folded: str, skills: Mapping[str, Skill]) -> Skill | None:
    found = [
        (len(fold(trigger)), name)
        for name, skill in skills.items()
        for trigger in skill.triggers
        if fold(trigger) in folded
    ]
    if not found:
        return None
    longest = max(length for length, _ in found)
    # Registry refuses the same trigger twice; two of one length in one text go by name.
    return skills[min(name for length, name in found if length == longest)]


def is_small_talk(text: str) -> bool:
    """Whether nothing is left once greetings, thanks and polite endings are taken away."""
    left = fold(text)
    for words in sorted(SMALL_TALK, key=len, reverse=True):
        left = left.replace(words, "")
    return not any(letter.isalnum() for letter in left)
