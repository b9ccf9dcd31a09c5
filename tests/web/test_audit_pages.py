"""The audit pages as an auditor uses them."""

from __future__ import annotations

import csv
import io
import json
import re
from datetime import UTC, datetime

import httpx2
import pytest
from sqlalchemy import insert, text, update
from sqlmodel import col

from bot.messages import dump_reply, new_id
from bot.ports import AuditEvent
from bot.services.audit.search import Filter
from bot.services.tables import AuditRow, PromptRow
from bot.web.audit_record import short_number
from tests.web.office import ANSWER, Office, csrf_in, sign_in

DIGEST = "0123456789ab" + "c" * 52


async def write_turn(office: Office, actor: str = "U1", workspace: str = "main") -> str:
    """One question and its answer, as a turn records them."""
    turn = new_id()
    question = AuditEvent("assistant.request", workspace, "slack", actor, "staff", turn=turn)
    await office.audit.record(question, body="夏季休暇は何日ですか", subject=actor)
    answer = AuditEvent(
        "assistant.answer",
        workspace,
        "slack",
        actor,
        "staff",
        target="T1/C1",
        turn=turn,
        outcome="answered",
        details={
            "latency_ms": 412,
            "skill": "manual-search",
            "engine": "offline",
            "prompts": ["manual-search/answer@1.0.0+0123456789ab"],
            "tokens_in": 120,
            "tokens_out": 34,
            "sources": [{"document": "休暇の手引", "revised": "2026-04-01", "label": "2"}],
            "policy": {"label": "2", "decision": "mask", "masks": {"電話番号": 2}},
        },
    )
    await office.audit.record(answer, body=dump_reply(ANSWER), subject=actor)
    return turn


async def actions(office: Office) -> list[str]:
    found = await office.audit.search(Filter(workspace="main"))
    return [line.action for line in found.lines]


def rows(page: httpx2.Response) -> int:
    return page.text.count('<td class="when"')


async def open_answer(office: Office, browser: httpx2.AsyncClient) -> tuple[str, httpx2.Response]:
    page = await browser.get("/admin/audit", params={"action": "assistant.answer"})
    found = re.search(r'href="(/admin/audit/[0-9a-f-]{36})"', page.text)
    assert found
    return found[1], await browser.get(found[1])


async def test_the_list_shows_the_newest_first_and_filters(office: Office) -> None:
    early = await write_turn(office, "U1")
    office.clock.move(86_400)
    late = await write_turn(office, "U2", "tax")
    async with office.browser() as browser:
        await sign_in(office, browser, "auditor")
        page = await browser.get("/admin/audit")
        assert page.text.index(short_number(late)) < page.text.index(short_number(early))
        for query, count in (
            ({"workspace": "tax"}, 2),
            ({"actor": "U1"}, 2),
            ({"action": "assistant.answer"}, 2),
            ({"action": "assistant.answer", "actor": "U2"}, 1),
            ({"outcome": "answered"}, 2),
            ({"skill": "manual-search"}, 2),
            ({"engine": "offline"}, 2),
            ({"since": "2026-11-23", "actor": "U1"}, 0),
            ({"until": "2026-11-22", "actor": "U1"}, 2),
            ({"number": early}, 2),
            ({"number": short_number(early)}, 2),
            ({"number": early, "actor": "U2"}, 0),
            ({"number": "%%%%"}, 0),
            ({"actor": "nobody"}, 0),
        ):
            assert rows(await browser.get("/admin/audit", params=query)) == count, query


async def test_a_date_that_is_none_is_explained(office: Office) -> None:
    async with office.browser() as browser:
        await sign_in(office, browser, "auditor")
        page = await browser.get("/admin/audit", params={"since": "昨日"})
    assert page.status_code == 200
    assert "2026-04-01" in page.text


async def test_days_are_those_of_the_office(office: Office) -> None:
    # 23:30 in Tokyo on the 22nd is 14:30 UTC; 00:30 on the 23rd is 15:30 UTC on the 22nd.
    for hour, actor in ((14, "before"), (15, "after")):
        event = AuditEvent(
            "data.ingest",
            "main",
            actor=actor,
            occurred=datetime(2026, 11, 22, hour, 30, tzinfo=UTC),
        )
        await office.audit.record(event)
    async with office.browser() as browser:
        await sign_in(office, browser, "auditor")
        page = await browser.get("/admin/audit", params={"since": "2026-11-23"})
    assert "after" in page.text
    assert "before" not in page.text
    assert "2026-11-23 00:30" in page.text


async def test_more_than_a_page_is_paged(office: Office) -> None:
    for _ in range(26):
        await write_turn(office)
    async with office.browser() as browser:
        await sign_in(office, browser, "auditor")
        first = await browser.get("/admin/audit", params={"actor": "U1"})
        assert rows(first) == 50
        assert 'href="/admin/audit?actor=U1&amp;page=2"' in first.text
        second = await browser.get("/admin/audit", params={"actor": "U1", "page": "2"})
        assert rows(second) == 2
        assert "さらに前へ" not in second.text


async def test_a_viewer_sees_one_workspace_at_a_time(office: Office) -> None:
    await write_turn(office, "U-main", "main")
    await write_turn(office, "U-tax", "tax")
    async with office.browser() as browser:
        await sign_in(office, browser, "viewer")
        page = await browser.get("/admin/audit")
    assert "U-main" in page.text
    assert "U-tax" not in page.text


