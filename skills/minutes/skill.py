"""Minutes in the chat: a file, the thread or the channel into a draft that a person checks."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any

from bot import Attachment, BadInput, Context, Message, Reply, Source, skill
from skills.minutes import (
    actions,
    flow,
    gathering,
    handing,
    model,
    readers,
    requests,
    showing,
    summary,
    templates,
    workflow,
)
from skills.minutes.calendar import today
from skills.minutes.drafts import IN_CHAT, as_data
from skills.minutes.minutes import (
    Minutes,
    dump_transcript,
    fetch,
    head_fields,
    here,
    keep,
    numbered,
    remember_place,
    roles_of,
)
from skills.minutes.transcript import Transcript

SUMMARY_CHARACTERS = 200
SHOWN_SOURCES = 12
# A copy that lost its mark is still one when the person says so.
RETURNED = re.compile(r"差し?替え|直し(?:た|まし)|修正(?:し|版)|書き直し")
EDITABLE = (".docx", ".md")
HOW = (
    "会議の文字起こし（vtt・srt・txt・docx）を添付して「議事録にして」と書くか、"
    "まとめたいスレッドの中で「要約して」と書いてください。"
    "チャンネルは「先週のこのチャンネルを要約して」でまとめます。\n"
    "様式は「審議会の全文記録で」のように、会議の種類（庁議・係内会議・審議会・住民説明会）と"
    "様式（全文記録・要点記録・決定一覧）で選べます。"
)

HOW_HERE = (
    "この議事録については、「3の根拠」「3を『…』に直す」「3の期限を12月10日に」「場所を『…』に直す」"
    "「審議会の様式で」「Wordで書き出す」「変更点」「議事録を見せて」のように書けます。"
)


@skill(evaluate=summary.evaluate)
async def write_minutes(message: Message, context: Context) -> Reply:
    """Draft minutes, or go on with those of this place."""
    if message.kind == "reminder":
        return await actions.remind(message, context)
    if message.kind == "button":
        return await flow.press(message, context)
    if message.kind == "form":
        return await flow.submit(message, context)
    if message.attachments:
        return await _take_file(message, context, message.attachments[0])
    if any(words in message.text for words in actions.LIST_WORDS):
        return await actions.list_open(context)
    key = await here(context, message)
    request = requests.parse(message.text) if key else None
    if request:
        return await flow.answer(request, message, context, await fetch(context, key, message))
    if gathering.asks_for_channel(message.text, today(context.now)):
        await context.progress("チャンネルの発言を読んでいます…")
        return await _draft(message, context, await gathering.channel(message.text, context))
    if key and not gathering.SUMMARISE.search(message.text):
        # Talk among people goes on in the thread; it is no wish for another summary.
        return Reply(HOW_HERE, status="help")
    return await _draft(message, context, await gathering.thread(context))


async def _take_file(message: Message, context: Context, attachment: Attachment) -> Reply:
    """An edited copy of minutes of ours goes back to them; any other file is a transcript."""
    await context.progress(f"{attachment.name} を読んでいます…")
    raw = await context.open(attachment)
    key = await handing.key_of(context, attachment.name, raw)
    if not key and RETURNED.search(message.text) and attachment.name.lower().endswith(EDITABLE):
        key = await here(context, message)
    if key:
        minutes = await fetch(context, key, message)
        return await flow.take_back(message, context, minutes, attachment.name, raw)
    given = message.values.get("date", "")
    try:
        day = date.fromisoformat(given) if given else None
    except ValueError as error:
        raise BadInput("date", remedy="日付は 2026-11-22 の形で指定してください。") from error
    text = await context.text(attachment)
    agenda = message.values.get("agenda", "") or (message.text if "\n" in message.text else "")
    read = readers.read_whole(attachment.name, text, agenda=agenda, day=day)
    return await _draft(message, context, read, attachment.name)


async def _draft(
    message: Message, context: Context, read: readers.Read | None, name: str = ""
) -> Reply:
    """Make, keep and show the minutes of what was read."""
    if read is None:
        return Reply(HOW, status="help")
    meeting, record = _template(message, context, read.transcript.title)
    setting = workflow.load(context.folder)
    data, agenda, notices = await _draw_up(read, _limit(message.values.get("limit", "")), context)
    transcript = read.transcript
    file = await context.attach("transcript.json", dump_transcript(transcript))
    items = numbered(data["items"])
    minutes = Minutes(
        key=message.turn,
        title=transcript.title,
        day=data["date"] or "",
        meeting=meeting,
        record=record,
        fields=head_fields(read),
        summary=data["summary"],
        agenda=agenda,
        items=items,
        last=len(items),
        speakers=roles_of(read),
        engine=data["engine"],
        source=name,
        transcript=file.id,
        by=message.actor.id,
        visibility=message.place.visibility,
        is_private=message.place.visibility == "direct" or message.kind in ("command", "shortcut"),
    )
    minutes = replace(minutes, carried=await actions.carried(context, minutes.series))
    await keep(context, minutes)
    await remember_place(context, message, minutes.key)
    await context.note("drafted", minutes.key, {"digest": minutes.digest, "transcript": file.id})
    reply = showing.show(minutes, setting, notice="\n".join((*notices, showing.DRAFT_NOTICE)))
    shown = [item for item in minutes.items if item["kind"] in IN_CHAT]
    cited = [number for item in shown for number in item["lines"]]
    reply = replace(
        reply,
        status="answered",
        summary=minutes.summary,
        data=data,
        sources=_sources(transcript, cited, name or transcript.title),
    )
    form = message.values.get("export", "")
    return replace(reply, files=(await handing.make(context, minutes, form),)) if form else reply


def _template(message: Message, context: Context, title: str) -> tuple[str, str]:
    """The kind of meeting and the form of record: as asked for, else as the title tells."""
    known = templates.load(context.folder)
    given = message.values.get("template", "")
    meeting, record = known.named(given or message.text)
    if given and not (meeting or record):
        known.find(given)
    template, record = known.find(meeting or known.guess(title).meeting, record)
    return template.meeting, record


async def _draw_up(
    read: readers.Read, limit: int, context: Context
) -> tuple[dict[str, Any], tuple[Mapping[str, Any], ...], Sequence[str]]:
    """What the minutes say: the stable data, each point of the agenda, and what to know about it.

    The one place where that is worked out; everything else only keeps, shows and changes it.
    """
    drawn = await model.draft(read.transcript, context, limit)
    agenda = tuple(
        {"title": title, "text": each.text, "lines": list(each.lines)}
        for title, each in drawn.agenda
    )
    problems = read.problems
    data = as_data(read.transcript, drawn.items, drawn.digest, problems, engine=drawn.engine)
    return data, agenda, (*problems, *drawn.notices)


def _limit(given: str) -> int:
    if not given:
        return SUMMARY_CHARACTERS
    if not given.isdecimal() or not 20 <= int(given) <= 10_000:
        raise BadInput("limit", remedy="文字数は20から10000までの数で指定してください。")
    return int(given)


def _sources(transcript: Transcript, numbers: Sequence[int], name: str) -> tuple[Source, ...]:
    """The lines behind the items, each once, in their order."""
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
