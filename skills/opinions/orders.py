"""What a person wants done, from words, a button or a form: one small value for all three."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import quote, unquote

from bot import Action, Message

SKILL = "opinions"
# What people write; the named groups become the order's values.
_WORDS: tuple[tuple[str, str], ...] = (
    ("topics", r"(?:話題|トピック)(?:の)?(?:一覧|を見る)?"),
    ("topic", r"(?:話題|トピック)?\s*(?P<topic>\d+(?:-\d+)?)\s*(?:番)?(?:を見る|の意見)"),
    ("alone", r"(?:個別|少数)(?:の)?(?:意見)?(?:を見る)?"),
    ("rename", r"(?:改名|名前)\s*(?P<topic>\d+(?:-\d+)?)\s+(?P<label>.+)"),
    ("rename", r"(?P<topic>\d+(?:-\d+)?)を「?(?P<label>[^」]+?)」?に(?:改名|変更)"),
    ("merge", r"統合\s*(?P<others>[\d\s、,と-]+)"),
    ("merge", r"(?P<others>[\d-]+(?:[\s、,と]+[\d-]+)+)を統合"),
    ("split", r"分割\s*(?P<topic>\d+(?:-\d+)?)"),
    ("split", r"(?P<topic>\d+(?:-\d+)?)を分割"),
    ("move", r"(?:移動\s*)?(?P<row>\d+)行目?を?\s*(?P<topic>\d+(?:-\d+)?)(?:へ|に)?(?:移動|移す)?"),
    ("lock", r"固定\s*(?P<topic>\d+(?:-\d+)?)"),
    ("lock", r"(?P<topic>\d+(?:-\d+)?)を固定"),
    ("unlock", r"固定(?:を)?解除\s*(?P<topic>\d+(?:-\d+)?)"),
    ("unlock", r"(?P<topic>\d+(?:-\d+)?)の固定を解除"),
    ("undo", r"(?:元に戻す|取り消す|取り消し)"),
    ("files", r"(?:結果|地図|結果表)?を?(?:出し直す|作り直す|再作成)"),
    ("interim", r"途中経過"),
    ("deadline", r"締切\s*(?P<date>\d{4}-\d{1,2}-\d{1,2})"),
    ("cross", r"集計\s*(?P<attribute>\S+)?"),
    ("cross", r"(?P<attribute>\S+)で集計"),
    ("compare", r"(?:前回(?:と)?(?:の)?)?比較"),
    ("publish", r"公開用(?:に出す|の地図)?"),
    ("inquire", r"照会\s*(?P<topic>\d+(?:-\d+)?)"),
    ("inquiries", r"照会(?:の)?(?:一覧)?"),
    ("columns", r"列(?:を)?(?:変える|変更|選ぶ)"),
    ("share", r"(?:この結果を)?共有する"),
    ("naming", r"モデルで(?:要約|名付け)(?:する)?"),
    ("meaning", r"意味(?:の近さ)?で(?:分け直す|分ける)"),
    ("runs", r"(?:一覧|結果の一覧)"),
)
_PATTERNS = tuple((verb, re.compile(pattern)) for verb, pattern in _WORDS)
_NUMBER = re.compile(r"\d{1,6}(?:-\d{1,6})?")
_PICKED = re.compile(r"(\d{1,6}(?:-\d{1,6})?)\. ")
LONGEST = 200


@dataclass(frozen=True, slots=True)
class Order:
    """`verb` says what; `run` is empty for the run of the thread; `values` are as typed."""

    verb: str
    run: str = ""
    values: Mapping[str, str] = field(default_factory=dict)

    @property
    def topic(self) -> str:
        """The number of the topic as people see it, such as 3 or 3-2; empty for none."""
        return self.values.get("topic", "")

    @property
    def others(self) -> list[str]:
        """The numbers of several topics, in the order they were named."""
        named = self.values.get("others", "")
        # Picked from a list: 「5. 2番線の工事」 is topic 5, whatever its name holds.
        picked = _PICKED.match(named)
        return [picked[1]] if picked else _NUMBER.findall(named)


def read(message: Message) -> Order | None:
    """The order in a message; None when its words ask for nothing of the kind."""
    if message.kind == "button":
        return _unpacked(message.values.get("value", ""), {})
    if message.kind == "form":
        step = message.values.get("form", "").partition("/")[2]
        return _unpacked(step.replace("/", " "), dict(message.values))
    text = unicodedata.normalize("NFKC", message.text).strip().rstrip("。")
    for opening in ("意見の整理", "意見"):
        text = text.removeprefix(opening).strip()
    if not text or len(text) > LONGEST:
        return None
    for verb, pattern in _PATTERNS:
        if found := pattern.fullmatch(text):
            return Order(
                verb, "", {name: value for name, value in found.groupdict().items() if value}
            )
    return None


def button(title: str, verb: str, run: str = "", style: str = "", **values: object) -> Action:
    """A button that gives an order."""
    parts = [verb, run or "-", *_packed(values)]
    return Action(SKILL, title, " ".join(parts), "primary" if style == "primary" else "")


def form_name(verb: str, run: str, **values: object) -> str:
    """The name of a form that gives an order."""
    return "/".join([SKILL, verb, run, *_packed(values)])


def _packed(values: Mapping[str, object]) -> list[str]:
    return [f"{name}={quote(str(value), safe='')}" for name, value in values.items()]


def _unpacked(text: str, values: dict[str, str]) -> Order | None:
    verb, *rest = text.split(" ")
    run = rest[0] if rest and rest[0] != "-" else ""
    for part in rest[1:]:
        name, _, value = part.partition("=")
        values[name] = unquote(value)
    return Order(verb, run, values) if verb else None
