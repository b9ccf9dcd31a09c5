"""What a meeting decided, who does what until when, what was asked and what stays open.

Whole sentences, each judged by how it is put (cues.py), with the numbers of its lines, who is to
do it (owners.py) and by when (dates.py). No model; a model's items are held to `supported`.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import lru_cache

from bot import japanese
from skills.minutes import cues, dates, owners
from skills.minutes.transcript import Due, Item, Kind, Line, Transcript

# An answer stands near its question; an assembly member asks several before one answer begins.
ANSWER_WITHIN = 12
PENDING = 8
# What a number in the answer is worth when a question asks how many, as a share of its grams.
NUMBER_ASKED = 0.3
# The chair says what was decided within a few sentences of 「異議なし」.
CONCLUDED_WITHIN = 4
# A sentence may run over several subtitles of one speaker.
LONGEST_JOIN = 6
# Share of an item's content words that its lines must hold.
LEAST_OVERLAP = 0.6


@dataclass(frozen=True, slots=True)
class Sentence:
    """A whole sentence: as it was said, after NFKC, and the lines it runs over."""

    text: str
    plain: str
    lines: tuple[int, ...]
    speaker: str


def items(transcript: Transcript, *, holidays: Collection[date] = ()) -> tuple[Item, ...]:
    """What the minutes list, in the order it was said.

    An answer's first line is that of its question. A sentence that answers and promises is both an
    answer and an action. `holidays` are days the office is closed besides the usual ones.
    """
    people = owners.people_of(transcript)
    said = list(_sentences(transcript.lines))
    found: list[Item] = []
    # Of every sentence, so that questions find their answers and proposals their decision.
    kinds: list[Kind | None] = []
    for at, sentence in enumerate(said):
        due = _due(sentence, transcript.date, holidays)
        owner = owners.asked(sentence.plain, people, sentence.speaker)
        kind = cues.kind_of(sentence.plain, due, owner)
        kinds.append(kind)
        if kind is None or (kind == "question" and cues.is_procedural(sentence.plain)):
            continue
        item = Item(
            kind,
            clean(sentence.text),
            sentence.lines,
            sentence.speaker,
            transcript.agenda_of(sentence.lines[0]),
            due=due if kind not in ("question", "answer") else None,
        )
        if kind == "action":
            item = _with_owner(item, sentence, owner, people)
            if found and _accepts(said, at, found[-1]):
                found[-1] = _accepted(found[-1], item)
                continue
        found.append(item)
    agreed = list(_agreed(transcript, said, kinds))
    proposed = {(item.lines[0], "question") for item in agreed}
    found = [item for item in found if (item.lines[0], item.kind) not in proposed] + agreed
    found += _answers(transcript, said, kinds, holidays)
    return tuple(sorted(found, key=lambda item: item.lines[-1]))


def clean(text: str) -> str:
    """The sentence without words of hesitation, ending in 「。」; all else as it was said."""
    before = None
    while before != text:
        before, text = text, _fillers().sub(r"\1", text.strip())
    return text.rstrip("。．.！!？?、, 　\n") + "。"


def supported(item: Item, transcript: Transcript) -> bool:
    """Whether the lines an item names bear out what it says.

    The lines must exist and hold its numbers, dates and names, most of its words, and the same
    negation; its owner must be named or speak there. This finds what is unsupported, not what is
    false: it compares words and does not understand them.
    """
    by_number = {line.number: line for line in transcript.lines}
    if not item.lines or not item.text.strip() or any(n not in by_number for n in item.lines):
        return False
    lines = [by_number[number] for number in item.lines]
    source = _plain("".join(line.text for line in lines))
    spoken = _plain(" ".join(f"{line.speaker} {line.role}" for line in lines))
    text = _plain(item.text)
    if not _numbers(text) <= _numbers(source):
        return False
    if any(name not in source + spoken for name in owners.named(text)):
        return False
    if item.owner and _plain(item.owner) not in source + spoken:
        family = [name for name in owners.named(source) if _plain(item.owner).startswith(name)]
        if not family:
            return False
    if item.due and not _due_supported(item.due, source, transcript.date):
        return False
    if bool(_NEGATION.search(text)) != bool(_NEGATION.search(source)) and not (
        len(lines) > 1 or len(japanese.sentences(source)) > 1
    ):
        return False
    said = set(japanese.words(text))
    held = set(japanese.words(source)) | set(japanese.words(spoken))
    return not said or len(said & held) / len(said) >= LEAST_OVERLAP


def says(text: str, words: str) -> bool:
    """Whether a text holds the words, however wide their letters are."""
    return bool(words) and _plain(words) in _plain(text)


_NEGATION = re.compile(r"ません|ない(?!と(?:いけ|なり))|なかった|ずに|せず|不要|不可|中止|否決")


def _due_supported(due: Due, source: str, base: date | None) -> bool:
    if not due.text or _plain(due.text) not in source:
        return False
    days = {found.day for found in dates.find(due.text, base)}
    return due.day is None or not days or due.day in days


def _numbers(plain: str) -> set[str]:
    without = re.sub(r"(?<=[0-9]),(?=[0-9]{3})", "", plain)
    kanji = (
        r"(?<![一-龥])[一二三四五六七八九十百千〇]{1,9}(?=[年月日時分円人名件回条項号%か割万億])"
    )
    return set(re.findall(r"[0-9]+(?:\.[0-9]+)?", without)) | set(re.findall(kanji, without))


def _sentences(lines: Sequence[Line]) -> Iterator[Sentence]:
    """Whole sentences; one that a subtitle cut in two is joined again."""
    at = 0
    while at < len(lines):
        run = [lines[at]]
        while len(run) < LONGEST_JOIN and at + len(run) < len(lines):
            following = lines[at + len(run)]
            if following.speaker != run[0].speaker or not _CUT.search(run[-1].text.rstrip()):
                break
            run.append(following)
        at += len(run)
        spans: Iterator[tuple[str, tuple[int, ...]]]
        if len(run) == 1:
            only = run[0].number
            spans = ((one, (only,)) for one in japanese.sentences(run[0].text))
        else:
            spans = _over_lines(run)
        for text, numbers in spans:
            plain = _COMMA.sub("、", _plain(clean(text)))
            if text.endswith(("?", "？")):
                plain = plain[:-1] + "?"
            yield Sentence(text, plain, numbers, run[0].speaker)


# Some offices write 「，」; between digits it is part of a number.
_HOW_MUCH = re.compile(
    r"何[かヶ]所|何[人件回日台枚年校名]|いくら|いくつ|どのくらい|どれくらい|件数|[人額]数"
)
_COMMA = re.compile(r"(?<![0-9]),|,(?![0-9])")
_CUT = re.compile(r"(?:[、,]|[てでがをにはのともへや]|から|ので|けど|まで|より|という)$")


def _over_lines(run: Sequence[Line]) -> Iterator[tuple[str, tuple[int, ...]]]:
    whole, ends = "", []
    for line in run:
        whole += line.text.replace("\n", " ")
        ends.append(len(whole))
    start = 0
    for text in japanese.sentences(whole):
        start = whole.index(text, start)
        last = start + len(text)
        numbers = tuple(
            line.number
            for line, end, begin in zip(run, ends, (0, *ends), strict=False)
            if begin < last and end > start
        )
        yield text, numbers
        start = last


def _due(sentence: Sentence, base: date | None, holidays: Collection[date]) -> Due | None:
    """The date by which: one with まで before one that only stands there; none of the past."""
    best: tuple[int, Due] | None = None
    for found in dates.find(sentence.text, base, holidays):
        if found.day and base and found.day < base:
            continue
        score = _due_score(_plain(sentence.text[found.end : found.end + 48]), found.text)
        if score > 0 and (best is None or score >= best[0]):
            best = score, Due(found.text, found.day)
    return best[1] if best else None


_BY = re.compile(
    r"(?:まで|迄|必着|締切|締め切り|〆|限り|を?(?:目途|めど|目処)|をもって|をもちまして|には)"
)
_NOT_BY = re.compile(
    r"(?:現在|時点|付けの|以降|以前|号|分(?!ま)|議会|定例会|ごろ?の"
    r"|の(?!夜|朝|昼|夕|うち|間|完了|完成|会議|.{0,8}(?:に向け|をめど|を目途)))"
)
# What is held that day: 「2月の発表会で講評をお願いします」.
_EVENT = re.compile(
    r"の[^、。のをに]{1,10}(?:会|会議|式|日|訓練|研修|まつり|祭|大会)(?:で|に|まで|の際)"
)
# 「業者が来るので」 gives the reason, not the task.
_REASON = re.compile(r"[^。]{1,40}(?:ので|ますから|ですから|おりますが|ため)、")
_SUBJECT = re.compile(r"は")


def _due_score(after: str, text: str) -> int:
    if _BY.match(after):
        return 3
    if _REASON.match(after):
        return 0
    if _EVENT.match(after) and text not in ("本日", "今日"):
        return 1
    if text in ("本日", "今日"):
        return 0
    if cues.does(after.removeprefix("の")) and after.startswith("の"):
        return 2
    if _NOT_BY.match(after):
        return 0
    # 「次回は」 says what the sentence is about.
    if _SUBJECT.match(after) and text.startswith("次回"):
        return 0
    return 2 if text.endswith(("内", "中", "末")) else 1


def _with_owner(item: Item, sentence: Sentence, asked: str, people: owners.People) -> Item:
    if asked and cues.asks(sentence.plain):
        return replace(item, owner=asked)
    owner, inferred = owners.committed(sentence.plain, people, sentence.speaker)
    return replace(item, owner=owner, owner_inferred=inferred)


def _accepts(said: Sequence[Sentence], at: int, before: Item) -> bool:
    """Whether a sentence takes on what was asked just before: 「はい、やっておきます」."""
    sentence = said[at]
    if not cues.accepts(sentence.plain) and not (
        at and said[at - 1].lines == sentence.lines and cues.accepts(said[at - 1].plain)
    ):
        return False
    near = 0 < sentence.lines[0] - before.lines[-1] <= 2
    return near and before.kind in ("action", "request") and before.speaker != sentence.speaker


def _accepted(asked: Item, promise: Item) -> Item:
    """The request and the promise as one action, in both their words."""
    return replace(
        asked,
        kind="action",
        text=asked.text + promise.text,
        lines=(*asked.lines, *promise.lines),
        owner=asked.owner or promise.owner,
        owner_inferred=not asked.owner and promise.owner_inferred,
        due=promise.due or asked.due,
    )


def _agreed(
    transcript: Transcript, said: Sequence[Sentence], kinds: Sequence[Kind | None]
) -> Iterator[Item]:
    """What nobody objected to and nobody put into words afterwards."""
    decided = -1
    for at, sentence in enumerate(said):
        if not cues.agrees(sentence.plain) or "decision" in kinds[at : at + CONCLUDED_WITHIN]:
            continue
        for before in range(at - 1, max(at - CONCLUDED_WITHIN, decided), -1):
            if cues.proposes(said[before].plain):
                decided = at
                yield Item(
                    "decision",
                    clean(said[before].text) + clean(sentence.text),
                    tuple(dict.fromkeys((*said[before].lines, *sentence.lines))),
                    said[before].speaker,
                    transcript.agenda_of(sentence.lines[0]),
                )
                break


def _answers(
    transcript: Transcript,
    said: Sequence[Sentence],
    kinds: Sequence[Kind | None],
    holidays: Collection[date],
) -> list[Item]:
    """Each question's answer: the sentence of the next speaker that shares most with it."""
    found: list[Item] = []
    pending: list[Sentence] = []
    at = 0
    while at < len(said):
        sentence = said[at]
        if kinds[at] == "question":
            if not cues.is_procedural(sentence.plain):
                if pending and pending[-1].speaker != sentence.speaker:
                    pending.clear()
                pending = [*pending, sentence][-PENDING:]
            at += 1
            continue
        if not pending or sentence.speaker == pending[-1].speaker:
            at += 1
            continue
        end = at
        while (
            end < len(said) and said[end].speaker == sentence.speaker and kinds[end] != "question"
        ):
            end += 1
        turn = [one for one in said[at:end] if _says(one.plain)]
        if turn:
            found += _pair(transcript, pending, turn, holidays)
            pending = []
        elif end < len(said) and sentence.lines[0] - pending[-1].lines[-1] > ANSWER_WITHIN:
            pending = []
        at = end
    return found


