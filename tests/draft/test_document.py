"""A Word template and values: what stands in the document that comes out."""

from __future__ import annotations

import io
import zipfile

import pytest
from docx import Document
from docx.enum.text import WD_COLOR_INDEX
from docx.shared import Pt

from bot import BadInput
from skills.draft import document, marks
from tests.draft.papers import NOW, opened, text_of, with_part, word


def filled(template: bytes, *, short: bool = False, **values: str | None) -> str:
    made = opened(template)
    document.fill(made, values, short=short)
    return "\n".join(document.lines(made))


def test_a_slot_that_word_has_spread_over_runs_is_filled() -> None:
    assert filled(word(["宛先 {", "{件", "名}", "} まで"]), 件名="訓練") == "宛先 訓練 まで"


def test_the_look_of_a_slot_is_the_look_of_its_value() -> None:
    made = Document()
    paragraph = made.add_paragraph("件名 ")
    paragraph.add_run("{{件").bold = True
    paragraph.add_run("名}}")
    paragraph.add_run(" です").italic = True
    document.fill(made, {"件名": "防災訓練"})
    looks = [(run.text, bool(run.bold), bool(run.italic)) for run in paragraph.runs if run.text]
    assert looks == [("件名 ", False, False), ("防災訓練", True, False), (" です", False, True)]


def test_a_value_that_looks_like_a_slot_is_text() -> None:
    assert filled(word("{{件名}} {{宛名}}"), 件名="{{宛名}}", 宛名="課長") == "{{宛名}} 課長"


def test_a_missing_value_is_asked_for_by_name_and_marked_yellow() -> None:
    made = opened(word("{{発信日}}", "電話：{{電話}}"))
    document.fill(made, {"発信日": None, "電話": None})
    assert document.lines(made) == ["【要記入】（発信日）", "電話：【要記入】"]
    marked = [
        run.text
        for paragraph in made.paragraphs
        for run in paragraph.runs
        if run.font.highlight_color == WD_COLOR_INDEX.YELLOW
    ]
    assert marked == ["【要記入】", "【要記入】"]


def test_a_mark_keeps_the_size_and_the_tab_of_its_line() -> None:
    made = Document()
    made.add_paragraph().add_run("電話\t{{電話}}").font.size = Pt(9)
    document.fill(made, {"電話": None})
    assert {run.font.size for run in made.paragraphs[0].runs} == {Pt(9)}
    assert made.paragraphs[0].text == "電話\t【要記入】"


def test_a_paragraph_of_optional_values_goes_when_none_is_given() -> None:
    template = word("前", "メール：{{メール}}", "{{担当課}}　{{担当者}}", "後")
    assert filled(template, メール="", 担当課="総務課", 担当者="") == "前\n総務課\n後"


def test_items_are_counted_after_the_empty_ones_are_gone() -> None:
    template = word("{{番号}}　期限　{{期限}}", "{{番号}}　場所　{{場所}}", "{{番号}}　その他")
    assert filled(template, 期限="", 場所="本庁舎") == "１　場所　本庁舎\n２　その他"


def test_counting_goes_on_after_a_list() -> None:
    template = word("{{記}}", "{{番号}}　添付　{{添付}}")
    text = filled(template, 記="１　日時　4日\n２　場所　本庁舎", 添付="要領")
    assert text.splitlines()[-1] == "３　添付　要領"


def test_a_heading_goes_with_its_list() -> None:
    template = word("報告{{あれば:報告}}", "{{報告}}", "閉会")
    assert filled(template, **{"報告": "", "あれば:報告": ""}) == "閉会"
    assert filled(template, **{"報告": "訓練", "あれば:報告": "訓練"}) == "報告\n訓練\n閉会"


def test_shorter_leaves_out_what_is_optional() -> None:
    template = word("{{任意}}{{時候}}", "{{本文}}")
    assert filled(template, 時候="晩秋の候、", 本文="本文") == "晩秋の候、\n本文"
    assert filled(template, short=True, 時候="晩秋の候、", 本文="本文") == "本文"


def test_each_item_is_one_character_deeper_than_the_one_it_belongs_to() -> None:
    made = opened(word("{{項目}}"))
    document.fill(made, {"項目": "１　大\n(1)　中\nア　小\n(ア)　細\n・点"})
    assert document.lines(made) == ["１　大", "　(1)　中", "　　ア　小", "　　　(ア)　細", "　・点"]
    lefts = [p.paragraph_format.left_indent.pt for p in made.paragraphs]
    hangs = [p.paragraph_format.first_line_indent.pt for p in made.paragraphs]
    assert lefts == [24, 42, 48, 66, 36]
    assert hangs == [-24, -30, -24, -30, -24]


