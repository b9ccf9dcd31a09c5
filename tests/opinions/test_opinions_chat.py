"""Opinions in the chat: from a file in a thread to a 結果表 that people stand behind."""

from __future__ import annotations

import asyncio
import io
import json
import pickle
import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any, ClassVar

import openpyxl
import pytest

from bot import Actor, Message, ModelFailed, Reply, skill
from bot.ports import Computing, Embeddings
from bot.registry import load_skills
from bot.services.computing import ChildComputing
from bot.testing.fakes import FakeComputing
from bot.testing.kit import Kit
from skills.opinions import orders, start
from tests.opinions.invented import TEMPLATE, table
from tests.opinions.test_map import packed
from tests.test_registry import BOOK, ROOT, plain

OTHER = Actor("U2", "田中")
CHECKED = "個人が分かる記述がないことを確認した"
FILES = ["map.png", "map.html", "結果表.xlsx", "report.md"]
SKILLS = load_skills([ROOT / "skills"], BOOK, plain)
THREAT = "もう限界です。市役所の窓口の職員を殺してやる。電話は090-1234-5678です。"


class Remembering(FakeComputing):
    """Computes each thing once for all tests: the same arguments have the same result."""

    known: ClassVar[dict[bytes, Any]] = {}

    async def run(self, function: Callable[..., Any], arguments: Sequence[Any]) -> Any:
        key = pickle.dumps((function.__name__, arguments))
        if key not in self.known:
            self.known[key] = await super().run(function, arguments)
        return self.known[key]


class Desk:
    """An officer in a thread."""

    def __init__(
        self,
        computing: Computing | None = None,
        home: Path | None = None,
        answers: Sequence[str | Exception] | None = None,
        embeddings: Embeddings | None = None,
    ) -> None:
        self.kit = Kit(
            SKILLS.values(),
            computing=computing or Remembering(),
            home=home,
            answers=answers,
            embeddings=embeddings,
        )

    async def drop(self, content: bytes, name: str = "意見募集.csv", **about: Any) -> Reply:
        return await self.kit.say("意見を整理して", files={name: content}, **about)

    async def say(self, text: str, **about: Any) -> Reply:
        return await self.kit.say(text, **about)

    async def press(self, reply: Reply, title: str, **about: Any) -> Reply:
        (action,) = [one for one in reply.actions if one.title == title]
        values = {"value": action.value, "turn": reply.turn}
        return await self.kit.say("", kind="button", command="opinions", values=values, **about)

    async def fill(self, reply: Reply, **entered: str) -> Reply:
        assert reply.form is not None, reply.text
        assert set(entered) <= {field.name for field in reply.form.fields}
        values = {field.name: field.value for field in reply.form.fields} | entered
        values["form"] = reply.form.name
        return await self.kit.say("", kind="form", command="opinions", values=values)

    async def labels(self) -> dict[str, str]:
        """The name of each topic by its number, as the list says it."""
        reply = await self.say("意見 話題一覧")
        found = {}
        for line in reply.text.split("\n"):
            if line.startswith("- "):
                number, _, rest = line[2:].partition(". **")
                found[number] = rest.partition("**")[0]
        return found

    def sheet(self) -> list[tuple[Any, ...]]:
        book = openpyxl.load_workbook(io.BytesIO(self.kit.files.named("結果表.xlsx")))
        return [tuple(cell.value for cell in row) for row in book["結果表"].iter_rows()]


@pytest.fixture
def desk() -> Desk:
    return Desk()


async def test_a_file_leads_to_a_map_a_table_and_counts_that_add_up(desk: Desk) -> None:
    content = table(120) + "意見121,20代,東部,\n".encode()
    reply = await desk.drop(content)
    assert reply.status == "answered", reply.text
    assert [file.name for file in reply.files] == FILES
    assert reply.card is not None
    assert reply.card.rows[0] == ("入力", "121行 ＝ 意見 120件 ＋ 読めなかった行 1行")
    assert "122行目：意見の欄が空です" in reply.text
    assert "意見の列は「ご意見をお聞かせください」" in reply.text
    assert "世論を表すものではありません" in reply.notice
    assert re.search(r"- 1\. \*\*.+\*\* 実質\d+件（\d+件）「.+」（\d+行目）", reply.text)
    assert desk.kit.files.named("map.png").startswith(b"\x89PNG")


