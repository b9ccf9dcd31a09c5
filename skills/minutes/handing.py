"""Minutes as a file that is handed over, and an edited one taken back."""

from __future__ import annotations

import re

from bot import BadInput, Context, File, Reply
from skills.minutes import document, markdown, templates
from skills.minutes.minutes import APPROVED, TO_FILL, Minutes, load_transcript
from skills.minutes.paper import Paper, compose, unnamed

LARGEST_MARKDOWN = 5 * 1024 * 1024
ENDINGS = {"word": ".docx", "markdown": ".md"}


async def make(context: Context, minutes: Minutes, form: str) -> File:
    """Write the document and keep it for the reply. `form` is "word" or "markdown"."""
    template, record = templates.load(context.folder).find(minutes.meeting, minutes.record)
    content = await context.fetch(minutes.transcript) if minutes.transcript else None
    transcript = load_transcript(content) if content else None
    paper = compose(minutes, template, record, transcript)
    if form == "word":
        written = await context.compute(document.write, paper)
    else:
        written = markdown.write(paper).encode()
    return await context.attach(_name(minutes, ENDINGS[form]), written)


async def hand_over(context: Context, minutes: Minutes, form: str) -> Reply:
    """The document as a file, with what is still to be done about it."""
    file = await make(context, minutes, form)
    template, record = templates.load(context.folder).find(minutes.meeting, minutes.record)
    told = []
    if minutes.state != APPROVED:
        told.append("承認の前のため、文書の上に状態を表示しています。")
    empty = [name for name in template.head if TO_FILL in minutes.fields.get(name, TO_FILL)]
    if empty:
        told.append(
            f"{'・'.join(empty)} に【要記入】があります。"
            f"「{empty[0]}を『…』に直す」と書くか、Word で直してスレッドに添付してください。"
        )
    if hidden := unnamed(minutes, template):
        told.append(f"職名の分からない{len(hidden)}人は、名前を出さずに「参加者」としました。")
    words = f"{template.meeting}の「{record}」です。"
    return Reply(
        words,
        notice="\n".join(told),
        status="help",
        engine=minutes.engine,
        is_private=minutes.is_whispered,
        files=(file,),
    )


async def key_of(context: Context, name: str, content: bytes) -> str:
    """Which minutes a file is an edited copy of; empty when it is none of ours."""
    if name.lower().endswith(".docx"):
        return await context.compute(document.key_of, content)
    if name.lower().endswith((".md", ".txt")) and len(content) <= LARGEST_MARKDOWN:
        return markdown.key_of(content.decode("utf-8", "replace"))
    return ""


async def read_back(context: Context, name: str, content: bytes) -> Paper:
    """Read an edited copy. Raises BadInput."""
    if name.lower().endswith(".docx"):
        return await context.compute(document.read, content)
    try:
        return markdown.read(content.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise BadInput(
            "encoding", remedy=f"{name} を UTF-8 で保存し直して、もう一度お送りください。"
        ) from error


def _name(minutes: Minutes, ending: str) -> str:
    day = minutes.day.replace("-", "")
    title = re.sub(r"[\s　]+", "_", minutes.title or "議事録")[:60]
    return "_".join(part for part in (title, minutes.record, day) if part) + ending
