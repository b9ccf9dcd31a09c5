"""Checks that look at the whole office text: 御 and ご side by side, and personal data."""

from __future__ import annotations

import re
from collections.abc import Iterator

from bot import mask_all
from skills.draft.checks import wording
from skills.draft.checks.document import Document
from skills.draft.checks.rules import Rule
from skills.draft.checks.wording import Found

_WORDS = (
    "案内|協力|理解|確認|連絡|相談|質問|意見|参加|出席|欠席|回答|報告|検討|配慮|指導|了承|承知|利用|提出|提案|説明|来場"
    "|参集|尽力|支援|教示|対応|査収|持参|記入|署名|多忙|厚情|繁忙|健勝|清祥|清栄|挨拶|依頼|要望|不明|都合|登録|応募"
    "|使用|注意|希望|家族|本人|遠慮|容赦|高齢|負担|心配|活用|発言|審議|助言|寄附|寄付|招待|臨席|活躍|発展|隆盛|自宅"
    "|自身|予約|購入|入場|来庁|来館|返信|返送|返却|準備|用意|推薦|高配|愛顧|指摘|懸念|留意|厚意|恵贈|送付|承認"
)
_PREFIXED = re.compile(rf"(?P<x>御|ご)(?P<word>{_WORDS})")
_DOMINANT, _DOMINANT_SPELLING = 3, 2

# Kinds that hardly ever belong in what an office sends; its own telephone and address do.
_PRIVATE = ("個人番号", "カード", "免許", "旅券", "在留カード", "年金番号", "保険番号", "記号番号",
            "生年月日", "口座", "秘密")  # fmt: skip
_KIND = re.compile(r"〈([^〈〉0-9]{1,8})[0-9]{1,5}〉")
_OWN_ACCOUNT = re.compile(r"振込先|納入先|納付先|払込先|送金先|寄附金|寄付金|募金")
_RANGE = re.compile(r"[～〜~]|から|まで|以前|以降|以後|の(?:方|人|者)|児")
_DIGIT = re.compile(r"[0-9]")
_MOBILE = re.compile(r"(?<!\d)0[5789]0[- ]?\d{4}[- ]?\d{4}(?!\d)")
_SOMEBODYS = re.compile(r"自宅|私用|個人|本人|申請者|申込者|相談者|世帯主|保護者|住民|携帯|氏名|様")
_OFFICES = re.compile(r"緊急|当日|公用|担当|事務局|窓口|問い?合わ?せ")


def _with_numbers(document: Document) -> str:
    """The lines with digits and those beside them: what is private here has a number."""
    numbers = {line.number for line in document.lines if _DIGIT.search(line.plain)}
    return "\n".join(
        line.text
        for line in document.lines
        if numbers & {line.number - 1, line.number, line.number + 1}
    )


def _is_range(document: Document, start: int, end: int) -> bool:
    """Whether a day of birth says who is meant: 「昭和58年4月2日から…生まれの方」."""
    return _RANGE.search(document.text[max(0, start - 14) : end + 8]) is not None


def honorific_mix(document: Document, _: Rule) -> Iterator[Found]:
    """御案内 and ご協力 in one text: those that fewer words have."""
    found = [
        match
        for match in _PREFIXED.finditer(document.text)
        if not document.is_quoted(*match.span())
    ]
    kanji = [match for match in found if match["x"] == "御"]
    kana = [match for match in found if match["x"] == "ご"]
    few, many, usual = (kana, kanji, "御") if len(kana) <= len(kanji) else (kanji, kana, "ご")
    if few and len(many) >= _DOMINANT * len(few):
        for match in few:
            yield Found(*match.span(), f"{usual}{match['word']}")


def spelling_mix(document: Document, rule: Rule) -> Iterator[Found]:
    """Of two spellings that are both right, the one a text has less often."""
    for one, other in rule.words.items():
        if other is None:
            continue
        found = list(wording.places(document, (one, other), rule.exceptions))
        first = [place for place in found if document.text[slice(*place)] == one]
        second = [place for place in found if document.text[slice(*place)] == other]
        few, many, usual = (
            (first, second, other) if len(first) < len(second) else (second, first, one)
        )
        if few and len(many) >= _DOMINANT_SPELLING * len(few):
            for start, end in few:
                yield Found(start, end, usual)


def personal_data(document: Document, _: Rule) -> Iterator[Found]:
    """Numbers and dates that belong to one person. Names and the office's own telephone do not."""
    table = mask_all([_with_numbers(document)]).table
    for placeholder, value in table.items():
        kind = _KIND.match(placeholder)
        if kind is None or kind[1] not in _PRIVATE or "\n" in value:
            continue
        for match in re.finditer(re.escape(value), document.text):
            if kind[1] == "生年月日" and _is_range(document, *match.span()):
                continue
            line = document.line_at(match.start())
            above = document.lines[max(0, line.number - 3) : line.number]
            if kind[1] == "口座" and any(_OWN_ACCOUNT.search(one.text) for one in above):
                continue
            yield Found(*match.span(), None, f"個人情報（{kind[1]}）が書かれています。")
    for match in _MOBILE.finditer(document.plain):
        words = document.line_at(match.start()).text
        if _SOMEBODYS.search(words) and not _OFFICES.search(words):
            yield Found(*match.span(), None, "個人情報（電話）が書かれています。")