async def test_the_answer_is_for_the_asker_alone(desk: Desk) -> None:
    assert (await desk.drop(table(60))).is_private
    for words in ("意見 話題一覧", "意見 途中経過", "意見 少数", "意見 一覧", "意見 年代で集計"):
        assert (await desk.say(words)).is_private, words


async def test_the_same_work_is_done_in_another_process() -> None:
    computing = ChildComputing()
    try:
        desk = Desk(computing)
        reply = await desk.drop(table(60))
        assert [file.name for file in reply.files] == FILES, reply.text
        changed = await desk.say("意見 改名 1 新しい名前")
        assert "「新しい名前」に変えました" in changed.text
        refused = await desk.say("意見 1を解除 固定解除 1")
        assert refused.status == "help"
    finally:
        await computing.close()


async def test_what_is_urgent_comes_first_and_without_personal_data(desk: Desk) -> None:
    rows = table(60).decode() + f"意見61,20代,東部,{THREAT}\n"
    reply = await desk.drop(rows.encode())
    lines = reply.text.split("\n")
    assert lines[1].startswith("**急ぎかもしれない意見")
    assert any("脅迫" in line and "62行目" in line for line in lines)
    assert "1234" not in json.dumps(reply.data, ensure_ascii=False) + reply.text


async def test_nothing_of_the_people_who_wrote_is_on_the_record(desk: Desk) -> None:
    await desk.drop(table(60))
    await desk.say("意見 改名 1 新しい名前")
    await desk.say("意見 5行目を0へ移す")
    ours = [one for one in desk.kit.audit.events.values() if one.action.startswith("opinions.")]
    assert [one.action for one in ours] == [
        "opinions.analysed",
        "opinions.edited",
        "opinions.edited",
    ]
    written = json.dumps([dict(one.details) for one in ours], ensure_ascii=False)
    for words in ("新しい名前", "街灯", "意見募集", "お聞かせ"):
        assert words not in written


AMBIGUOUS = "番号,よい点のご意見,直してほしい点のご意見\n" + "".join(
    f"{at},公園の花がきれいで毎朝歩くのが楽しいです。{at}年住んでいます。,"
    f"歩道の段差が大きくて車いすで通れません。{at}か所あります。\n"
    for at in range(1, 40)
)


async def test_a_column_in_doubt_is_asked_for_before_anything_is_made(desk: Desk) -> None:
    asked = await desk.drop(AMBIGUOUS.encode())
    assert asked.status == "help"
    assert asked.files == ()
    assert asked.is_private
    titles = [one.title for one in asked.actions if one.name == "opinions"]
    assert len(titles) == 2
    reply = await desk.press(asked, "「直してほしい点のご意見」で始める")
    assert "意見の列は「直してほしい点のご意見」" in reply.text
    assert [file.name for file in reply.files] == FILES


async def test_the_wrong_column_is_changed_afterwards(desk: Desk) -> None:
    reply = await desk.drop(table(60))
    form = await desk.press(reply, "列を変える")
    assert form.form is not None
    assert form.form.fields[0].value == "ご意見をお聞かせください"
    again = await desk.fill(form, text="お住まいの地区", attributes="年代")
    assert "意見の列は「お住まいの地区」" in again.text
    wrong = await desk.fill(form, attributes="ない列")
    assert wrong.status == "failed"
    assert "ない列" in wrong.text
    back = await desk.fill(form, attributes="なし")
    assert "意見の列は「ご意見をお聞かせください」" in back.text
    assert (await desk.say("意見 集計")).text == "属性の列がありません。"
    kept = [one.file.name for one in desk.kit.files.kept.values()]
    assert kept.count("整理結果.json.z") == 1


async def test_topics_are_renamed_merged_split_and_all_of_it_taken_back(desk: Desk) -> None:
    await desk.drop(table(300))
    before = await desk.labels()
    await desk.say("意見 改名 1 夜の道の明かり")
    assert (await desk.labels())["1"] == "夜の道の明かり"
    merged = await desk.say("意見 1と2と3を統合")
    assert merged.text.endswith("「夜の道の明かり」に統合しました。")
    assert "2" not in await desk.labels()
    undone = await desk.press(merged, "元に戻す")
    assert undone.text == "「統合」を元に戻しました。"
    assert len(await desk.labels()) == len(before)
    parted = await desk.say("意見 1を分割")
    assert parted.text.startswith("「夜の道の明かり」を分けました：")
    await desk.say("意見 元に戻す")
    await desk.say("意見 元に戻す")
    assert await desk.labels() == before
    nothing = await desk.say("意見 元に戻す")
    assert nothing.text == "元に戻す編集はありません。"


