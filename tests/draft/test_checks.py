"""What the checks find in a text, what they leave alone, and what their fixes make of it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from skills.draft.checks import CHECKS, Finding, apply, check, from_data, load_rules
from tests.bench import draft_checks as bench

LETTER = "令和8年4月6日\n\n各課長　様\n\n研修について（通知）\n\n　研修を下記のとおり行います。\n\n"

# (rule, text with a mistake, the text with its fixes put in; None when a person has to decide)
MISTAKES = [
    ("auxiliary-verb", "資料を御確認下さい。", "資料を御確認ください。"),
    ("auxiliary-verb", "受付で配布致します。", "受付で配布いたします。"),
    ("auxiliary-verb", "今後も検討を進めて行きます。", "今後も検討を進めていきます。"),
    ("can-do", "出席出来ない方は御連絡ください。", "出席できない方は御連絡ください。"),
    ("formal-noun", "参加する事ができる者とする。", "参加することができる者とする。"),
    ("formal-noun", "雨天の時は中止します。", "雨天のときは中止します。"),
    ("formal-noun", "別紙の通り定めます。", "別紙のとおり定めます。"),
    ("formal-noun", "予定通り実施します。", "予定どおり実施します。"),
    ("formal-noun", "改善の為に実施します。", "改善のために実施します。"),
    ("existence", "異議が有る場合は申し出てください。", "異議がある場合は申し出てください。"),
    ("existence", "問題は無いと考えています。", "問題はないと考えています。"),
    ("conjunction-kana", "但し、18歳未満の方を除きます。", "ただし、18歳未満の方を除きます。"),
    ("conjunction-kana", "従って、参加は任意です。", "したがって、参加は任意です。"),
    ("conjunction-kanji", "住所および氏名を記入します。", "住所及び氏名を記入します。"),
    ("kana-words", "宜しくお願いします。", "よろしくお願いします。"),
    ("kana-words", "多岐に渡って検討します。", "多岐にわたって検討します。"),
    ("suffix", "生徒達が参加します。", "生徒たちが参加します。"),
    ("honorific-prefix", "御知らせします。", "お知らせします。"),
    (
        "honorific-mix",
        "御案内します。御協力と御理解をお願いします。ご確認をお願いします。",
        "御案内します。御協力と御理解をお願いします。御確認をお願いします。",
    ),
    (
        "mixed-spelling",
        "子どもと子どもの親、子供の祖父母",
        "子どもと子どもの親、子どもの祖父母",
    ),
    ("dated-word", "看護婦を募集する。", "看護師を募集する。"),
    ("slip", "よろしくお願いたします。", "よろしくお願いいたします。"),
    (
        "weekday",
        "令和8年4月6日\n\n締切りは4/10（木）です。",
        "令和8年4月6日\n\n締切りは4/10（金）です。",
    ),
    ("numbering", "(1)　目的\n（2）　対象\n(3)　期間\n", "(1)　目的\n(2)　対象\n(3)　期間\n"),
    ("numbering", "(1)　概要\n　1　目的\n　2　対象\n", None),
    ("no-such-date", "令和8年13月に行う。", None),
    ("counter-ka", "3ヶ月以内に提出します。", "3か月以内に提出します。"),
    ("katakana-long", "コンピュータの更新を行う。", "コンピューターの更新を行う。"),
    ("katakana-spelling", "シュミレーションを行う。", "シミュレーションを行う。"),
    ("non-joyo", "改竄を防止する。", "改ざんを防止する。"),
    ("okurigana-verb", "説明会を行なう。", "説明会を行う。"),
    ("okurigana-verb", "速かに報告する。", "速やかに報告する。"),
    ("okurigana-compound", "申込んだ方に通知します。", "申し込んだ方に通知します。"),
    ("okurigana-noun", "手続きは窓口で行います。", "手続は窓口で行います。"),
    ("kana-usage", "一人づつ面談を行う。", "一人ずつ面談を行う。"),
    ("platform-char", "㈱みはらし商事が受注した。", "（株）みはらし商事が受注した。"),
    ("half-kana", "ｱﾝｹｰﾄを実施します。", "アンケートを実施します。"),
    ("width", "12月20日は30人、１8日は25人です。", "12月20日は30人、18日は25人です。"),
    ("punctuation", "市民，企業、行政が連携する。", "市民、企業、行政が連携する。"),
    ("punctuation", "資料を送ります。。", "資料を送ります。"),
    ("full-stop", "　資料を送ります。御確認ください\n\n", "　資料を送ります。御確認ください。\n\n"),
    ("bracket", "（令和8年4月1日施行", None),
    ("bracket", "会場（市役所)で行う。", "会場（市役所）で行う。"),
    ("katakana-bar", "スケジュ一ルを調整する。", "スケジュールを調整する。"),
    ("number-comma", "10000円を支給する。", "10,000円を支給する。"),
    ("number-comma", "費用は1,20円です。", None),
    ("weekday", "令和8年4月10日（木）に開く。", "令和8年4月10日（金）に開く。"),
    ("no-such-date", "2月30日までに提出する。", None),
    ("no-such-date", "平成32年度から実施する。", "令和2年度から実施する。"),
    ("era-year", "令和8年（2025年）4月", "令和8年（2026年）4月"),
    ("era-year", "令和1年に制定した。", "令和元年に制定した。"),
    ("fiscal-year", "令和8年度（令和9年5月1日から）", None),
    ("period", "令和8年10月1日から令和8年9月30日まで", None),
    ("period", "午後3時から午後1時まで", None),
    ("time", "午後14時から始める。", "午後2時から始める。"),
    ("time", "10時65分に始める。", None),
    ("date-form", "R8.4.1から実施する。", "令和8年4月1日から実施する。"),
    ("numbering", "1　目的\n2　対象\n4　期間\n", "1　目的\n2　対象\n3　期間\n"),
    ("numbering", "(1)　目的\n(2)　対象\n(2)　期間\n", "(1)　目的\n(2)　対象\n(3)　期間\n"),
    ("numbering", "第1条　目的\n第3条　定義\n第4条　委任\n", None),
    ("numbering", "1　目的\n　ア　対象\n　イ　期間\n", None),
    ("indent", "　(1)　目的\n　(2)　対象\n(3)　期間\n", None),
    ("ki-ijo", LETTER + "記\n\n1　日時　4月20日\n", None),
    ("ki-ijo", LETTER + "1　日時　4月20日\n", None),
    ("salutation", "拝啓　新緑の候\n　お喜び申し上げます。\n草々\n", None),
    ("season", "令和8年11月9日\n\n　盛夏の候、お喜び申し上げます。", None),
    ("address-title", "関係各位様", "関係各位"),
    ("double-honorific", "市長がおっしゃられたとおりです。", None),
    ("keigo", "書類をご確認してください。", None),
    ("ra-nuki", "会議に来れない方", "会議に来られない方"),
    ("ra-nuki", "朝5時に起きれる人", "朝5時に起きられる人"),
    ("sa-ire", "資料を読まさせていただきます。", "資料を読ませていただきます。"),
    ("i-nuki", "準備を進めてます。", None),
    ("repeated-particle", "資料をを配布する。", "資料を配布する。"),
    ("repeated-word", "計画についてについて説明する。", "計画について説明する。"),
    ("no-chain", "市の施設の利用の料金の改定", None),
    ("ga-chain", "改正しましたが、周知が不足していますが、対応します。", None),
    ("tari", "集計したり、分析を行う。", None),
    ("twisted", "本事業の目的は、市民の健康を増進します。", None),
    ("double-negative", "実施できないわけではない。", None),
    ("and-or", "申請者並びに代理人が出席する。", "申請者及び代理人が出席する。"),
    ("and-or", "農業及び漁業及び林業", "農業、漁業及び林業"),
    ("mixed-style", "　通知します。送付します。確認します。提出するものである。", None),
    ("sentence-length", f"　{'計画を見直し、' * 20}報告する。", None),
    ("colloquial", "なので、期限を延長します。", "そのため、期限を延長します。"),
    ("redundancy", "一番最初に説明した。", "最初に説明した。"),
    ("redundancy", "約100人程度が参加した。", "約100人が参加した。"),
    ("misuse", "的を得た意見", "的を射た意見"),
    ("homophone", "部長の決済を得る。", "部長の決裁を得る。"),
    ("homophone", "利便性の向上を計る。", "利便性の向上を図る。"),
    ("personal-data", "申請者の生年月日は昭和45年3月8日です。", None),
]


@pytest.mark.parametrize(("rule", "text", "fixed"), MISTAKES)
def test_a_mistake_is_found_and_its_fix_mends_it(rule: str, text: str, fixed: str | None) -> None:
    found = check(text)
    assert rule in {finding.rule for finding in found}
    own = [finding for finding in found if finding.rule == rule]
    if fixed is not None:
        assert apply(text, own) == fixed
        assert rule not in {finding.rule for finding in check(fixed)}


def test_every_rule_has_a_mistake_that_shows_it() -> None:
    assert {rule for rule, _, _ in MISTAKES} == {rule.id for rule in load_rules()}


@pytest.mark.parametrize(
    "text",
    [
        "行事、事務及び事故に関する事項を所管する。",
        "その事業の時期と所在地は、物品の有無による。",
        "却下された申請は、一致しない部分を除いて有効とする。",
        "銀行ないし信用金庫に持って行く。",
        "会議は、前例のないことであるが、必要があると認める。",
        "処分の対象となった者は、異議を申し立てることができる。",
        "電子決済による納付の手数料は、市が負担する。",
        "工事の施工業者を選定する。",
        "六ヶ所村から2か所の施設を視察した。",
        "12月20日から1月10日まで休館する。",
        "午後10時から午前6時まで閉鎖する。",
        "平成31年4月30日までの期間を含む。",
        "使用料及び手数料並びに負担金を改める。",
        "A又はB若しくはCの所有者を対象とする。",
        "目的は、市民の健康の増進とする。",
        "補助金の額は、限度額とする。ただし書の規定は適用しない。",
        "「見れる」や「出来る」は使わない。",
        "https://www.example.jp/下さい/2026/4/1 を御覧ください。",
        "髙橋委員、渡邊委員及び齋藤委員が出席した。",
        "来られる方は、見慣れた案内板を目印に、遅れずにお越しください。",
        "ものの見方は、人々とともに変わる。",
        "毎月第2火曜日に、3年生4人が当番を務める。",
        "資料1を机の上に置いて、係員に渡した。",
        "立てます、育てます、捨てます、当てます。",
        "令和5年12月18日付けの通知による。",
        "昭和58年4月2日から昭和59年4月1日までに生まれた方を対象とする。",
        "令和8年9月号\n\n令和7年度の受診率は46％でした。\n健診は、10月5日（月）から10日（土）までです。",
        "9　その他　(1) 出席率は71％\n　　(2) 駐車場は100台\n　　(3) 開場は10時\n",
        "８企第１３０号\n令和8年4月1日\n10人、20人、30人、40人、50人\n",
    ],
)
def test_good_text_is_left_alone(text: str) -> None:
    assert check(text) == []


@pytest.mark.parametrize("split", ["clean-dev", "clean-held-out"])
def test_clean_official_documents_have_no_findings(split: str) -> None:
    found = {name: check(text) for name, text in bench.documents(split).items()}
    assert {name: findings for name, findings in found.items() if findings} == {}


@pytest.mark.parametrize("split", ["dev", "held-out"])
def test_planted_errors_are_found_and_little_else_is(split: str) -> None:
    recall, precision = bench.score(split)
    assert bench.total(recall, "wanted") >= 100
    assert bench.total(recall, "found") >= 0.90 * bench.total(recall, "wanted")
    assert bench.total(precision, "right") >= 0.95 * bench.total(precision, "said")


def test_a_finding_says_where_it_stands() -> None:
    text = "1行目です。\r\n　会場は、市役所です。出来れば早めにお越しください。\r\n"
    (finding,) = check(text)
    line = text.split("\r\n")[finding.line - 1]
    assert finding.line == 2
    assert line[finding.column - 1 :].startswith(finding.text)
    assert finding.text == "出来"
    assert from_data(json.loads(json.dumps(finding.as_data()))) == finding


def test_fixes_keep_the_ends_of_lines_and_skip_what_was_edited_since() -> None:
    text = "御確認下さい。\r\n又、御連絡下さい。\r\n"
    found = check(text)
    assert apply(text, found) == "御確認ください。\r\nまた、御連絡ください。\r\n"
    edited = text.replace("御確認下さい", "見てください")
    assert apply(edited, found) == "見てください。\r\nまた、御連絡ください。\r\n"


def test_of_two_fixes_that_overlap_one_is_put_in() -> None:
    found = [Finding(1, 1, "a", "事務", "", "仕事"), Finding(1, 2, "b", "務所", "", "署")]
    assert apply("事務所", found) == "仕事所"


def test_a_weekday_without_a_year_is_held_against_the_next_such_day() -> None:
    letter = "令和8年12月7日\n\n　会議は、1月15日（金）に行います。"
    assert check(letter) == []
    assert [finding.fix for finding in check(letter.replace("金", "木"))] == ["金"]
    assert check("会議は、1月15日（木）に行う。") == []


def test_a_day_without_a_month_belongs_to_the_month_before_it() -> None:
    text = "令和8年10月1日（木）から2日（土）まで"
    assert [(finding.text, finding.fix) for finding in check(text)] == [("土", "金")]


def test_articles_are_numbered_through_chapters_and_paragraphs_begin_at_two() -> None:
    text = (
        "第1章　総則\n第1条　目的を定める。\n2　前項の例による。\n第2章　雑則\n"
        "第2条　委任する。\n附　則\n1　施行する。\n2　経過措置を設ける。\n"
    )
    assert check(text) == []


def test_what_follows_ki_may_be_plain_in_a_polite_letter() -> None:
    text = (
        LETTER
        + "　資料を配布します。御確認ください。\n\n記\n\n　内容は、次によるものとする。\n\n以上\n"
    )
    assert check(text) == []


def test_every_check_belongs_to_a_rule() -> None:
    assert {rule.check for rule in load_rules()} - {""} == set(CHECKS)


def test_the_planted_set_is_as_large_as_it_says() -> None:
    rows = [row for split in ("dev", "held-out") for row in _rows(split)]
    assert len(rows) >= 240
    assert len({row["rule"] for row in rows}) >= 24
    for row in rows:
        text = (bench.DATA / row["split"] / row["file"]).read_text(encoding="utf-8")
        line = text.split("\n")[row["line"] - 1]
        assert line[row["column"] - 1 :].startswith(row["text"])


def _rows(split: str) -> list[bench.Planted]:
    path: Path = bench.DATA / f"{split}.jsonl"
    lines = path.read_text(encoding="utf-8").splitlines()
    return [json.loads(line) | {"split": split} for line in lines]
