"""The report in Markdown: how it was done, what was said, and what not to read into it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import partial
from html import escape
from itertools import islice

from bot import BadInput
from skills.opinions import crosstabs, rows
from skills.opinions.analysis import excerpt
from skills.opinions.crosstabs import told
from skills.opinions.model import (
    ISOLATED,
    ISOLATED_LABEL,
    OFFLINE,
    UNDECIDED,
    Analysis,
    Opinion,
    Topic,
)
from skills.opinions.waves import Comparison

MOST_LISTED = 200
MOST_URGENT = 100
FEW_VOICES = 3
URGENT = "急ぎかもしれない意見"
TOO_MANY = (
    "見落としを減らすため、少なめではなく多めに拾っています。急ぎではない意見も多く含まれます。"
    "急ぎらしさの高い順です。人が読み、必要なものを担当につないでください。"
)
MORE_QUOTES = 2
MOST_VALUES, MOST_TOPICS = 12, 20
_MARKDOWN = re.compile(r"([\\`*_{}\[\]|#~!])")
LIMITS = (
    "話題は自動で分けた下書きです。分け方と名前は、人が確かめて直してください。",
    "件数の多さは、市民全体の意見の割合を表しません。意見を出した人の数え上げです。",
    f"賛否は文の言い方から判断しています。はっきりしないものは「{UNDECIDED}」としています。",
    "急ぎかもしれない意見は言い方から探しています。すべてを見つけるものではありません。",
    "個人情報は、形や前後の言葉から分かるものを伏せています。公表の前に人が確かめてください。",
    "担当課と該当箇所は候補です。決めるのは人です。",
)


def write_report(analysis: Analysis, comparison: Comparison | None = None) -> str:
    """The whole report. Opinions are quoted without personal data."""
    parts = (
        _head,
        _urgent,
        _counts,
        _overview,
        partial(_changes, comparison),
        _crosstabs,
        _topics,
        _few,
        _isolated,
        _errors,
        _method,
    )
    return "\n".join(line for part in parts for line in part(analysis)) + "\n"


def escaped(text: str) -> str:
    """A text that Markdown shows as it is: no link, picture or heading comes of it."""
    line = escape(" ".join(text.split()), quote=False)
    line = _MARKDOWN.sub(r"\\\1", line)
    return re.sub(r"^([-+=]|[0-9]{1,3}[.)])", r"\\\1", line)


def _head(analysis: Analysis) -> Iterator[str]:
    source = analysis.source
    sheet = f"、シート「{escaped(source.sheet)}」" if source.sheet else ""
    yield "# 意見の取りまとめ（下書き・未確認）"
    yield ""
    yield f"{escaped(source.file)}{sheet}、意見の列「{escaped(source.columns.text)}」"
    yield ""


def _urgent(analysis: Analysis) -> Iterator[str]:
    yield f"## {URGENT}"
    yield ""
    flagged = analysis.urgent
    if not flagged:
        yield "言い方からは見つかりませんでした。"
    else:
        yield f"{len(flagged):,} 件あります。{TOO_MANY}"
        yield ""
        for opinion in flagged[:MOST_URGENT]:
            yield f"- **{opinion.urgent}** {_where(opinion)}：{escaped(excerpt(opinion.masked))}"
    if len(flagged) > MOST_URGENT:
        more = len(flagged) - MOST_URGENT
        yield f"- ほか {more:,} 件は、結果表（xlsx）の「意見一覧」の「急ぎ」の列にあります。"
    yield ""


def _counts(analysis: Analysis) -> Iterator[str]:
    yield "## 件数"
    yield ""
    yield (
        f"入力 {analysis.source.input_rows:,} 行 ＝ 意見 {len(analysis.opinions):,} 件"
        f" ＋ 意見にできなかった行 {len(analysis.errors):,} 行"
    )
    yield ""
    yield "| 項目 | 数 | 説明 |"
    yield "|---|--:|---|"
    for what, number, note in rows.counts(analysis):
        yield f"| {what} | {number:,} | {note} |"
    yield ""


def _overview(analysis: Analysis) -> Iterator[str]:
    yield "## 話題の一覧"
    yield ""
    yield "| 話題 | 件数 | 実質件数 |"
    yield "|---|--:|--:|"
    for topic in analysis.topics:
        indent = "　└ " if topic.parent >= 0 else ""
        yield f"| {indent}{escaped(topic.label)} | {topic.count:,} | {topic.voices:,} |"
    alone = analysis.members[ISOLATED]
    heard = len({opinion.voice for opinion, _ in alone})
    yield f"| {ISOLATED_LABEL}（どの話題にも入らないもの） | {len(alone):,} | {heard:,} |"
    yield ""


def _changes(comparison: Comparison | None, analysis: Analysis) -> Iterator[str]:
    if comparison is None:
        return
    yield "## 前回との比較"
    yield ""
    yield (
        f"新しい意見 {comparison.new_opinions:,} 件、"
        f"前回だけにあった意見 {comparison.gone_opinions:,} 件、"
        f"全体の実質件数 {comparison.before:,} → {comparison.after:,}"
    )
    yield ""
    yield "数は実質件数です。話題は言葉の近さで前回と結び付けています。人が確かめてください。"
    yield ""
    yield "| 変化 | 話題 | 前回 | 今回 |"
    yield "|---|---|--:|--:|"
    for one in comparison.changes:
        was = f"（前回「{escaped(one.was)}」）" if one.was else ""
        yield f"| {one.kind} | {escaped(one.label)}{was} | {one.before:,} | {one.after:,} |"
    yield ""


def _crosstabs(analysis: Analysis) -> Iterator[str]:
    names = analysis.source.columns.attributes
    yield "## 属性別の件数"
    yield ""
    if not names:
        yield "年代や地区などの属性の列はありません。"
        yield ""
        return
    yield f"件数の後の（ ）は実質件数です。{crosstabs.NO_POLL}{crosstabs.NOT_PUBLIC}"
    yield ""
    for name in names:
        yield f"### {escaped(name)}"
        yield ""
        yield from _crosstab(analysis, name)
        yield ""


def _crosstab(analysis: Analysis, name: str) -> Iterator[str]:
    try:
        counted = crosstabs.cross(analysis, name, "件数")
    except BadInput as error:
        yield escaped(error.remedy)
        return
    if len(counted.values) > MOST_VALUES:
        yield f"値が{len(counted.values):,}種類あるため、表は結果表（xlsx）の「属性別」にあります。"
        return
    heard = crosstabs.cross(analysis, name)
    yield f"| 話題 | {' | '.join(map(escaped, counted.values))} |"
    yield f"|---|{'--:|' * len(counted.values)}"
    lines = zip(counted.topics, counted.cells, heard.cells, strict=True)
    for topic, counts, voices in islice(lines, MOST_TOPICS):
        cells = (
            f"{told(count)}（{told(voice)}）" for count, voice in zip(counts, voices, strict=True)
        )
        yield f"| {escaped(topic)} | {' | '.join(cells)} |"
    if len(counted.topics) > MOST_TOPICS:
        yield ""
        more = len(counted.topics) - MOST_TOPICS
        yield f"ほか {more:,} 話題は、結果表（xlsx）の「属性別」にあります。"


def _topics(analysis: Analysis) -> Iterator[str]:
    yield "## 話題ごとの意見"
    yield ""
    for topic in analysis.topics:
        if topic.parent < 0:
            yield f"### {escaped(topic.label)}（件数 {topic.count:,}、実質件数 {topic.voices:,}）"
            yield ""
            yield from _quotes(analysis, topic)
            yield from _stances(analysis, topic)
            parts = [part for part in analysis.topics if part.parent == topic.id]
            for part in parts:
                counted = f"件数 {part.count:,}、実質件数 {part.voices:,}"
                yield f"- **{escaped(part.label)}**（{counted}）：{escaped(part.excerpt)}"
            if parts:
                yield ""


def _quotes(analysis: Analysis, topic: Topic) -> Iterator[str]:
    """The representative original, and two others that are not the same."""
    typical = analysis.by_id[topic.representative]
    yield f"> {escaped(topic.excerpt)}（{_where(typical)}）"
    yield ""
    others = {topic.excerpt: typical}
    for opinion, claim in analysis.members[topic.id]:
        if opinion.voice != typical.voice:
            others.setdefault(excerpt(claim.masked), opinion)
        if len(others) > MORE_QUOTES:
            break
    for words, opinion in list(others.items())[1:]:
        yield f"> {escaped(words)}（{_where(opinion)}）"
        yield ""


def _stances(analysis: Analysis, topic: Topic) -> Iterator[str]:
    counted = analysis.stances(topic.id)
    told = [f"{name or UNDECIDED} {number:,}" for name, number in counted.items() if number]
    yield f"言い方から見た賛否（実質件数、割合を表すものではありません）：{'、'.join(told)}"
    yield ""


def _few(analysis: Analysis) -> Iterator[str]:
    yield "## 少数の意見"
    yield ""
    few = [topic for topic in analysis.topics if topic.parent < 0 and topic.voices <= FEW_VOICES]
    if not few:
        yield f"実質 {FEW_VOICES} 件以下の話題はありません。"
    for topic in few:
        for opinion, claim in analysis.members[topic.id]:
            words = escaped(excerpt(claim.masked))
            yield f"- {escaped(topic.label)}：{words}（{_where(opinion)}）"
    yield ""


def _isolated(analysis: Analysis) -> Iterator[str]:
    yield "## 個別の意見"
    yield ""
    alone = analysis.members[ISOLATED]
    if not alone:
        yield "どの話題にも入らない意見はありません。"
    for opinion, claim in alone[:MOST_LISTED]:
        yield f"- {escaped(excerpt(claim.masked))}（{_where(opinion)}）"
    if len(alone) > MOST_LISTED:
        yield f"- ほか {len(alone) - MOST_LISTED:,} 件は、結果表に1件ずつあります。"
    yield ""


def _errors(analysis: Analysis) -> Iterator[str]:
    yield "## 意見にできなかった行"
    yield ""
    if not analysis.errors:
        yield "ありません。"
    for error in analysis.errors[:MOST_LISTED]:
        yield f"- {error.row} 行目：{error.what}。{error.remedy}".rstrip()
    if len(analysis.errors) > MOST_LISTED:
        more = len(analysis.errors) - MOST_LISTED
        yield f"- ほか {more:,} 行は、table.xlsx の「エラー」にあります。"
    yield ""


def _method(analysis: Analysis) -> Iterator[str]:
    masks = "、".join(f"{kind} {number:,}" for kind, number in analysis.masks.items())
    is_offline = analysis.engine == OFFLINE
    by = (
        "話題は言葉の近さで分けました。AIモデルは使っていません"
        if is_offline
        else f"話題は、モデル {escaped(analysis.engine)} が表した意味の近さで分けました"
    )
    yield "## 方法と限界"
    yield ""
    steps = "個人情報を伏せる → 論点に分ける → 同じ文と一斉投稿をまとめる → 話題に分ける"
    yield f"- 処理：{steps}（{by}）。"
    if is_offline:
        yield "- 同じファイルからは、いつも同じ結果になります。"
    yield f"- 伏せた個人情報：{masks or 'なし'}。氏名や連絡先の列は読んでいません。"
    for limit in LIMITS:
        yield f"- {limit}"


def _where(opinion: Opinion) -> str:
    return f"番号 {escaped(opinion.id)}、{opinion.row} 行目"