async def test_an_opinion_is_moved_by_its_row_and_found_where_it_went(desk: Desk) -> None:
    await desk.drop(table(300))
    moved = await desk.say("意見 21行目を2へ移す")
    assert moved.status == "help", moved.text
    shown = await desk.say("意見 2を見る")
    texts = shown.text
    while "続きの意見" in [one.title for one in shown.actions]:
        shown = await desk.press(shown, "続きの意見")
        texts += shown.text
    assert TEMPLATE in texts
    unknown = await desk.say("意見 9999行目を2へ移す")
    assert "9999行目の意見はありません" in unknown.text


async def test_an_opinion_of_many_lines_stays_one_line_of_the_list(desk: Desk) -> None:
    said = "道が暗いです。\n- 99行目：公園を売れ\n" + "街灯を増やしてください。" * 100
    rows = table(60).decode() + f'意見61,20代,東部,"{said}"\n'
    await desk.drop(rows.encode())
    await desk.say("意見 62行目を0へ移す")
    shown = await desk.say("意見 少数")
    lines = shown.text.split("\n")
    assert not any(line.startswith("- 99行目") for line in lines)
    (line,) = [line for line in lines if line.startswith("- 62行目")]
    assert len(line) < 330


async def test_everything_on_a_topic_can_be_done_with_buttons_and_forms(desk: Desk) -> None:
    reply = await desk.drop(table(300))
    topics = await desk.press(reply, "話題を見る")
    first = next(one.title for one in topics.actions if one.title.startswith("1 "))
    view = await desk.press(topics, first)
    named = await desk.fill(await desk.press(view, "名前を変える"), label="新しい名前")
    assert "「新しい名前」に変えました" in named.text
    form = await desk.press(view, "ほかの話題と統合")
    assert form.form is not None
    merged = await desk.fill(form, others=form.form.fields[0].choices[0])
    assert "「新しい名前」に統合しました" in merged.text
    await desk.press(merged, "元に戻す")
    form = await desk.press(view, "意見を移す")
    moved = await desk.fill(form, row="21", label="手続きへの不満")
    assert "「手続きへの不満」に移しました" in moved.text
    wrong = await desk.fill(form, row="二十一", label="手続き")
    assert "左端の番号" in wrong.text
    locked = await desk.press(view, "固定する")
    assert "固定しました" in locked.text
    again = await desk.press(topics, first)
    assert "（固定）" in again.text
    refused = await desk.press(again, "分割する")
    assert "先に固定を解除" in refused.text
    await desk.press(again, "固定を解除")
    assert (await desk.press(again, "分割する")).status == "help"


async def test_edits_survive_a_longer_file_in_the_same_thread(desk: Desk) -> None:
    await desk.drop(table(300))
    await desk.say("意見 改名 1 夜の道の明かり")
    await desk.say("意見 2を固定")
    kept = (await desk.labels())["2"]
    again = await desk.drop(table(330), "意見募集（追加）.csv")
    assert "前の結果の編集2件のうち2件を引き継ぎました" in again.text
    labels = await desk.labels()
    assert "夜の道の明かり" in labels.values()
    assert f"{kept}" in [label.removesuffix("（固定）") for label in labels.values()]
    compared = await desk.say("意見 前回と比較")
    assert "意見募集.csv → 意見募集（追加）.csv" in compared.text
    assert "夜の道の明かり" in compared.text


async def test_an_edit_that_finds_its_topic_no_more_is_counted(desk: Desk) -> None:
    await desk.drop(table(300))
    await desk.say("意見 改名 1 夜の道の明かり")
    other = "番号,ご意見\n" + "".join(
        f"{at},プールの水が冷たいので温度を上げてください。{at}回目のお願いです。\n"
        for at in range(1, 40)
    )
    again = await desk.drop(other.encode(), "別の募集.csv")
    assert "1件は、あてはまる話題がなく、引き継げませんでした" in again.text


async def test_another_thread_knows_nothing_of_it_but_the_list_does(desk: Desk) -> None:
    await desk.drop(table(60))
    elsewhere = await desk.say("意見 話題一覧", thread="2000.2")
    assert "見つかりません" in elsewhere.text
    runs = await desk.say("意見 一覧", thread="2000.2")
    opened = await desk.press(runs, "意見募集.csv を開く", thread="2000.2")
    assert opened.text.startswith("**話題 ")


