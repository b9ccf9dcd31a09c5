"""The table of rules: what is shipped in rules.yaml, with what the office changed in its own.

Every mistake in the office's file is listed at once, each with what to do, in the words of the
officer who edits it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from functools import lru_cache
from pathlib import Path
from typing import Any, cast

import yaml

from bot import BadInput
from skills.draft.checks.finding import Severity

SHIPPED = Path(__file__).with_name("rules.yaml")
NAME = "rules.yaml"
KEYS = (
    "title", "group", "message", "source", "severity", "enabled", "words", "patterns", "except",
    "unless", "quoted", "check", "limit",
)  # fmt: skip
PATTERN_KEYS = ("find", "fix")
SEVERITIES = ("error", "warning", "note")
LONGEST_PATTERN = 2_000

# A repeat without a limit, or of a group, can take longer than anybody waits on a hostile line.
_ENDLESS = re.compile(r"(?<!\\)(?:[*+]|\{\d{0,4},\}|\)\{\d)")


@dataclass(frozen=True, slots=True)
class Pattern:
    """A regular expression; its group `x`, when it has one, is what is found and replaced."""

    find: re.Pattern[str]
    fix: str | None


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule: words to replace, patterns, or the name of a check written in Python.

    `message` may hold {text} and {fix}. `exceptions` are words inside which nothing is found;
    a text that has one of `unless` is of a kind to which the rule does not apply.
    `quoted` says that the rule holds inside 「」 too. `limit` is a number of the check's own.
    """

    id: str
    title: str
    group: str = ""
    message: str = ""
    source: str = ""
    severity: Severity = "warning"
    enabled: bool = True
    words: Mapping[str, str | None] = field(default_factory=dict)
    patterns: tuple[Pattern, ...] = ()
    exceptions: tuple[str, ...] = ()
    unless: tuple[str, ...] = ()
    quoted: bool = False
    check: str = ""
    limit: int = 0

    def told(self, text: str, fix: str | None, reason: str = "") -> str:
        """The sentence for one finding: what is wrong, what to write, and by which rule."""
        message = (reason or self.message).replace("{text}", text).replace("{fix}", fix or "")
        return f"{message}（{self.source}）" if self.source else message


@lru_cache(maxsize=1)
def shipped() -> tuple[Rule, ...]:
    """The rules that come with the skill."""
    return tuple(_rule(name, about) for name, about in _table().items())


@lru_cache(maxsize=1)
def _table() -> Mapping[str, Mapping[str, Any]]:
    # Four times as fast as the loader in Python; not every build of PyYAML has it.
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    values: dict[str, dict[str, Any]] = yaml.load(
        SHIPPED.read_text(encoding="utf-8"),
        Loader=loader,  # noqa: S506 - both are safe
    )
    return values


def load_rules(
    folder: Path | None = None, checks: frozenset[str] = frozenset()
) -> tuple[Rule, ...]:
    """The rules of a workspace: those shipped, changed by `rules.yaml` in its folder.

    `checks` are the names a rule's `check` may have; every name is allowed when empty.
    Raises BadInput with every mistake in the office's file.
    """
    path = folder / NAME if folder is not None else None
    if path is None or not path.is_file():
        return tuple(rule for rule in shipped() if rule.enabled)
    changes = _read(path)
    mistakes = [*_mistakes(changes, _table(), checks)]
    if mistakes:
        raise _refused(path, mistakes)
    known = {rule.id: rule for rule in shipped()}
    for name, change in changes.items():
        known[str(name)] = _rule(str(name), _merged(_table().get(name, {}), change))
    return tuple(rule for rule in known.values() if rule.enabled)


def _read(path: Path) -> dict[str, Any]:
    try:
        values = yaml.safe_load(path.read_text(encoding="utf-8"))
    except UnicodeDecodeError as error:
        raise _refused(path, ["文字コードが違います。UTF-8 で保存し直してください。"]) from error
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f"{mark.line + 1}行目の近くが" if mark else ""
        raise _refused(
            path,
            [f"{where}読めません。字下げは空白で、: の後ろには空白を入れてください。"],
        ) from error
    if values is None:
        return {}
    if not isinstance(values, dict):
        raise _refused(path, ["「規則の名前: 内容」の形で書いてください。"])
    return values


def _refused(path: Path, mistakes: list[str]) -> BadInput:
    listed = "\n".join(f"- {mistake}" for mistake in mistakes)
    return BadInput("rules", remedy=f"点検の規則（{path.name}）を直してください。\n{listed}")


def _mistakes(
    changes: Mapping[Any, Any], base: Mapping[str, Any], checks: frozenset[str]
) -> Iterator[str]:
    for name, change in changes.items():
        if isinstance(change, bool):
            if name not in base:
                yield f"{name}：その名前の規則はありません。{_near(str(name), base)}"
        elif not isinstance(change, dict):
            yield f"{name}：off か、その下に字下げしたキーを書いてください。"
        else:
            yield from _rule_mistakes(str(name), change, name in base, checks)


