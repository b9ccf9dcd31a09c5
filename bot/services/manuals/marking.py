"""Which sentence of a passage answers a question, and which passage answers it best.

A ranking by words finds passages on the subject; a person wants the line with the number. What a
question asks for (何日, いくら, いつ, どこ…) says what the answer has to look like.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from bot.japanese import grams, sentences, words
from bot.ports import Passage
from bot.services.manuals.question import Question

# How much each sign counts. Chosen on the development half of the sample questions by
# tests/bench/answers.py, which also shows what they give on the other half.
RANK, HEADING, FORM = 0.6, 0.8, 0.35
BEFORE = 0.8
LONGEST_QUESTION = 400

_NUMBER = r"[0-9〇一二三四五六七八九十百千万,.]{1,12}"
# What a question asks for → what an answer to it holds. The first that fits counts.
_FORMS: tuple[tuple[re.Pattern[str], re.Pattern[str]], ...] = tuple(
    (re.compile(asked), re.compile(given))
    for asked, given in (
        (r"いくら|何円|金額|料金|手数料|単価|日当|限度額|費用", rf"{_NUMBER}\s?円|無料|実費"),
        (r"何時|時間帯|開庁|受付時間", rf"{_NUMBER}時|{_NUMBER}:{_NUMBER}"),
        (r"何曜|曜日", r"[月火水木金土日]曜"),
        (
            r"いつ|何日前|期限|締め?切り?|までに|何月",
            rf"{_NUMBER}[年月日]|前日|当日|翌日|直ちに|速やか|週間|[月火水木金土日]曜|まで|末日",
        ),
        (r"何日|日数|どれくらい休", rf"{_NUMBER}日|週間"),
        (r"何年|保存期間", rf"{_NUMBER}年|永年|永久"),
        (r"何週", rf"{_NUMBER}週"),
        (r"何か月|何ヶ月|何カ月", rf"{_NUMBER}(?:か月|ヶ月|カ月|月)"),
        (r"何歳|年齢", rf"{_NUMBER}歳"),
        (r"何人|人数|収容|定員", rf"{_NUMBER}[人名]|{_NUMBER}"),
        (r"何回|回数", rf"{_NUMBER}回"),
        (r"何(?:文字|桁)|桁数", rf"{_NUMBER}(?:文字|桁)"),
        (r"何分|どのくらい|どれくらい|何割|何%|何パーセント", _NUMBER),
        (
            r"どこ|場所|窓口|何課|提出先|問い?合わせ",
            r"課|室|係|窓口|館|階|センター|所|支所|ポータル|内線",
        ),
        (r"誰|だれ|決裁者|専決", r"長|者|員|課|係|市長"),
        (r"何ごみ|分別|捨て|出し方|何の日", r"区分|ごみ|資源|粗大|収集"),
        (
            r"でき(?:る|ます)|いい(?:です)?か|よい(?:です)?か|可能|大丈夫|必要(?:です)?か|対象",
            r"でき|ません|ない|可|必要|不要|要し|対象|禁止|ことがある|ものとする",
        ),
        (
            r"方法|手順|やり方|どうすれば|どうやって|手続",
            r"申請|提出|届|記入|依頼|連絡|します|すること|する。",
        ),
    )
)


@dataclass(frozen=True, slots=True)
class _Asked:
    """A question: how much each of its words says, its letter pairs, what an answer looks like."""

    question: Question
    shares: Mapping[str, float]
    pairs: frozenset[str]
    form: re.Pattern[str] | None

    @classmethod
    def of(cls, question: Question, weights: Mapping[str, float]) -> _Asked:
        plain = unicodedata.normalize("NFKC", question.text[:LONGEST_QUESTION])
        form = next((given for asked, given in _FORMS if asked.search(plain)), None)
        whole = sum(weights.values()) or 1.0
        shares = {word: weight / whole for word, weight in weights.items()}
        return cls(question, shares, _pairs(plain), form)

    def share(self, text: str, heading: str) -> float:
        """How much of the question a text holds; what only its heading holds counts less.

        Words find what is the same in another form, letter pairs what the dictionary cuts
        differently; neither alone does as well.
        """
        inside, above = set(words(text)), set(words(heading))
        total = 0.0
        for word, share in self.shares.items():
            if self.question.is_held(word, inside):
                total += share
            elif self.question.is_held(word, inside | above):
                total += HEADING * share
        earlier = self.question.before
        total += BEFORE * len(earlier & (inside | above)) / max(len(earlier), 1)
        return total + self.pair_share(text, heading)

    def pair_share(self, text: str, heading: str) -> float:
        inside = self.pairs & _pairs(text)
        above = (self.pairs & _pairs(heading)) - inside
        return (len(inside) + HEADING * len(above)) / max(len(self.pairs), 1)


def mark(
    question: Question, passages: Sequence[Passage], weights: Mapping[str, float]
) -> list[Passage]:
    """Mark in each passage the sentence that answers best; those that answer best come first.

    `weights` are the question's own words, each with how much it says (its idf). The coverage
    becomes that of words and letter pairs together: it tells an answer from a chance hit better
    than words alone.
    """
    asked = _Asked.of(question, weights)
    highest = max((passage.score for passage in passages), default=1.0) or 1.0
    scored = []
    for passage in passages:
        sentence, answers = _best_sentence(asked, passage)
        total = RANK * passage.score / highest + answers
        pairs = asked.pair_share(f"{passage.heading}\n{passage.text}", "")
        coverage = (passage.coverage + pairs) / 2
        scored.append((total, replace(passage, marked=sentence, coverage=coverage)))
    # Sorting is stable: equal totals keep the order of the search.
    return [passage for _, passage in sorted(scored, key=lambda pair: -pair[0])]


def _best_sentence(asked: _Asked, passage: Passage) -> tuple[str, float]:
    best, highest = "", 0.0
    for sentence in sentences(passage.text):
        score = asked.share(sentence, passage.heading)
        if asked.form is not None and asked.form.search(unicodedata.normalize("NFKC", sentence)):
            score += FORM
        if score > highest:
            best, highest = sentence, score
    return best, highest


def _pairs(text: str) -> frozenset[str]:
    return frozenset(gram for gram in grams(text) if len(gram) == 2)
