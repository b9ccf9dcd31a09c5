"""Workspaces, members and quotas."""

from __future__ import annotations

import asyncio

import pytest
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.errors import BadInput, UnknownWorkspace
from bot.messages import Actor, Message, Place
from bot.ports import AuditEvent, Member, Workspace
from bot.services.database import Database
from bot.services.directory import SqlDirectory


class Recorder:
    def __init__(self) -> None:
        self.actions: list[str] = []

    async def __call__(self, connection: AsyncConnection, event: AuditEvent) -> None:
        self.actions.append(event.action)


def at(channel: str = "C1", team: str = "T1") -> Message:
    return Message("x", Actor("U1"), Place("slack", team, channel))


async def test_a_channel_is_bound_before_its_team_and_the_team_before_the_default(
    database: Database,
) -> None:
    recorder = Recorder()
    directory = SqlDirectory(database, "main", recorder)
    for name in ("main", "soumu", "zeimu"):
        assert await directory.add(Workspace(name))
    assert not await directory.add(Workspace("main"))
    await directory.bind(Place("slack", "T1", ""), "soumu")
    await directory.bind(Place("slack", "T1", "C2"), "zeimu")
    assert (await directory.workspace(at("C1"))).name == "soumu"
    assert (await directory.workspace(at("C2"))).name == "zeimu"
    assert (await directory.workspace(at(team="T9"))).name == "main"
    assert recorder.actions == ["workspace.add"] * 3 + ["workspace.bind"] * 2


async def test_an_unbound_place_is_told_so_without_naming_other_workspaces(
    database: Database,
) -> None:
    directory = SqlDirectory(database, "main", Recorder())
    await directory.add(Workspace("soumu"))
    with pytest.raises(UnknownWorkspace) as caught:
        await directory.workspace(at())
    assert "結び付けられていません" in caught.value.remedy
    assert "soumu" not in caught.value.remedy


async def test_a_listed_workspace_lets_nobody_in_who_is_not_on_record(database: Database) -> None:
    directory = SqlDirectory(database, "main", Recorder())
    space = Workspace("main", members="listed")
    await directory.add(space)
    place = at().place
    assert (await directory.member(space, place, Actor("U1"))).state == "applied"
    await directory.enrol(Member("U1", "main", "active", "owner", "3C"), "slack")
    assert await directory.member(space, place, Actor("U1")) == Member(
        "U1", "main", "active", "owner", "3C"
    )
    assert (await directory.member(space, Place("teams", "T", "C"), Actor("U1"))).state == "applied"


async def test_the_kill_switch_is_seen_by_the_next_turn(database: Database) -> None:
    directory = SqlDirectory(database, "main", Recorder())
    await directory.add(Workspace("main"))
    await directory.pause("main", True)
    assert (await directory.workspace(at())).paused
    await directory.pause("main", False)
    assert not (await directory.workspace(at())).paused


async def test_callers_at_once_never_take_more_than_the_limit(database: Database) -> None:
    directory = SqlDirectory(database, "main", Recorder())
    space = Workspace("main")
    taken = await asyncio.gather(*(directory.reserve(space, "tokens", 30, 100) for _ in range(10)))
    assert sum(taken) == 3


async def test_a_joined_thread_remembers_the_skill_that_answered_last(database: Database) -> None:
    directory = SqlDirectory(database, "main", Recorder())
    thread = Place("slack", "T1", "C1", "1.1")
    assert await directory.joined(thread) == ""
    await directory.join(thread, "main", "manual-search")
    await directory.join(thread, "main", "parking")
    assert await directory.joined(thread) == "parking"
    assert await directory.joined(Place("slack", "T1", "C2", "1.1")) == ""


@pytest.mark.parametrize("name", ["", "../main", "a/b", "a\\b", ".", "_skills2", "あ" * 61, "a\0"])
async def test_a_workspace_that_cannot_be_a_folder_is_not_made(
    database: Database, name: str
) -> None:
    directory = SqlDirectory(database, "main", Recorder())
    with pytest.raises(BadInput, match="workspace name") as caught:
        await directory.add(Workspace(name))
    assert "名前" in caught.value.remedy
    assert await directory.add(Workspace("総務部-企画課.2"))
