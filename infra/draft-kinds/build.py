"""Make the Word templates of the shipped kinds of documents.

    python infra/draft-kinds/build.py [FOLDER]

An office edits the templates in Word; this is where those that are shipped came from. Each
function is one kind, from top to bottom as it stands on the page.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

from docx.shared import Pt
from page import WIDTH_MM, Page

KINDS = Path(__file__).resolve().parents[2] / "skills" / "draft" / "kinds"


def notice() -> Page:
    page = Page()
    page.head()
    page.subject("通知")
    page.line("{{任意}}{{時候の挨拶}}", "本文インデント")
    page.line("{{本文}}", "本文インデント")
    page.line("{{結び}}", "本文インデント")
    page.items("{{記}}", "{{番号}}　添付書類　{{添付書類}}")
    page.contact()
    return page


def request() -> Page:
    page = Page()
    page.head()
    page.subject("依頼")
    page.line("{{任意}}{{時候の挨拶}}", "本文インデント")
    page.line("{{任意}}{{日頃のお礼}}", "本文インデント")
    page.line("{{本文}}", "本文インデント")
    page.line("{{結び}}", "本文インデント")
    page.items(
        "{{番号}}　依頼事項　{{依頼事項}}", "{{番号}}　期　　限　{{期限:曜日}}まで",
        "{{番号}}　提出先　　{{提出先}}", "{{番号}}　提出方法　{{提出方法}}",
        "{{番号}}　その他　　{{その他}}",
    )  # fmt: skip
    page.contact()
    return page


def inquiry() -> Page:
    page = Page()
    page.head()
    page.subject("照会")
    page.line("{{本文}}", "本文インデント")
    page.line("{{任意}}{{お詫び}}", "本文インデント")
    page.line("つきましては、下記により{{回答期限:曜日}}までに回答してください。", "本文インデント")
    page.items(
        "{{番号}}　照会事項", "{{照会事項}}", "{{番号}}　根　　拠　{{根拠}}",
        "{{番号}}　回答方法　{{回答方法}}", "{{番号}}　回答先　　{{回答先}}",
    )  # fmt: skip
    page.contact()
    return page


def answer() -> Page:
    page = Page()
    page.head()
    page.subject("回答")
    page.line(
        "{{照会日}}付け{{照会の文書番号}}で照会のありましたことについて、下記のとおり回答します。",
        "本文インデント",
    )
    page.line("{{本文}}", "本文インデント")
    page.items("{{番号}}　回答事項", "{{回答事項}}", "{{番号}}　根　　拠　{{根拠}}",
               "{{番号}}　添付書類　{{添付書類}}")  # fmt: skip
    page.contact()
    return page


def proposal() -> Page:
    page = Page(size=10.5, pitch=18)
    page.line("起　　案　　書", "表題")
    page.blank()
    page.table(
        [
            ("文書番号", "{{文書番号}}", "起案日", "{{起案日}}"),
            ("文書分類", "{{文書分類}}", "決裁日", "令和　　年　　月　　日"),
            ("決裁区分", "{{決裁区分}}", "施行予定日", "{{施行予定日}}"),
            ("保存年限", "{{保存年限}}", "公開区分", "{{公開区分}}"),
            ("起案者", "{{起案者}}", "担当課・内線", "{{担当課}}　{{電話}}"),
        ],
        (24, 56, 28, 52), labels=(0, 2), height=8,
    )  # fmt: skip
    page.line()
    page.table(
        [("市長", "副市長", "部長", "課長", "係長", "担当", "合議")], (22.8,) * 7, centred=True,
    )  # fmt: skip
    page.table([("",) * 7], (22.8,) * 7, height=18)
    page.line()
    page.table(
        [
            ("件　　名", "{{件名}}について（伺い）"),
            ("伺　　い", "{{伺い文}}"),
            ("理　　由", "{{理由}}"),
            ("内　　容", "{{内容}}"),
            ("根拠法令", "{{根拠法令}}"),
            ("予　　算", "{{予算}}"),
            ("添付書類", "{{添付書類}}"),
            ("参　　考", "{{参考}}"),
        ],
        (24, 136), labels=(0,), height=10,
    )  # fmt: skip
    return page


def speech() -> Page:
    page = Page(size=12, pitch=24, numbers=True)
    page.line("{{行事名}}　{{場面の名}}", "件名")
    page.line("{{開催日:曜日}}　{{会場}}", "右上")
    page.line("{{話す人}}", "右上")
    page.blank()
    for part in ("{{始め}}", "{{任意}}{{季節}}", "{{祝意}}", "{{お礼}}", "{{本文}}",
                 "{{伝えたいこと}}", "{{任意}}{{お願い}}", "{{結び}}"):  # fmt: skip
        page.line(part, "本文インデント")
    return page


def mail() -> Page:
    page = Page(size=10.5, pitch=18)
    page.line("件名：{{件名}}")
    page.blank()
    page.line("{{宛先}}")
    page.blank()
    page.line("{{挨拶}}")
    page.line("{{名乗り}}")
    page.blank()
    page.line("{{本文}}")
    page.line("{{用件}}")
    page.blank()
    page.line("期限：{{期限:曜日}}")
    page.line("添付：{{添付}}")
    page.blank()
    page.line("{{気づかい}}{{結び}}")
    page.blank()
    page.line("――――――――――――――――――――")
    for line in ("{{差出人の所属}}", "{{差出人}}", "電話：{{電話}}", "メール：{{メール}}"):
        page.line(line)
    page.line("――――――――――――――――――――")
    return page


def questions() -> Page:
    page = Page(size=10.5, pitch=18, numbers=True)
    page.line("想　定　問　答", "表題")
    page.blank()
    page.table(
        [
            ("会　　議", "{{会議名}}", "質 問 者", "{{質問者}}"),
            ("答 弁 者", "{{答弁者}}", "作 成 日", "{{作成日}}"),
            ("担 当 課", "{{担当課}}", "電　　話", "{{電話}}"),
        ],
        (24, 56, 24, 56), labels=(0, 2), height=8,
    )  # fmt: skip
    page.blank()
    for title, slot in (
        ("問", "質問"), ("答", "答弁"), ("１　現状", "現状"), ("２　課題", "課題"),
        ("３　今後の対応", "今後の対応"), ("４　数値・実績", "数値"),
    ):  # fmt: skip
        page.heading(title)
        page.line("{{" + slot + "}}", "本文インデント", left=100, first=100)
        page.blank()
    page.heading("再質問への備え")
    page.line("{{再質問}}", "項目")
    page.blank()
    page.heading("根拠となる記録")
    page.line("{{根拠}}", "本文インデント")
    page.line("{{参考}}", "項目")
    return page


def agenda() -> Page:
    page = Page(numbers=False)
    page.line("{{会議名}}　次第", "表題")
    page.blank()
    page.line("日時：{{開催日:曜日}}　{{時間}}", left=1300, hanging=300)
    page.line("場所：{{場所}}", left=1300, hanging=300)
    page.blank()
    for part in ("{{番号}}　開会", "{{番号}}　挨拶　{{挨拶}}", "{{番号}}　議題", "{{議題}}",
                 "{{番号}}　報告{{あれば:報告}}", "{{報告}}", "{{番号}}　その他　{{その他}}",
                 "{{番号}}　閉会"):  # fmt: skip
        page.line(part, "項目")
    page.blank()
    page.line("（配布資料）{{あれば:配布資料}}")
    page.line("{{配布資料}}", left=100)
    page.blank()
    page.line("（出席者）{{あれば:出席者}}")
    page.line("{{出席者}}", left=100)
    page.contact()
    return page


def press() -> Page:
    page = Page(size=11, pitch=19)
    head = page.table([("報　道　資　料", "{{発表日:曜日}}")], (100, 60), height=12, centred=True)
    head.rows[0].cells[0].paragraphs[0].runs[0].font.size = Pt(15)
    page.line("{{解禁}}", "右上")
    page.line("{{発信者}}", "右上")
    page.blank()
    title = page.line("{{件名}}", "表題")
    title.runs[0].bold = True
    page.line("{{副題}}", "件名")
    page.blank()
    page.line("{{本文}}", "本文インデント")
    page.blank()
    for part in ("{{概要}}", "{{番号}}　取　　材　{{取材}}"):
        page.line(part, "記の項目")
    page.blank()
    page.line("{{任意}}{{ねらい}}", "本文インデント")
    page.line("添付資料：{{添付資料}}")
    page.blank()
    page.table(
        [("問合せ先", "{{担当課}}　{{担当者}}"), ("電　　話", "{{電話}}"),
         ("メール", "{{メール}}")],
        (30, 130), labels=(0,), height=8,
    )  # fmt: skip
    return page


def plan() -> Page:
    page = Page(size=10.5, pitch=18, numbers=True)
    page.line("企　　画　　書", "表題")
    page.line("{{作成日}}", "右上")
    page.line("{{担当課}}　{{担当者}}", "右上")
    page.blank()
    page.table(
        [("企 画 名", "{{企画名}}"), ("目　　的", "{{目的}}"), ("対　　象", "{{対象}}"),
         ("期　　間", "{{期間}}"), ("場　　所", "{{場所}}"), ("予　　算", "{{予算}}")],
        (26, WIDTH_MM - 26), labels=(0,), height=9,
    )  # fmt: skip
    page.blank()
    for title, slot, style in (
        ("１　背景と現状", "背景", "本文インデント"), ("２　課題", "課題", "項目"),
        ("３　内容", "内容", "項目"), ("４　日程", "日程", "項目"),
        ("５　体制と役割", "体制", "項目"), ("６　成果の指標", "指標", "項目"),
        ("７　想定される課題と対応", "リスク", "項目"),
    ):  # fmt: skip
        page.heading(title)
        page.line("{{" + slot + "}}", style)
        page.blank()
    page.heading("８　根拠と参考")
    page.line("{{根拠}}", "本文インデント")
    page.line("{{参考}}", "項目")
    return page


def news() -> Page:
    page = Page(size=12, pitch=22)
    page.line("{{発信日}}", "右上")
    page.blank()
    title = page.line("{{件名}}", "表題")
    title.runs[0].bold = True
    page.blank()
    page.line("{{本文}}", "本文インデント")
    page.blank()
    _news_items(page, "と　き", "ところ", "対　象", "内　容", "費　用", "持ち物", "申込み")
    page.blank()
    page.line("問合せ：{{担当課}}　電話 {{電話}}")
    page.line("メール：{{メール}}")
    return page


def plain_news() -> Page:
    page = Page(size=14, pitch=28, grid=False)
    title = page.line("{{件名}}", "表題")
    title.runs[0].bold = True
    page.line("（やさしい日本語）", "件名")
    page.blank()
    page.line("{{本文}}")
    page.blank()
    _news_items(page, "いつ", "どこ", "だれのため", "何を しますか", "お金", "持ってくる もの",
                "申し込み", date="西暦", width=44)  # fmt: skip
    page.blank()
    page.line("わからない ことは、聞いて ください。")
    page.line("{{担当課}}　電話 {{電話}}")
    page.line("メール：{{メール}}")
    return page


def _news_items(page: Page, *titles: str, date: str = "曜日", width: float = 28) -> None:
    slots = ("{{開催日:" + date + "}}　{{時間}}", "{{場所}}", "{{対象}}", "{{内容}}", "{{費用}}",
             "{{持ち物}}", "{{申込み}}")  # fmt: skip
    rows = list(zip(titles, slots, strict=True))
    page.table(rows, (width, WIDTH_MM - width), labels=(0,), height=11)


TEMPLATES: dict[str, Callable[[], Page]] = {
    "通知/template.docx": notice,
    "依頼/template.docx": request,
    "照会/template.docx": inquiry,
    "回答/template.docx": answer,
    "起案/template.docx": proposal,
    "挨拶文/template.docx": speech,
    "メール/template.docx": mail,
    "想定問答/template.docx": questions,
    "会議次第/template.docx": agenda,
    "プレスリリース/template.docx": press,
    "企画書/template.docx": plan,
    "お知らせ/template.docx": news,
    "お知らせ/template-やさしい日本語.docx": plain_news,
}


def main(folder: Path) -> None:
    for name, build in TEMPLATES.items():
        build().save(folder / name)


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else KINDS)
