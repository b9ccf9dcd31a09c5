"""What a skill is: a value with one async function `(message, context) → reply`.

There is no base class and no lifecycle. A `Context` is all that a skill may reach; it is bound to
one workspace, one actor and one turn, and it writes down what it was used for.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol, TypeVar, overload

from bot.messages import Attachment, File, Form, Message, Reply, Said
from bot.ports import MANUAL, Completion, Passage, PromptUse
from bot.sheets import Sheet

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

Risk = Literal["blue", "yellow", "red"]
T = TypeVar("T")


class Context(Protocol):
    """What a skill may use while it works on one message."""

    @property
    def workspace(self) -> str:
        """Name of the workspace the message belongs to."""
        ...

    @property
    def skill(self) -> Skill:
        """The skill that runs, with the words of its SKILL.md in `instructions`."""
        ...

    @property
    def history(self) -> Sequence[Said]:
        """What was said in this thread before, oldest first."""
        ...

    @property
    def earlier_question(self) -> str:
        """What was asked before in this thread; empty when nothing was."""
        ...

    @property
    def now(self) -> datetime: ...

    @property
    def folder(self) -> Path:
        """The workspace's own files for this skill; may not exist."""
        ...

    @property
    def model(self) -> str:
        """The model's name; empty without one."""
        ...

    @property
    def embedding_model(self) -> str:
        """The name of the model that makes vectors of texts; empty without one."""
        ...

    def count(self, text: str) -> int:
        """How many tokens a model takes a text for; 0 without any, when nothing is counted."""
        ...

    async def find(
        self, query: str, *, top: int = 5, collection: str = MANUAL, before: str = ""
    ) -> Sequence[Passage]:
        """Find passages the asker may read, best first. `own_collection` finds a skill's own.

        `before` is the question before this one in the thread, see `earlier_question`.
        """
        ...

    async def has_documents(self) -> bool:
        """Whether there are any documents that the asker may read."""
        ...

    async def read(self, attachment: Attachment | File) -> Sequence[Passage]:
        """Read an attached file into passages. Raises UnreadableDocument."""
        ...

    async def text(self, attachment: Attachment | File) -> str:
        """Read an attached file as plain lines. Raises UnreadableDocument."""
        ...

    async def sheets(self, attachment: Attachment | File) -> Sequence[Sheet]:
        """Read a spreadsheet or CSV cell by cell. Raises UnreadableDocument."""
        ...

    async def open(self, attachment: Attachment | File) -> bytes:
        """Fetch an attached file, or one that `attach` kept. Raises BadInput when it is gone."""
        ...

    async def attach(
        self, name: str, content: bytes, *, media_type: str = "", label: str = "2"
    ) -> File:
        """Keep a file, to be put into `Reply.files`. `label` is that of what it holds.

        The name is made safe, and the media type guessed from it when none is given.
        Raises BadInput when the file is empty or larger than 20 MB.
        """
        ...

    async def fetch(self, file_id: str) -> bytes | None:
        """The bytes of a file made by `attach`; None when it is kept no longer."""
        ...

    async def drop(self, file_id: str) -> None:
        """Delete a file made by `attach` before its time."""
        ...

    async def read_back(
        self, since: datetime | None = None, until: datetime | None = None
    ) -> Sequence[Said]:
        """All that was said in this thread, or from `since` until `until` in this channel.

        Oldest first, with people's names. Raises BadInput where the platform cannot read back
        (a channel in Teams, the terminal and the local page), and for more than fits.
        """
        ...

    async def rank(
        self, query: str, passages: Sequence[Passage], *, top: int = 5
    ) -> Sequence[Passage]:
        """Order passages you already hold by how well they answer."""
        ...

    async def complete(
        self,
        prompt: str,
        inputs: Mapping[str, Any],
        *,
        passages: Sequence[Passage] = (),
        schema: type[Any] | None = None,
        max_tokens: int = 1_000,
    ) -> Completion:
        """Put a prompt of the skill to the model.

        `prompt` is a purpose, such as "answer" for `prompts/<skill>/answer.ja.prompty`.
        `passages` are cut to the model's window, best first, and handed to the prompt as
        `passages`; their labels decide whether the model may see them.

        Raises NoModel when there is none or policy forbids it, ModelFailed when it fails:
        both mean that the skill answers offline.
        """
        ...

    async def embed(self, texts: Sequence[str], *, label: str) -> NDArray[np.float32]:
        """Texts as vectors, float32 (n, d); those of like meaning are near to each other.

        `label` is that of the texts and decides whether the model may see them, masked or not at
        all. Progress is shown with a button that stops it. Raises NoModel and ModelFailed as
        `complete` does, and Stopped.
        """
        ...

    async def progress(self, text: str, *, stoppable: bool = False) -> None:
        """Tell the person how far the work is; `stoppable` with a button that stops it.

        The button stays until progress is told without it. It is shown in Slack, Teams and the
        local page; not in a terminal, nor in Slack for what only the asker sees.
        """
        ...

    async def stop_if_asked(self) -> None:
        """Raise Stopped when the person has pressed the button; let it pass on."""
        ...

    async def compute(self, function: Callable[..., T], *arguments: Any) -> T:
        """Call a function in another process, so that nobody waits for the processor.

        Function, arguments and result are pickled: the function stands at the top of a module
        that can be imported by its name, such as `skills.minutes.summary`; not in skill.py.
        Raises the ShomuError that it raises, a plain one for any other failure, and Stopped.
        """
        ...

    async def remind(self, key: str, at: datetime, *, to: str = "") -> bool:
        """Have this skill called at a time, with a Message of kind "reminder" and values["key"].

        The reply is posted in this thread, or sent to the actor `to` alone, whose rights then
        count; where Teams opens no personal chat, in the thread. One of status "withdrawn" says
        nothing. The same key replaces; the time is exact to a minute and names its zone.
        False where nothing can be said later: a terminal and the local page.
        """
        ...

    async def forget(self, key: str) -> None:
        """Take a reminder back."""
        ...

    async def note(self, action: str, target: str, details: Mapping[str, Any]) -> None:
        """Put on the audit record what the skill did: `<skill>.<action>`, JSON details.

        Ids, states and digests only: the words of people do not belong there.
        """
        ...

    async def keep(self, key: str, value: Any) -> None:
        """Keep a JSON value for later turns of this skill in this workspace."""
        ...

    async def kept(self, key: str) -> Any:
        """Return what was kept under a key, or None."""
        ...

    async def all_kept(self, prefix: str) -> Mapping[str, Any]:
        """Return everything kept under keys that begin so, by key."""
        ...


