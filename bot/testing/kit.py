"""A whole bot on fakes: say something, look at what a person sees and what the audit holds.

kit = Kit([my_skill], passages=[Passage(...)])
reply = await kit.say("夏季休暇は何日ですか")
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from tempfile import gettempdir

from bot.context import Services
from bot.contract import Skill
from bot.messages import Actor, Attachment, Kind, Message, Place, Reply, Visibility, new_id
from bot.ports import AuditEvent, Computing, Embeddings, Member, Passage, Workspace
from bot.prompts import PromptBook, load_prompts
from bot.testing.fake_chat import FakeChat
from bot.testing.fakes import (
    FakeAudit,
    FakeComputing,
    FakeDirectory,
    FakeFiles,
    FakeLLM,
    FakeRecords,
    FakeReminders,
    FakeSearch,
    StillClock,
)
from bot.turn import Bot

SHIPPED_PROMPTS = Path(__file__).parents[2] / "prompts"


class Kit:
    """A bot with everything behind it in memory.

    `answers` are what the model says, in order; without them there is no model. `home` is where
    the office's own files would be, such as those of `Context.folder`.
    """

    def __init__(
        self,
        skills: Iterable[Skill],
        *,
        passages: Sequence[Passage] = (),
        answers: Sequence[str | Exception] | None = None,
        workspace: Workspace | None = None,
        members: Sequence[Member] = (),
        clearance: str = "2",
        prompts: PromptBook | None = None,
        examples: Sequence[str] = (),
        computing: Computing | None = None,
        home: Path | None = None,
        embeddings: Embeddings | None = None,
    ) -> None:
        space = workspace or Workspace("main", "総務課")
        self.clock = StillClock()
        self.audit = FakeAudit()
        self.directory = FakeDirectory([space], members, clearance)
        self.search = FakeSearch({space.name: list(passages)})
        self.llm = None if answers is None else FakeLLM(answers)
        self.chat = FakeChat()
        self.files = FakeFiles(self.clock)
        self.reminders = FakeReminders()
        self.bot = Bot(
            {skill.name: skill for skill in skills},
            Services(
                search=self.search,
                records=FakeRecords(),
                directory=self.directory,
                clock=self.clock,
                prompts=prompts or load_prompts([SHIPPED_PROMPTS]),
                audit=self.audit,
                files=self.files,
                reminders=self.reminders,
                computing=computing or FakeComputing(),
                home=home or Path(gettempdir()) / f"shomu-kit-{new_id()}",
                llm=self.llm,
                embeddings=embeddings,
            ),
            examples,
        )

    def message(
        self,
        text: str,
        *,
        kind: Kind = "mention",
        actor: Actor | None = None,
        visibility: Visibility = "public",
        thread: str = "1000.1",
        files: Mapping[str, bytes] | None = None,
        command: str = "",
        values: Mapping[str, str] | None = None,
        workspace: str = "",
        turn: str = "",
    ) -> Message:
        """A message as an adapter would make it."""
        self.chat.files.update(files or {})
        return Message(
            text=text,
            actor=actor or Actor("U1", "山田"),
            place=Place("slack", "T1", "C1", thread, visibility),
            kind=kind,
            identity=f"slack:T1:C1:{new_id()}",
            turn=turn or new_id(),
            command=command,
            values=values or {},
            workspace=workspace,
            attachments=tuple(
                Attachment(name, size=len(content)) for name, content in (files or {}).items()
            ),
        )

    async def say(self, text: str, **about: object) -> Reply:
        """Send a message and return what was said."""
        return await self.bot.receive(self.message(text, **about), self.chat)  # type: ignore[arg-type]

    async def fire(self, key: str) -> Reply:
        """Let a reminder come due, and return what was said. Raises KeyError without one."""
        found = {kept.key: kept for kept in self.reminders.kept.values()}[key]
        await self.reminders.drop(found.workspace, found.skill, found.key)
        return await self.bot.receive(found.message(new_id(), 1), self.chat)

    def events(self, action: str) -> list[AuditEvent]:
        """The audit events of one action, oldest first."""
        return [event for event in self.audit.events.values() if event.action == action]
