"""Drafts as staff meet them in a chat: asked for, changed, checked and taken along."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import pytest

from bot import Context, Message, ModelFailed, Passage, Reply
from bot.app import ROOT
from bot.messages import Actor
from bot.prompts import load_prompts
from bot.registry import load_skills
from bot.testing.kit import SHIPPED_PROMPTS, Kit
from skills.draft import flow, kinds, marks, versions
from tests.draft.papers import opened, text_of, with_part, word

GIVEN = {"件名": "防災訓練の実施", "宛名": "各課長　様", "本文": "防災訓練を12月4日に実施します。"}
TICKED = dict.fromkeys(("正確性", "権利", "個人情報", "表現"), "確認した")
RULE = Passage(
    "p1", "防災計画.pdf", "第3章 ＞ 訓練", "防災訓練は、毎年12月に全ての課で実施する。", "p.4",
    "2026-04-01", "2",
)  # fmt: skip
CHIEF, HEAD = Actor("U2", "係長"), Actor("U3", "課長")


async def plain(message: Message, context: Context) -> Reply:
    return Reply("")


SKILLS = load_skills([ROOT / "skills"], load_prompts([SHIPPED_PROMPTS]), plain)


class Desk:
    """A bot with the shipped skills, and what people do with a draft."""

    def __init__(
        self,
        home: Path,
        answers: Sequence[str | Exception] | None = None,
        passages: Sequence[Passage] = (RULE,),
        clearance: str = "2",
    ) -> None:
        self.kit = Kit(
            SKILLS.values(), passages=passages, answers=answers, home=home, clearance=clearance
        )
        self.own = home / "workspaces" / "main" / "draft"
        self.own.mkdir(parents=True)

    def write(self, name: str, text: str) -> None:
        (self.own / name).write_text(text, encoding="utf-8")

    async def submit(
        self, form: str, values: Mapping[str, str], actor: Actor | None = None
    ) -> Reply:
        given = {"form": form, **values}
        return await self.kit.say("", kind="form", command="draft", values=given, actor=actor)

    async def draft(self, kind: str = "通知", **values: str) -> Reply:
        return await self.submit(f"draft/write/{kind}", {**GIVEN, **values})

    async def press(self, reply: Reply, title: str, actor: Actor | None = None) -> Reply:
        action = next(action for action in reply.actions if action.title == title)
        return await self.kit.say(
            "", kind="button", command=action.name, values={"value": action.value}, actor=actor
        )

    async def confirm(self, reply: Reply, actor: Actor | None = None) -> Reply:
        asked = await self.press(reply, "確認へ進む", actor)
        assert asked.form is not None
        return await self.submit(asked.form.name, TICKED, actor)

    def file(self, reply: Reply) -> bytes:
        return self.kit.files.named(reply.files[0].name)


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def head_of(content: bytes) -> str:
    return "".join(paragraph.text for paragraph in opened(content).sections[0].header.paragraphs)


async def test_a_command_without_words_opens_the_choice_of_documents(desk: Desk) -> None:
    reply = await desk.kit.say("", kind="command", command="draft")
    assert reply.form is not None
    assert reply.form.fields[0].choices == kinds.ORDER
    following = await desk.submit(reply.form.name, {"文書の種類": "依頼"})
    assert following.form is not None
    assert following.form.name == "draft/write/依頼"


async def test_a_draft_comes_with_its_text_its_file_and_what_is_missing(desk: Desk) -> None:
    reply = await desk.draft()
    assert reply.status == "answered"
    assert "**通知「防災訓練の実施」**（未確認・第1版）" in reply.text
    assert "　防災訓練を12月4日に実施します。" in reply.text
    assert "【要記入】の欄：文書番号、発信日、発信者、記、担当課、電話" in reply.text
    assert "参考になる記録：〔1〕" in reply.text
    assert reply.sources[0].document == "防災計画.pdf"
    assert reply.notice.startswith("未確認の下書きです。")
    assert "AIによる文章は含みません" in reply.notice
    assert reply.files[0].name == "通知_防災訓練の実施_未確認.docx"
    assert "防災訓練を12月4日に実施します。" in text_of(desk.file(reply))
    assert head_of(desk.file(reply)).startswith("【未確認】")


async def test_the_data_of_a_draft_is_stable(desk: Desk) -> None:
    data = (await desk.draft()).data
    assert {
        "kind",
        "title",
        "text",
        "slots",
        "missing",
        "citations",
        "engine",
        "status",
        "file",
    } <= (set(data))
    assert (data["kind"], data["engine"], data["status"]) == ("通知", "offline", "未確認")
    assert data["sha256"] == sha256(data["text"].encode()).hexdigest()


@pytest.mark.parametrize("text", ["通知の下書きを作りたい", "/draft 通知", "文書作成 通知"])
async def test_a_sentence_that_names_a_document_opens_its_form(text: str, desk: Desk) -> None:
    reply = await desk.kit.say(text)
    assert reply.form is not None
    assert reply.form.name == "draft/write/通知"
    assert [action.title for action in reply.actions] == ["見本で試す"]


async def test_a_sentence_that_names_no_document_is_asked_which(desk: Desk) -> None:
    reply = await desk.kit.say("下書きを作りたい")
    assert reply.form is not None
    assert reply.form.name == "draft"


async def test_lines_of_a_message_fill_the_form(desk: Desk) -> None:
    reply = await desk.kit.say("通知の下書き\n件名：防災訓練の実施\n記：日時：12月4日\n記：場所：")
    assert reply.status == "answered"
    assert "防災訓練の実施について（通知）" in reply.text
    assert "１　日　　時　12月4日" in reply.text
    assert "２　場　　所　【要記入】" in reply.text


async def test_a_sample_needs_nothing_of_ones_own(desk: Desk) -> None:
    asked = await desk.kit.say("会議次第を作りたい")
    reply = await desk.press(asked, "見本で試す")
    assert "見本（架空の内容）で作りました。" in reply.text
    assert reply.data["missing"] == []


async def test_what_is_wrong_with_a_form_is_said_in_place(desk: Desk) -> None:
    reply = await desk.draft("依頼", 件名=" ", 期限="2026-02-30")
    assert reply.form is not None
    assert set(reply.form.problems) == {"件名", "期限"}
    assert not reply.files


async def test_shorter_and_politer_work_by_button_and_by_word(desk: Desk) -> None:
    made = await desk.draft("依頼", 宛先="庁外")
    assert "の候、" in made.data["text"]
    short = await desk.press(made, "もっと短く")
    assert "第2版" in short.text
    assert "の候、" not in short.data["text"]
    assert "－ " in short.text
    polite = await desk.kit.say("もう少し丁寧に", kind="follow-up")
    assert "第3版" in polite.text
    assert "お願い申し上げます。" in polite.data["text"]


async def test_what_the_tables_cannot_do_is_said_plainly(desk: Desk) -> None:
    made = await desk.draft("会議次第", 会議名="定例会議")
    assert made.form is not None
    reply = await desk.draft("通知", 本文="訓練です")
    once = await desk.press(reply, "丁寧に")
    again = await desk.press(once, "丁寧に")
    assert "AIモデルが必要です" in again.text
    assert not again.files


async def test_the_basis_is_shown_in_full(desk: Desk) -> None:
    made = await desk.draft()
    for reply in (
        await desk.press(made, "根拠を見る"),
        await desk.kit.say("根拠は？", kind="follow-up"),
    ):
        assert "〔1〕防災計画.pdf ＞ 第3章 ＞ 訓練 p.4（2026-04-01 改正）" in reply.text
        assert "> 防災訓練は、毎年12月に全ての課で実施する。" in reply.text


async def test_a_draft_is_written_anew_from_its_own_form(desk: Desk) -> None:
    made = await desk.draft()
    assert made.form is not None
    assert made.form.title == "書き直す"
    values = {field.name: field.value for field in made.form.fields}
    assert values["本文"] == GIVEN["本文"]
    reply = await desk.submit(made.form.name, {**values, "本文": "防災訓練を中止します。"})
    assert "第2版" in reply.text
    assert "－ 　防災訓練を12月4日に実施します。" in reply.text
    assert "＋ 　防災訓練を中止します。" in reply.text
    told = await desk.press(reply, "前の版との違い")
    assert "**第1版から第2版への違い**" in told.text


async def test_a_confirmed_draft_leaves_without_its_mark_and_who_confirmed_is_recorded(
    desk: Desk,
) -> None:
    made = await desk.draft()
    done = await desk.confirm(made, CHIEF)
    assert "確認が済みました" in done.text
    assert done.data["status"] == "確認済み"
    assert done.files[0].name == "通知_防災訓練の実施.docx"
    content = desk.file(done)
    assert "【未確認】" not in head_of(content)
    assert "防災計画.pdf" not in text_of(content)
    (event,) = desk.kit.events("draft.confirmed")
    assert event.actor == "U2"
    assert event.details["sha256"] == made.data["sha256"]
    assert event.details["checklist"] == list(TICKED)
    (exported,) = desk.kit.events("draft.exported")
    assert exported.details["file"] == sha256(content).hexdigest()


async def test_an_unticked_item_stops_the_confirmation(desk: Desk) -> None:
    asked = await desk.press(await desk.draft(), "確認へ進む")
    assert asked.form is not None
    assert "- **個人情報**：" in asked.text
    reply = await desk.submit(asked.form.name, {**TICKED, "個人情報": "まだ確かめていない"})
    assert reply.form is not None
    assert set(reply.form.problems) == {"個人情報"}
    assert desk.kit.events("draft.confirmed") == []


async def test_the_steps_of_the_office_are_taken_in_order_by_different_people(desk: Desk) -> None:
    desk.write("flow.yaml", "steps: [担当, 係長, 課長]\ndifferent: true\n")
    made = await desk.draft()
    first = await desk.confirm(made)
    assert "次は係長の確認です" in first.text
    assert head_of(desk.file(first)).startswith("【未確認】")
    same = await desk.confirm(first)
    assert "これまでと別の人が確認してください" in same.text
    second = await desk.confirm(first, CHIEF)
    assert second.data["status"] == "係長まで確認済み"
    last = await desk.confirm(second, HEAD)
    assert last.data["status"] == "確認済み"
    steps = [event.details["step"] for event in desk.kit.events("draft.confirmed")]
    assert steps == ["担当", "係長", "課長"]


async def test_an_edit_takes_every_confirmation_back(desk: Desk) -> None:
    desk.write("flow.yaml", "steps: [担当, 係長]\n")
    first = await desk.confirm(await desk.draft())
    edited = await desk.press(first, "丁寧に")
    assert edited.data["status"] == "未確認"
    assert "確認は初めからになります" in edited.notice
    again = await desk.confirm(edited)
    assert "次は係長の確認です" in again.text


async def test_an_older_version_cannot_be_confirmed(desk: Desk) -> None:
    made = await desk.draft("依頼", 宛先="庁外")
    await desk.press(made, "もっと短く")
    late = await desk.press(made, "確認へ進む")
    assert late.status == "failed"
    assert "新しい版になっています" in late.text


async def test_a_changed_template_is_not_confirmed_unseen(desk: Desk) -> None:
    made = await desk.draft()
    folder = desk.own / "kinds" / "通知"
    folder.mkdir(parents=True)
    (folder / "template.docx").write_bytes(word("{{件名}}を禁止する。"))
    reply = await desk.confirm(made)
    assert reply.status == "failed"
    assert "この版の文章と一致しません" in reply.text
    assert desk.kit.events("draft.confirmed") == []


async def test_a_flow_with_mistakes_lists_them(desk: Desk) -> None:
    desk.write("flow.yaml", "step: [係長]\nsteps: 担当\ndifferent: はい\n")
    reply = await desk.draft()
    assert reply.status == "failed"
    assert "「step」というキーはありません。「steps」のことですか" in reply.text
    assert "steps に、確認する人を" in reply.text
    assert "different は true か false" in reply.text


async def test_an_edited_word_file_becomes_the_next_version(desk: Desk) -> None:
    made = await desk.draft()
    edited = opened(desk.file(made))
    paragraph = next(p for p in edited.paragraphs if "12月4日" in p.text)
    paragraph.runs[0].text = "防災訓練を12月11日に実施します。"
    content = marks.packed(edited)
    reply = await desk.kit.say("直しました", kind="follow-up", files={"直し.docx": content})
    assert "第2版" in reply.text
    assert "＋ 　防災訓練を12月11日に実施します。" in reply.text
    assert "参考（確認用" not in reply.data["text"]
    done = await desk.confirm(reply)
    text = text_of(desk.file(done))
    assert "12月11日" in text
    assert "12月4日" not in text
    assert "【未確認】" not in head_of(desk.file(done))


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [("直し.docx", b"broken", "開けません"),
     ("直し.docx", with_part(word("本文"), "word/vbaProject.bin", b"x"), "マクロ"),
     ("直し.docx", word(""), "文章がありません"),
     ("直し.pdf", b"%PDF", "Word の文書（.docx）")],
)  # fmt: skip
async def test_a_file_that_cannot_take_the_place_of_a_draft_says_why(
    name: str, content: bytes, told: str, desk: Desk
) -> None:
    await desk.draft()
    reply = await desk.kit.say("直しました", kind="follow-up", files={name: content})
    assert reply.status == "failed"
    assert told in reply.text


async def test_a_draft_above_the_channel_is_shown_to_its_author_alone(tmp_path: Path) -> None:
    secret = Passage("p9", "防災計画.pdf", "訓練", RULE.text, label="3B")
    desk = Desk(tmp_path, passages=[secret], clearance="3B")
    reply = await desk.draft()
    assert reply.is_private
    assert reply.files[0].label == "3B"


async def test_somebody_who_may_not_read_the_basis_gets_nothing_of_the_draft(
    tmp_path: Path,
) -> None:
    secret = Passage("p9", "防災計画.pdf", "訓練", RULE.text, label="3B")
    desk = Desk(tmp_path, passages=[secret], clearance="3B")
    made = await desk.draft()
    desk.kit.directory.clearance = "2"
    for reply in (
        await desk.press(made, "根拠を見る", CHIEF),
        await desk.press(made, "もっと短く", CHIEF),
        await desk.press(made, "確認へ進む", CHIEF),
    ):
        assert reply.status == "refused"
        assert RULE.text not in reply.text
        assert not reply.files
    asked = await desk.kit.say("根拠", kind="follow-up", actor=CHIEF)
    assert RULE.text not in asked.text
    desk.kit.directory.clearance = "3B"
    assert RULE.text in (await desk.press(made, "根拠を見る", CHIEF)).text


async def test_writing_anew_looks_for_its_basis_anew(desk: Desk) -> None:
    made = await desk.draft()
    assert made.form is not None
    values = {field.name: field.value for field in made.form.fields}
    reply = await desk.submit(made.form.name, {**values, "件名": "ABC"})
    assert reply.sources == ()


async def test_a_draft_that_is_gone_says_so(desk: Desk) -> None:
    reply = await desk.kit.say(
        "", kind="button", command="draft", values={"value": "short no-such-draft 1"}
    )
    assert reply.status == "failed"
    assert "見つかりません" in reply.text


async def test_thanks_in_the_thread_of_a_draft_change_nothing(desk: Desk) -> None:
    await desk.draft()
    reply = await desk.kit.say("ありがとうございました", kind="follow-up")
    assert reply.status == "help"
    assert reply.form is None


async def test_a_model_writes_the_body_and_every_sentence_names_its_basis(tmp_path: Path) -> None:
    said = "防災訓練を12月4日に実施します。〔1〕\n訓練は毎年12月に全ての課で実施する。〔2〕"
    desk = Desk(tmp_path, answers=[said])
    reply = await desk.draft()
    assert reply.engine == "fake-model"
    assert "訓練は毎年12月に全ての課で実施する。〔2〕" in reply.text
    assert [source.document for source in reply.sources] == ["入力された内容", "防災計画.pdf"]
    assert "本文はAI（fake-model）が書き" in reply.notice
    assert desk.kit.llm is not None
    asked = "\n".join(turn.text for turn in desk.kit.llm.asked[0])
    assert "本文：防災訓練を12月4日に実施します。" in asked
    assert "RULE" not in asked


async def test_a_sentence_without_a_basis_is_marked_and_stops_the_confirmation(
    tmp_path: Path,
) -> None:
    said = "防災訓練を12月4日に実施します。〔1〕\n参加者には記念品を三つ配布します。〔1〕"
    desk = Desk(tmp_path, answers=[said])
    made = await desk.draft()
    assert "記念品を三つ配布します。〔1〕（根拠を確認できません）" in made.text
    asked = await desk.press(made, "確認へ進む")
    assert "文が1つあります" in asked.text
    refused = await desk.confirm(made)
    assert refused.status == "failed"
    assert desk.kit.events("draft.confirmed") == []
    assert made.form is not None
    values = {field.name: field.value for field in made.form.fields}
    values["本文"] = re.sub("参加者.*", "", values["本文"])
    done = await desk.confirm(await desk.submit(made.form.name, values))
    assert "生成AI（fake-model）を利用し、職員が内容を確認しました" in text_of(desk.file(done))


@pytest.mark.parametrize(
    ("answer", "told"),
    [(ModelFailed("timeout"), "AIの応答が得られなかったため"),
     ("火星に移住します。〔1〕", "根拠を確認できなかったため")],
)  # fmt: skip
async def test_a_model_of_no_use_gives_way_to_the_template_visibly(
    answer: str | Exception, told: str, tmp_path: Path
) -> None:
    reply = await Desk(tmp_path, answers=[answer]).draft()
    assert reply.engine == "offline"
    assert told in reply.notice
    assert "火星" not in reply.text
    assert "　防災訓練を12月4日に実施します。" in reply.text


async def test_a_model_rewords_from_the_same_basis(tmp_path: Path) -> None:
    said = ["防災訓練を12月4日に実施します。〔1〕訓練は毎年12月に実施する。〔2〕",
            "防災訓練を実施します。〔1〕"]  # fmt: skip
    desk = Desk(tmp_path, answers=said)
    reply = await desk.press(await desk.draft(), "もっと短く")
    assert "　防災訓練を実施します。〔1〕" in reply.text
    assert "毎年" not in reply.data["text"]
    assert desk.kit.llm is not None
    assert "もっと短く" in desk.kit.llm.asked[1][-1].text


async def test_the_line_about_ai_goes_only_with_a_reason_that_is_kept(tmp_path: Path) -> None:
    desk = Desk(tmp_path, answers=["防災訓練を12月4日に実施します。〔1〕"])
    done = await desk.confirm(await desk.draft())
    assert "生成AI（fake-model）" in text_of(desk.file(done))
    asked = await desk.press(done, "AI利用の記載を外す")
    assert asked.form is not None
    short = await desk.submit(asked.form.name, {"理由": "不要"})
    assert short.form is not None
    assert short.form.problems
    reason = "本文を全て書き直したため"
    bare = await desk.submit(asked.form.name, {"理由": reason}, HEAD)
    assert "生成AI" not in text_of(desk.file(bare))
    (event,) = desk.kit.events("draft.disclosure-removed")
    assert event.actor == "U3"
    assert event.details == {"reason_sha256": sha256(reason.encode()).hexdigest()}


async def test_what_is_only_near_is_no_basis(tmp_path: Path) -> None:
    near = Passage("p7", "清掃の手引.md", "窓の清掃", "窓の清掃は、毎月の末に実施する。", label="2")
    desk = Desk(tmp_path, passages=[near, RULE])
    reply = await desk.draft()
    assert [source.document for source in reply.sources] == ["防災計画.pdf"]


def test_only_a_confirmation_of_this_very_text_counts() -> None:
    version = versions.Version(1, "本文", "作成", "U1", "")
    other = versions.Confirmation("担当", "U1", "digest of another text", "")
    kept = versions.Kept("d1", "U1", "通知", {}, versions=(version,), confirmed=(other,))
    assert flow.Flow().next_step(kept) == "担当"
    own = versions.Confirmation("担当", "U1", version.digest, "")
    assert flow.Flow().next_step(replace(kept, confirmed=(own,))) == ""


async def test_a_draft_from_a_chosen_record_cites_it_first(tmp_path: Path) -> None:
    record = Passage(
        "r1", "r7-218.docx", "7総務第218号　令和7年11月17日　避難訓練", "令和7年11月28日に行った。",
        label="2", collection="record",
    )  # fmt: skip
    desk = Desk(tmp_path, passages=[RULE, record])
    values = {**GIVEN, "本文": "令和8年12月4日に行います。"}
    reply = await desk.submit("draft/write/通知", {**values, "from": "７総務第218号"})
    assert reply.sources[0].document == "7総務第218号　令和7年11月17日　避難訓練"
    told = await desk.press(reply, "根拠を見る")
    assert "違い（日付）：今回 令和8年12月4日" in told.text
    missing = await desk.submit("draft/write/通知", {**GIVEN, "from": "9総務第1号"})
    assert missing.status == "failed"
    assert "「9総務第1号」という過去の文書は見つかりません" in missing.text


async def test_a_draft_is_checked_by_the_rules_of_official_writing(desk: Desk) -> None:
    clean = await desk.draft()
    assert clean.data["findings"] == []
    assert "公用文の点検" not in clean.text
    reply = await desk.draft(本文="訓練を令和8年12月4日（月）に実施致します。")
    assert "公用文の点検：2か所" in reply.text
    assert "「致」 → 「いた」" in reply.text
    lines = reply.data["text"].split("\n")
    for found in reply.data["findings"]:
        line = lines[found["line"] - 1]
        assert line[found["column"] - 1 :].startswith(found["text"])


async def test_a_finding_in_a_table_is_where_it_stands(desk: Desk) -> None:
    given = {"件名": "訓練", "理由": "必要な為です。\n実施致します。"}
    reply = await desk.submit("draft/write/起案", given)
    lines = reply.data["text"].split("\n")
    assert [found["text"] for found in reply.data["findings"]] == ["為", "致"]
    for found in reply.data["findings"]:
        line = lines[found["line"] - 1]
        assert line[found["column"] - 1 :].startswith(found["text"])


@pytest.mark.parametrize("name", kinds.ORDER)
async def test_a_shipped_sample_breaks_no_rule(name: str, desk: Desk) -> None:
    sample = await desk.submit(f"draft/sample/{name}", {})
    assert sample.data["findings"] == []
    kind = kinds.load(name, desk.own)
    bare = await desk.submit(f"draft/write/{name}", {kind.slots[0].name: "来年度の計画"})
    assert bare.data["findings"] == []


async def test_a_kind_that_names_no_group_of_rules_is_told_which_there_are(desk: Desk) -> None:
    folder = desk.own / "kinds" / "通知"
    folder.mkdir(parents=True)
    form = (kinds.SHIPPED / "通知" / "form.yaml").read_text(encoding="utf-8")
    (folder / "form.yaml").write_text(f"{form}checks: [表記, 書記]\n", encoding="utf-8")
    reply = await desk.draft()
    assert reply.status == "failed"
    assert "ない分類があります：書記" in reply.text
    assert "構成" in reply.text