PLAIN_PROMPTS = ("instructions/answer",)
# Rows in, results out, without a turn: what `shomu eval <skill> FILE` runs.
Evaluate = Callable[[Iterable[Mapping[str, Any]]], Iterable[Mapping[str, Any]]]
Run = Callable[[Message, Context], Awaitable[Reply]]
# (name of the form, its values, the office's own files for the skill) → the form to show next.
# The name is empty when the skill is called without words: the first form. With a submitted form:
# the next one, the same one with `problem`s, or None when it is complete and the skill may run.
# It is asked while a person waits for a window to open: no network, nothing slow.
Ask = Callable[[str, Mapping[str, str], Path], Form | None]


@dataclass(frozen=True, slots=True)
class Skill:
    """An ability of the bot. SKILL.md fills everything but `run`.

    `triggers` are the words that wake it, `examples` the questions offered to newcomers,
    `prompts` the purposes it asks a model for. `risk` follows the blue, yellow and red classes
    of use; red cannot be enabled.
    """

    run: Run
    name: str = ""
    title: str = ""
    description: str = ""
    triggers: tuple[str, ...] = ()
    examples: tuple[str, ...] = ()
    prompts: tuple[str, ...] = ()
    risk: Risk = "blue"
    version: str = "1.0.0"
    instructions: str = ""
    folder: Path | None = None
    evaluate: Evaluate | None = None
    ask: Ask | None = None

    @property
    def is_plain(self) -> bool:
        """Whether the skill is its SKILL.md and references, without code of its own."""
        return self.prompts == PLAIN_PROMPTS

    @property
    def own_collection(self) -> str:
        """Where the skill's own `references/` are found."""
        return f"skill/{self.name}"

    @property
    def words(self) -> PromptUse:
        """The skill's instructions as a prompt: they too are put to the model."""
        digest = sha256(self.instructions.encode()).hexdigest()
        return PromptUse(self.own_collection, self.version, digest)


def skill_folder(home: Path, workspace: str, skill: str) -> Path:
    """Where a workspace keeps its own files for a skill; they need not exist."""
    return home / "workspaces" / workspace / skill


@overload
def skill(run: Run, /) -> Skill: ...
@overload
def skill(
    *,
    name: str = ...,
    title: str = ...,
    description: str = ...,
    triggers: tuple[str, ...] = ...,
    examples: tuple[str, ...] = ...,
    prompts: tuple[str, ...] = ...,
    risk: Risk = ...,
    version: str = ...,
    evaluate: Evaluate | None = ...,
    ask: Ask | None = ...,
) -> Callable[[Run], Skill]: ...
def skill(run: Run | None = None, /, **about: Any) -> Skill | Callable[[Run], Skill]:
    """Make a skill of an async function.

    Beside a SKILL.md write `@skill`; in an installed package, which has none, write
    `@skill(name="parking", description="…", triggers=("駐車",))`.
    """
    if run is not None:
        return Skill(run=run)
    return lambda function: Skill(run=function, **about)
