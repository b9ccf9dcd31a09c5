"""What the core needs from outside, as Protocols small enough to fake in a few lines.

`services` and `adapters` fulfil them, `app` picks which, `bot.testing` ships a fake of each that
passes the same contract tests.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal, Protocol

from bot.messages import (
    Actor,
    Attachment,
    File,
    Form,
    Message,
    Place,
    Reminder,
    Reply,
    Said,
)
from bot.sheets import Sheet

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

Zone = Literal["local", "lgwan", "cloud"]
Role = Literal["staff", "owner", "auditor", "operator", "admin"]
MemberState = Literal["applied", "trained", "active", "suspended"]
MANUAL = "manual"
SKILLS_WORKSPACE = "_skills"


@dataclass(frozen=True, slots=True)
class Workspace:
    """An organisation's isolated space and its rules.

    `skills` empty means all. `members` open means everyone of an allowed team counts as active
    staff; listed means only members on record. `paused` is the kill switch.
    """

    name: str
    title: str = ""
    zone: Zone = "local"
    members: Literal["open", "listed"] = "open"
    skills: tuple[str, ...] = ()
    paused: bool = False
    monthly_tokens: int = 0
    daily_turns: int = 0


@dataclass(frozen=True, slots=True)
class Member:
    """What one actor may do in one workspace; `clearance` is the highest label they may read."""

    actor: str
    workspace: str
    state: MemberState = "active"
    role: Role = "staff"
    clearance: str = "2"


@dataclass(frozen=True, slots=True)
class Passage:
    """A piece of a document, small enough to quote, with all a citation needs.

    `score` is positive, higher is better, comparable within one search only; 0 outside one.
    `coverage` in 0..1 says how much of the query the passage holds. `marked` is the
    part of `text`, to the letter, that answers best; empty outside a search.
    """

    id: str
    document: str
    heading: str
    text: str
    page: str = ""
    revised: str = ""
    label: str = "3B"
    collection: str = MANUAL
    score: float = 0.0
    coverage: float = 0.0
    marked: str = ""


@dataclass(frozen=True, slots=True)
class PromptUse:
    """Which words were put to a model: `name@version` and the digest of the file."""

    name: str
    version: str
    digest: str

    def __str__(self) -> str:
        return f"{self.name}@{self.version}+{self.digest[:12]}"


@dataclass(frozen=True, slots=True)
class Turn:
    """One chat-completion message: a role and its text."""

    role: Literal["system", "user", "assistant"]
    text: str


@dataclass(frozen=True, slots=True)
class Completion:
    """A model's whole answer. `value` holds the validated JSON when a schema was asked for.

    `cut` says that the text reached the length limit or a filter and lacks its end.
    """

    text: str
    engine: str
    tokens_in: int = 0
    tokens_out: int = 0
    value: Any = None
    cut: bool = False


@dataclass(frozen=True, slots=True)
class AuditEvent:
    """One line of the audit record. `key` makes a repeated write one event.

    `details` holds JSON values only: skill, prompt, engine, tokens, sources, policy, latency...
    The words of question and answer are not here; they go beside, encrypted.
    """

    action: str
    workspace: str
    platform: str = ""
    actor: str = ""
    actor_role: str = ""
    target: str = ""
    turn: str = ""
    outcome: str = "ok"
    reason: str = ""
    details: Mapping[str, Any] = field(default_factory=dict)
    key: str = ""
    occurred: datetime | None = None


class LLM(Protocol):
    """A chat model."""

    name: str
    zone: Zone
    context_tokens: int

    async def complete(
        self, turns: Sequence[Turn], *, schema: type[Any] | None = None, max_tokens: int = 1_000
    ) -> Completion:
        """Return one whole answer; `schema` is a pydantic model that `value` is validated by.

        Raises ModelFailed when it times out, refuses, is cut off or does not validate.
        """
        ...

    def stream(self, turns: Sequence[Turn], *, max_tokens: int = 1_000) -> AsyncIterator[str]:
        """Yield the answer as it grows, each time the whole text so far.

        Raises ModelFailed when the stream ends without a finish reason.
        """
        ...

    def count(self, text: str) -> int:
        """Count tokens the way the model's budget does."""
        ...