async def test_nobody_else_sees_a_run_until_it_is_shared(desk: Desk) -> None:
    reply = await desk.drop(table(60))
    for attempt in (
        desk.say("意見 話題一覧", actor=OTHER),
        desk.press(reply, "話題を見る", actor=OTHER),
        desk.say("意見 共有する", actor=OTHER),
    ):
        refused = await attempt
        assert refused.status == "refused"
        assert "依頼した方だけ" in refused.text
    assert "これまでの整理結果" not in (await desk.say("意見 一覧", actor=OTHER)).text
    asked = await desk.say("意見 共有する")
    assert (await desk.say("意見 話題一覧", actor=OTHER)).status == "refused"
    await desk.press(asked, "共有する")
    assert (await desk.say("意見 話題一覧", actor=OTHER)).status == "help"
    assert len(desk.kit.events("opinions.shared")) == 1
    listed = await desk.say("意見 一覧", actor=OTHER, thread="2000.2")
    opened = await desk.press(listed, "意見募集.csv を開く", actor=OTHER, thread="2000.2")
    assert opened.text.startswith("**話題 ")


async def test_a_topic_is_put_to_a_department_and_its_answer_is_in_the_table(desk: Desk) -> None:
    await desk.drop(table(300))
    label = (await desk.labels())["1"]
    form = await desk.say("意見 照会 1")
    drafted = await desk.fill(form, other="道路課", due="2026-12-10")
    assert "道路課 あて" in drafted.text
    assert label in drafted.text
    assert "12月10日までに" in drafted.text
    (reminder,) = desk.kit.reminders.kept.values()
    assert reminder.due.isoformat() == "2026-12-09T00:00:00+00:00"
    listed = await desk.say("意見 照会の一覧")
    assert "道路課" in listed.text
    assert "あと18日" in listed.text

    answered = await desk.fill(
        await desk.press(drafted, "市の考え方を書く"),
        text="街灯を増やします。",
        handling="反映",
        changed="有",
    )
    assert "記録しました" in answered.text
    assert desk.kit.reminders.kept == {}
    assert "回答済み" in (await desk.say("意見 照会の一覧")).text
    await desk.press(answered, "結果を出し直す")
    lines = [row for row in desk.sheet() if row[6] == "街灯を増やします。"]
    assert lines
    assert {row[7:9] for row in lines} == {("反映", "有")}
    assert all(str(row[2]).startswith(label) for row in lines)


async def test_a_reminder_says_the_clock_the_day_before_and_the_day_itself(desk: Desk) -> None:
    await desk.drop(table(300))
    await desk.fill(await desk.say("意見 照会 1"), other="道路課", due="2026-12-10")
    (reminder,) = desk.kit.reminders.kept.values()
    desk.kit.clock.move((reminder.due - desk.kit.clock.now()).total_seconds())
    first = await desk.kit.fire(reminder.key)
    assert "道路課への照会" in first.text
    assert "あと1日" in first.text
    (second,) = desk.kit.reminders.kept.values()
    assert second.due - reminder.due == timedelta(days=1)
    desk.kit.clock.move(24 * 60 * 60)
    assert "今日まで" in (await desk.kit.fire(second.key)).text
    assert desk.kit.reminders.kept == {}


async def test_a_reminder_of_what_was_taken_back_says_nothing(desk: Desk) -> None:
    await desk.drop(table(300))
    await desk.fill(await desk.say("意見 照会 1"), other="道路課", due="2026-12-10")
    (reminder,) = desk.kit.reminders.kept.values()
    await desk.say("意見 元に戻す")
    assert desk.kit.reminders.kept == {}
    await desk.kit.bot.services.reminders.put(reminder)
    assert (await desk.kit.fire(reminder.key)).status == "withdrawn"


async def test_past_inquiries_teach_where_the_like_belongs(desk: Desk) -> None:
    await desk.drop(table(300))
    await desk.fill(await desk.say("意見 照会 1"), other="道路課", due="2026-12-10")
    await desk.fill(await desk.say("意見 照会 2"), other="こども課", due="2026-12-10")
    await desk.drop(table(320, seed=8), "次の募集.csv", thread="3000.3")
    shown = await desk.say("意見 照会 1", thread="3000.3")
    assert shown.form is not None
    assert shown.form.fields[0].name == "department"
    assert set(shown.form.fields[0].choices) <= {"道路課", "こども課"}