async def test_the_detail_shows_what_the_record_holds(office: Office) -> None:
    turn = await write_turn(office)
    async with office.browser() as browser:
        await sign_in(office, browser, "auditor")
        _, page = await open_answer(office, browser)
    for seen in (
        turn, "回答済み", "manual-search", "0.41秒", "120／34", "休暇の手引", "2026-04-01",
        "伏せて渡す", "電話番号 2件", "manual-search/answer@1.0.0+0123456789ab", "T1/C1",
        "まだ封印されていません",
    ):  # fmt: skip
        assert seen in page.text, seen
    assert "夏季休暇は、7月から" not in page.text


async def test_reading_the_words_is_recorded_before_they_are_shown(office: Office) -> None:
    await write_turn(office)
    async with office.browser() as browser:
        await sign_in(office, browser, "auditor")
        path, page = await open_answer(office, browser)
        assert "admin.view_body" not in await actions(office)
        shown = await browser.post(f"{path}/words", data={"csrf": csrf_in(page)})
    assert "夏季休暇は、7月から9月までの間に5日とする。" in shown.text
    (viewed,) = (
        await office.audit.search(Filter(workspace="main", action="admin.view_body"))
    ).lines
    assert (viewed.actor_role, viewed.target) == ("auditor", path.rpartition("/")[2])


async def test_words_that_were_erased_are_said_to_be_gone(office: Office) -> None:
    await write_turn(office)
    await office.audit.erase("U1", workspace="main")
    async with office.browser() as browser:
        await sign_in(office, browser, "auditor")
        path, page = await open_answer(office, browser)
        shown = await browser.post(f"{path}/words", data={"csrf": csrf_in(page)})
    assert "本文は残っていません" in shown.text


async def test_words_that_were_changed_are_not_shown(office: Office) -> None:
    await write_turn(office)
    async with office.database.write() as connection:
        await connection.execute(text("UPDATE audit_body SET sealed = zeroblob(100)"))
    async with office.browser() as browser:
        await sign_in(office, browser, "auditor")
        path, page = await open_answer(office, browser)
        shown = await browser.post(f"{path}/words", data={"csrf": csrf_in(page)})
    assert shown.status_code == 503
    assert "本文が書き換えられています" in shown.text


async def test_the_exact_words_of_a_prompt_are_one_click_away(office: Office) -> None:
    await write_turn(office)
    async with office.database.write() as connection:
        await connection.execute(
            insert(PromptRow).values(
                digest=DIGEST,
                name="manual-search/answer",
                version="1.0.0",
                text="system:\n出典だけで答える <b>",
                first_used="2026-11-22T00:00:00Z",
            )
        )
    async with office.browser() as browser:
        await sign_in(office, browser, "auditor")
        _, page = await open_answer(office, browser)
        found = re.search(r'href="(/admin/audit/prompt/[^"]+)"', page.text)
        assert found
        prompt = await browser.get(found[1])
    assert "出典だけで答える &lt;b&gt;" in prompt.text
    assert DIGEST in prompt.text


async def test_verifying_says_that_the_record_holds(office: Office) -> None:
    await write_turn(office)
    async with office.browser() as browser:
        await sign_in(office, browser, "operator")
        page = await browser.get("/admin/audit")
        assert "検証点はまだありません" in page.text
        done = await browser.post("/admin/audit/verify", data={"csrf": csrf_in(page)})
    assert "問題は見つかりませんでした" in done.text
    assert "最後の検証点" in done.text
    assert "admin.verify" in await actions(office)


async def test_verifying_says_that_a_record_was_changed(office: Office) -> None:
    await write_turn(office)
    await office.audit.seal()
    async with office.database.write() as connection:
        await connection.execute(
            update(AuditRow)
            .where(col(AuditRow.action) == "assistant.answer")
            .values(canonical=text("replace(canonical, 'U1', 'U9')"))
        )
    async with office.browser() as browser:
        await sign_in(office, browser, "operator")
        page = await browser.get("/admin/audit")
        done = await browser.post("/admin/audit/verify", data={"csrf": csrf_in(page)})
    assert "記録の検証に失敗しました" in done.text
    assert "問題は見つかりませんでした" not in done.text


@pytest.mark.parametrize("kind", ["csv", "jsonl"])
async def test_an_export_holds_what_was_filtered_and_is_recorded(office: Office, kind: str) -> None:
    await write_turn(office, "=HYPERLINK(1)")
    await write_turn(office, "U2")
    async with office.browser() as browser:
        await sign_in(office, browser, "auditor")
        page = await browser.get("/admin/audit")
        file = await browser.post(
            "/admin/audit/export",
            data={"csrf": csrf_in(page), "format": kind, "actor": "=HYPERLINK(1)"},
        )
    assert f'.{kind}"' in file.headers["content-disposition"]
    if kind == "csv":
        lines = list(csv.DictReader(io.StringIO(file.text.removeprefix("\ufeff"))))
        assert [line["利用者"] for line in lines] == ["'=HYPERLINK(1)"] * 2
    else:
        proofs = [json.loads(line) for line in file.text.splitlines()]
        assert len(proofs) == 2
    found = await office.audit.search(
        Filter(action="admin.export"), role="auditor", everywhere=True
    )
    assert found.total == 1


async def test_an_unknown_record_is_explained(office: Office) -> None:
    async with office.browser() as browser:
        await sign_in(office, browser, "auditor")
        page = await browser.get("/admin/audit/nothing")
    assert page.status_code == 404
    assert "記録が見つかりません" in page.text