def _rule_mistakes(
    name: str, change: Mapping[Any, Any], is_known: bool, checks: frozenset[str]
) -> Iterator[str]:
    for key in change:
        if key not in KEYS:
            yield (
                f"{name}：「{key}」というキーはありません。{_near(str(key), KEYS)}"
                f"使えるキーは {'、'.join(KEYS)} です。"
            )
    if not is_known and not change.get("title"):
        yield f"{name}：新しい規則には title（題名）を書いてください。"
    if not is_known and not any(change.get(key) for key in ("words", "patterns", "check")):
        yield f"{name}：新しい規則には words（誤り: 正しい語）か patterns を書いてください。"
    for key in ("title", "group", "message", "source", "check"):
        if not isinstance(change.get(key, ""), str):
            yield f"{name}：{key} は文字で書いてください。"
    for key in ("enabled", "quoted"):
        if not isinstance(change.get(key, True), bool):
            yield f"{name}：{key} は true か false です。"
    if change.get("severity", "error") not in SEVERITIES:
        yield f"{name}：severity は {'、'.join(SEVERITIES)} のどれかです。"
    limit = change.get("limit", 1)
    if isinstance(limit, bool) or not isinstance(limit, int) or limit < 1:
        yield f"{name}：limit は1以上の数です。"
    wanted = str(change.get("check") or "")
    if checks and wanted and wanted not in checks:
        yield f"{name}：check「{wanted}」はありません。{_near(wanted, checks)}"
    yield from _value_mistakes(name, change)


def _value_mistakes(name: str, change: Mapping[Any, Any]) -> Iterator[str]:
    words = change.get("words", {})
    if not isinstance(words, dict):
        yield f"{name}：words は「誤り: 正しい語」を1行に一つずつ書いてください。"
    else:
        for wrong, right in words.items():
            if not isinstance(wrong, str) or not isinstance(right, str | None) or not wrong:
                yield f"{name}：words の「{wrong}」は、左右とも文字で書いてください。"
    for key in ("except", "unless"):
        if not _is_words(change.get(key, [])):
            yield f"{name}：{key} は、言葉を - で始まる行に並べてください。"
    patterns = change.get("patterns", [])
    if not isinstance(patterns, list) or not all(isinstance(one, dict) for one in patterns):
        yield f"{name}：patterns は、- find: と fix: の組を並べてください。"
        return
    for pattern in patterns:
        yield from _pattern_mistakes(name, pattern)


def _pattern_mistakes(name: str, pattern: Mapping[Any, Any]) -> Iterator[str]:
    for key in pattern:
        if key not in PATTERN_KEYS:
            yield f"{name}：patterns に「{key}」は書けません。find と fix だけです。"
    find, fix = pattern.get("find"), pattern.get("fix")
    if not isinstance(find, str) or not find or not isinstance(fix, str | None):
        yield f"{name}：patterns の find と fix は、文字で書いてください。"
        return
    problem = endless(find)
    if problem:
        yield f"{name}：find「{find[:40]}」{problem}"
        return
    try:
        compiled = re.compile(find)
    except re.error as error:
        yield f"{name}：find「{find[:40]}」は正規表現として読めません（{error.msg}）。"
        return
    if compiled.match(""):
        yield f"{name}：find「{find[:40]}」は、何もない所にも当てはまります。"


def endless(find: str) -> str:
    """Why a pattern may take too long; empty when it cannot."""
    if len(find) > LONGEST_PATTERN:
        return "は長すぎます。分けてください。"
    # What stands in [] is a letter, not a repeat.
    bare = re.sub(r"\[(?:\\.|[^\]\\]){1,400}\]", "[]", find)
    if _ENDLESS.search(bare):
        return "の * と + は使えません。{0,20} のように回数を書き、( ) の後には付けないでください。"
    return ""


def _near(name: str, known: Any) -> str:
    near = get_close_matches(name, [str(one) for one in known], n=1)
    return f"「{near[0]}」のことですか。" if near else ""


def _is_words(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(word, str) and word for word in value)


def _merged(rule: Mapping[str, Any], change: Any) -> dict[str, Any]:
    """The shipped rule with the office's changes: words and exceptions are added to it."""
    if isinstance(change, bool):
        return {**rule, "enabled": change}
    merged = {**rule, **change}
    if "words" in change:
        merged["words"] = {**rule.get("words", {}), **change["words"]}
    for key in ("patterns", "except", "unless"):
        if key in change:
            merged[key] = [*rule.get(key, []), *change[key]]
    return merged


def _rule(name: str, about: Mapping[str, Any]) -> Rule:
    return Rule(
        id=name,
        title=about.get("title", name),
        group=about.get("group", ""),
        message=about.get("message", "「{text}」を「{fix}」に直してください。"),
        source=about.get("source", ""),
        severity=cast(Severity, about.get("severity", "warning")),
        enabled=about.get("enabled", True),
        words=about.get("words", {}),
        patterns=tuple(
            Pattern(re.compile(one["find"], re.MULTILINE), one.get("fix"))
            for one in about.get("patterns", [])
        ),
        exceptions=tuple(about.get("except", [])),
        unless=tuple(about.get("unless", [])),
        quoted=about.get("quoted", False),
        check=about.get("check", ""),
        limit=about.get("limit", 0),
    )
