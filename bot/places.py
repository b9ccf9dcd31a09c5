"""Where an address stands in Japanese text: from the prefecture or city down to a house number.

A municipality alone is no address of a person, so a block number must follow.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

_PREFECTURE = (
    "北海道|東京都|京都府|大阪府|(?:青森|岩手|宮城|秋田|山形|福島|茨城|栃木|群馬|埼玉|千葉|神奈川|新潟|富山|石川"
    "|福井|山梨|長野|岐阜|静岡|愛知|三重|滋賀|兵庫|奈良|和歌山|鳥取|島根|岡山|広島|山口|徳島|香川|愛媛|高知|福岡"
    "|佐賀|長崎|熊本|大分|宮崎|鹿児島|沖縄)県"
)
_NUMBER = "(?:[0-9]{1,5}|[一二三四五六七八九十百]{1,5})"
# 1丁目2番3号, 1-2-3, 2番地の3, 1234番地: at least a block and something below it.
_BLOCK = (
    rf"{_NUMBER}(?:丁目[ ]?{_NUMBER}?|番地?(?:の?{_NUMBER}|{_NUMBER}号)?|-{_NUMBER})"
    rf"(?:番地?|号|の|-)?(?:{_NUMBER})?(?:号(?!室)|-{_NUMBER}){{0,2}}"
)
_ROOM = (
    r"(?:[ ]?[ァ-ヶー一-龥ぁ-んA-Za-z0-9]{1,20}"
    r"(?:荘|ハイツ|マンション|コーポ|アパート|ビル|レジデンス|メゾン|団地|住宅|タワー)[ ]?)?"
    r"(?:[ ]?[A-Z]?-?[0-9]{1,4}(?:号室|号棟|室|棟|階)){0,3}"
)
_NAME = "[一-龥々ヶヵぁ-んァ-ヶー]"
_WITH_PREFECTURE = re.compile(rf"(?:{_PREFECTURE})[ ]?(?:{_NAME}|[ ]){{1,24}}?{_BLOCK}{_ROOM}")
_AFTER_CITY = re.compile(rf"[市区町村郡](?:{_NAME}|[ ]){{0,16}}?({_BLOCK}){_ROOM}")
_LABEL = re.compile(r"(?:住所|所在地|居所|転居先|転出先|転入先|送付先|居住地|在住)[^。\n]{0,12}$")
_CITY_NAME = re.compile(r"[一-龥々ヶヵ]{1,6}$")
_FULL_BLOCK = re.compile(rf"丁目|番地|{_NUMBER}-{_NUMBER}-{_NUMBER}|番{_NUMBER}号")
_WINDOW = 24


def find_addresses(text: str) -> Iterator[tuple[int, int]]:
    """Yield (start, end) of each address. `text` is in NFKC with plain hyphens."""
    for match in _WITH_PREFECTURE.finditer(text):
        yield match.span()
    for match in _AFTER_CITY.finditer(text):
        left = text[max(0, match.start() - _WINDOW) : match.start()]
        name = _CITY_NAME.search(left)
        if name is None:
            continue
        start = match.start() - len(name[0])
        # 「区分1-2」 is no address; without a label the block must be a full one.
        if _FULL_BLOCK.search(match[1]) or _LABEL.search(left[: len(left) - len(name[0])]):
            yield start, match.end()
