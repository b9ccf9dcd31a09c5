"""Past documents as records: added with their register, found with number, day and subject."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path

import openpyxl
import pytest
import pytest_asyncio
from docx import Document as new_docx
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfgen import canvas

from bot import Passage, Reply
from bot.app import App, open_app
from bot.services.manuals.library import AddReport
from bot.services.manuals.register import RECORD, read_register
from bot.settings import Settings
from skills.draft import records
from tests.draft.office import message, say, shomu

pytestmark = pytest.mark.asyncio(loop_scope="module")

LETTER = (
    "8総務第123号", "令和8年5月1日", "各自治会長　様", "浜崎市長",
    "防災訓練の実施について（通知）", "下記のとおり防災訓練を実施します。",
    "日時　令和8年9月6日（日）　午前9時", "会場　中央公園", "炊き出しの材料費　120,000円",
)  # fmt: skip


def docx(path: Path, *lines: str) -> None:
    document = new_docx()
    for line in lines:
        document.add_paragraph(line)
    document.save(path)


def pdf(path: Path, *lines: str) -> None:
    pdfmetrics.registerFont(UnicodeCIDFont("HeiseiMin-W3"))
    page = canvas.Canvas(str(path))
    page.setFont("HeiseiMin-W3", 11)
    for number, line in enumerate(lines):
        page.drawString(60, 780 - 20 * number, line)
    page.rect(10, 10, 20, 20)
    page.save()


def register(path: Path, *rows: tuple[str, ...]) -> None:
    book = openpyxl.Workbook()
    for row in (("文書番号", "日付", "件名", "宛先", "ファイル名"), *rows):
        book.active.append(row)
    book.save(path)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    found = tmp_path / "過去の文書"
    found.mkdir()
    docx(found / "bosai.docx", *LETTER)
    pdf(found / "keiyaku.pdf", "清掃業務委託契約の締結について（伺い）",
        "庁舎の清掃業務を委託する。契約金額は1,650,000円とする。")  # fmt: skip
    register(
        found / "台帳.xlsx",
        ("7管財第45号", "2025-06-20", "庁舎清掃業務の委託契約について", "", "keiyaku.pdf"),
        ("7管財第46号", "2025-06-21", "なくした文書", "", "lost.docx"),
    )
    return found


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def opened(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[App]:
    # One for all: opening takes longer than any of these tests.
    async with open_app(Settings(home=tmp_path_factory.mktemp("office"))) as app:
        yield app


class Office:
    """One workspace of its own for each test."""

    def __init__(self, app: App, workspace: str) -> None:
        self.app, self.workspace = app, workspace

    async def add(self, folder: Path) -> AddReport:
        listed = await read_register([folder])
        return await self.app.library.add(
            [folder], workspace=self.workspace, label="2", collection=RECORD, register=listed
        )

    async def search(self, wish: str, top: str = "") -> Reply:
        values = {"step": "records", "top": top}
        return await say(self.app, message(wish, values=values, workspace=self.workspace))

    async def titles(self) -> dict[str, str]:
        listed = await self.app.library.list(self.workspace, collection=RECORD)
        return {one.name: one.title for one in listed}


@pytest_asyncio.fixture(loop_scope="module")
async def office(opened: App, request: pytest.FixtureRequest) -> Office:
    name = await opened.workspace_for(f"w{abs(hash(request.node.name))}", make=True)
    return Office(opened, name)


async def test_a_record_is_cited_by_number_day_and_subject(office: Office, folder: Path) -> None:
    report = await office.add(folder)
    assert report.added == ["bosai.docx", "keiyaku.pdf"]
    assert await office.titles() == {
        "bosai.docx": "8総務第123号　令和8年5月1日　防災訓練の実施について（通知）",
        "keiyaku.pdf": "7管財第45号　令和7年6月20日　庁舎清掃業務の委託契約について",
    }
    reply = await office.search("防災訓練の通知", "1")
    (source,) = reply.sources
    assert source.document.startswith("8総務第123号　令和8年5月1日　防災訓練の実施について")
    assert "bosai.docx" in source.where
    assert source.label == "2"
    assert reply.data["records"][0]["document_number"] == "8総務第123号"
    assert reply.data["records"][0]["date"] == "令和8年5月1日"


async def test_a_record_is_found_by_its_number(office: Office, folder: Path) -> None:
    await office.add(folder)
    reply = await office.search("7管財第45号")
    assert reply.data["records"][0]["document"] == "keiyaku.pdf"


async def test_similar_records_show_what_differs_from_the_wish(
    office: Office, folder: Path
) -> None:
    await office.add(folder)
    wish = "町内会長様あて、防災訓練の通知。令和9年9月5日に開催、材料費は130,000円"
    reply = await office.search(wish, "1")
    differs = {one["field"]: one for one in reply.data["records"][0]["differs"]}
    assert differs["日付"]["wish"] == "令和9年9月5日"
    assert "令和8年9月6日" in differs["日付"]["record"]
    assert differs["金額"] == {"field": "金額", "wish": "130,000円", "record": "120,000円"}
    assert differs["宛先"] == {"field": "宛先", "wish": "町内会長", "record": "各自治会長"}
    assert "違い（金額）：今回 130,000円 ／ 過去 120,000円" in reply.text


async def test_what_is_the_same_is_no_difference() -> None:
    found = records.differences("令和8年9月6日　120,000円", "令和8年9月6日に120,000円で実施")
    assert found == []


async def test_records_are_apart_from_the_manuals(office: Office, folder: Path) -> None:
    await office.add(folder)
    assert await office.app.library.list(office.workspace) == []
    assert not await office.app.search.find("防災訓練", workspace=office.workspace, clearance="2")


async def test_adding_again_changes_only_what_the_files_or_the_register_changed(
    office: Office, folder: Path
) -> None:
    await office.add(folder)
    assert (await office.add(folder)).unchanged == ["bosai.docx", "keiyaku.pdf"]
    register(folder / "台帳.xlsx", ("7管財第99号", "2025-06-20", "清掃の契約", "", "keiyaku.pdf"))
    report = await office.add(folder)
    assert (report.updated, report.unchanged) == (["keiyaku.pdf"], ["bosai.docx"])
    assert (await office.titles())["keiyaku.pdf"] == "7管財第99号　令和7年6月20日　清掃の契約"


async def test_files_that_cannot_be_read_are_named_and_the_rest_is_added(
    office: Office, folder: Path
) -> None:
    blank = canvas.Canvas(str(folder / "scan.pdf"))
    blank.rect(10, 10, 100, 100)
    blank.save()
    (folder / "broken.docx").write_bytes(b"PK\x03\x04")
    (folder / "old.doc").write_bytes(b"x")
    report = await office.add(folder)
    assert report.added == ["bosai.docx", "keiyaku.pdf"]
    failed = dict(report.failed)
    assert "画像だけのようです" in failed["scan.pdf"]
    assert "文字認識（OCR）" in failed["scan.pdf"]
    assert "壊れていて" in failed["broken.docx"]
    assert "docx で保存し直して" in failed["old.doc"]


async def test_a_table_without_the_columns_of_a_register_is_a_record_like_any_other(
    office: Office, folder: Path
) -> None:
    book = openpyxl.Workbook()
    for row in (("区分", "単価", "備考"), ("報償費", "5,000円", "講師")):
        book.active.append(row)
    book.save(folder / "単価表.xlsx")
    assert "単価表.xlsx" in (await office.add(folder)).added


async def test_without_records_it_says_how_to_add_them(office: Office) -> None:
    reply = await office.search("防災訓練")
    assert reply.status == "not_found"
    assert "shomu records add" in reply.text
    assert reply.data["records"] == []


async def test_a_citation_is_taken_apart_as_it_was_put_together() -> None:
    heading = "8総務第1号　令和8年5月1日　祭りについて　その2 ＞ 記 ＞ 1"
    assert records.cited(Passage("1", "a.docx", heading, "")) == (
        "8総務第1号", "令和8年5月1日", "祭りについて　その2",
    )  # fmt: skip
    assert records.cited(Passage("1", "a.docx", "祭りのお知らせ", "")) == ("", "", "祭りのお知らせ")
    assert records.cited(Passage("1", "a.docx", "", "")) == ("", "", "a.docx")


async def test_the_commands_add_and_find_records(folder: Path, tmp_path: Path) -> None:
    home = tmp_path / "cli"
    blank = canvas.Canvas(str(folder / "scan.pdf"))
    blank.save()
    added = shomu(home, "records", "add", str(folder), "--label", "2")
    assert added.returncode == 1, added.stderr
    assert "追加 2、更新 0、変更なし 0、読めなかったもの 1" in added.stdout
    assert "台帳：台帳.xlsx（2件）" in added.stdout
    assert "scan.pdf" in added.stderr
    assert "lost.docx：台帳にありますが" in added.stderr
    found = shomu(home, "records", "search", "庁舎の清掃の契約", "--top", "1", "--json")
    assert found.returncode == 0, found.stderr
    (row,) = json.loads(found.stdout)
    assert row["document_number"] == "7管財第45号"
    assert {"document_number", "date", "title", "excerpt", "place", "differs"} <= set(row)
