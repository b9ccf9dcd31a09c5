"""Working on a run: looking at topics and changing them. Every change is an edit on the record."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from bot import BadInput, Context, Message, Reply
from skills.opinions import crosstabs, editing, edits, replies, runs, work
from skills.opinions.model import ISOLATED
from skills.opinions.orders import Order, button
from skills.opinions.overview import Line, Overview
from skills.opinions.runs import Run


async def list_runs(message: Message, context: Context) -> Reply:
    """The asker's own runs, or how to begin one."""
    found = await runs.mine(context, message)
    if not found:
        return Reply(replies.HOW, status="help")
    lines = [f"- {file}（{made[:10]} {made[11:16]}）" for _, file, made in found]
    buttons = tuple(button(f"{file[:40]} を開く", "topics", run_id) for run_id, file, _ in found)
    text = "\n".join(["**これまでの整理結果**", *lines, replies.HOW])
    return Reply(text, actions=buttons, status="help")


async def topics(order: Order, run: Run, message: Message, context: Context) -> Reply:
    _, overview = run.whole
    return replies.topic_list(run, overview, _start(order))


async def topic(order: Order, run: Run, message: Message, context: Context) -> Reply:
    """A topic and its originals; number 0 are those that stand alone."""
    analysis, overview = run.whole
    start = _start(order)
    packed = await context.open(analysis)
    wanted = ISOLATED if order.topic in ("", replies.ALONE) else line_of(order, overview).id
    found = await context.compute(work.members, packed, run.edits, wanted, start)
    if wanted == ISOLATED:
        return replies.alone(run, overview, found, start)
    parts = [part for part in overview.topics if part.parent == wanted]
    return replies.topic(run, line_of(order, overview), parts, found, start)


async def rename(order: Order, run: Run, message: Message, context: Context) -> Reply:
    line = line_of(order, run.whole[1])
    label = order.values.get("label", "")
    if not label:
        return replies.ask_label(run, line)
    run = await change(context, message, run, "rename", {"topic": line.id, "label": label})
    return replies.changed(run, f"「{line.label}」の名前を「{label}」に変えました。")


async def merge(order: Order, run: Run, message: Message, context: Context) -> Reply:
    """One topic takes the others in; from a form the first is the one it was opened for."""
    overview = run.whole[1]
    others = order.others
    if not others:
        return replies.ask_others(run, line_of(order, overview), overview)
    wanted = [order.topic, *others] if order.topic else others
    lines = [_known(overview, number) for number in dict.fromkeys(wanted)]
    values = {"topic": lines[0].id, "others": [line.id for line in lines[1:]]}
    run = await change(context, message, run, "merge", values)
    told = "、".join(f"「{line.label}」" for line in lines[1:])
    return replies.changed(run, f"{told}を「{lines[0].label}」に統合しました。")


async def split(order: Order, run: Run, message: Message, context: Context) -> Reply:
    before = run.whole[1]
    line = line_of(order, before)
    run = await change(context, message, run, "split", {"topic": line.id})
    after = run.whole[1]
    known = {item.id for item in before.topics if item.parent == line.parent}
    made = [item for item in after.topics if item.parent == line.parent and item.id not in known]
    told = "、".join(f"{item.number}. {item.label}（実質{item.voices:,}件）" for item in made)
    return replies.changed(run, f"「{line.label}」を分けました：{told}")


async def move(order: Order, run: Run, message: Message, context: Context) -> Reply:
    """An opinion, and all with the same words, into another topic or a new one."""
    overview = run.whole[1]
    row, label = order.values.get("row", ""), order.values.get("label", "")
    target = order.values.get("target", "").partition(".")[0] or order.values.get("topic", "")
    if not row:
        return replies.ask_move(run, line_of(order, overview), overview)
    if not row.strip().isdecimal():
        raise BadInput("row", remedy="行は、表計算ソフトの左端の番号で入力してください。")
    if not label and not target:
        raise BadInput(
            "target", remedy="移す先の話題を選ぶか、新しい話題の名前を入力してください。"
        )
    number = ISOLATED if label or target == replies.ALONE else _known(overview, target).id
    values = {"row": int(row), "topic": number, "label": label}
    run = await change(context, message, run, "move", values)
    line = overview.line(number)
    where = label or (line.label if line else "個別の意見")
    return replies.changed(
        run, f"{row.strip()}行目の意見（同じ文面を含む）を「{where}」に移しました。"
    )


async def lock(order: Order, run: Run, message: Message, context: Context) -> Reply:
    line = line_of(order, run.whole[1])
    run = await change(context, message, run, "lock", {"topic": line.id})
    return replies.changed(
        run, f"「{line.label}」を固定しました。整理し直しても、名前と今ある意見は変わりません。"
    )


async def unlock(order: Order, run: Run, message: Message, context: Context) -> Reply:
    line = line_of(order, run.whole[1])
    run = await change(context, message, run, "unlock", {"topic": line.id})
    return replies.changed(run, f"「{line.label}」の固定を解除しました。")


