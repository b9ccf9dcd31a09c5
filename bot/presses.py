"""What the buttons under every reply do: feedback, sharing a private answer; and stopping."""

from __future__ import annotations

from dataclasses import replace

from bot import policy, stopping
from bot.errors import BadInput, Refused
from bot.messages import Action, Message, Reply, Visibility, load_reply
from bot.ports import Audit, AuditEvent, Records, Workspace

KNOWN = frozenset({"feedback", "share", "stop"})
STOP = Action("stop", "中止する")


def offered(reply: Reply, visibility: Visibility) -> tuple[Action, ...]:
    """The buttons a reply gets."""
    if reply.status not in ("answered", "not_found") or not reply.skill:
        return ()
    buttons = [
        Action("feedback", "役に立った", "good"),
        Action("feedback", "役に立たなかった", "bad"),
    ]
    if reply.is_private and reply.can_be_shared and policy.fits(reply.label, visibility):
        buttons.append(Action("share", "みんなに共有", "", "primary"))
    return tuple(buttons)


async def press(message: Message, audit: Audit, records: Records, workspace: Workspace) -> Reply:
    """Do what a button says. `values` hold the button's value and the turn it stood under."""
    if message.command == "feedback":
        return await _feedback(message, audit, workspace)
    if message.command == STOP.name:
        return await _stop(message, audit, records, workspace)
    return await _share(message, audit)


async def _feedback(message: Message, audit: Audit, workspace: Workspace) -> Reply:
    value = message.values.get("value", "")
    turn = message.values.get("turn", "")
    if value not in ("good", "bad"):
        raise BadInput("feedback", remedy="もう一度ボタンを押してください。")
    await audit.record(
        AuditEvent(
            action="assistant.feedback",
            workspace=workspace.name,
            platform=message.place.platform,
            actor=message.actor.id,
            target=turn,
            turn=message.turn,
            outcome=value,
            # One vote for each person and answer: a second press changes nothing.
            key=f"feedback:{turn}:{message.actor.id}:{value}",
        )
    )
    return Reply("ご意見を記録しました。ありがとうございます。", status="help", is_private=True)


async def _stop(message: Message, audit: Audit, records: Records, workspace: Workspace) -> Reply:
    turn = message.values.get("turn", "")
    await stopping.ask(records, workspace.name, turn, message.subject)
    await audit.record(
        AuditEvent(
            action="assistant.stop",
            workspace=workspace.name,
            platform=message.place.platform,
            actor=message.actor.id,
            target=turn,
            turn=message.turn,
            key=f"stop:{turn}",
        )
    )
    return Reply("中止を受け付けました。", status="help", is_private=True)


async def _share(message: Message, audit: Audit) -> Reply:
    """Post a private answer where everyone reads it, unless its label forbids that."""
    turn = message.values.get("turn", "")
    kept = await audit.answer_body(turn, subject=message.subject)
    if not kept:
        raise BadInput("share", remedy="この回答は保存期間を過ぎたため共有できません。")
    reply = load_reply(kept)
    if not reply.can_be_shared:
        raise Refused("unchecked", remedy="内容を確認してから共有してください。")
    if not policy.fits(reply.label, message.place.visibility):
        raise Refused(
            "share above ceiling", remedy="この場所では共有できない機密性の文書を含みます。"
        )
    return replace(reply, is_private=False, actions=())
