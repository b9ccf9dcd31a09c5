"""Who has checked and approved minutes, and who may see them."""

from __future__ import annotations

from dataclasses import replace

from bot import BadInput, Context, Message, Refused, Reply
from skills.minutes import actions, handing, showing, workflow
from skills.minutes.minutes import (
    APPROVED,
    CHECKED,
    DRAFT,
    STATES,
    Minutes,
    keep,
    remember_place,
)

DELETED = (
    "設定により、庶務が持っていた発言の記録を消しました。"
    "スレッドに添付された元のファイルは、チャットに残っています。必要に応じて消してください。"
)


async def check(message: Message, context: Context, minutes: Minutes) -> Reply:
    """A person says that the draft is what was said."""
    setting = workflow.load(context.folder)
    if minutes.state != DRAFT:
        return Reply(
            f"すでに{STATES[minutes.state]}です。",
            actions=showing.next_steps(minutes, setting),
            status="help",
            is_private=minutes.is_whispered,
        )
    checked = replace(minutes, state=CHECKED, checked_by=message.actor.id)
    await keep(context, checked)
    await context.note("checked", minutes.key, {"digest": minutes.digest, "was": DRAFT})
    return Reply(
        f"「{minutes.title or '議事録'}」を確認済みにしました。次は承認です。",
        actions=showing.next_steps(checked, setting),
        status="help",
        is_private=checked.is_whispered,
    )


async def approve(message: Message, context: Context, minutes: Minutes) -> Reply:
    """One step of the approval. The last one hands over the document and opens the actions."""
    setting = workflow.load(context.folder)
    if minutes.state == APPROVED and message.attempt > 1:
        return await _settle(context, minutes, setting)
    if minutes.state == APPROVED:
        return Reply(
            "すでに承認済みです。", actions=showing.next_steps(minutes, setting), status="help"
        )
    if minutes.state != CHECKED:
        raise BadInput("order", remedy="この議事録は未確認です。先に内容を確認してください。")
    step = setting.step_after(len(minutes.approvals))
    _may_approve(message, minutes, setting, step)
    approvals = (*minutes.approvals, message.actor.id)
    is_last = len(approvals) >= len(setting.steps)
    state = APPROVED if is_last else CHECKED
    moved = replace(minutes, state=state, approvals=approvals)
    about = {"digest": minutes.digest, "was": minutes.state, "step": len(approvals)}
    title = minutes.title or "議事録"
    if not is_last:
        await keep(context, moved)
        await context.note("approved-step", minutes.key, about)
        following = setting.step_after(len(approvals)).name
        return Reply(
            f"「{title}」を{step.name}が承認しました。次は{following}の承認です。",
            actions=showing.next_steps(moved, setting),
            status="help",
            is_private=moved.is_whispered,
        )
    await keep(context, moved)
    await context.note("approved", minutes.key, about)
    return await _settle(context, moved, setting)


async def _settle(context: Context, minutes: Minutes, setting: workflow.Rules) -> Reply:
    """What follows from the approval. Safe to repeat: an attempt may have ended halfway."""
    # Before the words that were said go: the form may have them.
    file = await handing.make(context, minutes, "word")
    opened, is_told = await actions.open_all(context, minutes)
    is_deleted = setting.delete_transcript and bool(minutes.transcript)
    if is_deleted:
        await context.note("transcript-deleted", minutes.key, {"file": minutes.transcript})
        await context.drop(minutes.transcript)
        minutes = replace(minutes, transcript="")
        await keep(context, minutes)
    title = minutes.title or "議事録"
    told = [f"「{title}」を承認済みにしました。対応{opened}件を一覧に加えました。"]
    if opened:
        told.append("担当する方は「私が担当します」を押してください。")
    if is_told:
        told.append("期限の前の開庁日と当日の朝9時に、ここでお知らせします。")
    return Reply(
        "\n".join(told),
        actions=(*actions.offers(minutes), *showing.next_steps(minutes, setting)),
        status="help",
        notice=DELETED if is_deleted else "",
        is_private=minutes.is_whispered,
        files=(file,),
    )


def _may_approve(
    message: Message, minutes: Minutes, setting: workflow.Rules, step: workflow.Step
) -> None:
    who = message.actor.id
    if step.by and who not in step.by:
        raise Refused("not this step", remedy=f"{step.name}として承認できる方が押してください。")
    if setting.needs_others and who in (minutes.by, *minutes.approvals):
        raise Refused(
            "same person",
            remedy="承認は、下書きを作った方や、前の段階で承認した方とは別の方が行います。",
        )


async def share(message: Message, context: Context, minutes: Minutes) -> Reply:
    """Show a private draft to everyone of the place, once a person has checked it."""
    if minutes.state == DRAFT:
        raise Refused("unchecked", remedy="内容を確認してから共有してください。")
    shared = replace(minutes, is_private=False)
    await keep(context, shared)
    await remember_place(context, message, minutes.key)
    await context.note("shared", minutes.key, {"digest": minutes.digest})
    return showing.show(shared, workflow.load(context.folder))