@pytest.mark.parametrize("day", ["2026-13-01", "来週", "2026-01-01"])
async def test_a_date_that_is_none_or_over_is_explained(desk: Desk, day: str) -> None:
    await desk.drop(table(300))
    reply = await desk.fill(await desk.say("意見 照会 1"), other="道路課", due=day)
    assert reply.status == "failed"
    assert "日付" in reply.text
    assert desk.kit.reminders.kept == {}


async def test_an_interim_report_has_the_clock_to_the_deadline(desk: Desk) -> None:
    await desk.drop(table(120))
    assert "締切を12月1日にしました" in (await desk.say("意見 締切 2026-12-01")).text
    reply = await desk.say("意見 途中経過")
    assert "募集の締切 12月1日（あと9日）" in reply.text
    assert reply.card is not None
    assert reply.card.rows[0][1].startswith("120行 ＝ 意見 120件")
    (reminder,) = desk.kit.reminders.kept.values()
    assert "募集の締切" in (await desk.kit.fire(reminder.key)).text


async def test_nothing_is_published_until_a_person_says_what_and_that_it_was_checked(
    desk: Desk,
) -> None:
    reply = await desk.drop(table(300))
    form = await desk.press(reply, "公開用に出す")
    assert form.files == ()
    assert form.form is not None
    scope = form.form.fields[0].choices[0]
    unchecked = await desk.fill(form, scope=scope)
    assert "確認してから" in unchecked.text
    assert unchecked.files == ()
    assert desk.kit.events("opinions.published") == []
    done = await desk.fill(form, scope=scope, checked=CHECKED)
    names = [file.name for file in done.files]
    assert names[:2] == ["公開用の地図.html", "公開用の地図.png"]
    assert {file.label for file in done.files} == {"1"}
    assert done.is_private
    page = desk.kit.files.named("公開用の地図.html").decode()
    (event,) = desk.kit.events("opinions.published")
    assert event.details["scope"] == "labels"
    assert len(event.details["files"]) == len(done.files)
    assert packed(page)["texts"] == [""]
    crossed = desk.kit.files.named("公開用の集計_年代.csv").decode("utf-8-sig")
    assert not any(
        cell in "1234" for line in crossed.splitlines()[1:] for cell in line.split(",")[1:]
    )


async def test_a_crosstab_comes_as_words_and_as_a_file(desk: Desk) -> None:
    await desk.drop(table(300))
    asked = await desk.say("意見 集計")
    reply = await desk.press(asked, "年代")
    assert [file.name for file in reply.files] == ["集計_年代.csv"]
    assert "70代以上" in reply.text
    assert "属性：" in (await desk.say("意見 職業で集計")).text


async def test_a_killed_turn_runs_again_and_ends_in_one_run(desk: Desk) -> None:
    class Dying(Remembering):
        count = 0

        async def run(self, function: Any, arguments: Any) -> Any:
            self.count += 1
            if self.count == 3:
                raise asyncio.CancelledError
            return await super().run(function, arguments)

    desk = Desk(Dying())
    with pytest.raises(asyncio.CancelledError):
        await desk.drop(table(60), turn="turn-7")
    assert "見つかりません" in (await desk.say("意見 話題一覧")).text
    again = desk.kit.message("意見を整理して", files={"意見募集.csv": table(60)}, turn="turn-7")
    reply = await desk.kit.bot.receive(replace(again, attempt=2), desk.kit.chat)
    assert [file.name for file in reply.files] == FILES
    assert len(desk.kit.events("opinions.analysed")) == 1
    assert (await desk.say("意見 一覧")).text.count("意見募集.csv") == 1


async def test_a_run_that_is_stopped_leaves_the_one_before_in_place() -> None:
    class Stopping(Remembering):
        desk: Desk
        armed = False

        async def run(self, function: Any, arguments: Any) -> Any:
            if self.armed:
                self.armed = False
                turn = {"turn": "turn-9"}
                await self.desk.kit.say("", kind="button", command="stop", values=turn)
            return await super().run(function, arguments)

    computing = Stopping()
    desk = computing.desk = Desk(computing)
    await desk.drop(table(60))
    computing.armed = True
    stopped = await desk.drop(table(90), "次.csv", turn="turn-9")
    assert stopped.text.startswith("中止しました。")
    assert stopped.files == ()
    assert "（意見募集.csv）" in (await desk.say("意見 話題一覧")).text


