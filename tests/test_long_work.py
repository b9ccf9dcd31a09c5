"""Work that takes long: what a person sees, how they stop it, and what a restart does to it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bot import Actor, BadInput, Context, Message, Reply, Stopped, skill
from bot.ports import Workspace
from bot.testing.fakes import FakeComputing
from bot.testing.kit import Kit
from tests import computed

OTHER = Actor("U2", "田中")


class Reading:
    """A skill that works in steps; `between` happens after each."""

    def __init__(self) -> None:
        self.steps = 0
        self.between: Callable[[Message], Any] | None = None

    async def run(self, message: Message, context: Context) -> Reply:
        for step in range(3):
            await context.progress(f"{step + 1}／3 を読んでいます…", stoppable=True)
            if self.between is not None:
                await self.between(message)
            await context.stop_if_asked()
            self.steps += 1
        return Reply("3件を読みました。")


@pytest.fixture
def reading() -> Reading:
    return Reading()


@pytest.fixture
def kit(reading: Reading) -> Kit:
    return Kit([skill(name="manual-search", title="読む", description="x")(reading.run)])


async def press_stop(kit: Kit, turn: str, actor: Actor | None = None) -> Reply:
    pressed = kit.message("", kind="button", command="stop", values={"turn": turn}, actor=actor)
    return await kit.bot.receive(pressed, kit.chat)


def stopping(kit: Kit, said: list[Reply], actor: Actor | None = None) -> Callable[..., Any]:
    async def press(message: Message) -> None:
        said.append(await press_stop(kit, message.turn, actor))

    return press


async def test_work_that_nobody_stops_is_answered(kit: Kit, reading: Reading) -> None:
    seen: list[tuple[str, bool]] = []

    async def look(message: Message) -> None:
        seen.append((kit.chat.placeholder, kit.chat.can_stop))

    reading.between = look
    assert (await kit.say("読んで")).text == "3件を読みました。"
    assert seen[1] == ("2／3 を読んでいます…", True)
    assert not kit.chat.can_stop


async def test_whoever_asked_can_stop_it_and_is_told(kit: Kit, reading: Reading) -> None:
    said: list[Reply] = []
    reading.between = stopping(kit, said)
    reply = await kit.say("読んで")
    assert said[0].text == "中止を受け付けました。"
    assert said[0].is_private
    assert reply.text.startswith("中止しました。")
    assert reading.steps == 0
    assert kit.chat.replies[-1] == reply
    answer = next(item for item in kit.events("assistant.answer") if item.turn == reply.turn)
    assert (answer.outcome, answer.reason) == ("help", "stopped")
    (stop,) = kit.events("assistant.stop")
    assert (stop.actor, stop.target) == ("U1", reply.turn)


async def test_nobody_else_can_stop_it(kit: Kit, reading: Reading) -> None:
    said: list[Reply] = []
    reading.between = stopping(kit, said, OTHER)
    assert (await kit.say("読んで")).text == "3件を読みました。"
    assert {reply.status for reply in said} == {"refused"}
    assert "依頼した方だけ" in said[0].text
    assert kit.events("assistant.stop") == []
    assert len(kit.events("auth.denied")) == 3


async def test_what_is_over_cannot_be_stopped_any_more(kit: Kit) -> None:
    reply = await kit.say("読んで")
    assert (await press_stop(kit, reply.turn)).text == "この処理はもう終わっています。"
    assert (await press_stop(kit, "unknown")).text == "この処理はもう終わっています。"
    assert await kit.bot.services.records.list("main", "_stop") == {}


async def test_a_stop_survives_a_restart_of_the_turn(kit: Kit, reading: Reading) -> None:
    async def stop_and_die(message: Message) -> None:
        await press_stop(kit, message.turn)
        raise asyncio.CancelledError

    reading.between = stop_and_die
    with pytest.raises(asyncio.CancelledError):
        await kit.say("読んで", turn="turn-7")
    reading.between = None
    again = kit.message("読んで", turn="turn-7")
    reply = await kit.bot.receive(_second(again), kit.chat)
    assert reply.text.startswith("中止しました。")
    assert reading.steps == 0


async def test_work_that_was_killed_runs_again_from_the_start(kit: Kit, reading: Reading) -> None:
    async def die(message: Message) -> None:
        if reading.steps == 2:
            raise asyncio.CancelledError

    reading.between = die
    with pytest.raises(asyncio.CancelledError):
        await kit.say("読んで", turn="turn-7")
    reading.between = None
    reply = await kit.bot.receive(_second(kit.message("読んで", turn="turn-7")), kit.chat)
    assert reply.text == "3件を読みました。"
    assert reading.steps == 5
    assert [item.text for item in kit.chat.replies] == ["3件を読みました。"]


async def test_the_button_stays_while_a_model_is_asked() -> None:
    seen: list[bool] = []

    @skill(name="manual-search", title="x", description="x")
    async def ask(message: Message, context: Context) -> Reply:
        await context.progress("読んでいます…", stoppable=True)
        await context.complete("answer", {"question": "x", "instructions": ""})
        seen.append(kit.chat.can_stop)
        await context.progress("まとめています…")
        seen.append(kit.chat.can_stop)
        return Reply("はい")

    kit = Kit([ask], answers=["はい"])
    await kit.say("読んで")
    assert seen == [True, False]


async def test_what_is_computed_comes_back_and_so_does_its_explanation() -> None:
    @skill(name="manual-search", title="x", description="x")
    async def count(message: Message, context: Context) -> Reply:
        found = await context.compute(computed.squares, 4)
        try:
            await context.compute(computed.refuse, "input")
        except BadInput as error:
            return Reply(f"{found}{error.remedy}")
        return Reply("")

    assert (await Kit([count]).say("数えて")).text == "[0, 1, 4, 9]表の2行目を直してください。"


async def test_a_failure_while_computing_ends_in_a_reference_number() -> None:
    @skill(name="manual-search", title="x", description="x")
    async def fail(message: Message, context: Context) -> Reply:
        await context.compute(computed.refuse, "山田")
        return Reply("")

    reply = await Kit([fail]).say("数えて")
    assert reply.status == "failed"
    assert "受付番号" in reply.text
    assert "山田" not in reply.text


class Endless(FakeComputing):
    """Computes until it is cancelled."""

    def __init__(self) -> None:
        self.begun = asyncio.Event()
        self.was_ended = False

    async def run(self, function: Callable[..., Any], arguments: Sequence[Any]) -> Any:
        self.begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            self.was_ended = True


@skill(name="manual-search", title="x", description="x")
async def compute(message: Message, context: Context) -> Reply:
    await context.progress("数えています…", stoppable=True)
    return Reply(str(await context.compute(computed.squares, 3)))


async def test_work_can_be_stopped_while_it_computes() -> None:
    computing = Endless()
    kit = Kit([compute], computing=computing)
    working = asyncio.create_task(kit.say("数えて", turn="turn-7"))
    await computing.begun.wait()
    await press_stop(kit, "turn-7")
    assert (await working).text.startswith("中止しました。")
    assert computing.was_ended


async def test_a_turn_whose_lease_is_lost_ends_what_it_computes() -> None:
    computing = Endless()
    working = asyncio.create_task(Kit([compute], computing=computing).say("数えて"))
    await computing.begun.wait()
    working.cancel()
    with pytest.raises(asyncio.CancelledError):
        await working
    assert computing.was_ended


async def test_a_skill_may_tidy_up_before_it_stops() -> None:
    tidied: list[bool] = []

    @skill(name="manual-search", title="x", description="x")
    async def careful(message: Message, context: Context) -> Reply:
        await context.progress("読んでいます…", stoppable=True)
        await press_stop(kit, message.turn)
        try:
            await context.stop_if_asked()
        except Stopped:
            tidied.append(True)
            raise
        return Reply("")

    kit = Kit([careful])
    assert (await kit.say("読んで")).text.startswith("中止しました。")
    assert tidied == [True]


async def test_each_workspace_and_skill_has_a_folder_of_its_own(tmp_path: Path) -> None:
    found: list[Path] = []

    @skill(name="manual-search", title="x", description="x")
    async def look(message: Message, context: Context) -> Reply:
        found.append(context.folder)
        return Reply("はい")

    spaces = Workspace("zeimu")
    await Kit([look], home=tmp_path, workspace=spaces).say("見て")
    assert found == [tmp_path / "workspaces" / "zeimu" / "manual-search"]


async def test_tokens_are_counted_by_the_model_and_not_without_one() -> None:
    found: list[tuple[str, int]] = []

    @skill(name="manual-search", title="x", description="x")
    async def count(message: Message, context: Context) -> Reply:
        found.append((context.model, context.count("夏季休暇")))
        return Reply("はい")

    await Kit([count], answers=["はい"]).say("数えて")
    await Kit([count]).say("数えて")
    assert found == [("fake-model", 4), ("", 0)]


def _second(message: Message) -> Message:
    """The same message, as a worker hands it out after one that died."""
    return replace(message, attempt=2)
