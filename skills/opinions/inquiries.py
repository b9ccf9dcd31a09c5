"""What leaves the desk: inquiries to departments, answers, deadlines, interim reports, publishing.

Nothing is sent to a department by the bot: it drafts the inquiry, a person sends it, and the bot
reminds. Publishing makes files after a second step and puts that on the record.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, time, timedelta, timezone

from bot import BadInput, Context, Field, Form, Message, Reply
from skills.opinions import desk, publishing, replies, runs, work
from skills.opinions.orders import Order, button, form_name
from skills.opinions.overview import Inquiry, Line, Overview
from skills.opinions.runs import Run

OFFICE_TIME = timezone(timedelta(hours=9), "JST")
MORNING = time(9, 0, tzinfo=OFFICE_TIME)
CHECKED = "個人が分かる記述がないことを確認した"
NOT_YET = "まだ確認していない"


async def inquire(order: Order, run: Run, message: Message, context: Context) -> Reply:
    """Draft an inquiry about a topic, and be reminded of its deadline."""
    analysis, overview = run.whole
    line = desk.line_of(order, overview)
    packed = await context.open(analysis)
    found = await context.compute(work.members, packed, run.edits, line.id)
    department, due = order.values.get("department", ""), order.values.get("due", "")
    other = order.values.get("other", "").strip()
    if not (department or other) or not due:
        return _ask(run, line, found.departments, context)
    department = other or department
    day = _future(due, context)
    number = len(overview.inquiries) + 1
    key = f"inquiry/{run.id}/{number}"
    values = {
        "topic": line.id,
        "department": department,
        "due": day.isoformat(),
        "reminder": key,
    }
    run = await desk.change(context, message, run, "inquire", values)
    learnt = await context.compute(work.learn, packed, run.edits, line.id)
    await context.keep(f"learnt/{run.id}/{number}", {"department": department, "texts": learnt})
    is_reminded = await _remind(context, key, day)
    text = [
        f"**照会文の下書き：{department} あて**（担当課へは、内容を確認してからお送りください）",
        f"> {overview.file} に寄せられた意見のうち「{line.label}」"
        f"（実質{line.voices:,}件、件数{line.count:,}件）について、"
        f"{day:%-m月%-d日}までに、市の考え方・対応区分・修正の有無をご回答ください。",
        *replies.originals(found, 0),
        _reminding(is_reminded),
    ]
    return Reply(
        "\n".join(text),
        actions=(
            button("市の考え方を書く", "answer", run.id, topic=line.number),
            button("照会の一覧", "inquiries", run.id),
        ),
        status="help",
    )


def _ask(run: Run, line: Line, departments: tuple[str, ...], context: Context) -> Reply:
    fields = [Field("other", "担当課", required=not departments)]
    if departments:
        choices = Field(
            "department", "担当課の候補", "choice", choices=departments, value=departments[0]
        )
        fields = [choices, replace(fields[0], title="ほかの課にするときは、その名前")]
    week = (context.now.astimezone(OFFICE_TIME) + timedelta(days=7)).date()
    fields.append(Field("due", "回答期限", "date", value=week.isoformat()))
    form = Form(
        form_name("inquire", run.id, topic=line.number),
        "担当課に照会する",
        tuple(fields),
        "下書きを作る",
    )
    return Reply("担当課と回答期限を入力してください。", form=form, status="help")


async def list_inquiries(order: Order, run: Run, message: Message, context: Context) -> Reply:
    """Inquiries with their clock, those that wait first, the earliest due first."""
    _, overview = run.whole
    if not overview.inquiries:
        text = "照会はまだありません。話題を開いて「担当課に照会」を押してください。"
        return Reply(text, status="help")
    today = _today(context)
    lines = ["**照会の一覧**"]
    for one in sorted(overview.inquiries, key=lambda one: (one.is_answered, one.due, one.number)):
        state = "回答済み" if one.is_answered else _clock(date.fromisoformat(one.due), today)
        label = _label(overview, one)
        lines.append(f"- {one.department}「{label}」期限 {one.due}（{state}）")
    return Reply("\n".join(lines), status="help")


async def answer(order: Order, run: Run, message: Message, context: Context) -> Reply:
    """市の考え方 for the 結果表; the inquiries about the topic are done with it."""
    _, overview = run.whole
    line = desk.line_of(order, overview)
    text = order.values.get("text", "")
    if not text.strip():
        return replies.ask_answer(run, line)
    values = {
        "topic": line.id,
        "text": text,
        "handling": order.values.get("handling", ""),
        "changed": order.values.get("changed", ""),
    }
    run = await desk.change(context, message, run, "answer", values)
    for one in overview.inquiries:
        if one.topic == line.id:
            await context.forget(one.reminder)
    return replies.changed(run, f"「{line.label}」の市の考え方を記録しました。結果表に入ります。")


async def remind(message: Message, context: Context) -> Reply:
    """A deadline has come near: say so, unless there is nothing left to do."""
    key = message.values.get("key", "")
    kind, run_id = key.split("/")[:2]
    try:
        run = await runs.newest(context, message, run_id)
    except BadInput:
        return Reply("", status="withdrawn")
    _, overview = run.whole
    if kind == "deadline":
        return await interim(Order("interim", run.id), run, message, context)
    waiting = [one for one in overview.inquiries if one.reminder == key and not one.is_answered]
    if not waiting:
        return Reply("", status="withdrawn")
    one, due = waiting[0], date.fromisoformat(waiting[0].due)
    line = overview.line(one.topic)
    text = (
        f"{one.department}への照会「{_label(overview, one)}」の回答期限は{due:%-m月%-d日}です"
        f"（{_clock(due, _today(context))}）。"
    )
    if _today(context) < due:
        await _remind(context, key, due + timedelta(days=1))
    buttons = (button("市の考え方を書く", "answer", run.id, topic=line.number),) if line else ()
    return Reply(text, actions=buttons, status="help")


def _label(overview: Overview, one: Inquiry) -> str:
    line = overview.line(one.topic)
    return line.label if line else "（今はない話題）"


async def interim(order: Order, run: Run, message: Message, context: Context) -> Reply:
    """Counts so far and the clock to the deadline."""
    _, overview = run.whole
    lines = [f"**途中経過：{overview.file}**（{_today(context):%-m月%-d日}現在）"]
    if run.deadline:
        due = date.fromisoformat(run.deadline)
        lines.append(f"募集の締切 {due:%-m月%-d日}（{_clock(due, _today(context))}）")
    if overview.days[0]:
        lines.append(f"受付 {overview.days[0]} から {overview.days[1]} まで")
    answered = sum(line.is_answered for line in overview.wholes)
    lines.append(f"市の考え方 {answered}／{len(overview.wholes)}話題")
    waiting = [one for one in overview.inquiries if not one.is_answered]
    lines.append(f"回答待ちの照会 {len(waiting)}件")
    lines += [
        f"- {line.number}. {line.label} 実質{line.voices:,}件" for line in overview.wholes[:5]
    ]
    value = run.deadline or (_today(context) + timedelta(days=14)).isoformat()
    form = Form(
        form_name("deadline", run.id),
        "締切を決める",
        (Field("date", "意見募集の締切", "date", value=value),),
    )
    return Reply(
        "\n".join(lines),
        card=replies.counts(overview),
        form=form,
        actions=(
            button("前回と比較", "compare", run.id),
            button("属性で集計", "cross", run.id),
            button("照会の一覧", "inquiries", run.id),
        ),
        status="help",
    )


async def deadline(order: Order, run: Run, message: Message, context: Context) -> Reply:
    """Keep the deadline of the consultation; an interim report comes the day before."""
    day = _future(order.values.get("date", ""), context)
    await runs.save(context, replace(run, deadline=day.isoformat()))
    await context.note("deadline", run.id, {"date": day.isoformat()})
    told = _reminding(await _remind(context, f"deadline/{run.id}", day))
    return Reply(f"締切を{day:%-m月%-d日}にしました。{told}", status="help")


async def publish(order: Order, run: Run, message: Message, context: Context) -> Reply:
    """Make the files for outside, after a person has said what and that it was checked."""
    analysis, overview = run.whole
    wanted = order.values.get("scope", "")
    scope = next((name for name, title in publishing.SCOPES.items() if title == wanted), None)
    if scope is None:
        return _ask_scope(run, len(overview.wholes))
    if order.values.get("checked") != CHECKED:
        raise BadInput(
            "not checked",
            remedy="話題の名前と載せる意見に、個人が分かる記述がないことを確認してからお試しください。",
        )
    await context.progress("公開用のファイルを作っています…", stoppable=True)
    packed = await context.open(analysis)
    drawn = await context.compute(work.draw_public, packed, run.edits, scope)
    files = [await context.attach(name, content, label="1") for name, content in drawn.items()]
    digests = {file.name: file.digest for file in files}
    await context.note("published", run.id, {"scope": scope, "files": list(digests.values())})
    text = (
        f"**公開用のファイルを作りました**（{publishing.SCOPES[scope]}）\n"
        "番号・日付・属性・急ぎの意見の文は除いています。集計の小さい数（1〜4）は×にしています。\n"
        "公開する前に、もう一度ファイルを開いて確認してください。だれがいつ作ったかは記録に残りました。"
    )
    return Reply(text, files=tuple(files), status="help")


def _ask_scope(run: Run, count: int) -> Reply:
    fields = (
        Field("scope", "載せる範囲", "choice", choices=tuple(publishing.SCOPES.values())),
        Field("checked", "確認", "choice", choices=(NOT_YET, CHECKED), value=NOT_YET),
    )
    form = Form(form_name("publish", run.id), "公開用に出す", fields, "公開用のファイルを作る")
    text = (
        f"公開用の地図・図・集計を作ります。{count}の話題の名前を確認し、載せる範囲を選んでください。"
        "まだ何も公開されません。"
    )
    return Reply(text, form=form, status="help")


async def _remind(context: Context, key: str, due: date) -> bool:
    """In the morning of the day before; at once when that is over."""
    at = datetime.combine(due - timedelta(days=1), MORNING)
    return await context.remind(key, max(at, context.now + timedelta(minutes=1)))


def _reminding(is_reminded: bool) -> str:
    return (
        "前日の朝にお知らせします。"
        if is_reminded
        else "この画面では、期限のお知らせはできません。"
    )


def _future(text: str, context: Context) -> date:
    try:
        year, month, day = map(int, text.replace("/", "-").split("-"))
        found = date(year, month, day)
    except ValueError as error:
        raise BadInput("date", remedy="日付は 2026-12-10 の形で入力してください。") from error
    if found < _today(context):
        raise BadInput("past date", remedy="今日以降の日付を入力してください。")
    return found


def _today(context: Context) -> date:
    return context.now.astimezone(OFFICE_TIME).date()


def _clock(due: date, today: date) -> str:
    days = (due - today).days
    if days < 0:
        return f"{-days}日過ぎています"
    return "今日まで" if days == 0 else f"あと{days}日"
