"""From a draft to minutes that people signed off: checked, approved, edited, shared, handed over.

draft → checked → approved. Every edit makes a new version and takes it back to a draft. Who did
what and when is on the audit record, with the digest of what the minutes say.
"""

from __future__ import annotations

import re
from dataclasses import replace

from bot import BadInput, Context, Message, Reply
from skills.minutes import actions, approval, edits, forms, handing, showing, templates, workflow
from skills.minutes.calendar import today
from skills.minutes.minutes import DRAFT, STATES, Minutes, at_version, edited, fetch, keep
from skills.minutes.requests import Request

MARKDOWN = re.compile(r"markdown|マークダウン|\.md", re.I)
HOW_TO_EDIT = (
    "入力欄で直せます。スレッドでは「3を『…』に直す」「3の期限を12月10日に」とも書けます。"
    "Wordで直したファイルを添付しても構いません。"
)
NO_ITEMS = "項目がまだありません。"


async def press(message: Message, context: Context) -> Reply:
    """Do what a button of ours says."""
    verb, _, key = message.values.get("value", "").partition(" ")
    match verb:
        case "list":
            return await actions.list_open(context)
        case "done":
            return await actions.finish(message, context, key)
        case "take":
            return await actions.take_on(message, context, key)
    minutes = await fetch(context, key, message)
    match verb:
        case "check":
            return await approval.check(message, context, minutes)
        case "approve":
            return await approval.approve(message, context, minutes)
        case "share":
            return await approval.share(message, context, minutes)
        case "word" | "markdown":
            return await handing.hand_over(context, minutes, verb)
        case "evidence":
            return _ask_number(minutes)
        case "edit":
            form = forms.edit_form(minutes)
            return replace(showing.told(minutes, HOW_TO_EDIT), form=form)
        case "template":
            return _ask_template(context, minutes)
        case "changes":
            return await showing.changes_of(context, minutes)
    raise BadInput("minutes button", remedy="もう一度ボタンを押してください。")


async def submit(message: Message, context: Context) -> Reply:
    """Do what a form of ours says."""
    name, _, key = message.values.get("form", "").partition(" ")
    if name == actions.DUE_FORM:
        return await actions.change_due(message, context, key)
    minutes = await fetch(context, key, message)
    values = message.values
    match name:
        case forms.EDIT:
            return await _edit_by_form(message, context, minutes)
        case forms.EVIDENCE:
            number = forms.number_of(values.get("item", ""))
            return await showing.show_evidence(context, minutes, number)
        case forms.TEMPLATE:
            meeting, record = values.get("meeting", ""), values.get("record", "")
            return await change_template(context, minutes, meeting, record)
        case forms.UNDISCLOSE:
            return await undisclose(message, context, minutes, values.get("reason", ""))
    raise BadInput("minutes form", remedy="もう一度ボタンを押してください。")


async def answer(request: Request, message: Message, context: Context, minutes: Minutes) -> Reply:
    """Do what was asked in words."""
    match request.verb:
        case "evidence":
            return await showing.show_evidence(context, minutes, request.number)
        case "edit":
            form = forms.edit_form(minutes, request.number)
            return replace(showing.told(minutes, HOW_TO_EDIT), form=form)
        case "template":
            meeting, record = templates.load(context.folder).named(request.text)
            if not meeting and not record:
                return _ask_template(context, minutes)
            return await change_template(context, minutes, meeting, record)
        case "export":
            form_of_file = "markdown" if MARKDOWN.search(request.text) else "word"
            return await handing.hand_over(context, minutes, form_of_file)
        case "changes":
            return await showing.changes_of(context, minutes)
        case "undisclose":
            return await undisclose(message, context, minutes, request.text)
        case "show":
            return showing.show(minutes, workflow.load(context.folder))
    return await _save(context, minutes, _edited(request, context, minutes))


def _edited(request: Request, context: Context, minutes: Minutes) -> Minutes:
    """The next version that words ask for."""
    day = today(context.now)
    match request.verb:
        case "drop":
            return edits.drop(minutes, request.number)
        case "add":
            return edits.add(minutes, request.part, {"text": request.text}, day)
        case "row":
            head = templates.load(context.folder).find(minutes.meeting)[0].head
            return edits.set_row(minutes, request.part, request.text, head)
    return edits.change(minutes, request.number, {request.part: request.text}, day)


