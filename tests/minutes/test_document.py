"""Minutes as documents: what an office files, and what comes back after it was edited in Word."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from docx import Document

from bot import Reply
from bot.messages import Actor
from bot.testing.kit import Kit
from tests.minutes.office import COUNCIL, MEETING, TEAM, approved, kit, own_file, press, series

DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"


def word(bot: Kit, reply: Reply) -> Any:
    """The Word document of a reply."""
    file = next(file for file in reply.files if file.name.endswith(".docx"))
    assert file.media_type == DOCX
    return Document(io.BytesIO(bot.files.named(file.name)))


def text(document: Any) -> str:
    """Every word of a document, tables too."""
    cells = [cell.text for table in document.tables for row in table.rows for cell in row.cells]
    return "\n".join([*(paragraph.text for paragraph in document.paragraphs), *cells])


def headings(document: Any) -> list[str]:
    return [
        paragraph.text
        for paragraph in document.paragraphs
        if paragraph.style.name.startswith("Heading 1")
    ]


def changed(bot: Kit, reply: Reply, change: Callable[[Any], None]) -> dict[str, bytes]:
    """The document of a reply as a person sends it back."""
    document = word(bot, reply)
    change(document)
    content = io.BytesIO()
    document.save(content)
    return {"直したもの.docx": content.getvalue()}


async def test_the_council_gets_its_sections_in_its_order_with_what_is_missing_marked() -> None:
    bot = kit()
    draft = await bot.say("議事録にして", files=COUNCIL)
    handed = await press(bot, draft, "Wordで受け取る")
    document = word(bot, handed)
    assert headings(document) == [
        "１　次第",
        "２　議事の要旨",
        "３　主な質疑",
        "４　決定事項",
        "５　事務局等の対応",
        "６　継続して審議する事項",
    ]
    head = {row.cells[0].text: row.cells[1].text for row in document.tables[0].rows}
    assert head["場所"] == "市役所5階 大会議室"
    assert head["欠席者"] == head["傍聴者"] == "【要記入】"
    assert "欠席者・傍聴者 に【要記入】があります" in handed.notice
    table = document.tables[1]
    assert [cell.text for cell in table.rows[0].cells] == ["番号", "内容", "担当", "期限"]
    assert "上田（推定）" in table.rows[1].cells[2].text
    assert "令和8年12月31日（木）" in text(document)


async def test_the_state_stands_at_the_top_of_every_page_until_the_approval() -> None:
    bot = kit()
    draft = await bot.say("議事録にして", files=COUNCIL)

    def top(reply: Reply) -> str:
        return str(word(bot, reply).sections[0].header.paragraphs[0].text)

    assert top(await press(bot, draft, "Wordで受け取る")) == "【未確認】"
    checked = await press(bot, draft, "内容を確認した")
    assert top(await press(bot, checked, "Wordで受け取る")) == "【確認済み・未承認】"
    assert top(await press(bot, checked, "承認する")) == ""


async def test_the_full_record_has_every_speech_with_speaker_and_time() -> None:
    bot = kit()
    draft = await bot.say("全文記録で議事録にして", files=TEAM)
    written = text(word(bot, await press(bot, draft, "Wordで受け取る")))
    assert "○鈴木 美咲（0:00:22）　はい。4月1日から30日までの試行で、予約は全部で312件" in written
    assert "○佐藤 花子（0:00:49）　待ち時間はどう変わりましたか。" in written


async def test_residents_are_not_named_and_officials_are() -> None:
    bot = kit()
    draft = await bot.say("全文記録で議事録にして", files=MEETING)
    handed = await press(bot, draft, "Wordで受け取る")
    written = text(word(bot, handed))
    assert "○参加者　ホールは何人入れますか。" in written
    assert "○施設課長（福田）　" in written
    assert "住民A" not in written
    assert "「参加者」としました" in handed.notice


async def test_another_kind_of_meeting_and_form_can_be_asked_for_in_words_or_by_button() -> None:
    bot = kit()
    draft = await bot.say("議事録にして", files=TEAM)
    assert "係内会議・要点記録" in draft.text
    said = await bot.say("庁議の様式で", kind="follow-up")
    assert "庁議の「要点記録」にしました" in said.text
    said = await bot.say("決定一覧で", kind="follow-up")
    assert "庁議の「決定一覧」にしました" in said.text
    document = word(bot, await press(bot, said, "Wordで受け取る"))
    assert "決定事項一覧" in text(document)
    assert headings(document)[0] == "１　決定事項"
    asked = await press(bot, said, "様式を変える")
    assert asked.form is not None
    assert asked.form.fields[0].value == "庁議"
    assert bot.events("minutes.template")[-1].details == {"meeting": "庁議", "record": "決定一覧"}


async def test_markdown_has_the_same_words() -> None:
    bot = kit()
    await bot.say("議事録にして", files=COUNCIL)
    handed = await bot.say("マークダウンで書き出して", kind="follow-up")
    written = bot.files.named(handed.files[0].name).decode()
    assert handed.files[0].name == "第3回ごみ減量等推進審議会_要点記録_20260915.md"
    assert "# 【未確認】会議録（要点記録）" in written
    assert "## 決定事項" in written
    assert "| 番号 | 内容 | 担当 | 期限 |" in written
    assert "| 場所 | 市役所5階 大会議室 |" in written


async def test_an_edited_word_document_becomes_the_next_version() -> None:
    bot = kit()
    draft = await bot.say("議事録にして", files=COUNCIL)
    handed = await press(bot, draft, "Wordで受け取る")
    checked = await press(bot, draft, "内容を確認した")
    assert "確認済み" in checked.text

    def edit(document: Any) -> None:
        document.tables[0].rows[4].cells[1].text = "なし"
        for paragraph in document.paragraphs:
            if "業者と協議して決めます" in paragraph.text:
                paragraph._p.getparent().remove(paragraph._p)
            if "その修正をした上で" in paragraph.text:
                paragraph.text = "（１）第2回の会議録を、3ページを修正して確定した。"
        table = document.tables[1]
        table.rows[2].cells[3].text = "令和8年10月20日"
        row = table.add_row().cells
        for cell, value in zip(
            row, ("6", "配付資料を市のサイトに載せる。", "上田", ""), strict=True
        ):
            cell.text = value

    back = await bot.say("直しました", files=changed(bot, handed, edit), kind="follow-up")
    assert back.status == "help"
    assert "第2版" in back.text
    assert "欠席者：加えました「なし」" in back.text
    assert (
        "1（決定）：「その修正をした上で、議事録は確定とします。」→「第2回の会議録を" in back.text
    )
    assert "4（決定）：消しました" in back.text
    assert "6の期限：「次回」→「令和8年10月20日（火）［令和8年10月20日］」" in back.text
    assert "加えました「配付資料を市のサイトに載せる。」" in back.text
    assert len(back.text.splitlines()) == 7, back.text
    assert "確認済みを取り消し" in back.text
    assert bot.events("minutes.edited")[0].details["changes"] == 5


async def test_a_copy_of_an_older_version_leaves_what_was_changed_in_the_chat_meanwhile() -> None:
    bot = kit()
    draft = await bot.say("議事録にして", files=COUNCIL)
    handed = await press(bot, draft, "Wordで受け取る")
    await bot.say("2を『手数料は次回決める。』に直す", kind="follow-up")
    await bot.say("4を消して", kind="follow-up")

    def edit(document: Any) -> None:
        document.tables[0].rows[4].cells[1].text = "なし"

    back = await bot.say("直しました", files=changed(bot, handed, edit), kind="follow-up")
    assert back.text.splitlines() == [
        "**直しました（第4版）**",
        "- 欠席者：加えました「なし」",
    ]


async def test_an_edited_markdown_copy_becomes_the_next_version_too() -> None:
    bot = kit()
    await bot.say("議事録にして", files=COUNCIL)
    handed = await bot.say("Markdownで書き出して", kind="follow-up")
    written = bot.files.named(handed.files[0].name).decode()
    edited = written.replace("4. 業者と協議して決めます。", "4. 収集の曜日は業者と協議する。")
    back = await bot.say("直した", files={"議事録.md": edited.encode()}, kind="follow-up")
    assert "4（決定）：「業者と協議して決めます。」→「収集の曜日は業者と協議する。」" in back.text
    assert len(back.text.splitlines()) == 2, back.text


async def test_a_document_sent_back_as_it_was_changes_nothing() -> None:
    bot = kit()
    draft = await bot.say("議事録にして", files=MEETING)
    handed = await press(bot, draft, "Wordで受け取る")
    same = {"そのまま.docx": bot.files.named(handed.files[0].name)}
    back = await bot.say("直しました", files=same, kind="follow-up")
    assert back.status == "failed"
    assert "変わったところがありません" in back.text
    assert not bot.events("minutes.edited")


async def test_a_copy_without_its_headings_is_not_taken_for_an_empty_one() -> None:
    bot = kit()
    draft = await bot.say("議事録にして", files=COUNCIL)
    handed = await press(bot, draft, "Wordで受け取る")

    def edit(document: Any) -> None:
        for paragraph in document.paragraphs:
            paragraph.style = document.styles["Normal"]

    back = await bot.say("直しました", files=changed(bot, handed, edit), kind="follow-up")
    assert back.status == "failed"
    assert "見出しを残したまま" in back.text


async def test_a_copy_that_lost_its_mark_is_taken_when_it_is_called_one() -> None:
    bot = kit()
    draft = await bot.say("議事録にして", files=COUNCIL)
    handed = await press(bot, draft, "Wordで受け取る")

    def edit(document: Any) -> None:
        document.core_properties.identifier = ""
        document.tables[0].rows[4].cells[1].text = "なし"

    back = await bot.say("差し替えます", files=changed(bot, handed, edit), kind="follow-up")
    assert "欠席者：加えました「なし」" in back.text


async def test_a_word_document_that_is_no_minutes_is_explained() -> None:
    bot = kit()
    await bot.say("議事録にして", files=COUNCIL)
    document = Document()
    document.add_heading("お知らせ", 1)
    document.add_paragraph("庁舎の清掃を行います。")
    content = io.BytesIO()
    document.save(content)
    files = {"お知らせ.docx": content.getvalue()}
    back = await bot.say("差し替えます", files=files, kind="follow-up")
    assert back.status == "failed"
    assert "庶務が書き出した議事録の形ではない" in back.text
    assert not bot.events("minutes.edited")


@pytest.mark.parametrize("form", ["Wordで書き出して", "マークダウンで書き出して"])
async def test_no_form_changes_what_it_says_on_the_way_there_and_back(form: str) -> None:
    bot = kit()
    await bot.say("議事録にして", files=MEETING)
    for meeting in ("庁議", "係内会議", "審議会", "住民説明会"):
        for record in ("全文記録", "要点記録", "決定一覧"):
            await bot.say(f"{meeting}の{record}の様式で", kind="follow-up")
            handed = await bot.say(form, kind="follow-up")
            name = handed.files[0].name
            files = {f"写し{name[-5:]}": bot.files.named(name)}
            back = await bot.say("直しました", files=files, kind="follow-up")
            assert "変わったところがありません" in back.text, (meeting, record)


async def test_a_word_file_that_is_broken_or_a_bomb_is_no_copy_of_ours() -> None:
    bomb = io.BytesIO()
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("word/document.xml", b"0" * 80_000_000)
    for content in (b"PK\x03\x04 broken", bomb.getvalue(), b""):
        reply = await kit().say("議事録を直しました", files={"議事録.docx": content})
        assert reply.status == "failed"
        assert not reply.files


async def test_a_private_drafts_copy_sent_by_somebody_else_is_refused() -> None:
    bot = kit()
    draft = await bot.say("議事録にして", files=COUNCIL, kind="command")
    handed = await press(bot, draft, "Wordで受け取る")
    files = changed(bot, handed, lambda document: None)
    reply = await bot.say("議事録を直しました", files=files, actor=Actor("U2"))
    assert reply.status == "refused"


async def test_the_next_meeting_of_a_series_starts_from_what_is_open() -> None:
    bot = kit()
    done = await approved(bot, series(20))
    listed = await press(bot, done, "対応の一覧")
    await press(bot, listed, "完了：会場の鍵")
    draft = await bot.say("議事録にして", files=series(27), thread="2000.1")
    assert "**前回からの対応**" in draft.text
    assert "- ［未完了］参加者の名簿は" in draft.text
    assert "- ［完了］会場の鍵は" in draft.text
    document = word(bot, await press(bot, draft, "Wordで受け取る"))
    assert headings(document)[0] == "１　前回からの対応"
    rows = [[cell.text for cell in row.cells] for row in document.tables[1].rows]
    assert rows[0] == ["前回の対応", "担当", "期限", "状況"]
    assert [row[3] for row in rows[1:]] == ["未完了", "完了"]
    other = await bot.say("議事録にして", files=COUNCIL, thread="3000.1")
    assert "前回からの対応" not in other.text


async def test_an_own_template_decides_what_the_document_has(tmp_path: Path) -> None:
    own_file(
        tmp_path,
        "templates/係内会議.yaml",
        "meeting: 係内会議\nnames: 氏名\nhead: 会議名、司会\nrecord: 短い記録\n"
        "records:\n  短い記録:\n    title: 係のメモ\n    sections:\n      - 決定: きまり\n",
    )
    bot = kit(tmp_path)
    draft = await bot.say("議事録にして", files=TEAM)
    document = word(bot, await press(bot, draft, "Wordで受け取る"))
    assert document.paragraphs[0].text == "係のメモ"
    assert headings(document) == ["１　きまり"]
    assert [row.cells[0].text for row in document.tables[0].rows] == ["会議名", "司会"]


@pytest.mark.parametrize("reason", ["", "市議会の様式に載せる欄がないため"])
async def test_the_line_about_the_model_goes_only_with_a_reason(reason: str) -> None:
    bot = kit()
    draft = await bot.say("議事録にして", files=COUNCIL)
    kept = await bot.bot.services.records.get("main", "minutes", f"draft/{draft.turn}")
    await bot.bot.services.records.put(
        "main", "minutes", f"draft/{draft.turn}", {**kept, "engine": "office-model"}
    )
    foot = word(bot, await press(bot, draft, "Wordで受け取る")).sections[0].footer
    assert "生成AI（office-model）が作った下書きです" in foot.paragraphs[-1].text
    words = "AIの表示を外して" + (f" 理由：{reason}" if reason else "")
    reply = await bot.say(words, kind="follow-up")
    events = bot.events("minutes.disclosure-removed")
    handed = await bot.say("Wordで書き出して", kind="follow-up")
    footers = text(word(bot, handed).sections[0].footer)
    if reason:
        assert events[0].details["engine"] == "office-model"
        assert reason not in str(events[0].details)
        assert "生成AI" not in footers
    else:
        assert reply.form is not None
        assert not events
        assert "生成AI" in footers


async def test_minutes_that_a_model_drafted_go_the_same_way_and_say_so() -> None:
    items = [
        {"kind": "decision", "text": "雨天の場合は体育館で行う。", "lines": [4]},
        {"kind": "decision", "text": "会費は5,000円とする。", "lines": [4]},
    ]
    summary = [{"text": "雨天の場合は体育館で行う。", "lines": [4]}]
    answer = json.dumps({"items": items, "summary": summary}, ensure_ascii=False)
    bot = kit(answers=[answer])
    draft = await bot.say("議事録にして", files=series())
    assert draft.engine == "fake-model"
    assert "雨天の場合は体育館で行う。（4行目）" in draft.text
    done = await press(bot, await press(bot, draft, "内容を確認した"), "承認する")
    document = word(bot, done)
    assert "会費は5,000円とする。【要確認】" in text(document)
    assert "生成AI（fake-model）が作った下書きをもとに" in text(document.sections[0].footer)


async def test_what_the_lines_do_not_bear_out_is_marked_everywhere() -> None:
    bot = kit()
    draft = await bot.say("議事録にして", files=COUNCIL)
    records = bot.bot.services.records
    kept = await records.get("main", "minutes", f"draft/{draft.turn}")
    kept["items"][0]["doubtful"] = True
    await records.put("main", "minutes", f"draft/{draft.turn}", kept)
    assert "**要確認**" in (await bot.say("議事録を見せて", kind="follow-up")).text
    handed = await bot.say("Wordで書き出して", kind="follow-up")
    assert "議事録は確定とします。【要確認】" in text(word(bot, handed))
    same = {"そのまま.docx": bot.files.named(handed.files[0].name)}
    back = await bot.say("直しました", files=same, kind="follow-up")
    assert "変わったところがありません" in back.text
