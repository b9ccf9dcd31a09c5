"""The pages that the Teams app package links to."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.settings import Settings
from tests.web.office import Office, open_office

PUBLIC = "https://shomu.city.example"
ELSEWHERE = ("203.0.113.9", 50_000)


@pytest.mark.parametrize("page", ["/privacy", "/terms"])
async def test_anybody_reads_them_at_the_public_address_and_gets_no_cookie(
    tmp_path: Path, page: str
) -> None:
    office = await open_office(tmp_path, Settings(home=tmp_path, public_url=PUBLIC))
    async with office.browser(PUBLIC, ELSEWHERE) as browser:
        answer = await browser.get(page, headers={"X-Forwarded-For": "203.0.113.9"})
    await office.database.close()
    assert answer.status_code == 200
    assert "set-cookie" not in answer.headers
    assert "csrf" not in answer.text


async def test_the_days_that_words_are_kept_are_those_of_the_settings(tmp_path: Path) -> None:
    office = await open_office(tmp_path, Settings(home=tmp_path, body_days=90))
    async with office.browser() as browser:
        said = (await browser.get("/privacy")).text
    await office.database.close()
    assert "90日たつと自動で消えます" in said
    assert "いつ誰が使ったかの記録は、監査のために残ります" in said
    assert "管理者に" in said


async def test_whether_a_model_reads_the_questions_is_said(office: Office, tmp_path: Path) -> None:
    async with office.browser() as browser:
        offline = (await browser.get("/privacy")).text
    settings = Settings(home=tmp_path / "b", model="m", model_url="http://127.0.0.1/v1")
    with_model = await open_office(tmp_path / "b", settings)
    async with with_model.browser() as browser:
        said = (await browser.get("/privacy")).text
    await with_model.database.close()
    assert "AIモデルを使いません" in offline
    assert "AIモデルを使いません" not in said
    assert "質問と、文書の該当箇所をモデルに渡します" in said


async def test_the_terms_ask_to_check_the_sources_and_to_leave_personal_data_out(
    office: Office,
) -> None:
    async with office.browser() as browser:
        said = (await browser.get("/terms")).text
    assert "出典を開いて確かめてから" in said
    assert "個人情報を書かないでください" in said
    assert "管理者にお知らせください" in said
