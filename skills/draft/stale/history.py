"""What stays as it is: citations of laws, what happened, when something was made or began."""

from __future__ import annotations

import re
from functools import lru_cache

from skills.draft.stale.figures import NUMBER

_ERA = r"(?:明治|大正|昭和|平成|令和|(?<![A-Za-z])[MTSHR](?=[0-9]))"
_DAY = rf"(?:\s?(?:年|[./]){NUMBER}(?:月|[./]){NUMBER}日?)?"
_RULE = r"(?:法律|政令|勅令|省令|府令|規則|条例|訓令|訓|告示|要綱|規程|議決|通達|通知|事務次官通知)"
# (昭和25年法律第261号), 平成17年4月1日訓令第3号: the number belongs to the rule for good.
_CITATION = re.compile(
    rf"{_ERA}\s?{NUMBER}年(?:{NUMBER}月{NUMBER}日)?(?:付け?)?[一-龥ァ-ヶー]{{0,10}}?{_RULE}"
    rf"(?:[甲乙])?第\s?{NUMBER}{{1,2}}\s?号"
)
_QUOTED = re.compile(
    rf"「[^「」]{{0,40}}」[(][^()]{{0,30}}{_ERA}\s?{NUMBER}年[^()]{{0,40}}(?:制定|策定|改正)[)]"
)
_REVISIONS = re.compile(
    rf"^(?:附\s?則|改正(?:文|履歴)?|制定)[\s:]|[(]?{_ERA}\s?{NUMBER}年[^。]{{0,20}}(?:一部|全部)改正"
)
_FOUNDED = (
    "開始|創設|新設|設置|開設|開館|開園|開校|開業|開通|開講|発足|設立|創立|策定|制定|施行|公布|改正"
    "|改訂|稼働|供用|統合|合併|竣工|完成|建築|建設|批准|発生|改築|改修|移転|廃止|閉校|建立|作成"
)
_HELD = "開催|実施|締結|購入|取得|登録|指定|採択|整備|導入|運用|派遣"
_PAST = r"(?:し|され)(?:た|まし|て(?:い|お|き))"
# 「策定の」「竣工、」「開館）」 tell of what was done; 「購入単価」「開設について」 do not.
_DONE = (
    rf"(?:(?:{_FOUNDED})(?=[しさ、。)]|\s|$|以|後|済|で|の(?!お知らせ|御案内|ご案内|募集|実施|日程)"
    rf"|に(?!つい|当た|伴|係|関|向))|(?:{_FOUNDED}|{_HELD}){_PAST}"
    r"|始ま|始め|行って|行った|行われた|定めた|定められ|(?<!の)あった|起きた|生まれた町)"
)
_SURELY_DONE = (
    rf"(?:(?:{_FOUNDED}|{_HELD}){_PAST}"
    r"|行っ(?:た|て)|行われた|定めた|定められた|(?<!の)あった|起きた|始まった)"
)
_LINK = (
    r"\s?(?:年度?|月|日|頃|ごろ)?[(]?"
    r"(?:以[来降]|(?:から|より|に|の|をもって|、)?[^。、,()0-9]{0,12}?"
)
_AFTER, _SURELY_AFTER = re.compile(rf"{_LINK}{_DONE})"), re.compile(rf"{_LINK}{_SURELY_DONE})")
_STILL_AHEAD = re.compile(
    r"[^。、]{0,16}?(?:(?:し(?:ます|ませ|たい|ましょう|てよろしい)|いたします|する(?:。|予定|もの)|を?予定)"
    r"|始まります|始まる|始めます)"
)
_DISASTER = re.compile(
    r"\s?(?:年度?|月|日)?の?[^。、]{0,14}?(?:震災|地震|豪雨|台風|水害|噴火|事故|火災|大雪)"
    r"(?!予防|防災|対策|体験|訓練|想定|防止|保険|時|情報|に備|発生時|共済|見舞|速報|件数|統計|概況|の?(?:発生|被害)?(?:件数|状況))"
)


# 「令和8年4月1日改正」, 「…から施行する」: the date belongs to the rule.
_LABEL = re.compile(
    r"\s?(?:付け?)?(?:一部|全部|最終)?(?:改正|制定|策定|公布|改訂|施行|適用)"
    r"(?!予定|に|案|後の)|(?:から|より)(?:施行|適用)"
)


@lru_cache(maxsize=256)
def fixed(text: str) -> tuple[tuple[int, int], ...]:
    """Spans of a line in which nothing goes stale."""
    if _REVISIONS.search(text):
        return ((0, len(text)),)
    return tuple(
        found.span() for pattern in (_CITATION, _QUOTED) for found in pattern.finditer(text)
    )


def is_past(text: str, start: int, end: int, *, surely: bool = False) -> bool:
    """Whether the year or day at `text[start:end]` tells when something happened or was made.

    `surely` takes only what is said in the past tense: 「…年度に開始した」, not 「…年度開始」.
    """
    if any(first <= start < last for first, last in fixed(text)):
        return True
    rest = text[end : end + 40]
    if _DISASTER.match(rest) or _LABEL.match(rest):
        return True
    after = _SURELY_AFTER if surely else _AFTER
    return after.match(rest) is not None and _STILL_AHEAD.match(rest) is None