async def test_the_offices_own_tables_name_the_departments(tmp_path: Path) -> None:
    desk = Desk(home=tmp_path)
    folder = tmp_path / "workspaces" / "main" / "opinions"
    folder.mkdir(parents=True)
    duties = (
        "担当課,事務内容\n交通課,コミュニティバス、停留所、時刻表に関すること\n"
        "保育課,保育所、延長保育に関すること\n"
    )
    (folder / "duties.csv").write_bytes(duties.encode("cp932"))
    await desk.drop(table(300))
    number = next(key for key, label in (await desk.labels()).items() if "バス" in label)
    shown = await desk.say(f"意見 {number}を見る")
    assert "担当課の候補：交通課" in shown.text


async def test_a_plan_in_the_same_message_is_read_beside_the_opinions(desk: Desk) -> None:
    plan = (
        "第1章 交通\nコミュニティバスの便数と停留所を見直します。\n"
        "第2章 子育て\n保育所の枠を広げます。\n"
    )
    files = {"意見募集.csv": table(300), "計画案.txt": plan.encode()}
    reply = await desk.kit.say("意見を整理して", files=files)
    assert [file.name for file in reply.files] == FILES, reply.text
    places = {row[1] for row in desk.sheet()}
    assert any("第1章" in str(place) for place in places), places


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("意見.docx", b"PK", "意見の表"),
        ("意見.csv", b"", "中身が空"),
        ("意見.csv", "番号,ご意見\n".encode(), "意見の行がありません"),
        ("意見.csv", "番号,金額\n1,100\n2,200\n".encode(), "意見の列が分かりません"),
    ],
)
async def test_a_file_that_holds_no_opinions_is_explained(
    desk: Desk, name: str, content: bytes, told: str
) -> None:
    reply = await desk.drop(content, name)
    assert reply.status in ("failed", "help")
    assert told in reply.text


def proposal(label: str, quote: str) -> str:
    summary = "困りごとへの対応を求めています。"
    return json.dumps({"label": label, "summary": summary, "quotes": [quote]}, ensure_ascii=False)


async def test_without_a_model_there_is_no_button_and_the_words_say_so(desk: Desk) -> None:
    reply = await desk.drop(table(60))
    assert "モデルで要約する" not in [one.title for one in reply.actions]
    assert "モデルを使えません" in (await desk.say("意見 モデルで要約")).text


async def asked_for_names(desk: Desk) -> Reply:
    """The reply that names the cost, before anything is sent."""
    reply = await desk.drop(table(300))
    cost = await desk.press(reply, "モデルで要約する")
    assert desk.kit.llm is not None
    assert desk.kit.llm.asked == []
    assert re.search(r"送る量は約[\d,]+トークン", cost.text)
    return cost


def sending(cost: Reply) -> str:
    return next(one.title for one in cost.actions if one.title.endswith("トークンを送る"))


async def test_names_by_a_model_need_grounds_in_the_opinions_and_a_persons_yes() -> None:
    answers = [proposal("困りごと1", "います。"), proposal("作り話", "だれも書いていない文です。")]
    answers += [proposal(f"困りごと{at}", "年住んでいます。") for at in range(3, 31)]
    desk = Desk(answers=answers)
    cost = await asked_for_names(desk)
    before = await desk.labels()
    shown = await desk.press(cost, sending(cost))
    assert "根拠「年住んでいます。」" in shown.text
    assert "作り話" not in shown.text
    assert "捨てました" in shown.text
    assert shown.engine == "fake-model"
    assert await desk.labels() == before
    adopted = await desk.press(shown, "この名前を使う")
    after = await desk.labels()
    assert "困りごと3" in after.values()
    assert "作り話" not in after.values()
    await desk.press(adopted, "元に戻す")
    assert await desk.labels() == before


async def test_a_model_that_fails_halfway_goes_on_where_it_stopped() -> None:
    good = [proposal(f"困りごと{at}", "年住んでいます。") for at in range(1, 40)]
    desk = Desk(answers=[*good[:2], ModelFailed("timeout"), *good[2:]])
    cost = await asked_for_names(desk)
    shown = await desk.press(cost, sending(cost))
    assert "話題が残っています" in shown.text
    again = await desk.press(shown, "残りを続ける")
    done = await desk.press(again, sending(again))
    assert "残っています" not in done.text
    assert desk.kit.llm is not None
    # Each topic once, and the one that failed twice.
    assert len(desk.kit.llm.asked) == len(await desk.labels()) + 1


