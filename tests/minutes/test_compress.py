"""Spoken sentences become plain clauses that can be kept or dropped."""

from __future__ import annotations

import pytest

from bot.japanese import morphemes
from skills.minutes.compress import plain, topic_of


def whole(sentence: str) -> list[str]:
    """Every plain sentence with all its clauses."""
    return [
        "、".join([each.text for each in made.clauses[:-1]] + [made.clauses[-1].closed])
        for made in plain(sentence)
        if made.clauses
    ]


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("今後とも、介護人材の確保に取り組んでまいります。", "介護人材の確保に取り組む"),
        ("補助の対象を拡大いたします。", "補助の対象を拡大する"),
        ("避難所を五か所増やしました。", "避難所を五か所増やした"),
        ("書類は市民課に届いておりません。", "書類は市民課に届いていない"),
        ("点検は実施できませんでした。", "点検は実施できなかった"),
        ("計画を策定したところでございます。", "計画を策定した"),
        ("このことは極めて重要であります。", "このことは重要"),
        ("研修を実施させていただきます。", "研修を実施する"),
        ("窓口を増設すべきと考えますが、市長の見解を伺います。", "窓口を増設すべき"),
        ("電子図書館を導入すべきです。", "電子図書館を導入すべき"),
        ("補助(上限は五万円)を新設いたします。", "補助を新設する"),
        ("環境を整えていくことが重要です。", "環境を整えることが重要"),
        ("じゃあ、見積りを今月中に取りましょう。", "見積りを今月中に取る"),
        ("機械がよく止まるんですよね。", "機械がよく止まる"),
        ("資料を送りまして、回答をいただきました。", "資料を送り、回答をいただいた"),
        (
            "中小の飲食店に対しましては、補助率を引き上げます。",
            "中小の飲食店には、補助率を引き上げる",
        ),
        ("応募の対象を広げることといたしました。", "応募の対象を広げる"),
        ("公園の近くにも目を向けるべきではございませんか。", "公園の近くにも目を向けるべき"),
        (
            "水道管の耐震化をどう進めていくのか、水道局長に伺います。",
            "水道管の耐震化をどう進めるのか",
        ),
        ("林業の担い手について、都の取組をお聞かせください。", "林業の担い手の取組は"),
        (
            "教室を増やすべきと考えますが、教育長の見解を伺い、質問を終わります。",
            "教室を増やすべき",
        ),
        ("早い対応を要望し、私の質問を終わります。", "早い対応を要望する"),
        ("施策の充実を求めて、質問を終わります。", "施策の充実を求める"),
        ("家賃の補助は考えていないのか、再度伺います。", "家賃の補助は考えていないのか"),
        ("本当のデジタル化とは言えないのであります。", "本当のデジタル化とは言えない"),
    ],
)
def test_polite_speech_becomes_plain(said: str, meant: str) -> None:
    assert whole(said) == [meant]


def test_statements_strung_together_become_sentences_of_their_own() -> None:
    said = (
        "指導員を配置しておりまして、昨年度は三万人が利用しましたが、今後は拡大に努めてまいります。"
    )

    assert whole(said) == ["指導員を配置している", "昨年度は三万人が利用した", "今後は拡大に努める"]


@pytest.mark.parametrize(
    ("said", "first"),
    [
        ("協議会を設置し、議論を重ねてまいりました。", "協議会を設置した"),
        ("スタンドパイプを配備し、初期消火の体制を強化すべきです。", "スタンドパイプを配備すべき"),
        ("上限額を引き上げ、職員の負担の軽減を後押ししております。", "上限額を引き上げている"),
        ("端末を配備するとともに、電子決裁を広げてまいります。", "端末を配備する"),
        ("置き場所がなく、作業が遅れております。", "置き場所がない"),
        ("名簿を提供し、登用を働きかけることといたしました。", "名簿を提供する"),
    ],
)
def test_a_clause_left_at_the_end_takes_the_tense_and_mood_of_the_sentence(
    said: str, first: str
) -> None:
    assert plain(said)[0].clauses[0].closed == first


def test_a_clause_inside_another_statement_is_never_made_one_of_its_own() -> None:
    said = "母親の孤立を防ぎ、心身の回復を支えることは重要であります。"

    closed = [each.closed for each in plain(said)[0].clauses]

    assert closed == ["", "心身の回復を支えることは重要"]


@pytest.mark.parametrize(
    ("said", "topic"),
    [
        ("次に、空き家対策についてであります。", "空き家対策"),
        ("まず、産後ケアについてのご質問でございますが、重要と考えております。", "産後ケア"),
        ("最後に、補聴器の購入助成について伺います。", "補聴器の購入助成"),
        ("子供の貧困対策について、三点伺います。", "子供の貧困対策"),
        ("会場は第一会議室です。", ""),
    ],
)
def test_what_is_announced_is_the_topic_and_no_statement(said: str, topic: str) -> None:
    assert topic_of(said) == topic


@pytest.mark.parametrize(
    "said",
    [
        "ありがとうございました。",
        "よろしくお願いいたします。",
        "異議なし。",
        "〔知事小山花子君登壇〕",
        "◯知事（小山花子君）　鈴木議員の代表質問にお答えいたします。",
        "なお、その他のご質問につきましては、教育長から答弁させます。",
        "本案に賛成の議員の起立を求めます。",
        "質疑なしと認めます。",
        "日程第2、これより一般質問を行います。",
        "日程第3、議案第31号についてを議題といたします。",
        "以上で本日の日程は全て終了いたしました。",
        "通告に従い、大きく三点について質問いたします。",
    ],
)
def test_words_of_form_say_nothing(said: str) -> None:
    assert plain(said) == ()


def test_morphemes_make_up_the_text_again() -> None:
    text = "区では、相談窓口を3か所に増やしました。"

    assert "".join(unit.surface for unit in morphemes(text)) == text