@dataclass(frozen=True, slots=True)
class Embedded:
    """Texts as vectors: finite float32 (n, d), in the order of the texts."""

    vectors: NDArray[np.float32]
    engine: str
    tokens: int


class Embeddings(Protocol):
    """A model that places texts of like meaning near to each other."""

    name: str
    zone: Zone

    async def embed(self, texts: Sequence[str]) -> Embedded:
        """Embed the texts of one request, at least one; the end of a very long one may be cut.

        Raises ModelFailed when it times out, refuses, or a vector is missing or not finite.
        """
        ...

    def count(self, text: str) -> int:
        """Count tokens the way the model's budget does."""
        ...


class Search(Protocol):
    """Finds passages inside one workspace."""

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
        """Find passages that may answer the query, best first; empty when nothing matches.

        Rights come before ranking: passages above `clearance` are never read. `marked` looks
        inside: the sentence that answers is marked, and passages that answer come first.
        `before` is what was asked before in the same thread: it helps a short follow-up.
        """
        ...

    async def holds_any(self, *, workspace: str, clearance: str, collection: str = MANUAL) -> bool:
        """Whether there is anything at all that this clearance may read."""
        ...

    async def read(self, name: str, content: bytes) -> Sequence[Passage]:
        """Read a file that is not kept. Raises UnreadableDocument."""
        ...

    async def text(self, name: str, content: bytes) -> str:
        """Read a file that is not kept as plain lines. Raises UnreadableDocument."""
        ...

    async def sheets(self, name: str, content: bytes) -> Sequence[Sheet]:
        """Read a spreadsheet or CSV that is not kept, cell by cell. Raises UnreadableDocument."""
        ...

    async def rank(
        self, query: str, passages: Sequence[Passage], *, top: int = 5
    ) -> Sequence[Passage]:
        """Order and mark passages that are not kept, like `find` with `marked`."""
        ...


class Audit(Protocol):
    """Writes what happened where it cannot be changed unseen."""

    async def record(self, event: AuditEvent, *, body: str = "", subject: str = "") -> str:
        """Make the event durable and return its id. `body` is kept apart, encrypted."""
        ...

    async def answer_body(self, turn: str, *, subject: str) -> str:
        """Return the words kept beside a turn's answer.

        Empty when erased, expired, or when the turn was not this subject's own.
        """
        ...


class Records(Protocol):
    """Small JSON values that a skill keeps, apart for each workspace and skill."""

    async def put(self, workspace: str, skill: str, key: str, value: Any) -> None: ...

    async def get(self, workspace: str, skill: str, key: str) -> Any: ...

    async def list(self, workspace: str, skill: str, prefix: str = "") -> Mapping[str, Any]: ...

    async def drop(self, workspace: str, skill: str, key: str) -> None: ...


class Computing(Protocol):
    """Runs what takes the processor for long where it holds nobody up."""

    async def run(self, function: Callable[..., Any], arguments: Sequence[Any]) -> Any:
        """Call a function of an importable module and return what it returns.

        It ends when the caller is cancelled. Raises the ShomuError that the function raised, and
        a plain ShomuError for anything else.
        """
        ...


@dataclass(frozen=True, slots=True)
class KeptFile:
    """A file of a reply with its bytes."""

    file: File
    content: bytes


class Files(Protocol):
    """Keeps the files of replies as long as the words of a turn, and erases them with those."""

    async def keep(self, file: File, content: bytes, *, workspace: str, subject: str) -> None:
        """Keep a file until its time is over or its subject is erased."""
        ...

    async def fetch(self, file_id: str, *, workspace: str) -> KeptFile | None:
        """A file of this workspace; None when there is none, or none any more."""
        ...

    async def drop(self, file_id: str, *, workspace: str) -> bool:
        """Delete a file of this workspace before its time. False when there is none."""
        ...


# The address where a browser gets a file of a workspace; empty when browsers cannot reach us.
FileLink = Callable[[str, File], str]


def no_link(workspace: str, file: File) -> str:
    """Without a public address there is none."""
    return ""


class Clock(Protocol):
    """Tells the time; stands still in tests."""

    def now(self) -> datetime: ...


