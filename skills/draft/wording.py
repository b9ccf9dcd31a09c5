"""Set phrases by season, and other wordings by rule: shorter, politer, plainer."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import yaml

from bot import BadInput

SHIPPED = Path(__file__).with_name("wording.yaml")
SHORT, POLITE, PLAIN = "短く", "丁寧", "やさしい日本語"
# Readings of words, for furigana.
READINGS = "読み"
SEASONS = ("時候", "季節")


@dataclass(frozen=True, slots=True)
class Wording:
    """The tables of wording.yaml: month → phrase, and pairs (from, to) by style."""

    seasons: Mapping[str, Mapping[int, str]]
    pairs: Mapping[str, Mapping[str, str]]

    def season(self, name: str, day: date) -> str:
        """The seasonal phrase of a month; empty when the table has none."""
        return self.seasons.get(name, {}).get(day.month, "")

    def rule(self, style: str) -> Rule | None:
        """What to look for and what to put there; None when the table is empty."""
        pairs = self.pairs.get(style, {})
        if not pairs:
            return None
        # Its own outcome is found as well and stays: a text that is polite already is not doubled.
        known = {**{new: new for new in pairs.values() if new}, **pairs}
        longest = sorted(known, key=len, reverse=True)
        return Rule(re.compile("|".join(map(re.escape, longest))), known)

    def apply(self, text: str, style: str) -> str:
        """A text in other words."""
        rule = self.rule(style)
        return text if rule is None else rule.pattern.sub(rule.put, text)


@dataclass(frozen=True, slots=True)
class Rule:
    """Wordings to look for, the longest first, and what is said instead."""

    pattern: re.Pattern[str]
    pairs: Mapping[str, str]

    def put(self, match: re.Match[str]) -> str:
        """What is said instead of what was found."""
        return self.pairs.get(match[0], match[0])


def load(own: Path) -> Wording:
    """The shipped tables, each replaced by the workspace's own when it has one.

    Raises BadInput when the workspace's wording.yaml cannot be read.
    """
    tables = dict(_read(SHIPPED))
    if (own / SHIPPED.name).exists():
        tables |= _read(own / SHIPPED.name)
    seasons = {name: dict(tables.get(name) or {}) for name in SEASONS}
    styles = [name for name in tables if name not in SEASONS]
    pairs = {name: _pairs(tables[name]) for name in styles}
    return Wording(seasons, pairs)


def _pairs(rows: Any) -> dict[str, str]:
    is_table = isinstance(rows, list) and all(isinstance(r, list) and len(r) == 2 for r in rows)
    if not is_table:
        raise _bad()
    return {str(old): str(new) for old, new in rows}


def _read(path: Path) -> dict[str, Any]:
    try:
        found = yaml.safe_load(path.read_text(encoding="utf-8")) or {}
    except (UnicodeDecodeError, yaml.YAMLError) as error:
        raise _bad() from error
    if not isinstance(found, dict):
        raise _bad()
    return found


def _bad() -> BadInput:
    return BadInput(
        "wording.yaml",
        remedy="wording.yaml を読めません。「- [もとの語, 言い換え]」の形で書いてください。",
    )
