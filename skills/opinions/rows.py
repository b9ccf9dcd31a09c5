"""The rows that tables, CSV and the report share: 結果表, 意見一覧, errors and counts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from skills.opinions.analysis import excerpt
from skills.opinions.model import ISOLATED, ISOLATED_LABEL, Analysis, Claim, Opinion, Topic, voices

TO_WRITE = "【要記入】"
HANDLING = ("反映", "一部反映", "参考", "反映しない", "その他（質問・感想など）")
CHANGED = ("有", "無")
NO_PLACE = "全般"
RESULT = (
    "番号", "該当箇所", "話題", "御意見の概要", "件数", "実質件数", "市の考え方", "対応区分",
    "修正の有無",
)  # fmt: skip
LISTED = (
    "番号", "行", "話題", "御意見（個人情報を伏せたもの）", "該当箇所", "急ぎ", "賛否",
    "担当課の候補", "同じ意見", "一斉投稿",
)  # fmt: skip
UNCLEAR = "―"


@dataclass(frozen=True, slots=True)
class Result:
    """One line of the 結果表: a topic, or one isolated claim."""

    place: str
    topic: str
    summary: str
    count: int
    voices: int
    answer: str = ""
    handling: str = ""
    changed: str = ""


def results(analysis: Analysis) -> list[Result]:
    """Every claim is counted in exactly one line; in the order of the plan, the largest first."""
    lines = [
        _result(analysis, topic.id, " ＞ ".join(analysis.path(topic.id)), topic.excerpt, members)
        for topic in analysis.topics
        if (members := [pair for pair in analysis.members[topic.id] if pair[1].topic == topic.id])
    ]
    alone: dict[str, list[tuple[Opinion, Claim]]] = {}
    for opinion, claim in analysis.members[ISOLATED]:
        alone.setdefault(claim.masked, []).append((opinion, claim))
    lines += [
        _result(analysis, ISOLATED, ISOLATED_LABEL, excerpt(words), members)
        for words, members in alone.items()
    ]
    order = {clause.name: at for at, clause in enumerate(analysis.clauses)}
    return sorted(lines, key=lambda line: (order.get(line.place, len(order)), -line.count))


def _result(
    analysis: Analysis,
    topic: int,
    label: str,
    summary: str,
    members: Sequence[tuple[Opinion, Claim]],
) -> Result:
    places = Counter(place for opinion, claim in members if (place := place_of(opinion, claim)))
    place = places.most_common(1)[0][0] if places else NO_PLACE
    written = _answered(analysis, topic)
    answer = (written.answer, written.handling, written.changed) if written else ("", "", "")
    return Result(place, label, summary, len(members), voices(members), *answer)


def _answered(analysis: Analysis, topic: int) -> Topic | None:
    """The topic with 市の考え方: its own, or that of the whole it is part of."""
    while topic != ISOLATED:
        found = analysis.topic_by_id[topic]
        if found.answer:
            return found
        topic = found.parent
    return None


def place_of(opinion: Opinion, claim: Claim) -> str:
    """該当箇所: the clause of the plan when it was given, else what the writer put there."""
    return claim.clause.name if claim.clause else opinion.section


def listed(analysis: Analysis) -> Iterator[tuple[str | int, ...]]:
    """意見一覧: one line for every opinion, in the order of the file."""
    names = analysis.source.columns.attributes
    for opinion in analysis.opinions:
        main = opinion.main
        topics = dict.fromkeys(" ＞ ".join(analysis.path(claim.topic)) for claim in opinion.claims)
        stances = dict.fromkeys(claim.stance or UNCLEAR for claim in opinion.claims)
        departments = "、".join(candidate.name for candidate in main.departments)
        yield (
            opinion.id,
            opinion.row,
            " ／ ".join(topics),
            opinion.masked,
            place_of(opinion, main),
            opinion.urgent,
            " ／ ".join(stances),
            departments or main.unsent,
            opinion.duplicate_of,
            f"一斉投稿{opinion.campaign + 1}" if opinion.campaign >= 0 else "",
            *(opinion.attributes.get(name, "") for name in names),
        )


def counts(analysis: Analysis) -> list[tuple[str, int, str]]:
    """(what, how many, how it adds up): each sum is worked out from the rows, not copied."""
    in_topics = sum(
        len(analysis.members[topic.id]) for topic in analysis.topics if topic.parent < 0
    )
    alone = len(analysis.members[ISOLATED])
    lines = results(analysis)
    repeated = sum(bool(opinion.duplicate_of) for opinion in analysis.opinions)
    campaigns = Counter(opinion.campaign for opinion in analysis.opinions if opinion.campaign >= 0)
    return [
        ("入力した行", analysis.source.input_rows, "見出しより下の行。最後の空行は数えません"),
        ("意見にした行", len(analysis.opinions), ""),
        ("意見にできなかった行", len(analysis.errors), "「エラー」のシートにあります"),
        (
            "差",
            analysis.source.input_rows - len(analysis.opinions) - len(analysis.errors),
            "入力した行 − 意見 − 意見にできなかった行。0 で一致",
        ),
        ("件数（論点の数）", analysis.claims, "1行に二つ以上の論点があれば、それぞれ数えます"),
        ("話題に入った論点", in_topics, ""),
        ("個別の意見（どの話題にも入らない論点）", alone, "少数でも結果表に1件ずつ載せています"),
        ("結果表の件数の合計", sum(line.count for line in lines), "件数（論点の数）と一致します"),
        ("差", analysis.claims - sum(line.count for line in lines), "0 で一致"),
        ("実質件数", analysis.voices, "同じ文と一斉投稿を、それぞれ1件と数えた意見の数"),
        ("同じ文の繰り返し", repeated, "二つ目からの数"),
        ("一斉投稿のひな形", len(campaigns), f"合わせて {sum(campaigns.values()):,} 件"),
        (
            "急ぎかもしれない意見",
            len(analysis.urgent),
            "多めに拾います。まず人が読んでください",
        ),
    ]