class Directory(Protocol):
    """Knows workspaces, members, quotas and the threads the bot has joined."""

    async def workspace(self, message: Message) -> Workspace:
        """The workspace a message belongs to. Raises UnknownWorkspace."""
        ...

    async def member(self, workspace: Workspace, place: Place, actor: Actor) -> Member: ...

    async def reserve(self, workspace: Workspace, subject: str, amount: int, limit: int) -> bool:
        """Take `amount` of this period's `limit` before it is spent; False when it is used up."""
        ...

    async def join(self, place: Place, workspace: str, skill: str) -> None:
        """Remember that a skill has answered in this thread."""
        ...

    async def joined(self, place: Place) -> str:
        """The skill that last answered in this thread; empty when the bot has not."""
        ...


class Forms(Protocol):
    """The forms of skills, for adapters whose platform opens a window at once."""

    async def first(self, message: Message) -> Form | None:
        """What a bare command opens; None when it opens nothing."""
        ...

    async def following(self, message: Message) -> Form | None:
        """What follows a submitted form: another, the same one with problems, or None."""
        ...

    async def offered(self, message: Message) -> Form | None:
        """The form of the reply that a pressed button stands under; None when it is gone."""
        ...


class Chat(Protocol):
    """One conversation on one platform, for the length of one turn."""

    async def hold(self, message: Message, text: str) -> bool:
        """Show that work has begun. True when an earlier attempt already posted the answer."""
        ...

    async def progress(self, message: Message, text: str, *, stoppable: bool = False) -> None:
        """Change what the placeholder says. May do nothing where that cannot be shown.

        `stoppable` puts the button of `presses.STOP` under it, where the platform has buttons.
        """
        ...

    async def answer(self, message: Message, reply: Reply) -> None:
        """Replace the placeholder with the reply. Safe to repeat."""
        ...

    async def history(self, message: Message, limit: int = 20) -> Sequence[Said]:
        """The newest `limit` lines of the thread before this message, oldest first.

        One more in front may say how many were left out.
        """
        ...

    async def read_back(
        self, message: Message, since: datetime | None = None, until: datetime | None = None
    ) -> Sequence[Said]:
        """All that was said in this thread, or in this channel and its threads in a time.

        Oldest first, with people's names, and times where the platform knows them. A first line
        of the bot says when something before it is left out. Raises BadInput when it cannot be
        read back, or is more than can be read at once.
        """
        ...

    async def download(self, attachment: Attachment) -> bytes: ...

    def reference(self) -> str | None:
        """What the platform needs to speak here later, opaque; None where it cannot."""
        ...


@dataclass(frozen=True, slots=True)
class Delivery:
    """What a platform handed us, verified but not yet understood.

    `identity` is platform + team + channel + timestamp (or activity id). `payload` is the
    platform's own JSON. `turn` and `attempt` are set by the inbox.
    """

    platform: str
    identity: str
    payload: str
    turn: str = ""
    attempt: int = 0
    posted: str = ""

    @property
    def reminder(self) -> Reminder | None:
        """The reminder in it; None in what a platform handed us."""
        # By the identity, which is ours alone: a payload may claim anything.
        is_ours = self.identity.startswith(f"{self.platform}/reminder/")
        return Reminder.load(self.payload) if is_ours else None


class Inbox(Protocol):
    """Holds what was acknowledged until it is answered."""

    async def accept(self, delivery: Delivery) -> bool:
        """Return after the delivery is durable. False when its identity is already known."""
        ...

    async def remember(self, turn: str, posted: str) -> None:
        """Keep where the placeholder of a turn was posted, for the next attempt."""
        ...

    async def withdraw(self, identity: str) -> bool:
        """Take back a delivery that is not yet worked on, because its message was deleted."""
        ...


class Reminders(Protocol):
    """Holds what is to be said later. A key is a skill's own name for it, in its workspace."""

    async def put(self, reminder: Reminder) -> None:
        """Keep a reminder; it takes the place of one with the same workspace, skill and key."""
        ...

    async def drop(self, workspace: str, skill: str, key: str) -> bool:
        """Forget a reminder. False when there is none, because it went out or never was."""
        ...

    async def release(self, now: datetime) -> int:
        """Move what is due into the inbox, each once among all replicas; how many there were."""
        ...
