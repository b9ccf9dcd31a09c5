"""Runs: one file that was triaged, the choices about it and the edits since.

A run belongs to who asked for it. The file and its analysis are kept encrypted through
`Context.attach` and expire; a record keeps what a later message needs.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from hashlib import sha256
from typing import Any

from bot import BadInput, Context, File, Message, Refused
from skills.opinions.overview import Overview
from skills.opinions.work import Choice

NO_RUN = (
    "対象の意見ファイルが見つかりません。ファイル（xlsx、CSV）を添付して「意見を整理して」と"
    "書いてください。"
)
MOST_LISTED = 10


@dataclass(frozen=True, slots=True)
class Run:
    """`source` and `analysis` are kept files, `helpers` those read beside the opinions.

    `analysis` and `overview` are None until the columns are settled. `before` and `after` are the
    runs of the same thread before and after this one. `deadline` is an ISO date.
    """

    id: str
    owner: str
    place: str
    made: str
    source: File
    choice: Choice = Choice()
    helpers: tuple[File, ...] = ()
    analysis: File | None = None
    overview: Overview | None = None
    edits: tuple[Mapping[str, Any], ...] = ()
    before: str = ""
    after: str = ""
    deadline: str = ""
    is_shared: bool = False

    @property
    def whole(self) -> tuple[File, Overview]:
        """The analysis of a run that has been worked out. Raises BadInput."""
        if self.analysis is None or self.overview is None:
            raise BadInput("not analysed", remedy="先に、意見の列を選んでください。")
        return self.analysis, self.overview

    def dump(self) -> dict[str, Any]:
        return {**asdict(self), "overview": self.overview and self.overview.to_json()}

    @classmethod
    def load(cls, value: Mapping[str, Any]) -> Run:
        return cls(
            **{
                **value,
                "source": File(**value["source"]),
                "choice": Choice(**value["choice"]),
                "helpers": tuple(File(**item) for item in value["helpers"]),
                "analysis": value["analysis"] and File(**value["analysis"]),
                "overview": value["overview"] and Overview.from_json(value["overview"]),
                "edits": tuple(value["edits"]),
            }
        )


def place_of(message: Message) -> str:
    """Where a run is at home: the thread, or the channel outside one."""
    place = message.place
    return "/".join((place.platform, place.team, place.channel, place.thread))


async def save(context: Context, run: Run) -> None:
    await context.keep(f"run/{run.id}", run.dump())


async def begin(context: Context, message: Message, run: Run) -> Run:
    """Keep a new run, with the edits of the one before in its thread."""
    # A second attempt of the same turn goes on where the first one was.
    known = await context.kept(f"run/{run.id}")
    if known is not None:
        return Run.load(known)
    before = await _of_place(context, run.place)
    if before is not None and _may_open(before, message):
        run = replace(
            run,
            before=before.id,
            edits=before.edits,
            deadline=before.deadline,
            is_shared=before.is_shared and before.owner == run.owner,
        )
    await save(context, run)
    return run


async def settle(context: Context, run: Run) -> None:
    """Make a run that has been worked out the one of its thread."""
    await save(context, run)
    await context.keep(f"thread/{run.place}", run.id)
    about = {"made": run.made, "file": run.source.name}
    await context.keep(f"mine/{_short(run.owner)}/{run.id}", about)
    value = await context.kept(f"run/{run.before}") if run.before else None
    if value is not None:
        await save(context, replace(Run.load(value), after=run.id))


async def find(context: Context, message: Message, run_id: str = "") -> Run:
    """A run by its id, or the one of this thread. Raises BadInput, or Refused to others."""
    value = await context.kept(f"run/{run_id}") if run_id else None
    run = Run.load(value) if value else None
    if run is None and not run_id:
        run = await _of_place(context, place_of(message))
    if run is None:
        raise BadInput("no run", remedy=NO_RUN)
    if not _may_open(run, message):
        raise Refused(
            "not the owner",
            remedy="この整理結果を見られるのは、依頼した方だけです。依頼した方に共有を頼んでください。",
        )
    return run


async def newest(context: Context, message: Message, run_id: str) -> Run:
    """The last run that took over from this one. Raises as `find` does."""
    run = await find(context, message, run_id)
    while run.after:
        run = await find(context, message, run.after)
    return run


async def share(context: Context, run: Run) -> None:
    """Let everyone in the workspace open a run, on the local page too."""
    await save(context, replace(run, is_shared=True))
    await context.keep(f"shared/{run.id}", {"made": run.made, "file": run.source.name})


async def mine(context: Context, message: Message) -> Sequence[tuple[str, str, str]]:
    """(id, file, when) of the runs that the asker may open, the newest first."""
    own = await context.all_kept(f"mine/{_short(message.subject)}/")
    # Of a run that is both, once.
    kept = {key.rsplit("/", 1)[1]: item for key, item in own.items()}
    for key, item in (await context.all_kept("shared/")).items():
        kept[key.rsplit("/", 1)[1]] = item
    found = [(run_id, item["file"], item["made"]) for run_id, item in kept.items()]
    return sorted(found, key=lambda item: item[2], reverse=True)[:MOST_LISTED]


async def _of_place(context: Context, place: str) -> Run | None:
    run_id = await context.kept(f"thread/{place}")
    value = await context.kept(f"run/{run_id}") if run_id else None
    return Run.load(value) if value else None


def _may_open(run: Run, message: Message) -> bool:
    return run.owner == message.subject or run.is_shared


def _short(subject: str) -> str:
    return sha256(subject.encode()).hexdigest()[:16]
