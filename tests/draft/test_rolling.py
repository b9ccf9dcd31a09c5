"""前年踏襲 as staff meet it: a file in the chat, forms for what only they know, two files back."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from docx import Document as open_docx
from reportlab.pdfgen import canvas

from bot import Reply
from bot.app import App, open_app
from bot.contract import skill_folder
from bot.services.manuals.register import RECORD, Register
from bot.settings import Settings
from skills.draft import roll
from skills.draft.roll import BLANK
from tests.draft.office import WORKSPACE, message, say, shomu
from tests.draft.planted import DATA, samples

# One office for all: opening it takes longer than any of these tests.
pytestmark = pytest.mark.asyncio(loop_scope="module")

SAMPLE = next(one for one in samples("dev") if one.name == "02-kodomo-kaisai")
NAME = "こどもまつり.docx"
ROSTER = (DATA / "dev" / "hamasaki.csv").read_bytes()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def app(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[App]:
    home = tmp_path_factory.mktemp("office")
    async with open_app(Settings(home=home)) as opened:
        yield opened


async def rolled(app: App, files: dict[str, bytes], text: str = "令和9年度に前年踏襲") -> Reply:
    return await say(app, message(text, files=files), files)


async def file_of(app: App, reply: Reply, part: str) -> bytes:
    (file,) = [file for file in reply.files if part in file.name]
    kept = await app.files.fetch(file.id, workspace=WORKSPACE)
    assert kept is not None
    return kept.content


async def test_last_years_file_comes_back_for_the_new_year_with_a_comparison(app: App) -> None:
    reply = await rolled(app, {NAME: SAMPLE.content, "名簿.csv": ROSTER})
    assert reply.status == "answered"
    assert "令和9年度にすると古くなるところが19か所あります" in reply.text
    assert "第12回 → **第13回**" in reply.text
    assert "**飯島**" not in reply.text
    assert "飯島 → **松田**" in reply.text
    assert "未確認の下書きです" in reply.notice
    assert [file.name for file in reply.files] == [
        "こどもまつり_令和9年度_未確認.docx", "こどもまつり_令和9年度_新旧対照表.docx",
    ]  # fmt: skip
    new = roll.read(NAME, await file_of(app, reply, "未確認"))
    assert new.lines[0].text.startswith("第13回")
    table = open_docx(io.BytesIO(await file_of(app, reply, "新旧対照表"))).tables[0]
    assert [cell.text for cell in table.rows[0].cells] == ["新", "旧"]


async def test_only_what_cannot_be_suggested_is_asked_and_the_answers_go_in(app: App) -> None:
    first = await rolled(app, {NAME: SAMPLE.content, "名簿.csv": ROSTER})
    (button,) = [action for action in first.actions if action.name == "draft"]
    asked = await say(app, message(kind="button", values={"value": button.value}))
    assert asked.form is not None
    open_items = [one["number"] for one in first.data["stale"] if not one["suggestion"]]
    assert [field.name for field in asked.form.fields] == [f"answer-{n}" for n in open_items]
    assert not any(field.required for field in asked.form.fields)
    answers = {"form": asked.form.name, asked.form.fields[2].name: "3,300円"}
    reply = await say(app, message(kind="form", values=answers))
    assert "**3,300円**" in reply.text
    assert "- 旧：テント1張 ｜ **3,000**円 ｜ **5,000円**" in reply.text
    new = [line.text for line in roll.read(NAME, await file_of(app, reply, "未確認")).lines]
    assert "3,300円" in new
    assert new.count(BLANK) == 3
    assert reply.form is not None
    assert len(reply.form.fields) == len(asked.form.fields) - 1


async def test_the_record_holds_digests_and_counts_and_none_of_the_words(app: App) -> None:
    reply = await rolled(app, {NAME: SAMPLE.content, "名簿.csv": ROSTER})
    async with app.database.read() as connection:
        rows = await connection.exec_driver_sql(
            "SELECT canonical FROM audit_event WHERE action = 'draft.rolled'"
        )
        (canonical,) = [row[0] for row in rows if reply.turn in row[0]]
    details = json.loads(canonical)["details"]
    assert details["stale"] == 19
    assert details["missing"] == 7
    assert details["year"] == 2027
    assert len(details["sha256"]) == 64
    assert "飯島" not in canonical


async def test_the_staff_list_of_the_workspace_is_used_when_none_is_sent(app: App) -> None:
    folder = skill_folder(app.settings.home, WORKSPACE, "draft")
    without = await rolled(app, {NAME: SAMPLE.content})
    assert "職員名簿がないため" in without.notice
    assert "飯島" not in without.text.partition("新旧")[0]
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "roster.csv").write_bytes(ROSTER)
    try:
        assert "飯島 → **松田**" in (await rolled(app, {NAME: SAMPLE.content})).text
    finally:
        (folder / "roster.csv").unlink()


async def test_a_cited_rule_that_the_workspace_has_newer_is_found(app: App, tmp_path: Path) -> None:
    rule = tmp_path / "浜崎市財務規則.md"
    rule.write_text(
        "# 浜崎市財務規則\n\n最終改正　令和8年7月1日規則第30号\n\n"
        "（落札者の決定）\n第98条　落札者は、予定価格の範囲内で最低の価格の者とする。\n\n"
        "（指名競争入札）\n第101条　指名競争入札に付するときは、5者以上を指名する。\n",
        encoding="utf-8",
    )
    await app.workspace_for(WORKSPACE, make=True)
    await app.library.add([rule], workspace=WORKSPACE, label="2")
    sample = next(one for one in samples("dev") if one.name == "04-buppin-kian")
    reply = await rolled(app, {"起案.docx": sample.content, "名簿.csv": ROSTER})
    (found,) = [one for one in reply.data["stale"] if one["kind"] == "規程"]
    assert found["text"] == "浜崎市財務規則第98条"
    assert found["suggestion"] == "浜崎市財務規則第101条"
    assert "2026年7月1日の版" in found["reason"]


async def test_without_a_year_the_next_one_is_taken(app: App) -> None:
    reply = await rolled(app, {NAME: SAMPLE.content}, "前年踏襲でお願いします")
    assert reply.data["year"] == 2027


async def test_without_a_file_it_says_how(app: App) -> None:
    reply = await say(app, message("前年踏襲で通知を作りたい"))
    assert reply.status == "help"
    assert "添付して" in reply.text


async def test_without_a_file_the_records_that_may_be_meant_are_listed(
    app: App, tmp_path: Path
) -> None:
    letter = open_docx()
    for line in (
        "8総務第9号",
        "令和8年8月3日",
        "文化祭の開催について（通知）",
        "文化祭を開きます。",
    ):
        letter.add_paragraph(line)
    path = tmp_path / "bunkasai.docx"
    letter.save(str(path))
    await app.library.add(
        [path], workspace=WORKSPACE, label="2", collection=RECORD, register=Register()
    )
    reply = await say(app, message("文化祭の通知を前年踏襲で"))
    assert "8総務第9号　令和8年8月3日　文化祭の開催について" in reply.text
    assert "bunkasai.docx" in reply.text
    assert reply.sources


def with_macro() -> bytes:
    made = io.BytesIO(SAMPLE.content)
    with zipfile.ZipFile(made, "a") as packed:
        packed.writestr("word/vbaProject.bin", b"macro")
    return made.getvalue()


def scanned() -> bytes:
    made = io.BytesIO()
    page = canvas.Canvas(made)
    page.rect(10, 10, 100, 100)
    page.save()
    return made.getvalue()


def blank() -> bytes:
    made = io.BytesIO()
    open_docx().save(made)
    return made.getvalue()


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("通知.docx", b"plain words", "中身が拡張子（.docx）と合いません"),
        ("通知.docx", SAMPLE.content[:2000], "壊れていて開けません"),
        ("通知.docm", SAMPLE.content, "マクロ付き"),
        ("通知.docx", with_macro(), "マクロ付き"),
        ("通知.docx", bytes.fromhex("d0cf11e0a1b11ae1") + b"x" * 600, "パスワードを外し"),
        ("通知.docx", blank(), "文字がありません"),
        ("通知.docx", b" ", "中身が空です"),
        ("通知.pdf", scanned(), "画像だけのようです"),
    ],
)
async def test_a_file_that_cannot_be_used_is_named_with_what_to_do(
    app: App, name: str, content: bytes, told: str
) -> None:
    reply = await rolled(app, {name: content})
    assert name in reply.text
    assert told in reply.text
    assert not reply.files


@pytest.mark.parametrize(
    ("year", "told"),
    [("令和8", "令和9以降を指定してください"), ("来年", "「来年」がどの年度か分かりません")],
)
async def test_a_year_that_cannot_be_used_says_which_can(app: App, year: str, told: str) -> None:
    files = {NAME: SAMPLE.content}
    reply = await say(app, message(files=files, values={"step": "roll", "year": year}), files)
    assert told in reply.text


async def test_a_roster_without_its_columns_is_told_all_of_them(app: App) -> None:
    reply = await rolled(app, {NAME: SAMPLE.content, "名簿.csv": b"a,b\n1,2\n"})
    assert "「所属」、「職名」、「氏名」の列がありません" in reply.text


async def test_a_form_of_a_roll_forward_that_is_gone_says_to_begin_again(app: App) -> None:
    reply = await say(app, message(kind="form", values={"form": "draft/roll/none"}))
    assert "もう一度、昨年の文書を添付" in reply.text


async def test_the_command_lists_what_is_stale_as_json(tmp_path: Path) -> None:
    path = tmp_path / NAME
    path.write_bytes(SAMPLE.content)
    (tmp_path / "名簿.csv").write_bytes(ROSTER)
    words = ("draft", "roll", str(path), "--year", "令和9", "--roster", str(tmp_path / "名簿.csv"))
    done = shomu(tmp_path / "home", *words, "--json")
    assert done.returncode == 0, done.stderr
    listed = json.loads(done.stdout)
    assert len(listed) == 19
    assert {"place", "text", "kind", "suggestion", "reason"} <= set(listed[0])
    assert (listed[0]["place"], listed[0]["text"]) == ("1段落目", "第12回")
    written = shomu(tmp_path / "home", *words, "--set", "10=3,300円", "--out", str(tmp_path / "新"))
    assert written.returncode == 0, written.stderr
    new = roll.read(NAME, (tmp_path / "新" / "こどもまつり_令和9年度_未確認.docx").read_bytes())
    assert "3,300円" in [line.text for line in new.lines]


async def test_a_mistyped_set_is_told_its_form(tmp_path: Path) -> None:
    path = tmp_path / NAME
    path.write_bytes(SAMPLE.content)
    done = shomu(tmp_path / "home", "draft", "roll", str(path), "--set", "三つ目")
    assert done.returncode == 1
    assert "番号=新しい内容" in done.stderr
