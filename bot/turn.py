"""One message, start to finish. Read this first.

`Bot.receive` opens the audit record, finds the workspace, checks the rights, runs one skill,
posts its reply and closes the record, whatever happens in between. Adapters, the terminal and the
local page all come through here.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from hashlib import sha256

from bot import policy, presses, stopping
from bot.context import Services, TurnContext
from bot.contract import Skill
from bot.errors import BadInput, Refused, ShomuError, Stopped, UnknownWorkspace, Withdrawn
from bot.forms import SkillForms
from bot.ledger import Ledger
from bot.messages import (
    LONGEST_QUESTION,
    File,
    Form,
    Message,
    Reply,
    Source,
    dump_reply,
    load_reply,
)
from bot.ports import AuditEvent, Chat, Member, Workspace
from bot.routing import Route, route

log = logging.getLogger(__name__)

HOLDING = "調べています…"
CONTINUE = "次の内容を入力してください。"
TYPED = ("mention", "direct", "follow-up", "command")
FOLLOWED = ("answered", "not_found", "help")
NOBODY = Workspace(name="")
PRIVATE_NOTICE = "この場所では共有できない機密性の文書を含むため、あなただけに表示しています。"


class Bot:
    """Answers messages. Holds no state of its own: everything is behind a port."""

    def __init__(
        self,
        skills: Mapping[str, Skill],
        services: Services,
        examples: Sequence[str] = (),
    ) -> None:
        self.skills = skills
        self.services = services
        self.audit = services.audit
        self.examples = tuple(examples)
        self.forms = SkillForms(skills, services.directory, services.audit, services.home)

    async def receive(self, message: Message, chat: Chat) -> Reply:
        """Answer one message and account for it. Always returns what was said.

        Raises only when the reply could not be posted or the record not be written; the same
        message may then be received again, and neither is done twice.
        """
        started = self.services.clock.now()
        workspace = await self._workspace(message)
        await self._open(message, workspace, started)
        was_answered = await chat.hold(message, HOLDING)
        reply = await self._recorded(message)
        if reply is None:
            reply = await self._work(message, chat, workspace, started)
        if not _is_silent(message, reply):
            if not was_answered:
                # With its workspace: the files of a reply are fetched from there.
                await chat.answer(replace(message, workspace=workspace.name), reply)
            await self._join(message, workspace, reply)
        return reply

    async def _recorded(self, message: Message) -> Reply | None:
        """What an earlier attempt had ready: it is posted again, not worked out again."""
        if message.attempt <= 1:
            return None
        kept = await self.audit.answer_body(message.turn, subject=message.subject)
        return load_reply(kept) if kept else None

    async def _work(
        self, message: Message, chat: Chat, workspace: Workspace, started: datetime
    ) -> Reply:
        """Find the reply and close the record with it, before it is posted."""
        ledger = Ledger()
        skill, reason = None, ""
        member = Member(message.actor.id, workspace.name)
        try:
            member = await self._admit(workspace, message)
            skill, reply = await self._run(message, chat, workspace, member, ledger)
        except Withdrawn:
            reply, reason = Reply("", status="withdrawn"), "message deleted"
        except Stopped as stop:
            reply, reason = Reply(f"中止しました。{stop.remedy}", status="help"), stop.code
        except Refused as refusal:
            reply, reason = refused(refusal), str(refusal)
        except ShomuError as error:
            reply, reason = explained(error), error.code
            # Explained to the person already; a log at night is for what nobody was told.
            log.info("turn %s ended with %s", message.turn, error.code)
        except Exception as error:
            # Not log.exception: its text may hold the words of the message.
            reply, reason = explained(ShomuError("")), type(error).__name__
            log.error("turn %s failed: %s at %s", message.turn, reason, _line(error))
        reply = self._finish(reply, message, skill)
        await self._close(message, workspace, member, reply, ledger, started, reason)
        if ledger.can_be_stopped:
            await stopping.end(self.services.records, workspace.name, message.turn)
        return reply

    async def _workspace(self, message: Message) -> Workspace:
        try:
            return await self.services.directory.workspace(message)
        except UnknownWorkspace:
            return NOBODY

    async def _admit(self, workspace: Workspace, message: Message) -> Member:
        """Check that this person may use the bot here and now."""
        if workspace is NOBODY:
            # Asked again for its words: which workspaces there are and how to bind one.
            await self.services.directory.workspace(message)
        directory = self.services.directory
        member = await directory.member(workspace, message.place, message.actor)
        policy.admit(workspace, member, message.actor)
        asks = message.kind not in ("button", "reminder")
        counts = workspace.daily_turns and message.attempt == 1 and asks
        if counts and not await directory.reserve(
            workspace, f"turns:{message.actor.id}", 1, workspace.daily_turns
        ):
            raise Refused(
                "daily turns", remedy="本日の利用回数の上限に達しました。明日またご利用ください。"
            )
        return member

    async def _run(
        self, message: Message, chat: Chat, workspace: Workspace, member: Member, ledger: Ledger
    ) -> tuple[Skill | None, Reply]:
        """Choose a skill and let it answer."""
        if message.kind == "button" and message.command in presses.KNOWN:
            return None, await presses.press(message, self.audit, self.services.records, workspace)
        if message.kind == "reminder" and message.command not in self.skills:
            raise Refused("the skill is gone")
        if len(message.text) > LONGEST_QUESTION:
            raise BadInput(
                "too long",
                remedy=f"文章が長すぎます（{len(message.text):,}文字）。{LONGEST_QUESTION:,}文字まで"
                "に短くするか、ファイルで添付してください。",
            )
        thread_skill = await self.services.directory.joined(message.place)
        chosen = route(message, self.skills, thread_skill)
        if chosen.skill is None:
            return None, self._help(message)
        policy.allow(workspace, chosen.skill)
        form = await self._form(message, chosen)
        if form is not None:
            text = "\n".join([CONTINUE, *_wrong(form)])
            return chosen.skill, Reply(text, form=form, status="help")
        history = await chat.history(message)
        context = TurnContext(
            self.services, chosen.skill, message, workspace, member, chat, history, ledger
        )
        return chosen.skill, await chosen.skill.run(replace(message, text=chosen.text), context)

    async def _form(self, message: Message, chosen: Route) -> Form | None:
        """What has to be entered before the skill can run; None when it can run now."""
        if chosen.skill is None or chosen.skill.ask is None:
            return None
        named = replace(message, command=chosen.skill.name, text=chosen.text)
        if message.kind == "form":
            return await self.forms.following(named)
        is_bare = not chosen.text and not message.attachments and message.kind in TYPED
        return await self.forms.first(named) if is_bare else None

    def _help(self, message: Message) -> Reply:
        """What the bot can do, with questions to start from."""
        english = message.actor.locale.startswith("en")
        greeting = (
            "I search the office's manuals and answer with sources. Ask me in your own words:"
            if english
            else "職場のマニュアルや規程から出典つきでお答えします。ふだんの言葉で聞いてください。"
        )
        titles = "\n".join(
            f"- **{skill.title}**：{skill.description}" for skill in self.skills.values()
        )
        return Reply(
            f"{greeting}\n{titles}", suggestions=self.examples[:3], status="help", summary=greeting
        )

    def _finish(self, reply: Reply, message: Message, skill: Skill | None) -> Reply:
        """Check where the reply may be shown, and add what every reply carries."""
        name = skill.name if skill else reply.skill
        reply = replace(reply, turn=reply.turn or message.turn, skill=name)
        visibility = message.place.visibility
        if not policy.fits(reply.label, visibility):
            notice = "\n".join(part for part in (reply.notice, PRIVATE_NOTICE) if part)
            reply = replace(reply, is_private=True, notice=notice)
        # A command or a shortcut is asked in private: the asker may share the answer.
        is_whispered = reply.status == "refused" or message.kind in ("command", "shortcut")
        if is_whispered and visibility != "direct":
            reply = replace(reply, is_private=True)
        return replace(reply, actions=(*reply.actions, *presses.offered(reply, visibility)))

    async def _join(self, message: Message, workspace: Workspace, reply: Reply) -> None:
        """Follow a thread from now on: only one where everybody saw that the bot takes part."""
        talked = message.kind in ("mention", "direct", "follow-up", "form") and not reply.is_private
        if not (message.place.thread and talked and reply.status in FOLLOWED):
            return
        before = await self.services.directory.joined(message.place)
        # Thanks or a call for help does not change what the thread is about.
        skill = reply.skill or before or "help"
        await self.services.directory.join(message.place, workspace.name, skill)

    async def _open(self, message: Message, workspace: Workspace, started: datetime) -> None:
        event = AuditEvent(
            action="assistant.request",
            workspace=workspace.name,
            platform=message.place.platform,
            actor=message.actor.id,
            target=_target(message),
            turn=message.turn,
            details={
                "event_id": message.identity,
                "kind": message.kind,
                "attachments": len(message.attachments),
            },
            key=f"{message.turn}:request",
            occurred=started,
        )
        # A file's name may name a person: it stands with the words that can be erased.
        files = "".join(f"\n添付：{item.name}" for item in message.attachments)
        await self.audit.record(event, body=message.text + files, subject=message.subject)

    async def _close(
        self,
        message: Message,
        workspace: Workspace,
        member: Member,
        reply: Reply,
        ledger: Ledger,
        started: datetime,
        reason: str,
    ) -> None:
        ended = self.services.clock.now()
        skill = self.skills.get(reply.skill)
        event = AuditEvent(
            action="auth.denied" if reply.status == "refused" else "assistant.answer",
            workspace=workspace.name,
            platform=message.place.platform,
            actor=message.actor.id,
            actor_role=member.role,
            target=_target(message),
            turn=message.turn,
            outcome=reply.status,
            reason=reason,
            details={
                "event_id": message.identity,
                "attempt": message.attempt,
                "seconds": (ended - started).total_seconds(),
                "skill": reply.skill,
                "skill_version": skill.version if skill else "",
                "engine": reply.engine,
                **ledger.details(),
                "sources": [_cited(source) for source in reply.sources],
                "files": [_given(file) for file in reply.files],
                "policy": {
                    **ledger.policy(),
                    "label": reply.label,
                    "is_private": reply.is_private,
                },
            },
            key=f"{message.turn}:answer",
            occurred=ended,
        )
        await self.audit.record(event, body=dump_reply(reply), subject=message.subject)


def _is_silent(message: Message, reply: Reply) -> bool:
    """Whether nothing is posted: nobody asked for a reminder to be told that it is refused."""
    is_refused = message.kind == "reminder" and reply.status == "refused"
    return is_refused or reply.status == "withdrawn"


def refused(refusal: Refused) -> Reply:
    """Say why not, and what to do."""
    return Reply(f"お答えできません。{refusal.remedy}", status="refused")


def explained(error: ShomuError) -> Reply:
    """Say that it did not work, and what to do; never the text of the error."""
    opening = (
        "" if isinstance(error, BadInput) else "申し訳ありません。うまく処理できませんでした。"
    )
    return Reply(f"{opening}{error.remedy}", status="failed")


def _wrong(form: Form) -> list[str]:
    return [f"- {field.title}：{field.problem}" for field in form.fields if field.problem]


def _cited(source: Source) -> dict[str, str]:
    """A source without its words: which passage of which edition was shown."""
    return {
        "document": source.document,
        "revised": source.revised,
        "passage": source.passage_id,
        "label": source.label,
        "quote_digest": sha256(source.quote.encode()).hexdigest(),
    }


def _given(file: File) -> dict[str, str | int]:
    """A file without its name, which may name a person."""
    return {"id": file.id, "digest": file.digest, "size": file.size, "label": file.label}


def _target(message: Message) -> str:
    place = message.place
    return "/".join(part for part in (place.team, place.channel, place.thread) if part)


def _line(error: BaseException) -> str:
    """File and line where an error came from, without its text."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return f"{trace.tb_frame.f_code.co_filename}:{trace.tb_lineno}" if trace else "?"
