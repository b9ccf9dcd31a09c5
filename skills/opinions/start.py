"""From a file in a thread to the first answer: columns, triage, files."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from bot import Attachment, BadInput, Context, File, Message, Reply, Sheet
from skills.opinions import replies, runs, work
from skills.opinions.orders import Order
from skills.opinions.overview import Overview
from skills.opinions.runs import Run

TABLES = (".xlsx", ".xlsm", ".csv", ".tsv")
PAST, DUTIES = re.compile(r"割り?振り|過去|past"), re.compile(r"分掌|duties")
# What `Context.attach` keeps of one file.
LARGEST = 20 * 1024 * 1024
# Personal data stands in the original.
ORIGINAL_LABEL = "3B"


async def begin(message: Message, context: Context) -> Reply:
    """Take the file of a message, and triage it when its columns are clear."""
    attachment = next((item for item in message.attachments if _is_opinions(item)), None)
    if attachment is None:
        raise BadInput("no table", remedy=f"意見の表（xlsx、CSV）が見つかりません。{replies.HOW}")
    await context.progress(f"{attachment.name} を読んでいます…", stoppable=True)
    source = await _keep(context, attachment)
    helpers = [await _keep(context, item) for item in message.attachments if item != attachment]
    made = context.now.isoformat(timespec="seconds")
    run = Run(message.turn, message.subject, runs.place_of(message), made, source)
    run = await runs.begin(context, message, replace(run, helpers=tuple(helpers)))
    sheets = await context.sheets(run.source)
    columns = await context.compute(work.guess, sheets, run.choice)
    if not columns.is_sure:
        return replies.ask_columns(run, columns)
    return await _triage(context, run, sheets)


async def choose(order: Order, run: Run, message: Message, context: Context) -> Reply:
    """Triage again with the columns that a person chose."""
    names = ("sheet", "text", "section", "attributes")
    choice = work.Choice(*(order.values.get(name, "") for name in names))
    sheets = await context.sheets(run.source)
    # Asked before anything is thrown away: a name that is no column changes nothing.
    await context.compute(work.guess, sheets, choice)
    return await _triage(context, replace(run, choice=choice), sheets)


async def show_columns(order: Order, run: Run, message: Message, context: Context) -> Reply:
    """The columns as they are read now, to be changed."""
    sheets = await context.sheets(run.source)
    columns = await context.compute(work.guess, sheets, run.choice)
    form = replies.column_form(run, columns)
    return Reply("列を選び直してください。", form=form, status="help")


async def _triage(context: Context, run: Run, sheets: Sequence[Sheet]) -> Reply:
    rows = sum(len(sheet.rows) for sheet in sheets)
    await context.progress(f"{rows:,}行の意見を話題に分けています…", stoppable=True)
    beside = await _beside(context, run)
    packed, overview = await context.compute(
        work.triage, run.source.name, sheets, run.choice, beside, run.edits
    )
    return await finish(context, run, packed, overview)


async def finish(context: Context, run: Run, packed: bytes, overview: Overview) -> Reply:
    """Keep a new analysis in the place of the one before, and answer with its files."""
    if len(packed) > LARGEST:
        raise BadInput(
            "too many opinions",
            remedy="チャットで扱える量を超えています。"
            "ファイルを分けるか、shomu opinions コマンドをお使いください。",
        )
    stale = run.analysis
    analysis = await context.attach("整理結果.json.z", packed, label=ORIGINAL_LABEL)
    run = replace(run, analysis=analysis, overview=overview)
    await context.progress("地図と結果表を書いています…", stoppable=True)
    files, too_large = await draw(context, run, packed)
    await context.stop_if_asked()
    await runs.settle(context, run)
    if stale is not None:
        await context.drop(stale.id)
    await context.note(
        "analysed",
        run.id,
        {
            "file": run.source.digest,
            "input_rows": overview.input_rows,
            "opinions": overview.opinions,
            "topics": len(overview.wholes),
            "urgent": overview.urgent_rows,
            "edits": len(run.edits),
            "engine": overview.engine,
        },
    )
    return replies.answer(run, overview, files, too_large, context.model, context.embedding_model)


async def draw(context: Context, run: Run, packed: bytes) -> tuple[list[File], list[str]]:
    """The files of a run, ready to be sent, and the names of those that are too large."""
    drawn = await context.compute(work.draw, packed, run.edits)
    files = [
        await context.attach(name, content, label=replies.MASKED_LABEL)
        for name, content in drawn.items()
        if len(content) <= LARGEST
    ]
    return files, [name for name, content in drawn.items() if len(content) > LARGEST]


async def redraw(order: Order, run: Run, message: Message, context: Context) -> Reply:
    """The files again, with all edits."""
    analysis, overview = run.whole
    await context.progress("地図と結果表を書いています…", stoppable=True)
    files, too_large = await draw(context, run, await context.open(analysis))
    return replies.answer(run, overview, files, too_large, context.model, context.embedding_model)


async def _keep(context: Context, attachment: Attachment) -> File:
    content = await context.open(attachment)
    return await context.attach(
        attachment.name, content, media_type=attachment.media_type, label=ORIGINAL_LABEL
    )


def _is_opinions(attachment: Attachment) -> bool:
    name = attachment.name.lower()
    return name.endswith(TABLES) and not (PAST.search(name) or DUTIES.search(name))


async def _beside(context: Context, run: Run) -> work.Beside:
    """What came with the file, else what the workspace keeps, and what it has learnt itself."""
    plan = ""
    past: tuple[Sheet, ...] = ()
    duties: tuple[Sheet, ...] = ()
    for file in run.helpers:
        name = file.name.lower()
        if name.endswith(TABLES):
            sheets = tuple(await context.sheets(file))
            if PAST.search(name):
                past = sheets
            elif DUTIES.search(name):
                duties = sheets
        else:
            plan += await context.text(file)
    kept = await context.all_kept("learnt/")
    learnt = tuple((text, item["department"]) for item in kept.values() for text in item["texts"])
    return work.Beside(
        plan,
        past or _own(context.folder / "past.csv"),
        duties or _own(context.folder / "duties.csv"),
        learnt,
    )


def _own(path: Path) -> tuple[Sheet, ...]:
    """A CSV that the office keeps for this skill, in UTF-8 or CP932."""
    if not path.is_file():
        return ()
    content = path.read_bytes()
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = content.decode("cp932", errors="replace")
    rows = csv.reader(io.StringIO(text, newline=""))
    return (Sheet(path.name, tuple(tuple(row) for row in rows)),)
