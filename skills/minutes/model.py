"""Minutes with a model: it says what and on which lines; the lines and our rules say if and when.

Each item and sentence is held against the lines it names. An item they do not bear out stays,
marked as to be checked; such a sentence of a summary goes. Days come from our own rules, out of the
words the model copied. Where the model gives nothing usable, the rules draft that part, and a
notice says so.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date

from pydantic import BaseModel, Field

from bot import Context, ModelFailed, NoModel, Passage
from skills.minutes import content, dates, owners, rules
from skills.minutes.summary import Summary
from skills.minutes.transcript import Due, Item, Kind, Line, Transcript

PROMPT = "draft"
# Characters of speech put to the model at once, and tokens of its answer: with the prompt they fit
# a window of 8,000 tokens, the smallest served, as a character is about a token.
PART = 4_000
ANSWER_TOKENS = 2_000
LONGEST_TEXT = 400
# Characters from which the rules work in a process of their own.
LONG = 20_000
# A model that failed so many times in a row is not asked again in this turn.
MOST_FAILURES = 2
LABEL = "2"
# What must not get lost because a model passed over it.
ADDED: tuple[Kind, ...] = ("decision", "action")

MADE = "AI（{engine}）が下書きしました。"
MISSED = "AIが挙げなかった決定と対応のうち{count}件を、規則で補いました。"
DOUBTED = "発言で確かめられなかった{count}件に「要確認」を付けました。"
FAILED = "AIの応答が得られなかったため、規則で下書きしました。"
PARTLY_FAILED = "一部（{lines}）はAIの応答が得られなかったため、規則で下書きしました。"
NO_MODEL = {
    "policy": "機密性の定めによりAIは使わず、規則で下書きしました。",
    "budget": "今月のAI利用枠を使い切ったため、規則で下書きしました。",
}
NEVER_ASKED = "AIは使わず、規則で下書きしました。"


class DraftItem(BaseModel):
    """One item as the model writes it."""

    kind: Kind
    text: str
    lines: list[int]
    owner: str = ""
    due: str = ""


class DraftSentence(BaseModel):
    """One sentence of the summary."""

    text: str
    lines: list[int]


class Draft(BaseModel):
    """What the model answers for one part of the meeting."""

    items: list[DraftItem] = Field(default_factory=list)
    summary: list[DraftSentence] = Field(default_factory=list)


@dataclass(slots=True)
class _Work:
    """What has come together so far."""

    items: list[Item] = field(default_factory=list)
    sentences: list[Summary] = field(default_factory=list)
    failed: list[Sequence[Line]] = field(default_factory=list)
    engine: str = ""
    failures: int = 0
    refusal: str = ""


async def draft(transcript: Transcript, context: Context, limit: int) -> rules.Minutes:
    """Minutes by the model where it can be trusted, by rules elsewhere; the notices say which.

    Never raises for want of a model.
    """
    parts = list(_parts(transcript))
    work = _Work()
    for number, part in enumerate(parts, 1):
        if len(parts) > 1:
            await context.progress(f"AIで下書きしています（{number}／{len(parts)}）…")
        await _ask(transcript, context, part, work)
        if work.refusal or work.failures >= MOST_FAILURES:
            work.failed += parts[number:]
            break
    plain = await _by_rules(transcript, context, limit)
    if not work.engine:
        return replace(plain, notices=(_why_not(work),))
    return _joined(transcript, work, plain, limit)


async def _by_rules(transcript: Transcript, context: Context, limit: int) -> rules.Minutes:
    """Seconds of work for a long meeting go where they hold up nobody."""
    if sum(len(line.text) for line in transcript.lines) < LONG:
        return rules.draft(transcript, limit)
    return await context.compute(rules.draft, transcript, limit)


def _parts(transcript: Transcript) -> Iterator[Sequence[Line]]:
    """Lines that go to the model together: whole points of the agenda where they fit."""
    starts = {segment.first for segment in transcript.segments}
    part: list[Line] = []
    size = 0
    for line in transcript.lines:
        full = size + len(line.text) > PART
        # A point that begins in the last third waits for the next part.
        if part and (full or (line.number in starts and size > PART * 2 // 3)):
            yield part
            part, size = [], 0
        part.append(line)
        size += len(line.text) + len(line.speaker)
    if part:
        yield part


async def _ask(transcript: Transcript, context: Context, part: Sequence[Line], work: _Work) -> None:
    """Put one part to the model and take what its lines bear out."""
    day = transcript.date.isoformat() if transcript.date else ""
    passage = Passage(
        id=f"lines-{part[0].number}",
        document=transcript.title or "会議",
        heading=transcript.agenda_of(part[0].number),
        text="\n".join(_shown(transcript, part)),
        label=LABEL,
    )
    try:
        completion = await context.complete(
            PROMPT, {"day": day}, passages=[passage], schema=Draft, max_tokens=ANSWER_TOKENS
        )
    except NoModel as refusal:
        work.refusal = str(refusal)
        work.failed.append(part)
        return
    except ModelFailed:
        work.failures += 1
        work.failed.append(part)
        return
    items, sentences = _checked(transcript, part, completion.value)
    if (
        not any(not item.doubtful for item in items)
        and not sentences
        and (completion.value.items or completion.value.summary)
    ):
        # Nothing of it stands in the lines: it speaks of some other meeting.
        work.failures += 1
        work.failed.append(part)
        return
    work.failures = 0
    work.engine = completion.engine
    work.items += items
    work.sentences += sentences


def _shown(transcript: Transcript, part: Sequence[Line]) -> Iterator[str]:
    titles = {segment.first: segment.title for segment in transcript.segments}
    for line in part:
        if title := titles.get(line.number):
            yield f"議題：{title}"
        who = f"{line.speaker}（{line.role}）" if line.role else line.speaker
        yield f"{line.number} {who}：{line.text}" if who else f"{line.number} {line.text}"


def _checked(
    transcript: Transcript, part: Sequence[Line], answer: Draft
) -> tuple[list[Item], list[Summary]]:
    known = {line.number: line for line in part}
    items = [_item(transcript, known, each) for each in answer.items if each.text.strip()]
    sentences = []
    for each in answer.summary:
        lines = tuple(sorted({number for number in each.lines if number in known}))
        text = content.clean(_one_line(each.text))
        if len(lines) == len(set(each.lines)) and content.supported(
            Item("answer", text, lines), transcript
        ):
            sentences.append(Summary(text, lines))
    return items, sentences


def _item(transcript: Transcript, known: dict[int, Line], each: DraftItem) -> Item:
    """The item, its day by our rules; what its lines do not bear out is left out and marked."""
    lines = tuple(dict.fromkeys(number for number in each.lines if number in known))
    bare = Item(
        each.kind,
        content.clean(_one_line(each.text)),
        lines,
        known[lines[-1]].speaker if lines else "",
        transcript.agenda_of(lines[0]) if lines else "",
    )
    doubtful = len(lines) != len(set(each.lines)) or not content.supported(bare, transcript)
    if each.due.strip() and each.kind not in ("question",):
        due = _due(each.due.strip(), [known[number].text for number in lines], transcript.date)
        doubtful |= due is None
        bare = replace(bare, due=due)
    if each.kind == "action":
        bare, sure = _owned(bare, each.owner.strip(), transcript, known)
        doubtful |= not sure
    return replace(bare, doubtful=doubtful)


def _due(words: str, said: Sequence[str], day: date | None) -> Due | None:
    """The words the model copied, with the day our rules read where they stand; None if nowhere."""
    for text in said:
        for found in dates.find(text, day):
            if content.says(words, found.text) or content.says(found.text, words):
                return Due(found.text, found.day)
    return Due(words) if any(content.says(text, words) for text in said) else None


def _owned(
    item: Item, owner: str, transcript: Transcript, known: dict[int, Line]
) -> tuple[Item, bool]:
    """Who is to do it, if the lines name that person or are theirs; else the speaker, inferred."""
    if not owner:
        return replace(item, owner=item.speaker, owner_inferred=bool(item.speaker)), True
    said = "".join(known[number].text for number in item.lines)
    speaks = any(known[number].speaker == owner for number in item.lines)
    named = content.says(said, owner) or any(owner.startswith(n) for n in owners.named(said))
    if not (named or speaks):
        return replace(item, owner=item.speaker, owner_inferred=bool(item.speaker)), False
    return replace(item, owner=owner, owner_inferred=not named), True


def _one_line(text: str) -> str:
    return " ".join(text.split())[:LONGEST_TEXT]


def _why_not(work: _Work) -> str:
    if work.failures:
        return FAILED
    return NO_MODEL.get(work.refusal, NEVER_ASKED)


def _joined(transcript: Transcript, work: _Work, plain: rules.Minutes, limit: int) -> rules.Minutes:
    """The model's parts with the rules' for those it failed at."""
    by_rules = {line.number for part in work.failed for line in part}
    covered = {
        number
        for item in work.items
        if content.supported(replace(item, owner="", due=None), transcript)
        for number in item.lines
    }
    unread = [item for item in plain.items if item.lines[-1] in by_rules]
    missed = [
        item
        for item in plain.items
        if item.kind in ADDED and item not in unread and not covered & set(item.lines)
    ]
    items = [*work.items, *unread, *missed]
    items.sort(key=lambda item: item.lines[-1] if item.lines else len(transcript.lines))
    notices = [MADE.format(engine=work.engine)]
    if work.failed:
        notices.append(PARTLY_FAILED.format(lines="、".join(map(_span, work.failed))))
    if count := sum(item.doubtful for item in work.items):
        notices.append(DOUBTED.format(count=count))
    if missed:
        notices.append(MISSED.format(count=len(missed)))
    agenda = tuple(
        (title, _within(work.sentences, segment.first, segment.last) or summary)
        for segment, (title, summary) in zip(transcript.segments, plain.agenda, strict=False)
    )
    digest = _shortened(_firsts_first(transcript, work.sentences), limit)
    if work.failed:
        digest = None
    return rules.Minutes(
        tuple(items), digest or plain.digest, agenda or plain.agenda, work.engine, tuple(notices)
    )


def _within(sentences: Sequence[Summary], first: int, last: int) -> Summary | None:
    chosen = [each for each in sentences if first <= each.lines[0] <= last]
    return _shortened(chosen, rules.EACH)


def _firsts_first(transcript: Transcript, sentences: Sequence[Summary]) -> list[Summary]:
    """The first sentence of every point before the second of any."""
    seen: Counter[str] = Counter()
    ranked = []
    for each in sentences:
        title = transcript.agenda_of(each.lines[0])
        ranked.append((seen[title], each))
        seen[title] += 1
    return [each for _, each in sorted(ranked, key=lambda pair: pair[0])]


def _shortened(sentences: Sequence[Summary], limit: int) -> Summary | None:
    """As many whole sentences as the limit holds, put in the order of the meeting."""
    chosen: list[Summary] = []
    for each in sentences:
        if sum(len(one.text) for one in chosen) + len(each.text) <= limit:
            chosen.append(each)
    chosen.sort(key=lambda one: one.lines)
    lines = {number for one in chosen for number in one.lines}
    return Summary("".join(one.text for one in chosen), tuple(sorted(lines))) if chosen else None


def _span(part: Sequence[Line]) -> str:
    return f"{part[0].number}〜{part[-1].number}行目"
