"""How much each sentence of a speech comes to, and how likely each word is to be wanted.

People who summarise a speech take over what it comes to, and the words that it keeps coming back
to. Both are read off how sentences are put and where they stand in their point; no model.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from dataclasses import dataclass, replace
from functools import lru_cache

from bot.japanese import morphemes, words
from skills.minutes.compress import topic_of

# How likely a word of a speech is to stand in a person's summary, as log odds: of any word, for
# each unit of weight of its strongest sentence, for each further sentence of the point that says
# it. Read off the dev half of tests/minutes/data/assembly.
ANY, CONCLUDED, REPEATED = -5.0, 1.1, 0.65
# Nouns are taken over more often than verbs, and what the point is about even if said in passing.
NOUN, ANNOUNCED = 0.8, 1.4
MOST_REPEATED = 3
# What announces a point and says nothing about it yet.
ANNOUNCED_BY = re.compile(
    r"(?:について|に関して|につきまして)(?:の(?:ご|御)?(?:質問|お尋ね)|で(?:ござい|あり)ます|です(?:が|。|$)|"
    r"、?(?:何点か|[一二三四五六七八九十\d]{1,2}点)?、?(?:お|ご|御)?(?:伺|質問|尋ね|聞き|答え|取り上げ|触れ|申し上げ))"
    r"|(?:問題|課題|取組)を取り上げ(?:ます|させ|たい)|に(?:移|参)り(?:ます|たい)"
)
_WEIGHTS = (
    # 「歓迎すべきこと」 asks for nothing.
    (re.compile(r"べき(?=で(?:す|あ|は|ござ)|だ|と|もの|ところ|[、。]|$)"), 3.0),
    (re.compile(r"決定|可決|承認|了承|こと(?:と|に)(?:し|な|いた)"), 2.8),
    (re.compile(r"(?:求め|提案(?:し|いたし)|要望(?:し|いたし)|望み)(?:ておき)?(?:ます|たい)"), 2.8),
    (re.compile(r"(?:伺|お尋ね|お聞き|質問|お聞かせ|お示し|お答え|答弁を)[^、。]{0,12}。?$"), 2.6),
    (re.compile(r"(?:見解|所見|考え|取組|どう|いか)[^、。]{0,12}(?:か|が)。?$"), 2.6),
    (
        re.compile(
            r"(?:てまいり|でまいり|ていき|(?<!が)いたし|を図り|に努め)ます|(?:予定|方針|考え)です"
        ),
        2.6,
    ),
    (re.compile(r"(?:必要|重要|大切|大事|肝要|急務|不可欠|欠か[せす])[^、。]{0,20}か[。]?$"), 2.4),
    (re.compile(r"(?:必要|重要|大切|大事|肝要|急務|不可欠|欠か[せす])[^、。]{0,12}。?$"), 1.2),
    (re.compile(r"(?:て|で|が|も)(?:おり|い|あり|ござい)ます[。が]?$"), 0.9),
    (re.compile(r"(?<=[しりきみびいちぎえけせてめれべげね])ます[。が]?$"), 1.5),
    (re.compile(r"(?:まし)?た(?:ところで[^。]{1,8})?[。が]?$"), 1.1),
    (re.compile(r"て(?:おり|い)ます|重要|必要|有効|不可欠|課題"), 0.9),
)
_LITTLE = re.compile(
    r"という(?:声|話|意見)|と聞い|お答え|ありがとう|しかし|一方|例えば|先日|おそれ|懸念"
)
# What the speaker lived through leads up to the point.
_STORY = re.compile(
    r"私(?:は|が|も|の|ごと|自身)|私たち|先日|ある日|ある時|地元の|友人|知人|お母さん|お父さん"
)
_RECENT = re.compile(r"今年度|本年度|今年[、はの]|[先今]般|このたび")
_THEREFORE = re.compile(
    r"(?:このため|そのため|そこで|こうしたことから|こうした状況|これを受け|そうしたことから)"
)
_ASKED = re.compile(
    r"^(?:[^、。]{1,12}[のに]、?)?(?:改めて|併せて|あわせて)?、?(?:ご|御|お)?(?:見解|所見|答弁|考え)(?:を|は)|^いかが"
)
_CLOSING = re.compile(r"(?:引き続き|今後とも|今後も|あわせて|これら|こうした)")
_FUTURE = re.compile(r"今後|来年度|このため|そのため|そこで|これから|新たに")


@dataclass(frozen=True, slots=True)
class Sentence:
    """One sentence as it was said, the point it belongs to and how much it concludes.

    `opens` when it is the first of its point.
    """

    text: str
    lines: tuple[int, ...]
    point: int
    opens: bool = False
    weight: float = 0.0


def weighted(said: list[Sentence]) -> list[Sentence]:
    """How much each sentence concludes: by its ending, and by where it stands in its point."""
    sizes = Counter(each.point for each in said)
    seen: Counter[int] = Counter()
    made: list[Sentence] = []
    for each in said:
        seen[each.point] += 1
        if _ASKED.match(each.text) and made and made[-1].point == each.point:
            made[-1] = replace(made[-1], weight=max(made[-1].weight, 2.8))
        weight = next((value for cue, value in _WEIGHTS if cue.search(each.text)), 0.5)
        if weight > 1.2 and _FUTURE.search(each.text):
            weight += 0.3
        if _CLOSING.match(each.text):
            weight *= 0.85
        if _LITTLE.search(each.text):
            weight *= 0.6
        if _STORY.search(each.text) and weight < 2:
            weight *= 0.2
        if weight < 2 and (_RECENT.search(each.text) or _THEREFORE.match(each.text)):
            weight += 0.8
        if seen[each.point] == 1 < sizes[each.point] and ANNOUNCED_BY.search(each.text, 0, 80):
            weight *= 0.4
        weight *= 0.7 + 0.6 * math.exp((seen[each.point] - sizes[each.point]) / 3)
        made.append(replace(each, weight=weight))
    return made


# A long meeting is looked at twice: as a whole, and point by point.
@lru_cache(maxsize=10_000)
def _content(text: str) -> tuple[frozenset[str], frozenset[str]]:
    """The words of a sentence, and its nouns."""
    nouns = (unit.normalized for unit in morphemes(text) if unit.pos == "名詞")
    return frozenset(words(text)), frozenset(nouns)


def likely(said: list[Sentence]) -> dict[str, float]:
    """How likely each word is to stand in a summary that a person writes.

    A word said in a sentence that concludes, or in several sentences of its point, is likely to.
    """
    points: dict[int, list[Sentence]] = {}
    for each in said:
        points.setdefault(each.point, []).append(each)
    worth: dict[str, float] = {}
    for group in points.values():
        strongest: dict[str, float] = {}
        times: Counter[str] = Counter()
        nouns: set[str] = set()
        about = set(words(topic_of(group[0].text)))
        for each in group:
            said_words, said_nouns = _content(each.text)
            nouns |= said_nouns
            for word in said_words:
                times[word] += 1
                strongest[word] = max(strongest.get(word, 0.0), each.weight)
        for word, weight in strongest.items():
            again = min(times[word] - 1, MOST_REPEATED)
            odds = ANY + CONCLUDED * weight + REPEATED * again
            odds += NOUN * (word in nouns) + ANNOUNCED * (word in about)
            worth[word] = max(worth.get(word, 0.0), 1 / (1 + math.exp(-odds)))
    return worth
