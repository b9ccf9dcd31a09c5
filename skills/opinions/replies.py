"""How runs and topics read in the chat."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from bot import Action, Card, Field, File, Form, Reply
from skills.opinions.model import ISOLATED_LABEL, OFFLINE
from skills.opinions.orders import button, form_name
from skills.opinions.overview import Line, Overview, Told
from skills.opinions.picture import NO_POLL
from skills.opinions.report import FEW_VOICES
from skills.opinions.rows import CHANGED, HANDLING
from skills.opinions.runs import Run
from skills.opinions.work import PAGE, Columns, Members

SHOWN_TOPICS, SHOWN_URGENT, LISTED_TOPICS = 8, 10, 25
# Rules mask what they know; a person may still be named.
MASKED_LABEL = "3C"
# The number of what is in no topic.
ALONE = "0"
DRAFT = "自動で分けた下書きです。話題の分け方と名前は、人が確かめて直してください。"
HOW = (
    "意見募集のファイル（xlsx、CSV）をスレッドに添付して「意見を整理して」と書いてください。"
    "計画案（docx、pdf、md、txt）を一緒に添付すると、該当箇所も推定します。"
)


def answer(
    run: Run,
    overview: Overview,
    files: Sequence[File],
    too_large: Sequence[str],
    model: str,
    embeddings: str,
) -> Reply:
    """What a file leads to: counts that add up, what is urgent, the largest topics.

    `model` and `embeddings` are the names of the models that may be asked; empty without one.
    """
    lines = [f"**意見の整理：{overview.file}**（下書き・未確認）"]
    lines += _urgent(overview)
    lines += _topics(overview.wholes[:SHOWN_TOPICS])
    rest = len(overview.wholes) - SHOWN_TOPICS
    if rest > 0:
        lines.append(f"- ほか{rest}話題（「話題を見る」で続き）")
    lines += _errors(overview)
    lines.append(
        f"意見の列は「{overview.text_column}」として読みました。違うときは「列を変える」。"
    )
    if too_large:
        names = "、".join(too_large)
        lines.append(f"{names} は20MBを超えるため添えられません。shomu opinions で作れます。")
    if run.before:
        lines += _carried(run, overview)
    return Reply(
        "\n".join(lines),
        card=counts(overview),
        actions=(
            button("話題を見る", "topics", run.id, "primary"),
            button("少数・個別の意見", "alone", run.id),
            button("列を変える", "columns", run.id),
            button("途中経過・締切", "interim", run.id),
            button("公開用に出す", "publish", run.id),
            *((button("モデルで要約する", "naming", run.id),) if model else ()),
            *((button("意味の近さで分け直す", "meaning", run.id),) if embeddings else ()),
        ),
        notice=f"{DRAFT}\n{NO_POLL}",
        summary=f"意見 {overview.opinions:,}件を{len(overview.wholes)}の話題に分けました。",
        files=tuple(files),
        engine=overview.engine,
        data=overview.to_json(),
    )


def counts(overview: Overview) -> Card:
    """The counts, in which nothing is lost."""
    masks = "、".join(f"{kind}{number:,}" for kind, number in overview.masks.items())
    return Card(
        "件数",
        (
            (
                "入力",
                f"{overview.input_rows:,}行 ＝ 意見 {overview.opinions:,}件"
                f" ＋ 読めなかった行 {overview.error_rows:,}行",
            ),
            ("件数と実質件数", f"論点 {overview.claims:,}件、実質 {overview.voices:,}件"),
            ("話題", f"{len(overview.wholes):,}（うち少数の話題 {overview.few:,}）"),
            ("分け方", grouped_by(overview)),
            ("個別の意見", f"実質 {overview.isolated_voices:,}件（{overview.isolated:,}件）"),
            ("伏せた個人情報", masks or "見つかりませんでした"),
        ),
    )


def grouped_by(overview: Overview) -> str:
    if overview.engine == OFFLINE:
        return "言葉の近さ（AIモデルは使っていません）"
    return f"意味の近さ（モデル {overview.engine}）"


def _urgent(overview: Overview) -> list[str]:
    """First of all, and to the asker alone."""
    if not overview.urgent:
        return ["急ぎの意見は、決まった言い方からは見つかりませんでした。"]
    # Said as a question: the examples it is learnt from are cautious, and find more than there is.
    lines = [
        f"**急ぎかもしれない意見 {overview.urgent_rows:,}件**：言い方から拾っています。"
        "まず人が読み、必要なものを担当につないでください。"
    ]
    for told in overview.urgent[:SHOWN_URGENT]:
        lines.append(f"- **{told.kind}** {told.row}行目「{told.text}」")
    if overview.urgent_rows > SHOWN_URGENT:
        more = overview.urgent_rows - SHOWN_URGENT
        lines.append(f"- ほか{more:,}件は結果表の「意見一覧」の「急ぎ」の列にあります")
    return lines


def _topics(lines: Sequence[Line]) -> list[str]:
    if not lines:
        return ["話題に分けられるほど似た意見はありませんでした。"]
    shown = ["**話題**（番号、実質件数、件数、代表の意見）"]
    for line in lines:
        lock = "（固定）" if line.is_locked else ""
        shown.append(
            f"- {line.number}. **{line.label}**{lock} 実質{line.voices:,}件（{line.count:,}件）"
            f"「{line.excerpt}」（{line.row}行目）"
        )
    return shown


def _errors(overview: Overview) -> list[str]:
    if not overview.error_rows:
        return []
    lines = [f"**読めなかった行 {overview.error_rows:,}行**"]
    lines += [f"- {told.row}行目：{told.kind}。{told.text}".rstrip() for told in overview.errors]
    if overview.error_rows > len(overview.errors):
        rest = overview.error_rows - len(overview.errors)
        lines.append(f"- ほか{rest:,}行は結果表の「エラー」にあります")
    return lines


def _carried(run: Run, overview: Overview) -> list[str]:
    if not run.edits:
        return ["このスレッドの前の結果とは「前回と比較」で比べられます。"]
    kept = len(run.edits) - overview.lost_edits
    told = [f"前の結果の編集{len(run.edits)}件のうち{kept}件を引き継ぎました。"]
    if overview.lost_edits:
        told.append(f"{overview.lost_edits}件は、あてはまる話題がなく、引き継げませんでした。")
    return told


def ask_columns(run: Run, columns: Columns) -> Reply:
    """Which column holds the opinions: the guesses as buttons, all of them in a form."""
    text = [f"**{run.source.name}** の意見の列を確認させてください。"]
    buttons = []
    if columns.text:
        text.append(f"「{columns.text}」と判断しましたが、確かではありません。")
        names = dict.fromkeys((columns.text, *columns.alternatives))
        buttons = [button(f"「{name}」で始める", "start", run.id, text=name) for name in names]
    return Reply(
        "\n".join(text),
        actions=tuple(buttons),
        form=column_form(run, columns),
        status="help",
    )


def column_form(run: Run, columns: Columns) -> Form:
    fields = [
        Field("text", "意見の列", "choice", choices=columns.names, value=columns.text),
        Field(
            "section",
            "該当箇所の列",
            "choice",
            required=False,
            choices=("なし", *columns.names),
            value=columns.section or "なし",
        ),
        Field(
            "attributes",
            "属性の列（、で区切る。使わないときは「なし」）",
            required=False,
            value="、".join(columns.attributes) or "なし",
        ),
    ]
    if len(columns.sheets) > 1:
        sheets = Field("sheet", "シート", "choice", choices=columns.sheets, value=columns.sheet)
        fields.insert(0, sheets)
    return Form(form_name("start", run.id), "列を選ぶ", tuple(fields), "この列で始める")


def topic_list(run: Run, overview: Overview, start: int = 0) -> Reply:
    """Topics with their parts and numbers, a page of them."""
    wholes = overview.wholes
    shown = wholes[start : start + LISTED_TOPICS]
    lines = [f"**話題 {len(wholes):,}**（{overview.file}）"]
    for line in shown:
        marks = "".join(("（固定）" * line.is_locked, "（回答あり）" * line.is_answered))
        lines.append(
            f"- {line.number}. **{line.label}**{marks} 実質{line.voices:,}件（{line.count:,}件）"
        )
        parts = [part for part in overview.topics if part.parent == line.id]
        if parts:
            told = "、".join(f"{part.number}. {part.label} {part.voices:,}" for part in parts)
            lines.append(f"　内訳：{told}")
    lines.append(f"{ISOLATED_LABEL} 実質{overview.isolated_voices:,}件（{overview.isolated:,}件）")
    buttons = [
        button(f"{line.number} {line.label}", "topic", run.id, topic=line.number)
        for line in shown[:15]
    ]
    if start + LISTED_TOPICS < len(wholes):
        buttons.append(button("続き", "topics", run.id, start=start + LISTED_TOPICS))
    buttons.append(button("結果を出し直す", "files", run.id))
    return _help("\n".join(lines), buttons)


def topic(run: Run, line: Line, parts: Sequence[Line], members: Members, start: int) -> Reply:
    """One topic: counts, originals, and what can be done with it."""
    lines = [
        f"**{line.number}. {line.label}** 実質{line.voices:,}件（{line.count:,}件）"
        + "（固定）" * line.is_locked
    ]
    if members.stances:
        told = "、".join(f"{name} {count:,}" for name, count in members.stances)
        lines.append(f"言い方から見た賛否（実質件数。世論ではありません）：{told}")
    if members.departments:
        lines.append(f"担当課の候補：{'、'.join(members.departments)}")
    if parts:
        lines.append(
            "内訳：" + "、".join(f"{part.number}. {part.label} {part.voices:,}" for part in parts)
        )
    lines += originals(members, start)
    number = line.number
    return _help(
        "\n".join(lines),
        [
            *_more(run, number, members, start),
            button("名前を変える", "rename", run.id, topic=number),
            button("ほかの話題と統合", "merge", run.id, topic=number),
            button("分割する", "split", run.id, topic=number),
            button("意見を移す", "move", run.id, topic=number),
            button("固定を解除", "unlock", run.id, topic=number)
            if line.is_locked
            else button("固定する", "lock", run.id, topic=number),
            button("担当課に照会", "inquire", run.id, topic=number),
            button("市の考え方を書く", "answer", run.id, topic=number),
            button("話題の一覧", "topics", run.id),
        ],
    )


def alone(run: Run, overview: Overview, members: Members, start: int) -> Reply:
    """Minorities and isolated opinions, which are listed and not left out."""
    few = [line for line in overview.wholes if line.voices <= FEW_VOICES]
    lines = [f"**少数の話題 {len(few)}**"] if few else []
    lines += [
        f"- {line.number}. {line.label} 実質{line.voices:,}件「{line.excerpt}」" for line in few
    ]
    lines.append(f"**{ISOLATED_LABEL} {members.total:,}**")
    lines += originals(members, start)
    more = _more(run, ALONE, members, start)
    return _help("\n".join(lines), [*more, button("話題の一覧", "topics", run.id)])


def originals(members: Members, start: int) -> list[str]:
    """Originals without personal data; equal ones once."""
    last = start + len(members.rows)
    lines = (
        [f"元の意見（個人情報は伏せています。{members.total:,}件のうち{start + 1}〜{last}）"]
        if last
        else []
    )
    return lines + [f"- {_row(told)}：{told.text}" for told in members.rows]


def _row(told: Told) -> str:
    return f"{told.row}行目" + (f"（{told.kind}）" if told.kind else "")


def _more(run: Run, number: str, members: Members, start: int) -> list[Action]:
    if start + PAGE >= members.total:
        return []
    return [button("続きの意見", "topic", run.id, topic=number, start=start + PAGE)]


def changed(run: Run, told: str) -> Reply:
    """What was changed, and how to take it back."""
    return _help(
        told,
        [
            button("元に戻す", "undo", run.id),
            button("話題の一覧", "topics", run.id),
            button("結果を出し直す", "files", run.id, "primary"),
        ],
    )


def ask_label(run: Run, line: Line) -> Reply:
    field = Field("label", "新しい名前（15文字まで）", value=line.label)
    form = Form(form_name("rename", run.id, topic=line.number), "話題の名前を変える", (field,))
    return replace(_help(f"「{line.label}」の新しい名前を入力してください。"), form=form)


def ask_others(run: Run, line: Line, overview: Overview) -> Reply:
    others = tuple(
        f"{other.number}. {other.label}" for other in overview.topics if other.id != line.id
    )
    fields = (Field("others", "この話題に入れる話題", "choice", choices=others[:100]),)
    form = Form(form_name("merge", run.id, topic=line.number), "話題を統合する", fields)
    return replace(_help(f"「{line.label}」に、どの話題を入れますか。"), form=form)


def ask_move(run: Run, line: Line, overview: Overview) -> Reply:
    targets = (
        f"{ALONE}. {ISOLATED_LABEL}",
        *(f"{other.number}. {other.label}" for other in overview.topics),
    )
    fields = (
        Field("row", "移す意見の行", hint="表計算ソフトの左端の番号"),
        Field("target", "移す先", "choice", required=False, choices=targets[:100]),
        Field("label", "新しい話題にするときは、その名前", required=False),
    )
    form = Form(form_name("move", run.id), "意見を移す", fields)
    return replace(_help(f"「{line.label}」から移す意見と、移す先を選んでください。"), form=form)


def ask_answer(run: Run, line: Line) -> Reply:
    fields = (
        Field("text", "市の考え方", "text"),
        Field("handling", "対応区分", "choice", choices=HANDLING),
        Field("changed", "修正の有無", "choice", choices=CHANGED),
    )
    form = Form(form_name("answer", run.id, topic=line.number), "市の考え方を書く", fields)
    return replace(_help(f"「{line.label}」への市の考え方です。結果表に入ります。"), form=form)


def _help(text: str, buttons: Sequence[Action] = ()) -> Reply:
    return Reply(text, actions=tuple(buttons), status="help")
