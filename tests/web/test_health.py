"""What /healthz says."""

from __future__ import annotations

from pathlib import Path

import httpx2
from starlette.applications import Starlette

from bot.errors import Unavailable
from bot.web.pages import build_pages
from tests.web.office import open_office, workspaces


async def test_a_part_that_does_not_work_makes_the_server_unwell(tmp_path: Path) -> None:
    office = await open_office(tmp_path)

    async def inbox() -> dict[str, int]:
        return {"waiting": 2}

    async def index() -> dict[str, int]:
        raise Unavailable("canary")

    for checks, status in (({"inbox": inbox}, 200), ({"inbox": inbox, "index": index}, 503)):
        routes = build_pages(
            office.settings, office.database, office.audit, office.script, (), workspaces,
            office.clock, office.files, office.links, checks,
        )  # fmt: skip
        transport = httpx2.ASGITransport(Starlette(routes=routes), client=("10.1.1.1", 1))
        async with httpx2.AsyncClient(transport=transport, base_url="http://10.9.9.9") as probe:
            answer = await probe.get("/healthz")
        assert answer.status_code == status
        assert answer.json()["inbox"] == {"ok": True, "waiting": 2}
        assert "canary" not in answer.text
    assert answer.json()["index"] == {"ok": False, "problem": "unavailable"}
    await office.database.close()