async def change_template(context: Context, minutes: Minutes, meeting: str, record: str) -> Reply:
    """Use another form. It does not change what the minutes say, only how they are written."""
    known = templates.load(context.folder)
    meeting = meeting or minutes.meeting
    is_kept = minutes.record in known.find(meeting)[0].records
    template, form = known.find(meeting, record or (minutes.record if is_kept else ""))
    changed = replace(minutes, meeting=template.meeting, record=form)
    await keep(context, changed)
    await context.note("template", minutes.key, {"meeting": template.meeting, "record": form})
    headings = "・".join(heading for _, heading in template.records[form].sections)
    return Reply(
        f"{template.meeting}の「{form}」にしました（{headings}）。",
        actions=showing.next_steps(changed, workflow.load(context.folder)),
        status="help",
        is_private=minutes.is_whispered,
    )


async def undisclose(message: Message, context: Context, minutes: Minutes, reason: str) -> Reply:
    """Leave out the line about the model: only with a reason, which stays on record."""
    if minutes.engine == "offline":
        return showing.told(minutes, "この議事録はAIを使っていないため、AIの表示は付きません。")
    if not reason.strip():
        words = "外す理由を書いてください。記録に残ります。"
        return replace(showing.told(minutes, words), form=forms.undisclose_form(minutes))
    changed = edited(minutes, undisclosed=reason.strip()[:500])
    await keep(context, changed)
    about = {"digest": minutes.digest, "engine": minutes.engine, "request": message.turn}
    await context.note("disclosure-removed", minutes.key, about)
    return showing.told(
        changed,
        "書き出す文書にAIの表示を付けません。理由は記録しました。"
        "もう一度、内容を確認してください。",
    )


async def take_back(
    message: Message, context: Context, minutes: Minutes, name: str, content: bytes
) -> Reply:
    """An edited copy of the document as the next version."""
    template = templates.load(context.folder).find(minutes.meeting)[0]
    transcript = await showing.words_of(context, minutes)
    returned = await handing.read_back(context, name, content)
    written_from = await at_version(context, minutes, returned.version)
    day = today(context.now)
    after = edits.take_back(minutes, written_from, template, transcript, returned, day)
    return await _save(context, minutes, after)


async def _save(context: Context, before: Minutes, after: Minutes) -> Reply:
    """Keep the next version and show what is different. It has to be checked again."""
    await keep(context, after)
    changes = edits.difference(before.content, after.content)
    about = {
        "digest": after.digest,
        "was_digest": before.digest,
        "was": before.state,
        "version": after.version,
        "changes": len(changes),
    }
    await context.note("edited", after.key, about)
    lines = [f"**直しました（第{after.version}版）**", *edits.told(changes)]
    if before.state != DRAFT:
        lines.append(f"{STATES[before.state]}を取り消し、未確認に戻しました。")
    return Reply(
        "\n".join(lines),
        actions=showing.next_steps(after, workflow.load(context.folder)),
        status="help",
        is_private=after.is_whispered,
    )


async def _edit_by_form(message: Message, context: Context, minutes: Minutes) -> Reply:
    values, day = message.values, today(context.now)
    what = values.get("what", "")
    if what.startswith(forms.ADD):
        kind = forms.ADDABLE.get(what.removeprefix(forms.ADD), "open")
        after = edits.add(minutes, kind, values, day)
    elif what == forms.DROP_IT:
        after = edits.drop(minutes, forms.number_of(values.get("item", "")))
    else:
        after = edits.change(minutes, forms.number_of(values.get("item", "")), values, day)
    return await _save(context, minutes, after)


def _ask_number(minutes: Minutes) -> Reply:
    form = forms.evidence_form(minutes)
    words = "どの項目の根拠を見ますか。スレッドでは「3の根拠」とも書けます。"
    return replace(showing.told(minutes, words if form else NO_ITEMS), form=form)


def _ask_template(context: Context, minutes: Minutes) -> Reply:
    words = f"今は{minutes.meeting}の「{minutes.record}」です。"
    form = forms.template_form(minutes, templates.load(context.folder))
    return replace(showing.told(minutes, words), form=form)
