"""Minutes in the chat: a file, or the thread itself, into a draft that a person checks."""

from __future__ import annotations

from datetime import date

from bot import Attachment, BadInput, Context, Message, Reply, Source, skill
from skills.minutes import flow, model, readers, summary
from skills.minutes.drafts import as_data, as_text
from skills.minutes.transcript import Line, Segment, Transcript

SUMMARY_CHARACTERS = 200
SHOWN_SOURCES = 12
LEAST_LINES = 2
DRAFT_NOTICE = "未確認の下書きです。発言と見比べて、確認してからお使いください。"
HOW = (
    "会議の文字起こし（vtt・srt・txt・docx）を添付して「議事録にして」と書くか、"
    "まとめたいスレッドの中で「要約して」と書いてください。"
)


@skill(evaluate=summary.evaluate)
async def write_minutes(message: Message, context: Context) -> Reply:
    """Draft minutes of the attached transcript, or of this thread."""
    if message.kind == "button":
        return await flow.press(message, context)
    if any(words in message.text for words in flow.LIST_WORDS):
        return await flow.list_actions(context)
    limit = _limit(message.values.get("limit", ""))
    read: readers.Read | None
    if message.attachments:
        await context.progress(f"{message.attachments[0].name} を読んでいます…")
        read = await _read(message, context, message.attachments[0])
    else:
        read = _thread(context)
    if read is None:
        return Reply(HOW, status="help")
    transcript, problems = read.transcript, read.problems
    minutes = await model.draft(transcript, context, limit)
    found, digest = minutes.items, minutes.digest
    told = (*problems, *minutes.notices, DRAFT_NOTICE)
    text = as_text(transcript, found, digest, minutes.agenda)
    data = as_data(transcript, found, digest, problems, engine=minutes.engine)
    draft = await flow.keep_draft(message, context, data, text)
    return Reply(
        text,
        sources=_sources(transcript, [n for item in found for n in item.lines], message),
        engine=minutes.engine,
        notice="\n".join(told),
        summary=digest.text,
        actions=flow.next_step(draft, flow.DRAFT),
        data=data,
    )


async def _read(message: Message, context: Context, attachment: Attachment) -> readers.Read:
    given = message.values.get("date", "")
    try:
        day = date.fromisoformat(given) if given else None
    except ValueError as error:
        raise BadInput("date", remedy="日付は 2026-11-22 の形で指定してください。") from error
    text = await context.text(attachment)
    agenda = message.values.get("agenda", "") or (message.text if "\n" in message.text else "")
    return readers.read_whole(attachment.name, text, agenda=agenda, day=day)


def _limit(given: str) -> int:
    if not given:
        return SUMMARY_CHARACTERS
    if not given.isdecimal() or not 20 <= int(given) <= 10_000:
        raise BadInput("limit", remedy="文字数は20から10000までの数で指定してください。")
    return int(given)


def _thread(context: Context) -> readers.Read | None:
    """What people said in this thread; the bot's own lines are no part of the meeting."""
    said = [line for line in context.history if not line.by_bot and line.text.strip()]
    if len(said) < LEAST_LINES:
        return None
    lines = tuple(Line(n, line.text, line.name) for n, line in enumerate(said, 1))
    speakers = tuple(dict.fromkeys(line.name for line in said if line.name))
    whole = Segment("", 1, len(lines))
    day = context.now.date()
    transcript = Transcript("スレッドの要約", lines, day, speakers, (whole,))
    return readers.Read(transcript, "thread")


def _sources(transcript: Transcript, numbers: list[int], message: Message) -> tuple[Source, ...]:
    """The lines behind the items, each once, in their order."""
    name = message.attachments[0].name if message.attachments else "このスレッド"
    wanted = sorted(set(numbers))[:SHOWN_SOURCES]
    lines = {line.number: line for line in transcript.lines}
    return tuple(
        Source(
            number=position,
            document=name,
            heading=transcript.agenda_of(number),
            quote=f"{lines[number].speaker}：{lines[number].text}".lstrip("："),
            passage_id=f"line-{number}",
            page=f"{number}行目",
            label="2",
        )
        for position, number in enumerate(wanted, 1)
    )
