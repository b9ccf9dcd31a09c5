"""Files under an answer of the page, and the links that open them."""

from __future__ import annotations

import re
from dataclasses import replace
from html import unescape

import httpx2
import pytest

from bot.messages import File
from bot.services.audit.search import Filter
from bot.services.files import LINK_SECONDS
from tests.web.office import ANSWER, Office, csrf_in

DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
MINUTES = File("f1", "議事録 第3回（総務課）.docx", DOCX, 4, "ab", "2")
PICTURE = File("f2", '図 "1" <b>.png', "image/png", 4, "cd", "2")


async def keep(office: Office, *files: File, workspace: str = "main") -> None:
    for file in files:
        await office.files.keep(file, b"PK\x03\x04", workspace=workspace, subject="local")


async def asked(office: Office, browser: httpx2.AsyncClient, *files: File) -> httpx2.Response:
    """Ask without JavaScript; the answer comes with these files."""
    await keep(office, *files)
    office.script.answer = replace(ANSWER, files=files)
    csrf = csrf_in(await browser.get("/chat"))
    form = {"csrf": csrf, "text": "議事録を作って"}
    return await browser.post("/chat", data=form, follow_redirects=True)


def addresses(page: httpx2.Response) -> list[str]:
    return [unescape(found) for found in re.findall(r'<a href="(/files/[^"]+)"', page.text)]


async def test_a_file_under_an_answer_is_downloaded_without_javascript(office: Office) -> None:
    async with office.browser() as browser:
        page = await asked(office, browser, MINUTES)
        assert "議事録 第3回（総務課）.docx" in page.text
        assert "<img" not in page.text.partition('class="answer-files"')[2].partition("</ul>")[0]
        (address,) = addresses(page)
        answer = await browser.get(address)
    assert (answer.status_code, answer.content) == (200, b"PK\x03\x04")
    assert answer.headers["content-type"] == DOCX
    assert answer.headers["content-disposition"] == (
        "attachment; filename*=UTF-8''%E8%AD%B0%E4%BA%8B%E9%8C%B2%20%E7%AC%AC3%E5%9B%9E"
        "%EF%BC%88%E7%B7%8F%E5%8B%99%E8%AA%B2%EF%BC%89.docx"
    )
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["content-security-policy"] == "default-src 'none'; sandbox"
    assert "set-cookie" not in answer.headers


async def test_a_picture_is_shown_on_the_page_and_its_name_stays_text(office: Office) -> None:
    async with office.browser() as browser:
        page = await asked(office, browser, PICTURE)
        shown = re.search(r'<img src="([^"]+)" alt="([^"]+)"', page.text)
        assert shown is not None
        assert unescape(shown[2]) == PICTURE.name
        assert (await browser.get(unescape(shown[1]))).headers["content-type"] == "image/png"
    assert "<b>.png" not in page.text


async def test_a_link_is_enough_for_a_browser_that_is_not_signed_in(office: Office) -> None:
    await keep(office, MINUTES)
    address = office.links.path("main", MINUTES)
    async with office.browser("https://shomu.example.lg.jp", ("10.1.1.1", 1)) as browser:
        assert (await browser.get(address)).status_code == 200


async def test_opening_a_file_is_recorded_without_its_name(office: Office) -> None:
    await keep(office, MINUTES)
    async with office.browser() as browser:
        await browser.get(office.links.path("main", MINUTES))
    fields = (await office.audit.search(Filter("main"))).lines[0].fields
    assert (fields["action"], fields["target"]) == ("file.opened", "f1")
    assert fields["details"]["digest"] == "ab"
    assert "総務課" not in str(fields)


@pytest.mark.parametrize(
    "change",
    [
        lambda address: address.partition("?")[0],
        lambda address: address[:-1] + ("0" if address[-1] != "0" else "1"),
        lambda address: address.replace("/main/", "/tax/"),
        lambda address: address.replace("/f1", "/f9"),
        lambda address: address.replace("?key=", "?key=9"),
    ],
    ids=["no key", "wrong key", "another workspace", "another file", "a later day"],
)
async def test_any_other_link_finds_nothing_and_is_explained(
    office: Office, change: object
) -> None:
    await keep(office, MINUTES)
    assert callable(change)
    async with office.browser() as browser:
        answer = await browser.get(change(office.links.path("main", MINUTES)))
    assert answer.status_code == 404
    assert "ファイルが見つかりません" in answer.text
    assert b"PK" not in answer.content
    assert (await office.audit.search(Filter("main"))).lines == ()


async def test_the_right_key_does_not_open_the_file_of_another_workspace(office: Office) -> None:
    await keep(office, MINUTES, workspace="tax")
    async with office.browser() as browser:
        answer = await browser.get(office.links.path("main", MINUTES))
    assert answer.status_code == 404


async def test_a_link_ends_after_a_day_and_an_erased_file_at_once(office: Office) -> None:
    await keep(office, MINUTES)
    address = office.links.path("main", MINUTES)
    async with office.browser() as browser:
        office.clock.move(LINK_SECONDS)
        assert (await browser.get(address)).status_code == 404
        address = office.links.path("main", MINUTES)
        await office.audit.erase("local")
        assert (await browser.get(address)).status_code == 404