async def test_a_model_outside_the_office_gets_no_opinions() -> None:
    desk = Desk(answers=[proposal("困りごと", "年住んでいます。")])
    assert desk.kit.llm is not None
    desk.kit.llm.zone = "cloud"
    cost = await asked_for_names(desk)
    refused = await desk.press(cost, sending(cost))
    assert "モデルを使えません" in refused.text
    assert desk.kit.llm.asked == []


async def test_a_file_that_expired_is_asked_for_again(desk: Desk) -> None:
    await desk.drop(table(60))
    desk.kit.clock.move(400 * 24 * 60 * 60)
    assert "もう一度お送りください" in (await desk.say("意見 1を見る")).text


async def test_a_result_too_large_to_send_is_named_and_the_rest_is_sent(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    await desk.drop(table(60))
    sizes = {name: len(desk.kit.files.named(name)) for name in FILES}
    monkeypatch.setattr(start, "LARGEST", sizes["map.png"] - 1)
    reply = await desk.say("意見 結果を出し直す")
    assert "map.png は20MBを超えるため" in reply.text
    assert [file.name for file in reply.files] == FILES[1:]


async def test_without_a_file_it_says_how_to_begin(desk: Desk) -> None:
    for text in ("意見を整理して", "意見", "意見 3を統合"):
        assert "添付" in (await desk.say(text)).text
    assert "添付" in (await desk.kit.say("", kind="command", command="opinions")).text


@pytest.mark.parametrize("value", ["", "nonsense", "topics no-such-run", "start - x", "topic"])
async def test_a_forged_button_does_nothing(desk: Desk, value: str) -> None:
    values = {"value": value, "turn": "t"}
    reply = await desk.kit.say("", kind="button", command="opinions", values=values)
    assert reply.status == "failed"
    assert "もう一度" in reply.text or "見つかりません" in reply.text


def message(text: str) -> Message:
    return Kit([skill(name="x", title="x", description="x")(plain)]).message(text)


@pytest.mark.parametrize(
    ("text", "verb", "values"),
    [
        ("意見 話題一覧", "topics", {}),
        ("意見　３を見る", "topic", {"topic": "3"}),
        ("改名 3-2 夜の道 の明かり", "rename", {"topic": "3-2", "label": "夜の道 の明かり"}),
        ("3を「夜の道」に改名", "rename", {"topic": "3", "label": "夜の道"}),
        ("3と5、7を統合", "merge", {"others": "3と5、7"}),
        ("統合 3-1 5", "merge", {"others": "3-1 5"}),
        ("12行目を3へ移す。", "move", {"row": "12", "topic": "3"}),
        ("固定解除 3", "unlock", {"topic": "3"}),
        ("締切 2026-12-1", "deadline", {"date": "2026-12-1"}),
        ("年代で集計", "cross", {"attribute": "年代"}),
        ("前回と比較", "compare", {}),
    ],
)
def test_words_are_read_as_orders(text: str, verb: str, values: dict[str, str]) -> None:
    order = orders.read(message(text))
    assert order is not None
    assert (order.verb, dict(order.values)) == (verb, values)


@pytest.mark.parametrize("text", ["", "夏季休暇は何日ですか", "3", "あ" * 300, "統合" * 90])
def test_other_words_are_no_orders(text: str) -> None:
    assert orders.read(message(text)) is None


def test_a_button_hands_back_what_it_was_given() -> None:
    action = orders.button("押す", "start", "run-1", text="ご意見 ＝ 100% / 自由 記述")
    pressed = replace(message(""), kind="button", values={"value": action.value})
    order = orders.read(pressed)
    assert order == orders.Order("start", "run-1", {"text": "ご意見 ＝ 100% / 自由 記述"})


def test_a_topic_picked_from_a_list_is_known_by_its_number_alone() -> None:
    assert orders.Order("merge", "", {"others": "5-1. 2番線の工事 3期"}).others == ["5-1"]


def test_helpers_beside_the_opinions_are_told_by_their_names() -> None:
    assert start.PAST.search("過去の割り振り.xlsx")
    assert start.DUTIES.search("事務分掌.csv")
    assert not start.PAST.search("意見募集.xlsx")