async def undo(order: Order, run: Run, message: Message, context: Context) -> Reply:
    """Take the last edit back."""
    if not run.edits:
        raise BadInput("nothing to undo", remedy="元に戻す編集はありません。")
    last = edits.Edit.from_json(run.edits[-1])
    analysis, _ = run.whole
    # What one message asked for is taken back as one.
    left = tuple(edit for edit in run.edits if edit["turn"] != last.turn)
    overview = await context.compute(work.look_over, await context.open(analysis), left)
    run = replace(run, edits=left, overview=overview)
    await runs.save(context, run)
    if last.reminder:
        await context.forget(last.reminder)
    await context.note("undone", run.id, {"verb": last.verb, "edits": len(left)})
    return replies.changed(run, f"「{edits.TITLES[last.verb]}」を元に戻しました。")


async def cross(order: Order, run: Run, message: Message, context: Context) -> Reply:
    """Topics by an attribute, in the chat and as a file."""
    analysis, overview = run.whole
    attribute = order.values.get("attribute", "")
    if not attribute:
        listed = overview.attributes
        text = "どの属性で集計しますか。" if listed else "属性の列がありません。"
        buttons = tuple(button(name, "cross", run.id, attribute=name) for name in listed)
        return Reply(text, actions=buttons, status="help")
    packed = await context.open(analysis)
    table = await context.compute(work.cross, packed, run.edits, attribute)
    file = await context.attach(
        f"集計_{attribute}.csv", crosstabs.as_csv(table), label=replies.MASKED_LABEL
    )
    lines = [f"**話題×{attribute}**（実質件数）", *crosstabs.as_lines(table)]
    lines.append(
        "小さい数から個人が分かることがあります。公開するときは「公開用に出す」を使ってください。"
    )
    return Reply("\n".join(lines), files=(file,), status="help")


async def compare(order: Order, run: Run, message: Message, context: Context) -> Reply:
    """What changed since the run before in this thread."""
    analysis, overview = run.whole
    if not run.before:
        raise BadInput(
            "no earlier run",
            remedy="このスレッドに前の結果がありません。新しいファイルを同じスレッドに添付してください。",
        )
    earlier = await runs.find(context, message, run.before)
    old, _ = earlier.whole
    found = await context.compute(
        work.compare,
        await context.open(old),
        earlier.edits,
        await context.open(analysis),
        run.edits,
    )
    lines = [
        f"**前回との比較**（{earlier.source.name} → {overview.file}、実質件数）",
        f"新しい意見 {found.new_opinions:,}件、前回だけにあった意見 {found.gone_opinions:,}件、"
        f"全体 {found.before:,} → {found.after:,}",
    ]
    for one in found.changes:
        was = f"（前回「{one.was}」）" if one.was else ""
        lines.append(f"- {one.kind} **{one.label}**{was} {one.before:,} → {one.after:,}")
    lines.append("話題の対応は言葉の近さから推定しています。")
    return Reply("\n".join(lines), status="help")


async def share(order: Order, run: Run, message: Message, context: Context) -> Reply:
    """Let others of the workspace work on a run, after a second press."""
    if run.owner != message.subject:
        raise BadInput("not the owner", remedy="共有できるのは、依頼した方だけです。")
    if order.values.get("sure") != "yes":
        return Reply(
            "この整理結果を、このワークスペースの人が見て直せるようにします。"
            "意見の原文（個人情報は伏せたもの）も見られます。",
            actions=(button("共有する", "share", run.id, "primary", sure="yes"),),
            status="help",
        )
    await runs.share(context, run)
    await context.note("shared", run.id, {})
    return Reply("共有しました。", status="help")


async def change(
    context: Context, message: Message, run: Run, verb: str, values: Mapping[str, Any]
) -> Run:
    """Make an edit, keep it and put it on the record: digests and counts, no words."""
    analysis, _ = run.whole
    packed = await context.open(analysis)
    made, overview = await context.compute(work.change, packed, run.edits, verb, dict(values))
    now = context.now.isoformat(timespec="seconds")
    about = {"by": message.subject, "at": now, "turn": message.turn}
    run = replace(run, edits=(*run.edits, *({**edit, **about} for edit in made)), overview=overview)
    await runs.save(context, run)
    details = {
        "verb": verb,
        "topic": values.get("topic"),
        "others": values.get("others", []),
        "words": [edit["digest"] for edit in made if edit["digest"]],
        "edits": len(run.edits),
    }
    await context.note("edited", run.id, details)
    return run


def line_of(order: Order, overview: Overview) -> Line:
    """The topic an order names. Raises BadInput."""
    return _known(overview, order.topic)


def _known(overview: Overview, number: str) -> Line:
    line = overview.numbered(number)
    if line is None:
        raise BadInput("no topic", remedy=editing.GONE)
    return line


def _start(order: Order) -> int:
    start = order.values.get("start", "0")
    return int(start) if start.isdecimal() else 0