def _pair(
    transcript: Transcript,
    questions: Sequence[Sentence],
    turn: Sequence[Sentence],
    holidays: Collection[date],
) -> Iterator[Item]:
    """An answer for each question, the surest pair first; one question has the first sentence."""
    grams = [frozenset(japanese.grams(one.plain)) for one in turn]
    pairs = []
    for number, question in enumerate(questions):
        wanted = frozenset(japanese.grams(question.plain))
        how_much = _HOW_MUCH.search(question.plain) is not None
        for at, one in enumerate(turn):
            share = len(wanted & grams[at]) / (len(wanted) or 1)
            share += NUMBER_ASKED * (how_much and re.search(r"[0-9]", one.plain) is not None)
            share -= cues.is_vague(one.plain) and "検討" not in one.plain
            pairs.append((-share if len(questions) > 1 else 0.0, at, number))
    answered: set[int] = set()
    used: set[int] = set()
    for _, best, number in sorted(pairs):
        if number in answered or best in used:
            continue
        answered.add(number)
        used.add(best)
        question, answer = questions[number], turn[best]
        past = cues.is_past(answer.plain)
        yield Item(
            "answer",
            clean(answer.text),
            tuple(dict.fromkeys((*question.lines, *answer.lines))),
            answer.speaker,
            transcript.agenda_of(answer.lines[0]),
            due=None if past else _due(answer, transcript.date, holidays),
        )


def _says(plain: str) -> bool:
    return not (
        len(plain) < 4
        or cues.agrees(plain)
        or re.search(r"(?:お答え|御?答弁)(?:いた|申|し)|^.{0,12}(?:議員|委員|番)[。]?$", plain)
        or (len(plain) < 40 and cues.is_about_the_meeting(plain))
    )


def _plain(text: str) -> str:
    return unicodedata.normalize("NFKC", text)


@lru_cache(maxsize=1)
def _fillers() -> re.Pattern[str]:
    words = "|".join(sorted(owners.read("fillers.txt"), key=len, reverse=True))
    return re.compile(rf"(^|[、，。])(?:{words})(?:[、,，。…・]|\.\.\.)[ 　]?")
