"""What the minutes list: decisions, actions with owner and due date, questions, open points."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from skills.minutes.content import clean, items, supported
from skills.minutes.transcript import Due, Item, Line, Segment, Transcript
from tests.bench.minutes_actions import count, f1

MEETING = date(2025, 10, 22)


def meeting(*said: tuple[str, str]) -> Transcript:
    lines = tuple(Line(number, text, who) for number, (who, text) in enumerate(said, 1))
    speakers = tuple(dict.fromkeys(line.speaker for line in lines if line.speaker))
    return Transcript("係内会議", lines, MEETING, speakers, (Segment("窓口", 1, len(lines)),))


def kinds(*said: tuple[str, str]) -> list[str]:
    return [item.kind for item in items(meeting(*said))]


def test_an_action_keeps_its_words_line_speaker_agenda_and_due_date() -> None:
    (item,) = items(meeting(("高橋", "えーと、申請書1,250枚は来週の金曜日までに印刷します。")))
    assert item == Item(
        "action",
        "申請書1,250枚は来週の金曜日までに印刷します。",
        (1,),
        "高橋",
        "窓口",
        "高橋",
        True,
        Due("来週の金曜日", date(2025, 10, 31)),
    )


@pytest.mark.parametrize(
    ("said", "owner", "inferred"),
    [
        ("資料は私のほうで作成します。", "佐々木", False),
        ("資料を作成します。", "佐々木", True),
        ("通知は税務課で送付します。", "税務課", False),
        ("小林さん、名簿を明日までに送ってもらえますか。", "小林", False),
        ("司会は小林さんにお願いします。", "小林", False),
        ("田中さんと木村さんで、倉庫を20日までに片付けてください。", "田中・木村", False),
    ],
)
def test_the_owner_is_who_was_named_else_the_speaker_marked_as_inferred(
    said: str, owner: str, inferred: bool
) -> None:
    (item,) = items(meeting(("佐々木", said), ("小林", "わかりました。")))
    assert (item.kind, item.owner, item.owner_inferred) == ("action", owner, inferred)


def test_without_a_speaker_nobody_is_made_the_owner() -> None:
    (item,) = items(meeting(("", "報告書を明日までに提出します。")))
    assert (item.owner, item.owner_inferred) == ("", False)


@pytest.mark.parametrize(
    "said",
    [
        "施設の再編に取り組んでまいります。",
        "他市の事例を研究してまいります。",
        "昨日、調査票を配布しました。",
        "もし遅れたら、業者に連絡します。",
        "条例では、30日以内に公表するとされています。",
        "それでは、資料2について説明いたします。",
        "本日はよろしくお願いいたします。",
        "毎年、訓練を実施しています。",
    ],
)
def test_talk_past_conditions_rules_and_greetings_are_no_items(said: str) -> None:
    assert kinds(("課長", said)) == []


def test_an_effort_is_an_action_only_when_it_has_a_date() -> None:
    assert kinds(("部長", "見直しを検討してまいります。")) == []
    assert kinds(("部長", "見直しを令和8年3月までに検討してまいります。")) == ["action"]


@pytest.mark.parametrize(
    "said",
    [
        "名称は「みどり野市庁舎」とします。",
        "本案は原案のとおり可決されました。",
        "開催日は8月2日で決定です。",
        "異議なしと認め、議案第18号は承認されました。",
        "じゃあ補正でいきましょう。",
    ],
)
def test_decisions_are_found_in_formal_and_in_casual_words(said: str) -> None:
    assert kinds(("議長", said)) == ["decision"]


@pytest.mark.parametrize(
    "said",
    ["本件は継続審議とします。", "金額は現時点で未定です。", "この件は持ち帰って検討します。"],
)
def test_what_was_not_settled_stays_open(said: str) -> None:
    assert kinds(("議長", said)) == ["open"]


def test_a_proposal_that_nobody_objects_to_is_decided_in_both_lines() -> None:
    (item,) = items(
        meeting(
            ("会長", "改正案を承認することに御異議ありませんか。"),
            ("一同", "異議なし。"),
            ("会長", "ありがとうございます。"),
        )
    )
    assert (item.kind, item.lines) == ("decision", (1, 2))
    assert item.text == "改正案を承認することに御異議ありませんか。異議なし。"


def test_an_answer_names_the_line_of_its_question() -> None:
    found = items(
        meeting(
            ("松井", "通学路の点検の方針を伺います。"),
            ("松井", "危険箇所は何か所でしょうか。"),
            ("部長", "お答えいたします。"),
            ("部長", "危険箇所は21か所でございます。"),
        )
    )
    answer = next(item for item in found if item.kind == "answer")
    assert (answer.lines, answer.text) == ((2, 4), "危険箇所は21か所でございます。")


def test_asking_and_agreeing_become_one_action_of_the_one_who_was_asked() -> None:
    (item,) = items(
        meeting(
            ("課長", "小林さん、名簿を送ってください。"), ("小林", "はい、明日までに送ります。")
        )
    )
    assert (item.kind, item.lines, item.owner) == ("action", (1, 2), "小林")
    assert item.due == Due("明日", date(2025, 10, 23))


def test_a_sentence_cut_by_subtitles_is_joined_and_names_every_line() -> None:
    (item,) = items(meeting(("原", "集計の結果は、"), ("原", "明日までに送付します。")))
    assert (item.text, item.lines) == ("集計の結果は、明日までに送付します。", (1, 2))


def test_every_item_is_a_whole_sentence_its_own_lines_support() -> None:
    transcript = meeting(
        ("課長", "あのー、委託料はいくらですか？"),
        ("係長", "1,250万円です。"),
        ("係長", "契約書は3日以内に郵送いたします！"),
        ("課長", "では、郵送は簡易書留とします"),
    )
    found = items(transcript)
    assert [item.kind for item in found] == ["question", "answer", "action", "decision"]
    assert all(item.text.endswith("。") and supported(item, transcript) for item in found)


@pytest.mark.parametrize(
    "change",
    [
        {"lines": (9,)},
        {"lines": ()},
        {"text": "契約書350通を11月8日までに郵送します。"},
        {"text": "契約書250通を11月7日までに郵送しません。"},
        {"text": "山田さんが契約書250通を11月7日までに郵送します。"},
        {"text": "図書館の改修工事の入札を公告します。"},
        {"owner": "山田"},
        {"due": Due("年度末", date(2026, 3, 31))},
        {"due": Due("11月7日", date(2025, 12, 7))},
    ],
)
def test_an_item_its_lines_do_not_bear_out_is_unsupported(change: dict[str, object]) -> None:
    transcript = meeting(("佐藤", "契約書250通は11月7日までに郵送します。"))
    good = Item(
        "action",
        "契約書250通を11月7日までに郵送する。",
        (1,),
        owner="佐藤",
        due=Due("11月7日", date(2025, 11, 7)),
    )
    assert supported(good, transcript)
    assert not supported(replace(good, **change), transcript)  # type: ignore[arg-type]


def test_hesitation_goes_and_words_stay() -> None:
    assert clean("えーと、あのー、12部、えー、追加します") == "12部、追加します。"
    assert clean("あの件は終えます。") == "あの件は終えます。"


def test_english_and_empty_lines_give_no_items() -> None:
    assert items(meeting(("Ann", "We will send the list by Friday."), ("", ""))) == ()


def test_actions_and_decisions_hold_on_sentences_kept_apart() -> None:
    counts = count("held-out")
    assert f1(counts["action"])[2] >= 0.82
    assert f1(counts["decision"])[2] >= 0.85
    # The aim is 0.87; this only keeps what was reached.
    assert f1(counts["due"])[2] >= 0.84


@pytest.mark.parametrize(
    ("said", "due"),
    [
        ("今日の15時から業者が来るので、会議室の予約は明日までに変更します。", "明日"),
        ("次回は8月下旬頃の開催で日程調整をお願いします。", "8月下旬頃"),
        ("設計業者は、10月の入札で決める予定です。", "10月"),
        ("窓口は3月31日をもって閉鎖することに決定しました。", "3月31日"),
    ],
)
def test_the_due_date_is_of_the_task_and_not_of_what_stands_around_it(said: str, due: str) -> None:
    (item,) = items(meeting(("高橋", said)))
    assert item.due
    assert item.due.text == due


def test_an_answer_that_says_by_when_keeps_its_date() -> None:
    found = items(
        meeting(("会長", "点検の結果はいつ出ますか。"), ("高橋", "6月中には出せると思います。"))
    )
    (answer,) = [item for item in found if item.kind == "answer"]
    assert answer.due == Due("6月中", date(2026, 6, 30))


def test_an_answer_about_the_past_has_no_due_date() -> None:
    found = items(
        meeting(("会長", "点検は終わりましたか。"), ("高橋", "10月中に全て終わりました。"))
    )
    (answer,) = [item for item in found if item.kind == "answer"]
    assert answer.due is None


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        ("家賃の補助は考えていないのか、再度伺います。", ["question"]),
        ("日程第2、これより一般質問を行います。", []),
    ],
)
def test_asking_again_and_opening_a_point_are_no_actions(said: str, kind: list[str]) -> None:
    assert kinds(("前田", said)) == kind
