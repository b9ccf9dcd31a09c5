"""Cited rules of the office that were revised after the document was written."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from skills.draft.stale.figures import NUMBER
from skills.draft.stale.lines import Found, Reading

PROVISION = "規程"
_ARTICLE = re.compile(rf"第\s?({NUMBER})\s?条(?:の{NUMBER})?")
_CAPTION = re.compile(r"(?:第[0-9]項)?\s?[(]([^()]{2,20})[)]")
CITED = re.compile(
    r"(?P<title>[一-龥ァ-ヶー・]{2,14}(?:の[一-龥ァ-ヶー・]{1,12}){0,4}"
    r"(?:に関する)?(?:条例|規則|規程|要綱|要領|基準))"
)


@dataclass(frozen=True, slots=True)
class Provision:
    """A rule as the office has it now: `revised` is an ISO date or empty.

    `articles` maps 「第12条」 to its caption; empty when the articles are not known.
    """

    title: str
    revised: str = ""
    articles: Mapping[str, str] = field(default_factory=dict)


def titles(readings: Sequence[Reading]) -> list[str]:
    """The rules of an office that a document cites, in order, each once."""
    found = [match["title"] for reading in readings for match in CITED.finditer(reading.plain)]
    return list(dict.fromkeys(found))


def find(
    readings: Sequence[Reading], provisions: Sequence[Provision], dated: date
) -> Iterator[tuple[int, Found]]:
    """Citations of rules that were revised since `dated`. Yields (line, find)."""
    for provision in sorted(provisions, key=lambda one: -len(one.title)):
        if provision.revised <= dated.isoformat():
            continue
        for at, reading in enumerate(readings):
            for match in re.finditer(re.escape(provision.title), reading.plain):
                yield at, _cited(reading, match, provision)


def _cited(reading: Reading, match: re.Match[str], provision: Provision) -> Found:
    article = _ARTICLE.match(reading.plain, match.end())
    why = f"今の規程は{_shown(provision.revised)}の版で、この文書より新しいものです。"
    if article is None:
        return reading.found(*match.span(), PROVISION, "", why + "内容を確認してください。")
    caption = _CAPTION.match(reading.plain, article.end())
    same = [name for name, about in provision.articles.items() if caption and caption[1] in about]
    wanted = "".join(article[0].split())
    suggestion = ""
    if same and same[0] != wanted:
        suggestion = reading.raw(*match.span()) + same[0]
        why += f"「{caption[1] if caption else ''}」は今は{same[0]}です。"
    elif provision.articles and wanted not in provision.articles:
        why += f"今の規程に{wanted}が見つかりません。"
    else:
        why += f"{wanted}の内容を確認してください。"
    return reading.found(match.start(), article.end(), PROVISION, suggestion, why)


def _shown(iso: str) -> str:
    day = date.fromisoformat(iso)
    return f"{day.year}年{day.month}月{day.day}日"
