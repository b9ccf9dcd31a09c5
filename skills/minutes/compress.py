"""A spoken sentence of a meeting as plain clauses that can be kept or dropped one by one.

Spoken official Japanese is long and polite: openings, honorific endings and chains of clauses say
little. Compressing a chosen sentence is worth more than choosing better, so this is where most of
the summary is made. Cuts fall only at the ends of clauses, and a clause left at the end is put
into its final form, so that no broken joint such as 「しておりまして、努める。」 can arise.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, replace

from bot.japanese import Morpheme, morphemes
from skills.minutes.phrases import (
    ASK,
    ASKED_HOW,
    BACKGROUND_END,
    BEKI,
    CONDITION_END,
    EMPTY_NOUNS,
    FORMAL,
    JOINED_END,
    LIMITED,
    NO_EARLIER_END,
    OPENING,
    QUESTION,
    RESTATE,
    SPEAKER,
    THINKS,
    TOPIC,
)
from skills.minutes.polite import lowered, past_form

_OPINIONS = ("見解", "所見", "考え", "認識", "答弁", "意見", None)
# Longer sentences are speech without punctuation; the beginning of one is left out.
LONGEST = 600


@dataclass(frozen=True, slots=True)
class Start:
    """Where a clause may begin instead, in characters. `whole` when a comma stands before it."""

    at: int
    whole: bool


@dataclass(frozen=True, slots=True)
class Clause:
    """A stretch of a sentence that may be left out.

    `text` is its form before another clause, without the comma; `closed` its form at the end of a
    sentence, without the full stop, or empty when it cannot stand there. `background` clauses give
    reason, time or condition for the next one.
    """

    text: str
    closed: str
    background: bool
    verb: Morpheme | None = None
    starts: tuple[Start, ...] = ()

    @property
    def condition(self) -> bool:
        """Whether the clauses after it hold only if it does, so that they need it."""
        return CONDITION_END.search(self.text) is not None


@dataclass(frozen=True, slots=True)
class Plain:
    """One plain sentence out of a spoken one, which may have held several.

    `topic` is what it says it is about, `ask` the request for an answer that was cut off its end,
    both empty as a rule. `only_asks`: there is nothing but a question about the topic.
    """

    clauses: tuple[Clause, ...]
    source: str
    topic: str = ""
    ask: str = ""
    only_asks: bool = False


def topic_of(sentence: str) -> str:
    """「次に、空き家対策についてです。」 → 「空き家対策」; empty when nothing is announced."""
    bare, _ = _without_openings(sentence)
    found = TOPIC.match(bare)
    return (found["topic"] or found["turn"]) if found else ""


def plain(sentence: str) -> tuple[Plain, ...]:
    """Take a spoken sentence apart into plain sentences of clauses; none when only form is left."""
    text = unicodedata.normalize("NFKC", sentence).strip()
    if len(text) > LONGEST:
        # What it comes to stands last.
        text = text[-LONGEST:].partition("、")[2]
    if FORMAL.search(text):
        return ()
    text, numbered = _without_openings(text)
    if FORMAL.search(text):
        return ()
    topic = ""
    if found := TOPIC.match(text):
        topic, text = found["topic"] or found["turn"], text[found.end() :]
        text, _ = _without_openings(text)
    text = text.rstrip("。.!?！？、 ")
    text = ASKED_HOW.sub("", text)
    text, ask = _without_ask(text)
    for pattern, instead in RESTATE:
        text = pattern.sub(instead, text)
    text = BEKI.sub("べき", text)
    text = _PLAINLY.sub("", THINKS.sub(lambda found: found["keep"], text))
    parts = _split(lowered(morphemes(text)))
    if parts and not topic and _only_names(parts[0], announced=numbered or len(parts) > 1):
        topic = parts.pop(0)[0].text.removesuffix("が").removesuffix("である")
    made = []
    for at, clauses in enumerate(parts):
        last = at == len(parts) - 1
        made.append(Plain(clauses, sentence, topic if at == 0 else "", ask if last else ""))
    if not made and (topic or ask):
        asks = bool(topic) and QUESTION.search(sentence) is not None
        made.append(Plain((), sentence, topic, ask, asks))
    return tuple(made)


def _only_names(clauses: tuple[Clause, ...], *, announced: bool) -> bool:
    """Whether the part only names a subject, as 「一点目は、学習支援です。」 does."""
    text = clauses[0].text.removesuffix("が")
    return (
        announced
        and len(clauses) == 1
        and len(text) < 30
        and not re.search("[はをにへ](?!の)|が", text)
    )


def _without_openings(text: str) -> tuple[str, bool]:
    """Leave out 「次に、」「このため、」 and the like, several in a row too."""
    marked = SPEAKER.match(text)
    start = marked.end() if marked else 0
    for _ in range(4):
        found = OPENING.match(text, start)
        if found is None:
            break
        start = found.end()
    return text[start:], start > 0


def _without_ask(text: str) -> tuple[str, str]:
    """Cut 「…、市長の見解を伺います」 off when a whole statement stands before it."""
    found = ASK.search(text, max(0, len(text) - 60))
    if found is None:
        return text, ""
    before = text[: found.start()].rstrip("、 ")
    who = f"{found['who']}の" if found["who"] else ""
    ask = f"{who}{found['what']}は" if found["what"] else "見解は"
    if not before:
        return "", ask
    about = re.search(r"(?:について(?:は|の)?|に関して?|に対する|に対し|の|に)$", before)
    if about and len(before) > 8:
        # 「…の取組について、知事の所見を伺います」 → 「…の取組は」, 「…の確保について、都の取組を
        # 伺います」 → 「…の確保の取組は」
        kind = "" if found["what"] in _OPINIONS else f"の{found['what']}"
        return f"{before[: about.start()]}{kind}は", ""
    whole = re.search(r"(?:が|か|べき|です|ます|る|けれども)$", before)
    return (before.removesuffix("が"), ask) if whole else (text, "")


def _split(units: list[Morpheme]) -> list[tuple[Clause, ...]]:
    """Clauses at commas; a new sentence where two statements are merely strung together."""
    parts: list[tuple[Clause, ...]] = []
    clauses: list[Clause] = []
    start = 0
    for at, unit in enumerate(units):
        if unit.surface != "、" or at == start:
            continue
        span = units[start:at]
        text = "".join(each.surface for each in span)
        if stated := _stated(span, text):
            parts.append((*clauses, Clause(text, stated, False, None, _starts(span))))
            clauses, start = [], at + 1
        elif (clause := _clause(span, text)) is not None:
            clauses.append(replace(clause, starts=_starts(span)))
            start = at + 1
    rest = units[start:]
    text = "".join(each.surface for each in rest).strip("、 ")
    if text:
        parts.append((*clauses, Clause(text, text, False, None, _starts(rest))))
    elif clauses:
        parts.append(tuple(clauses))
    return [_agreed(part) for part in parts if any(clause.closed for clause in part)]


def _starts(span: list[Morpheme]) -> tuple[Start, ...]:
    """Beginnings that leave out a place, a time, or what describes the noun that follows."""
    made = []
    length = 0
    for before, unit, following in zip(span, span[1:], span[2:], strict=False):
        length += len(before.surface)
        text = before.surface + unit.surface
        begins = following.pos in ("名詞", "接頭辞") and following.surface not in EMPTY_NOUNS
        at = length + len(unit.surface)
        if unit.surface == "、" and LIMITED.search("".join(each.surface for each in span)[:length]):
            made.append(Start(at, True))
        elif not begins:
            continue
        elif (unit.surface == "の" and text in ("との", "への", "での", "からの", "などの")) or (
            unit.form.startswith("連体形")
            and unit.pos in ("動詞", "助動詞")
            and unit.surface != "な"
        ):
            made.append(Start(at, False))
    return tuple(made)


def _agreed(part: tuple[Clause, ...]) -> tuple[Clause, ...]:
    """Close earlier clauses as the last one ends: 「引き上げ、…した」 → 「引き上げた」."""
    end = part[-1].closed
    if NO_EARLIER_END.search(end):
        return (*(replace(clause, closed="", verb=None) for clause in part[:-1]), part[-1])
    made = []
    for clause in part[:-1]:
        closed = clause.closed
        if clause.verb is not None and clause.verb.dictionary[-1] != "い" and closed:
            stem = closed.removesuffix(clause.verb.dictionary)
            past = past_form(clause.verb)
            if end.endswith("べき"):
                closed = stem + re.sub("する$", "す", clause.verb.dictionary) + "べき"
            elif end.endswith(("た", "だ")):
                closed = stem + past
            elif end.endswith("ている"):
                closed = stem + past[:-1] + ("で" if past.endswith("だ") else "て") + "いる"
        made.append(replace(clause, closed=closed))
    return (*made, part[-1])


def _stated(span: list[Morpheme], text: str) -> str:
    """The statement before 「…が、」「…し、」「…ており、」; empty when there is none."""
    last = span[-1]
    if len(span) < 2:
        return ""
    if last.dictionary in ("が", "し", "けど", "けれど", "けれども") and last.detail == "接続助詞":
        return _ended(text[: -len(last.surface)])
    if last.surface == "おり" and span[-2].surface in ("て", "で"):
        return text[:-2] + "いる"
    return ""


# 「大事だ」「…すべきと考える」 end as well without.
_PLAINLY = re.compile(r"(?<=[\u4e00-\u9fff])だ$")
_THOUGHT = re.compile(
    r"(?<=[き要切事務題])(?:だ|である)?と(?:考える|思う|存じる|認識している|考えている)$"
)


def _ended(text: str) -> str:
    return re.sub(r"(?<=[^\u3041-\u309f])である$", "", _THOUGHT.sub("", text))


def _clause(span: list[Morpheme], text: str) -> Clause | None:
    """The clause that ends at this comma; None when the comma is inside one."""
    last = span[-1]
    if found := JOINED_END.search(text):
        closed = _ended(text[: found.start()])
        return Clause(text, closed if _stands(closed) else "", False, _verb_at_end(span, closed))
    if BACKGROUND_END.search(text) or CONDITION_END.search(text):
        return Clause(text, "", True)
    if last.surface in ("て", "で") and last.detail == "接続助詞":
        verb = span[-2] if len(span) > 1 else last
        known = verb.pos in ("動詞", "助動詞")
        return Clause(text, _joined(span[:-2], verb) if known else "", not known, verb)
    if last.form.startswith("連用形"):
        if last.pos in ("動詞", "形容詞"):
            return Clause(text, _joined(span[:-1], last), False, last)
        if last.dictionary in ("れる", "られる", "せる", "させる", "ない"):
            return Clause(text, _joined(span[:-1], last), False, last)
        return Clause(text, "", True)
    return None


def _verb_at_end(span: list[Morpheme], closed: str) -> Morpheme | None:
    length = 0
    for unit in span:
        length += len(unit.surface)
        if length == len(closed):
            return unit if unit.pos == "動詞" and unit.dictionary == unit.surface else None
    return None


def _joined(units: list[Morpheme], verb: Morpheme) -> str:
    return "".join(each.surface for each in units) + verb.dictionary


def _stands(text: str) -> bool:
    """Whether a clause cut before 「とともに」 is a statement: it ends as a verb does."""
    return text[-1:] in set("うくぐすつぬぶむるた")
