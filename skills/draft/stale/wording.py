"""Words that lean on the year: 昨年度は…, 本年4月, 来年春."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from skills.draft.stale.lines import Found, Reading
from skills.draft.stale.years import Move

RELATIVE = "相対表現"

_SEASON = r"(?:の?(?:[0-9]{1,2}月|[一二三四五六七八九十]{1,2}月|春|夏|秋|冬|度?末))"
_LAST = re.compile(
    r"(?:一昨年度?|昨年度?|昨[春夏秋冬]|去年)(?P<season>の?(?:[0-9]{1,2}|[一二三四五六七八九十]{1,2})月)?"
    r"(?!度?に引き続|度?と?同様|度?と同じ|度?並み|度?比)"
)
_BEFORE_THIS = re.compile(
    r"前年度(?=は|に?(?:[^。、]{0,20})(?:でした|ました|した。))(?!の?所得|比|同|末|と|に比べ)"
)
_FROM_NOW = re.compile(r"(?:今年|本年|来年)度?(?=から|より|に新|は新)")
_THIS = re.compile(rf"(?:今年|本年|来年|再来年|翌年度の|今年度|本年度|来年度){_SEASON}(?!まで)")


def find(readings: Sequence[Reading], move: Move) -> Iterator[tuple[int, Found]]:
    """Words about last, this and next year that tell of one year only. Yields (line, find)."""
    for at, reading in enumerate(readings):
        for pattern, why in (
            (_LAST, "前の年のことを述べています。新しい内容を確認してください。"),
            (_BEFORE_THIS, "前の年度のことを述べています。新しい内容を確認してください。"),
            (_FROM_NOW, "その年だけのことを述べています。今も当てはまるか確認してください。"),
            (_THIS, "その年だけのことを述べています。今も当てはまるか確認してください。"),
        ):
            for match in pattern.finditer(reading.plain):
                yield at, reading.found(*match.span(), RELATIVE, "", why)
