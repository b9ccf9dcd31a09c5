"""Fixtures for tests of skills: pytest finds them wherever this package is installed.

async def test_the_car_park_opens_at_eight(kit) -> None:
    reply = await kit([parking], passages=[...]).say("駐車場は何時からですか")

Everything is imported when a fixture is used, so that other projects' tests pay nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from bot.testing.fakes import StillClock
    from bot.testing.kit import Kit


@pytest.fixture
def kit() -> type[Kit]:
    """Makes a whole bot on fakes: `kit([skill], passages=[...], answers=[...])`."""
    from bot.testing.kit import Kit

    return Kit


@pytest.fixture
def still_clock() -> StillClock:
    """A clock that moves only when told to: `still_clock.move(seconds=60)`."""
    from bot.testing.fakes import StillClock

    return StillClock()
