"""What a running skill may reach, bound to one turn and written down as it is used.

Every way from a skill to documents or to a model leads through here, so the rights of the asker,
the label of the data, the token budget and the masking of personal data are applied in one place.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bot import file_names, masking, outgoing, policy, routing, stopping
from bot.contract import Skill, T, skill_folder
from bot.errors import BadInput, ModelFailed, NoModel, Stopped
from bot.ledger import Ledger
from bot.messages import (
    LABELS,
    UNKNOWN_LABEL,
    Attachment,
    File,
    Message,
    Reminder,
    Said,
    highest_label,
    new_id,
)
from bot.ports import (
    LLM,
    MANUAL,
    SKILLS_WORKSPACE,
    Audit,
    AuditEvent,
    Chat,
    Clock,
    Completion,
    Computing,
    Directory,
    Embeddings,
    Files,
    Member,
    Passage,
    Records,
    Reminders,
    Search,
    Workspace,
    Zone,
)
from bot.prompts import PromptBook
from bot.sheets import Sheet

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

MOST_ATTACHED_BYTES = 20 * 1024 * 1024
STOP_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Services:
    """The ports a turn works with."""

    search: Search
    records: Records
    directory: Directory
    clock: Clock
    prompts: PromptBook
    audit: Audit
    files: Files
    reminders: Reminders
    computing: Computing
    home: Path
    llm: LLM | None = None
    embeddings: Embeddings | None = None


class TurnContext:
    """Implements `bot.contract.Context` for one turn."""

    def __init__(
        self,
        services: Services,
        skill: Skill,
        message: Message,
        workspace: Workspace,
        member: Member,
        chat: Chat,
        history: Sequence[Said],
        ledger: Ledger,
    ) -> None:
        self._services = services
        self._message = message
        self._workspace = workspace
        self._member = member
        self._chat = chat
        self._ledger = ledger
        self._shows_stop = False
        self.skill = skill
        self.history = history

    @property
    def workspace(self) -> str:
        return self._workspace.name

    @property
    def earlier_question(self) -> str:
        """The last line of a person that asks something: thanks are not a question."""
        said = (line.text for line in reversed(self.history) if not line.by_bot)
        return next((text for text in said if not routing.is_small_talk(text)), "")

    @property
    def now(self) -> datetime:
        return self._services.clock.now()

    @property
    def folder(self) -> Path:
        return skill_folder(self._services.home, self.workspace, self.skill.name)

    @property
    def model(self) -> str:
        return self._services.llm.name if self._services.llm else ""

    @property
    def embedding_model(self) -> str:
        return self._services.embeddings.name if self._services.embeddings else ""

    def count(self, text: str) -> int:
        model = self._services.llm or self._services.embeddings
        return model.count(text) if model else 0

    async def find(
        self, query: str, *, top: int = 5, collection: str = MANUAL, before: str = ""
    ) -> Sequence[Passage]:
        is_own = collection == self.skill.own_collection
        return await self._services.search.find(
            query,
            workspace=SKILLS_WORKSPACE if is_own else self._workspace.name,
            clearance=self._member.clearance,
            collection=collection,
            top=top,
            marked=True,
            before=before,
        )

    async def has_documents(self) -> bool:
        return await self._services.search.holds_any(
            workspace=self._workspace.name, clearance=self._member.clearance
        )

    async def open(self, attachment: Attachment | File) -> bytes:
        if isinstance(attachment, File):
            kept = await self.fetch(attachment.id)
            if kept is None:
                raise BadInput(
                    "file gone",
                    remedy=f"{attachment.name} の保存期間が過ぎました。もう一度お送りください。",
                )
            return kept
        if attachment.size > MOST_ATTACHED_BYTES:
            raise BadInput(
                "attachment too large",
                remedy=f"{attachment.name} は大きすぎます。20MBまでのファイルをお送りください。",
            )
        return await self._chat.download(attachment)

    async def read(self, attachment: Attachment | File) -> Sequence[Passage]:
        return await self._services.search.read(attachment.name, await self.open(attachment))

    async def text(self, attachment: Attachment | File) -> str:
        return await self._services.search.text(attachment.name, await self.open(attachment))

    async def attach(
        self, name: str, content: bytes, *, media_type: str = "", label: str = "2"
    ) -> File:
        safe = file_names.safe_name(name)
        if not content:
            raise BadInput("empty file", remedy=f"{safe} は中身が空のため、お渡しできません。")
        if len(content) > MOST_ATTACHED_BYTES:
            raise BadInput(
                "file too large",
                remedy=f"{safe} は20MBを超えるため、お渡しできません。範囲を分けてお試しください。",
            )
        file = File(
            new_id(),
            safe,
            file_names.media_type(safe, media_type),
            len(content),
            sha256(content).hexdigest(),
            label if label in LABELS else UNKNOWN_LABEL,
        )
        subject = self._message.subject
        await self._services.files.keep(file, content, workspace=self.workspace, subject=subject)
        return file

    async def sheets(self, attachment: Attachment | File) -> Sequence[Sheet]:
        return await self._services.search.sheets(attachment.name, await self.open(attachment))

    async def fetch(self, file_id: str) -> bytes | None:
        found = await self._services.files.fetch(file_id, workspace=self.workspace)
        return found.content if found else None

    async def drop(self, file_id: str) -> None:
        await self._services.files.drop(file_id, workspace=self.workspace)

    async def read_back(
        self, since: datetime | None = None, until: datetime | None = None
    ) -> Sequence[Said]:
        return await self._chat.read_back(self._message, since, until)

    async def rank(
        self, query: str, passages: Sequence[Passage], *, top: int = 5
    ) -> Sequence[Passage]:
        return await self._services.search.rank(query, passages, top=top)

    async def progress(self, text: str, *, stoppable: bool = False) -> None:
        self._shows_stop = stoppable
        if stoppable and not self._ledger.can_be_stopped:
            turn, subject = self._message.turn, self._message.subject
            await stopping.offer(self._services.records, self.workspace, turn, subject)
            self._ledger.can_be_stopped = True
        await self._chat.progress(self._message, text, stoppable=stoppable)

    async def stop_if_asked(self) -> None:
        if self._ledger.can_be_stopped and await stopping.is_asked(
            self._services.records, self.workspace, self._message.turn
        ):
            raise Stopped("stopped by the asker")

    async def compute(self, function: Callable[..., T], *arguments: Any) -> T:
        await self.stop_if_asked()
        computing: asyncio.Task[T] = asyncio.create_task(
            self._services.computing.run(function, arguments)
        )
        try:
            while not (await asyncio.wait({computing}, timeout=STOP_SECONDS))[0]:
                await self.stop_if_asked()
            return computing.result()
        finally:
            # Stopped, or the lease is lost: nobody wants the result.
            computing.cancel()
            await asyncio.wait({computing})

    async def keep(self, key: str, value: Any) -> None:
        await self._services.records.put(self.workspace, self.skill.name, key, value)

    async def kept(self, key: str) -> Any:
        return await self._services.records.get(self.workspace, self.skill.name, key)

    async def all_kept(self, prefix: str) -> Mapping[str, Any]:
        return await self._services.records.list(self.workspace, self.skill.name, prefix)

    async def remind(self, key: str, at: datetime, *, to: str = "") -> bool:
        if at.tzinfo is None:
            raise ValueError("a reminder's time needs its zone")
        reference = self._chat.reference()
        if reference is None:
            return False
        message, due = self._message, at.astimezone(UTC)
        reminder = Reminder(
            self.workspace, self.skill.name, key, due, message.place, message.actor, reference, to
        )
        await self._services.reminders.put(reminder)
        return True

    async def forget(self, key: str) -> None:
        await self._services.reminders.drop(self.workspace, self.skill.name, key)

    async def note(self, action: str, target: str, details: Mapping[str, Any]) -> None:
        event = AuditEvent(
            action=f"{self.skill.name}.{action}",
            workspace=self.workspace,
            platform=self._message.place.platform,
            actor=self._message.actor.id,
            actor_role=self._member.role,
            target=target,
            turn=self._message.turn,
            details=details,
            # A second attempt of the same turn is the same act.
            key=f"{self._message.turn}:{self.skill.name}.{action}:{target}",
        )
        await self._services.audit.record(event)

    async def complete(
        self,
        prompt: str,
        inputs: Mapping[str, Any],
        *,
        passages: Sequence[Passage] = (),
        schema: type[Any] | None = None,
        max_tokens: int = 1_000,
    ) -> Completion:
        model = self._services.llm
        if model is None:
            raise NoModel("no model")
        label = highest_label([policy.LABEL_OF_QUESTIONS, *(p.label for p in passages)])
        decision = self._decide(model.zone, label)
        shown = outgoing.fit(passages, model, max_tokens)
        owner, _, purpose = prompt.rpartition("/")
        turns, use = self._services.prompts.render(
            owner or self.skill.name,
            purpose,
            self._message.actor.locale,
            {**inputs, "passages": [outgoing.shown(passage) for passage in shown]},
        )
        masked = outgoing.Masked(turns) if decision == "mask" else None
        if masked is not None:
            turns = masked.turns
            self._ledger.add_masks(masked.counts)
        await self._reserve(sum(model.count(turn.text) for turn in turns) + max_tokens)
        self._ledger.prompts.append(use)
        if owner and self.skill.instructions:
            self._ledger.prompts.append(self.skill.words)
        await self.progress("回答を作成しています…", stoppable=self._shows_stop)
        try:
            completion = await model.complete(turns, schema=schema, max_tokens=max_tokens)
        except ModelFailed as failure:
            self._ledger.model_failures.append(str(failure))
            raise
        self._ledger.model = completion.engine
        self._ledger.tokens_in += completion.tokens_in
        self._ledger.tokens_out += completion.tokens_out
        return completion if masked is None else masked.restore(completion)

    async def embed(self, texts: Sequence[str], *, label: str) -> NDArray[np.float32]:
        model = self._services.embeddings
        if model is None:
            raise NoModel("no embeddings")
        if self._decide(model.zone, label) == "mask":
            masked = await asyncio.to_thread(masking.mask_all, texts)
            texts = masked.texts
            self._ledger.add_masks(masked.found)
        sizes = await asyncio.to_thread(lambda: [model.count(text) for text in texts])
        await self._reserve(sum(sizes))
        parts: list[NDArray[np.float32]] = []
        for start, end in outgoing.batches(sizes):
            told = f"{start:,}／{len(texts):,}件の文をモデルに渡しました…"
            await self.progress(told, stoppable=True)
            await self.stop_if_asked()
            try:
                embedded = await model.embed(texts[start:end])
                if parts and parts[0].shape[1] != embedded.vectors.shape[1]:
                    raise ModelFailed("garbage")
            except ModelFailed as failure:
                self._ledger.model_failures.append(str(failure))
                raise
            self._ledger.model = embedded.engine
            self._ledger.tokens_in += embedded.tokens
            parts.append(embedded.vectors)
        # A tenth of a second to import: only those who use it wait for it.
        import numpy as np

        return np.concatenate(parts) if parts else np.zeros((0, 0), dtype=np.float32)

    def _decide(self, zone: Zone, label: str) -> policy.Decision:
        decision = policy.decide(label, zone)
        self._ledger.label, self._ledger.zone, self._ledger.decision = label, zone, decision
        if decision == "refuse":
            raise NoModel("policy")
        return decision

    async def _reserve(self, wanted: int) -> None:
        """Take the tokens from the month's budget before they are spent."""
        limit = self._workspace.monthly_tokens
        if not limit:
            return
        if not await self._services.directory.reserve(self._workspace, "tokens", wanted, limit):
            raise NoModel("budget")
