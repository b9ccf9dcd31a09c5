"""Making an edit of what a person asks for. Raises BadInput when it cannot be made."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from bot import BadInput
from skills.opinions.edits import Anchor, Applied, Edit, Part, digest, line_of
from skills.opinions.grouping import group_texts
from skills.opinions.model import ISOLATED, Analysis, Topic

LONGEST_LABEL = 15
# So many digests are enough to know a topic again; a lock keeps all.
MOST_DIGESTS = 200
GONE = "この話題はもうありません。一覧を開き直してください。"
LOCKED = "この話題は固定されています。先に固定を解除してください。"


def rename(applied: Applied, topic: int, label: str) -> Edit:
    """Give a topic a name of up to 15 characters."""
    return Edit("rename", _anchor(applied, topic), label=_label(label))


def merge(applied: Applied, topic: int, others: Sequence[int]) -> list[Edit]:
    """Put other topics into one, whose name stays."""
    if not others or topic in others:
        raise BadInput("merge", remedy="統合する話題を、二つ以上選んでください。")
    into = _anchor(applied, topic)
    return [Edit("merge", _anchor(applied, other), into) for other in others]


def split(applied: Applied, topic: int) -> Edit:
    """Make a topic's parts topics of their own, or find parts in it."""
    anchor = _anchor(applied, topic)
    parts = _known_parts(applied.analysis, topic) or _found_parts(applied.analysis, topic)
    if not parts:
        raise BadInput("split", remedy="この話題は、これ以上分けられません。")
    return Edit("split", anchor, parts=parts)


def move(applied: Applied, words: str, target: int, label: str = "") -> Edit:
    """Move a claim, and all with the same words; to a new topic when a label is given."""
    name, analysis = digest(words), applied.analysis
    found = {
        claim.topic
        for opinion in analysis.opinions
        for claim in opinion.claims
        if digest(claim.masked) == name
    }
    if not found:
        raise BadInput("move", remedy="移す意見が見つかりません。一覧を開き直してください。")
    if any(applied.locked & set(line_of(analysis.topic_by_id, topic)) for topic in found):
        raise BadInput("locked", remedy=LOCKED)
    to = Anchor() if label or target == ISOLATED else _anchor(applied, target)
    return Edit("move", target=to, digest=name, label=label and _label(label))


def lock(applied: Applied, topic: int) -> Edit:
    """Keep a topic's members and name, whatever a re-run finds."""
    known = _topic(applied, topic)
    found = _digests(applied.analysis, topic)
    return Edit("lock", Anchor(tuple(found), known.parent >= 0), label=known.label)


def unlock(applied: Applied, topic: int) -> Edit:
    if topic not in applied.locked:
        raise BadInput("not locked", remedy="この話題は固定されていません。")
    return Edit("unlock", _anchor(replace(applied, locked=frozenset()), topic))


def answer(applied: Applied, topic: int, text: str, handling: str, changed: str) -> Edit:
    """市の考え方 for the 結果表; a locked topic may be answered."""
    known = _anchor(replace(applied, locked=frozenset()), topic)
    return Edit("answer", known, text=text.strip(), handling=handling, changed=changed)


def inquire(applied: Applied, topic: int, department: str, due: str, reminder: str) -> Edit:
    """Ask a department about a topic; a locked topic may be asked about."""
    known = _anchor(replace(applied, locked=frozenset()), topic)
    return Edit("inquire", known, label=department, due=due, reminder=reminder)


def _topic(applied: Applied, topic: int) -> Topic:
    known = applied.analysis.topic_by_id.get(topic)
    if known is None:
        raise BadInput("no topic", remedy=GONE)
    return known


def _anchor(applied: Applied, topic: int) -> Anchor:
    known = _topic(applied, topic)
    if topic in applied.locked:
        raise BadInput("locked", remedy=LOCKED)
    found = _digests(applied.analysis, topic)
    step = max(1, -(-len(found) // MOST_DIGESTS))
    return Anchor(tuple(found[::step]), known.parent >= 0)


def _digests(analysis: Analysis, topic: int) -> list[str]:
    return list(dict.fromkeys(digest(claim.masked) for _, claim in analysis.members[topic]))


def _known_parts(analysis: Analysis, topic: int) -> tuple[Part, ...]:
    """The second level, where there is one."""
    children = [part for part in analysis.topics if part.parent == topic]
    if not children:
        return ()
    parts = [Part(part.label, tuple(_digests(analysis, part.id))) for part in children]
    inside = {name for part in parts for name in part.digests}
    rest = [name for name in _digests(analysis, topic) if name not in inside]
    return (*parts, Part("", tuple(rest)))


def _found_parts(analysis: Analysis, topic: int) -> tuple[Part, ...]:
    """Parts by the words of the members; nothing when they are all alike."""
    texts = list(dict.fromkeys(claim.masked for _, claim in analysis.members[topic]))
    grouping = group_texts(texts)
    groups = int(grouping.topic.max(initial=-1)) + 1
    if groups < 2:
        return ()
    held: list[list[str]] = [[] for _ in range(groups + 1)]
    for text, group in zip(texts, grouping.topic.tolist(), strict=True):
        held[group].append(digest(text))
    labels = [*(grouping.labels[group, -1] for group in range(groups)), ""]
    return tuple(Part(label, tuple(names)) for label, names in zip(labels, held, strict=True))


def _label(label: str) -> str:
    label = " ".join(label.split())
    if not 1 <= len(label) <= LONGEST_LABEL:
        raise BadInput(
            "label", remedy=f"話題の名前は1文字から{LONGEST_LABEL}文字までで入力してください。"
        )
    return label
