"""Invented opinions: an analysis of any size without reading or grouping, and a file of them."""

from __future__ import annotations

import csv
import io
import random

from skills.opinions.model import ISOLATED, Analysis, Claim, Columns, Opinion, Source, Topic

AGES = ("10代", "20代", "30代", "40代", "50代", "60代", "70代以上")
WARDS = ("東部", "西部", "南部", "北部", "中央")
SUBJECTS = {
    "夜間の街灯": ("街灯が少なく夜道が怖い", "街灯を増やしてほしい", "駅から公園までの道が暗い"),
    "コミュニティバス": ("バスの便数が少ない", "病院の前に停留所がほしい", "バスの時刻が合わない"),
    "保育所の空き": ("保育所に入れない", "延長保育の枠が足りない", "一時預かりの予約が取れない"),
    "図書館の開館時間": ("図書館を夜も開けてほしい", "学習席が足りない", "休館日を減らしてほしい"),
    "ごみの分別": (
        "分別の案内が分かりにくい",
        "収集の曜日を増やしてほしい",
        "資源ごみの回収が少ない",
    ),
    "公園の遊具": ("遊具が古くて危ない", "日陰とベンチを増やしてほしい", "小さい子の遊具がない"),
    "窓口の待ち時間": ("窓口で一時間待った", "手続きをネットで済ませたい", "書類の書き方が難しい"),
    "自転車の走る場所": (
        "歩道を走る自転車が怖い",
        "自転車の通る帯をつないでほしい",
        "駐輪場が足りない",
    ),
}
TAILS = (
    "です。",
    "と思います。",
    "ので困っています。",
    "と家族も話しています。",
    "と以前から感じています。",
)
TEMPLATE = "この計画に反対します。市民の声を聞かずに進めるのはやめてください。"
ALONE = (
    "市歌をもっと流してほしいです。",
    "姉妹都市の子どもたちと手紙を交わす場をつくってください。",
    "鐘の音が昔より小さく聞こえます。",
)


def invent(count: int = 400, seed: int = 7) -> Analysis:
    """`count` opinions on eight subjects of two parts, a campaign, and some that stand alone."""
    chance = random.Random(seed)
    names = list(SUBJECTS)
    middles = {name: (chance.uniform(-0.8, 0.8), chance.uniform(-0.8, 0.8)) for name in names}
    opinions, first = [], ""
    for at in range(count):
        number = chance.choices(range(len(names)), weights=range(len(names), 0, -1))[0]
        x, y = middles[names[number]]
        part = chance.randrange(2)
        topic = len(names) + 2 * number + part
        said = chance.choice(SUBJECTS[names[number]]) + chance.choice(TAILS)
        text = f"{said}{chance.choice(WARDS)}に{chance.randrange(1, 60)}年住んでいます。"
        campaign, stance = -1, chance.choice(("賛成", "反対", "中立", ""))
        if at % 20 == 19:
            text, campaign, topic, x, y, stance = (
                TEMPLATE,
                0,
                len(names),
                *middles[names[0]],
                "反対",
            )
        elif at % 97 == 96:
            text, topic = ALONE[at % len(ALONE)], ISOLATED
            x, y = chance.uniform(-1, 1), chance.uniform(-1, 1)
        duplicate = first if campaign == 0 and first else ""
        first = first or (f"意見{at + 1}" if campaign == 0 else "")
        spread = 0.0 if campaign == 0 else 0.09
        claim = Claim(
            0,
            len(text),
            text,
            topic,
            x + chance.gauss(0, spread) + 0.06 * part,
            y + chance.gauss(0, spread),
            stance,
        )
        attributes = {"年代": chance.choice(AGES), "地区": chance.choice(WARDS)}
        opinions.append(
            Opinion(
                f"意見{at + 1}",
                at + 2,
                text,
                text,
                (claim,),
                chance.choice(("第1章", "第2章", "")),
                f"2026-10-{1 + at % 30:02}",
                attributes,
                duplicate,
                campaign,
            )
        )
    source = Source("意見募集.xlsx", Columns("ご意見", attributes=("年代", "地区")), count)
    return Analysis(source, tuple(opinions), topics=tuple(_topics(opinions, names)))


def _topics(opinions: list[Opinion], names: list[str]) -> list[Topic]:
    topics = []
    for number in range(3 * len(names)):
        is_part = number >= len(names)
        whole = (number - len(names)) // 2 if is_part else number
        inside = {number} if is_part else {len(names) + 2 * whole, len(names) + 2 * whole + 1}
        members = [opinion for opinion in opinions if opinion.main.topic in inside]
        label = names[whole] + (("（要望）", "（困りごと）")[number % 2] if is_part else "")
        topics.append(
            Topic(
                number,
                label,
                members[0].id if members else "",
                members[0].masked if members else "",
                len(members),
                len({opinion.voice for opinion in members}),
                whole if is_part else -1,
            )
        )
    return topics


def table(count: int = 120, seed: int = 7) -> bytes:
    """The same kind of opinions as the CSV that a form exports."""
    written = io.StringIO()
    rows = csv.writer(written)
    rows.writerow(("受付番号", "年代", "お住まいの地区", "ご意見をお聞かせください"))
    for opinion in invent(count, seed).opinions:
        rows.writerow((opinion.id, *opinion.attributes.values(), opinion.text))
    return written.getvalue().encode()