def test_lines_of_a_value_inside_a_sentence_stay_in_its_paragraph() -> None:
    made = opened(word("依頼事項　{{依頼事項}}"))
    document.fill(made, {"依頼事項": "一つ目\n二つ目"})
    assert len(made.paragraphs) == 1
    assert document.lines(made) == ["依頼事項　一つ目", "二つ目"]


def test_slots_in_tables_and_headers_are_filled_and_an_empty_row_goes() -> None:
    made = Document()
    made.sections[0].header.paragraphs[0].text = "{{件名}}"
    table = made.add_table(2, 2)
    for cell, text in zip(
        [cell for row in table.rows for cell in row.cells],
        ["件名", "{{件名}}", "予算", "{{予算}}"],
        strict=True,
    ):
        cell.text = text
    document.fill(made, {"件名": "訓練", "予算": ""})
    assert made.sections[0].header.paragraphs[0].text == "訓練"
    assert document.lines(made) == ["件名｜訓練"]


@pytest.mark.parametrize("content", [b"", b"not a zip", b"PK\x03\x04broken"])
def test_a_file_that_is_no_word_file_is_refused(content: bytes) -> None:
    with pytest.raises(BadInput) as refused:
        document.open_word(content, "ひな形.docx")
    assert "ひな形.docxを Word の文書として開けません" in refused.value.remedy


def test_a_zip_that_holds_no_document_is_refused() -> None:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as packed:
        packed.writestr("[Content_Types].xml", "<Types/>")
    with pytest.raises(BadInput, match="docx"):
        document.open_word(stream.getvalue(), "ひな形.docx")


@pytest.mark.parametrize("part", ["word/vbaProject.bin", "word/VBADATA.xml"])
def test_a_file_with_a_macro_is_refused(part: str) -> None:
    with pytest.raises(BadInput) as refused:
        document.open_word(with_part(word("本文"), part, b"\xd0\xcf"), "ひな形.docx")
    assert "マクロ" in refused.value.remedy


def test_a_file_that_unpacks_to_too_much_is_refused() -> None:
    content = with_part(word("本文"), "word/media/a.bin", b"")
    stream = io.BytesIO(content)
    with zipfile.ZipFile(stream, "a", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("word/media/b.bin", b"\0" * (document.MOST_UNPACKED + 1))
    with pytest.raises(BadInput) as refused:
        document.open_word(stream.getvalue(), "ひな形.docx")
    assert "大きすぎます" in refused.value.remedy


def test_the_marks_of_a_draft_can_be_taken_out_again() -> None:
    made = opened(word("本文", "以上"))
    before = text_of(word("本文", "以上"))
    marks.add_lines(made, ["※AI"])
    marks.add_heading_mark(made)
    marks.add_lines(made, ["参考", "〔1〕規程"], new_page=True)
    saved = opened(marks.save(made, title="件名", author="庶務", at=NOW))
    assert marks.UNCONFIRMED in saved.sections[0].header.paragraphs[0].text
    marks.remove_marks(saved, ("参考", marks.UNCONFIRMED, "※AI"))
    assert "\n".join(document.lines(saved)) == before
    assert marks.UNCONFIRMED not in "".join(
        paragraph.text for paragraph in saved.sections[0].header.paragraphs
    )


def test_the_mark_stands_once_on_every_page_and_leaves_the_header_as_it_was() -> None:
    made = Document()
    made.sections[0].header.paragraphs[0].text = "みはらし市"
    made.add_section()
    last = made.add_section().header
    last.is_linked_to_previous = False
    last.paragraphs[0].text = "別紙"
    made.sections[0].different_first_page_header_footer = True
    marks.add_heading_mark(made, "未確認")
    heads = [[p.text for p in section.header.paragraphs] for section in made.sections]
    assert heads == [["未確認", "みはらし市"], ["未確認", "みはらし市"], ["未確認", "別紙"]]
    assert made.sections[0].first_page_header.paragraphs[0].text == "未確認"


def test_the_same_document_at_the_same_time_is_the_same_file() -> None:
    made = [marks.save(opened(word("本文")), title="件名", author="庶務", at=NOW) for _ in range(2)]
    assert made[0] == made[1]
