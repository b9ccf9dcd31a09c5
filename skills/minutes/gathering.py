"""What was said in a chat, as a transcript: this thread, or this channel for some days."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from datetime import date, timedelta

from bot import BadInput, Context, Said
from skills.minutes.calendar import DAY, morning, today
from skills.minutes.readers import Read
from skills.minutes.transcript import Line, Segment, Transcript

LEAST_LINES = 2
LONGEST_DAYS = 92
# How the first line of the bot says that something before it is missing.
LEFT_OUT = "省略"
THREAD_TITLE = "スレッドの要約"
CHANNEL_WORDS = re.compile(r"チャンネル|この部屋|ここ(?:の|で)")
SUMMARISE = re.compile(r"要約|まとめ|振り返")
HOW_LONG = (
    "「先週のこのチャンネルを要約して」「11/20から11/25まで要約して」のように、"
    "期間を書いてください。"
)

_DAY = (
    r"(?:(?P<y{n}>20\d\d)[年/-])?(?P<m{n}>\d{{1,2}})[月/-](?P<d{n}>\d{{1,2}})日?"
    r"(?:[(][月火水木金土日][)])?"
)
_RANGE = re.compile(_DAY.format(n=1) + r"\s*(?:から|~|〜|～|-|―)\s*" + _DAY.format(n=2))
_SINCE = re.compile(_DAY.format(n=1) + r"\s*(?:から|以降|以後)")
_ONE = re.compile(_DAY.format(n=1))
_LAST_DAYS = re.compile(r"(?:過去|この|直近)\s*(\d{1,2})\s*日")

Span = tuple[date, date]


def _week(day: date) -> Span:
    monday = day - timedelta(days=day.weekday())
    return monday, monday + timedelta(days=6)


def _month(day: date) -> Span:
    first = day.replace(day=1)
    return first, (first + timedelta(days=31)).replace(day=1) - DAY


_SAID: Mapping[str, Callable[[date], Span]] = {
    "先々週": lambda day: _week(day - timedelta(days=14)),
    "先週": lambda day: _week(day - timedelta(days=7)),
    "今週": lambda day: (_week(day)[0], day),
    "先月": lambda day: _month(day.replace(day=1) - DAY),
    "今月": lambda day: (day.replace(day=1), day),
    "一昨日": lambda day: (day - 2 * DAY, day - 2 * DAY),
    "おととい": lambda day: (day - 2 * DAY, day - 2 * DAY),
    "昨日": lambda day: (day - DAY, day - DAY),
    "今日": lambda day: (day, day),
    "本日": lambda day: (day, day),
}


def span(text: str, now: date) -> Span | None:
    """The first and last day a text names; None when it names none.

    A day without a year is the last one that has come. Raises BadInput for days that do not exist
    or come in the wrong order.
    """
    plain = unicodedata.normalize("NFKC", text)
    if found := _RANGE.search(plain):
        first, last = _day(found, 1, now), _day(found, 2, now)
    elif found := _SINCE.search(plain):
        first, last = _day(found, 1, now), now
    elif found := _LAST_DAYS.search(plain):
        first, last = now - timedelta(days=max(1, int(found[1])) - 1), now
    elif word := next((word for word in _SAID if word in plain), ""):
        first, last = _SAID[word](now)
    elif found := _ONE.search(plain):
        first = last = _day(found, 1, now)
    else:
        return None
    if first > last or first > now:
        raise BadInput("order", remedy="期間は、古い日から新しい日の順に書いてください。")
    if (last - first).days >= LONGEST_DAYS:
        raise BadInput("too long", remedy=f"期間は{LONGEST_DAYS}日までにしてください。")
    return first, min(last, now)


def asks_for_channel(text: str, now: date) -> bool:
    """Whether a text wants a channel summarised and not the thread."""
    if not SUMMARISE.search(text):
        return False
    return bool(CHANNEL_WORDS.search(text)) or span(text, now) is not None


async def channel(text: str, context: Context) -> Read | None:
    """What people said in this channel in the time that a text names; None when nobody did."""
    now = today(context.now)
    found = span(text, now)
    if found is None:
        raise BadInput("no time", remedy=HOW_LONG)
    first, last = found
    midnight = morning(first).replace(hour=0), morning(last + DAY).replace(hour=0)
    said = await context.read_back(*midnight)
    days = f"{first:%-m月%-d日}" + (f"から{last:%-m月%-d日}まで" if last != first else "")
    return _read(said, f"{days}のチャンネルの要約", last)


async def thread(context: Context) -> Read | None:
    """What people said in this thread; the bot's own lines are no part of it."""
    said = await context.read_back() or context.history
    return _read(said, THREAD_TITLE, today(context.now))


def _read(said: Sequence[Said], title: str, day: date) -> Read | None:
    people = [line for line in said if not line.by_bot and line.text.strip()]
    if len(people) < LEAST_LINES:
        return None
    days = {today(line.at) for line in people if line.at} or {day}
    begun = people[0].at if len(days) == 1 else None
    lines = tuple(
        Line(
            n,
            line.text.strip(),
            line.name,
            at=(line.at - begun).total_seconds() if line.at and begun else None,
        )
        for n, line in enumerate(people, 1)
    )
    speakers = tuple(dict.fromkeys(line.name for line in people if line.name))
    whole = Segment("", 1, len(lines))
    # 「明日」 said on several days means several days: then no day is made of it.
    said_on = days.pop() if len(days) == 1 else None
    left_out = (said[0].text,) if said[0].by_bot and LEFT_OUT in said[0].text else ()
    transcript = Transcript(title, lines, said_on, speakers, (whole,))
    return Read(transcript, "thread", problems=left_out)


def _day(found: re.Match[str], n: int, now: date) -> date:
    year = found[f"y{n}"]
    month, day = int(found[f"m{n}"]), int(found[f"d{n}"])
    try:
        if year:
            return date(int(year), month, day)
        this = date(now.year, month, day)
    except ValueError as error:
        raise BadInput("no such day", remedy=f"{month}月{day}日という日はありません。") from error
    return this if this <= now else date(now.year - 1, month, day)
