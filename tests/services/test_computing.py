"""Computing in a child process: what comes back, what is ended, and what stays apart."""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.adapters.slack.api import SlackRefused
from bot.errors import BadInput, Misconfigured, ShomuError
from bot.services.computing import ChildComputing
from bot.testing import FakeComputing
from tests import computed


@pytest.fixture
async def computing() -> AsyncIterator[ChildComputing]:
    made = ChildComputing(width=1)
    yield made
    await made.close()


async def until_it_works(begun: Path) -> int:
    """The process that has begun."""
    while not begun.exists() or not begun.read_text(encoding="utf-8"):
        await asyncio.sleep(0.02)
    return int(begun.read_text(encoding="utf-8"))


async def test_a_result_comes_back_whole_whatever_the_function_prints(
    computing: ChildComputing,
) -> None:
    assert await computing.run(computed.squares, (200_000,)) == computed.squares(200_000)


async def test_the_work_is_done_elsewhere_and_the_child_is_kept(computing: ChildComputing) -> None:
    first = await computing.run(computed.process, ())
    assert first != os.getpid()
    assert await computing.run(computed.process, ()) == first


async def test_no_more_children_work_than_there_is_room_for(computing: ChildComputing) -> None:
    found = await asyncio.gather(*(computing.run(computed.process, ()) for _ in range(4)))
    assert len(set(found)) == 1


async def test_a_child_knows_no_secret_of_the_server(
    computing: ChildComputing, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SHOMU_MASTER_KEY", "secret")
    assert "secret" not in str(await computing.run(computed.environment, ()))


async def test_an_error_that_explains_itself_comes_back_as_itself(
    computing: ChildComputing,
) -> None:
    with pytest.raises(BadInput) as caught:
        await computing.run(computed.refuse, ("input",))
    assert caught.value.remedy == "表の2行目を直してください。"
    assert str(caught.value) == "rows"
    with pytest.raises(Misconfigured) as many:
        await computing.run(computed.refuse, ("settings",))
    assert many.value.mistakes == ("一つ目", "二つ目")
    with pytest.raises(SlackRefused) as refused:
        await computing.run(computed.refuse, ("slack",))
    assert refused.value.reason == "message_not_found"


async def test_any_other_error_is_logged_by_its_kind_and_place_without_its_words(
    computing: ChildComputing, caplog: pytest.LogCaptureFixture
) -> None:
    for either in (computing, FakeComputing()):
        with pytest.raises(ShomuError) as caught:
            await either.run(computed.refuse, ("山田",))
        assert type(caught.value) is ShomuError
    assert "ValueError" in caplog.text
    assert "computed.py:" in caplog.text
    assert "山田" not in caplog.text


async def test_a_result_that_cannot_be_written_is_a_plain_failure(
    computing: ChildComputing,
) -> None:
    with pytest.raises(ShomuError):
        await computing.run(computed.unwritable, ())
    assert await computing.run(computed.squares, (3,)) == [0, 1, 4]


async def test_a_child_that_dies_is_replaced_for_the_next(
    computing: ChildComputing, caplog: pytest.LogCaptureFixture
) -> None:
    before = await computing.run(computed.process, ())
    with caplog.at_level(logging.ERROR), pytest.raises(ShomuError):
        await computing.run(computed.die, ())
    assert "died" in caplog.text
    assert await computing.run(computed.process, ()) != before


async def test_a_cancelled_function_ends_with_its_child(
    computing: ChildComputing, tmp_path: Path
) -> None:
    begun = tmp_path / "begun"
    task = asyncio.create_task(computing.run(computed.work_for_ever, (str(begun),)))
    child = await until_it_works(begun)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    with pytest.raises(ProcessLookupError):
        os.kill(child, 0)
    assert await computing.run(computed.squares, (3,)) == [0, 1, 4]
