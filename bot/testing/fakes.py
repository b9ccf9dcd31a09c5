"""A fake of each port: in memory, deterministic, no network, no clock."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from bot.errors import ModelFailed, ShomuError, UnknownWorkspace, UnreadableDocument
from bot.messages import (
    LABELS,
    Actor,
    File,
    Message,
    Place,
    Reminder,
    label_rank,
    new_id,
)
from bot.ports import (
    MANUAL,
    AuditEvent,
    Clock,
    Completion,
    Delivery,
    KeptFile,
    Member,
    Passage,
    Turn,
    Workspace,
    Zone,
)
from bot.sheets import Sheet


class StillClock:
    """A clock that moves only when told to."""

    def __init__(self, now: datetime = datetime(2026, 11, 22, 1, 0, tzinfo=UTC)) -> None:
        self._now = now

    def now(self) -> datetime:
        return self._now

    def move(self, seconds: float) -> None:
        self._now += timedelta(seconds=seconds)


class FakeSearch:
    """Finds passages by shared characters: enough to tell a hit from a miss."""

    def __init__(self, passages: Mapping[str, Sequence[Passage]] | None = None) -> None:
        self.passages = dict(passages or {})

    async def find(
        self,
        query: str,
        *,
        workspace: str,
        clearance: str,
        collection: str = MANUAL,
        top: int = 5,
        marked: bool = False,
        before: str = "",
    ) -> Sequence[Passage]:
        if not workspace:
            raise UnknownWorkspace(
                "no workspace given", remedy="ワークスペースを指定してください。"
            )
        return _best(query, self._readable(workspace, clearance, collection), top, marked)

    async def holds_any(self, *, workspace: str, clearance: str, collection: str = MANUAL) -> bool:
        return bool(self._readable(workspace, clearance, collection))

    def _readable(self, workspace: str, clearance: str, collection: str) -> list[Passage]:
        if clearance not in LABELS:
            return []
        return [
            passage
            for passage in self.passages.get(workspace, ())
            if passage.collection == collection
            and label_rank(passage.label) <= label_rank(clearance)
        ]

    async def read(self, name: str, content: bytes) -> Sequence[Passage]:
        try:
            text = content.decode("utf-8")
        except UnicodeDecodeError as error:
            raise UnreadableDocument(f"{name}: 読めません。") from error
        parts = [part for part in text.split("\n") if part]
        return [Passage(f"{name}-{n}", name, "", part) for n, part in enumerate(parts)]

    async def text(self, name: str, content: bytes) -> str:
        await self.read(name, content)  # refuses what cannot be read
        return content.decode("utf-8")

    async def sheets(self, name: str, content: bytes) -> Sequence[Sheet]:
        try:
            lines = content.decode("utf-8-sig").splitlines(keepends=True)
        except UnicodeDecodeError as error:
            raise UnreadableDocument(f"{name}: 読めません。") from error
        return [Sheet("", tuple(tuple(row) for row in csv.reader(lines)))]

    async def rank(
        self, query: str, passages: Sequence[Passage], *, top: int = 5
    ) -> Sequence[Passage]:
        return _best(query, passages, top, marked=True)


def _best(query: str, passages: Sequence[Passage], top: int, marked: bool) -> Sequence[Passage]:
    wanted = _bigrams(query)
    scored = []
    for passage in passages:
        shared = len(wanted & _bigrams(passage.heading + passage.text))
        if shared:
            found = replace(passage, score=float(shared), coverage=shared / len(wanted))
            scored.append(replace(found, marked=_mark(wanted, passage)) if marked else found)
    return sorted(scored, key=lambda passage: -passage.score)[:top]


def _mark(wanted: set[str], passage: Passage) -> str:
    """The sentence that shares most with the question; a mark that is there already stays."""
    sentences = [part for part in re.split(r"(?<=。)|\n", passage.text) if part]
    nearest = max(sentences, key=lambda part: len(wanted & _bigrams(part)), default="")
    return passage.marked or nearest


def _bigrams(text: str) -> set[str]:
    return {text[i : i + 2] for i in range(len(text) - 1)}


class FakeLLM:
    """Says what it was told to say, in order; an exception in the list is raised."""

    name = "fake-model"
    zone: Zone = "local"
    context_tokens = 8_000

    def __init__(self, answers: Iterable[str | Exception] = ()) -> None:
        self.answers = list(answers)
        self.asked: list[Sequence[Turn]] = []

    async def complete(
        self, turns: Sequence[Turn], *, schema: type[Any] | None = None, max_tokens: int = 1_000
    ) -> Completion:
        text = self._next(turns)
        value = None
        if schema is not None:
            try:
                value = schema(**json.loads(text))
            except (ValueError, TypeError) as error:
                raise ModelFailed("garbage") from error
        counted = sum(self.count(turn.text) for turn in turns)
        return Completion(text, self.name, counted, self.count(text), value)

    async def stream(self, turns: Sequence[Turn], *, max_tokens: int = 1_000) -> AsyncIterator[str]:
        text = self._next(turns)
        for end in range(4, len(text) + 4, 4):
            yield text[:end]

    def count(self, text: str) -> int:
        return len(text)

    def _next(self, turns: Sequence[Turn]) -> str:
        self.asked.append(turns)
        if not self.answers:
            raise ModelFailed("no more answers")
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


class FakeAudit:
    """Keeps events in a list; writing the same key twice keeps one."""

    def __init__(self) -> None:
        self.events: dict[str, AuditEvent] = {}
        self.bodies: dict[str, str] = {}
        self.subjects: dict[str, str] = {}
        self._ids: dict[str, str] = {}

    async def record(self, event: AuditEvent, *, body: str = "", subject: str = "") -> str:
        key = event.key or new_id()
        if key in self._ids:
            return self._ids[key]
        is_request = event.action == "assistant.request" and event.turn
        event_id = event.turn if is_request else new_id()
        self._ids[key] = event_id
        self.events[event_id] = event
        if body:
            self.bodies[event_id] = body
            self.subjects[event_id] = subject
        return event_id

    async def body(self, event_id: str) -> str:
        return self.bodies.get(event_id, "")

    async def answer_body(self, turn: str, *, subject: str) -> str:
        for event_id, event in self.events.items():
            is_answer = event.turn == turn and event.action == "assistant.answer"
            if is_answer and self.subjects.get(event_id) == subject:
                return self.bodies[event_id]
        return ""

    def actions(self) -> list[str]:
        return [event.action for event in self.events.values()]


class FakeRecords:
    """JSON values in a dictionary."""

    def __init__(self) -> None:
        self._values: dict[tuple[str, str, str], str] = {}

    async def put(self, workspace: str, skill: str, key: str, value: Any) -> None:
        self._values[workspace, skill, key] = json.dumps(value, ensure_ascii=False)

    async def get(self, workspace: str, skill: str, key: str) -> Any:
        found = self._values.get((workspace, skill, key))
        return None if found is None else json.loads(found)

    async def list(self, workspace: str, skill: str, prefix: str = "") -> Mapping[str, Any]:
        return {
            key: json.loads(value)
            for (space, owner, key), value in sorted(self._values.items())
            if (space, owner) == (workspace, skill) and key.startswith(prefix)
        }

    async def drop(self, workspace: str, skill: str, key: str) -> None:
        self._values.pop((workspace, skill, key), None)


class FakeComputing:
    """Computes at once, in the same process."""

    async def run(self, function: Callable[..., Any], arguments: Sequence[Any]) -> Any:
        try:
            return function(*arguments)
        except ShomuError:
            raise
        except Exception as error:
            raise ShomuError("computing failed") from error


class FakeFiles:
    """Files in a dictionary; `named` reads one back in a test."""

    def __init__(self, clock: Clock | None = None, days: int = 365) -> None:
        self._clock = clock or StillClock()
        self._days = timedelta(days=days)
        self.kept: dict[tuple[str, str], KeptFile] = {}
        self.subjects: dict[str, str] = {}
        self._expires: dict[str, datetime] = {}

    async def keep(self, file: File, content: bytes, *, workspace: str, subject: str) -> None:
        self.kept[workspace, file.id] = KeptFile(file, content)
        self.subjects[file.id] = subject
        self._expires[file.id] = self._clock.now() + self._days

    async def fetch(self, file_id: str, *, workspace: str) -> KeptFile | None:
        found = self.kept.get((workspace, file_id))
        return found if found and self._expires[file_id] > self._clock.now() else None

    async def drop(self, file_id: str, *, workspace: str) -> bool:
        return self.kept.pop((workspace, file_id), None) is not None

    def named(self, name: str) -> bytes:
        """The bytes of the newest file of that name."""
        return next(kept.content for kept in reversed(self.kept.values()) if kept.file.name == name)


class FakeDirectory:
    """One workspace for everyone, unless told otherwise."""

    def __init__(
        self,
        workspaces: Sequence[Workspace] = (Workspace("main", "総務課"),),
        members: Sequence[Member] = (),
        clearance: str = "2",
    ) -> None:
        self.workspaces = {workspace.name: workspace for workspace in workspaces}
        self.members = {(member.workspace, member.actor): member for member in members}
        self.clearance = clearance
        self.used: dict[tuple[str, str], int] = {}
        self.threads: dict[tuple[str, str, str, str], str] = {}

    async def workspace(self, message: Message) -> Workspace:
        name = message.workspace or next(iter(self.workspaces))
        if name not in self.workspaces:
            raise UnknownWorkspace(
                f"unknown workspace {name}",
                remedy="この場所はまだ庶務のワークスペースに結び付けられていません。"
                "管理者にお知らせください。",
            )
        return self.workspaces[name]

    async def member(self, workspace: Workspace, place: Place, actor: Actor) -> Member:
        found = self.members.get((workspace.name, actor.id))
        if found is None and place.platform == "console":
            return Member(actor.id, workspace.name, role="operator", clearance="3B")
        if found is None and workspace.members == "listed":
            return Member(actor.id, workspace.name, state="applied", clearance="1")
        return found or Member(actor.id, workspace.name, clearance=self.clearance)

    async def reserve(self, workspace: Workspace, subject: str, amount: int, limit: int) -> bool:
        used = self.used.get((workspace.name, subject), 0)
        if limit and used + amount > limit:
            return False
        self.used[workspace.name, subject] = used + amount
        return True

    async def join(self, place: Place, workspace: str, skill: str) -> None:
        self.threads[place.platform, place.team, place.channel, place.thread] = skill

    async def joined(self, place: Place) -> str:
        return self.threads.get((place.platform, place.team, place.channel, place.thread), "")


class FakeInbox:
    """Deliveries in a list; `waiting` are those not yet handed out by `take`."""

    def __init__(self) -> None:
        self.waiting: list[Delivery] = []
        self.posted: dict[str, str] = {}
        self._known: set[str] = set()

    async def accept(self, delivery: Delivery) -> bool:
        if delivery.identity in self._known:
            return False
        self._known.add(delivery.identity)
        self.waiting.append(replace(delivery, turn=new_id(), attempt=1))
        return True

    async def remember(self, turn: str, posted: str) -> None:
        self.posted[turn] = posted

    async def withdraw(self, identity: str) -> bool:
        kept = [delivery for delivery in self.waiting if delivery.identity != identity]
        withdrawn = len(kept) < len(self.waiting)
        self.waiting = kept
        return withdrawn

    def take(self) -> Delivery | None:
        return self.waiting.pop(0) if self.waiting else None


class FakeReminders:
    """Reminders by workspace, skill and key; what is due goes to `inbox`."""

    def __init__(self, inbox: FakeInbox | None = None) -> None:
        self.inbox = inbox or FakeInbox()
        self.kept: dict[tuple[str, str, str], Reminder] = {}

    async def put(self, reminder: Reminder) -> None:
        self.kept[reminder.workspace, reminder.skill, reminder.key] = reminder

    async def drop(self, workspace: str, skill: str, key: str) -> bool:
        return self.kept.pop((workspace, skill, key), None) is not None

    async def release(self, now: datetime) -> int:
        due = [name for name, reminder in self.kept.items() if reminder.due <= now]
        for name in due:
            reminder = self.kept.pop(name)
            delivery = Delivery(reminder.place.platform, reminder.identity, reminder.dump())
            await self.inbox.accept(delivery)
        return len(due)
