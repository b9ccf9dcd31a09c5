"""A fresh office for each test of the pages."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest_asyncio

from tests.web.office import Office, open_office


@pytest_asyncio.fixture
async def office(tmp_path: Path) -> AsyncIterator[Office]:
    opened = await open_office(tmp_path / "home")
    yield opened
    await opened.database.close()
