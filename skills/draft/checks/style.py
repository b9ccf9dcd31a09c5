"""Checks of sentences: polite and plain style, length, and how their parts fit together."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from skills.draft.checks.document import Document, Sentence
from skills.draft.checks.rules import Rule
from skills.draft.checks.wording import Found

_BRACKETED = re.compile(
    r"（[^（）\n]{0,300}）|\([^()\n]{0,300}\)|「[^「」\n]{0,300}」|『[^『』\n]{0,300}』"
)
_POLITE = re.compile(
    r"(?P<x>です|ます|でした|ました|ません|ませんでした|でしょう|ましょう|ください|くださいませ|ございます"
    r"|ですか|ますか|ませんか|でしょうか|ましたか|まして|下さい)[。！？]?$"
)
_PLAIN = re.compile(
    r"(?P<x>であった|であろう|である|だった|だろう|のだ|べきだ|ではない|でない|しなかった|なかった|らない|しない|できない|ない"
    r"|とする|とした|した|する|された|される|れる|れた|られる|なった|なる|いる|いた|いった|ある|あった|行う|行った|思う|考える"
    r"|定める|努める|図る|図った|めた|める|けた|ける|えた|える|せる|せた|べる|べた|げる|げた|てる|てた|きた|ぎた|みる|みた|びる|びた"
    r"|った|んだ|いだ|たい|しい|よい|多い|少ない|高い|低い|[一-龥][うくすつむぶぐぬる]|よろしいか|ようだ|そうだ|だ)[。！？]?$"
)
_NEUTRAL = re.compile(
    r"(?:こと|もの|とき|ため|ところ|とおり|次第|伺います|伺う|よろしいか|お願いします|願います)[。]?$"
)
_ARTICLE = re.compile(r"第\d{1,3}条(?:の\d{1,2})?[ 　]")
_KI = re.compile(r"[ 　]{0,60}記[ 　]{0,60}")
_OTHERS_WORDS = re.compile(r"要望|質問|意見|苦情|声|要旨|感想|問(?:い|[ 　0-9０-９])|相談")
_TURN = re.compile(r"[ 　]{0,20}(?:別[紙添記表]|様式|資料[0-9０-９]|（?参考）?$|【参考】)")
_FEW = 3

_BUT = re.compile(
    r"(?:です|ます|した|ました|ません|せん|する|ある|いる|れる|ない|なる|った|った|だ|たい|えた|える|ける)が、"
)
_TARI = re.compile(
    r"(?:(?:[しきりみいちびえけせてねべめれげっ一-龥]|られ|でき)た|[んい]だ)り(?=[、しすと一-龥])"
)
_NO_TARI = re.compile(
    r"(?:ゆっ|ぴっ|ばっ|ぐっ|がっ|べっ|まっ|うっ|さっ|ひっ|もっ|どっ|あっ|に至|にい|ひい|[当至渡])たり"
    r"|したり顔|たり得"
)
_PURPOSE = re.compile(r"(?:目的|理由|原因|狙い|ねらい|趣旨)は(?=[、一-龥ぁ-んァ-ヶ])")
_DOES = re.compile(
    r"[一-龥ぁ-ん](?:ます|ました|する|した|める|めた|図る|図った|行う|行った|目指す|進める)。?$"
)
_HEAD, _TAIL = 60, 12
# What a purpose can do: be something, differ, be set down somewhere.
_FITS = re.compile(
    r"(?:と[しすな]|にな|にあり|であ|あり|異な|ござい|定め|示し|述べ|挙げ|説明し|変わ|なってい|達成)"
    r"[^。]{0,6}。?$"
)
_NARABINI, _OYOBI, _MOSHIKUHA, _MATAHA = "並びに", "及び", "若しくは", "又は"
_SAME_LEVEL = re.compile(
    r"[一-龥ァ-ヶーA-Za-z0-9０-９]{1,12}(?P<x>及び|又は)"
    r"[一-龥々ァ-ヶーA-Za-z0-9０-９]{1,12}(?P=x)[一-龥ァ-ヶーA-Za-z0-9０-９]"
)


def mixed_style(document: Document, _: Rule) -> Iterator[Found]:
    """Sentences that end otherwise than most of their part: text, items or articles."""
    parts = _parts(document)
    for part in parts:
        polite = [(one, match) for one, match in _ends(part, _POLITE)]
        plain = [(one, match) for one, match in _ends(part, _PLAIN) if not _POLITE.search(one.text)]
        few, many = sorted((polite, plain), key=len)
        if part is not parts[0] and len(polite) > len(plain):
            continue
        if len(many) < _FEW or len(few) * 3 > len(many) + 1:
            continue
        usual = "です・ます" if many is polite else "である"
        for sentence, match in few:
            yield Found(
                sentence.start + match.start("x"),
                sentence.start + match.end("x"),
                None,
                f"この文書の多くの文は「{usual}」体です。そろえてください。",
            )


def _ends(
    sentences: Sequence[Sentence], ending: re.Pattern[str]
) -> Iterator[tuple[Sentence, re.Match[str]]]:
    for sentence in sentences:
        words = sentence.text
        if not words.endswith("。") or _NEUTRAL.search(words):
            continue
        match = ending.search(words)
        if match is not None:
            yield sentence, match


def _parts(document: Document) -> tuple[list[Sentence], list[Sentence], list[Sentence]]:
    """The sentences of prose, those that follow 記, and those of articles.

    What follows 記 may be plain in a polite letter, and what others said is theirs.
    """
    body: list[Sentence] = []
    items: list[Sentence] = []
    articles: list[Sentence] = []
    in_articles = in_items = of_others = False
    sentences = iter(document.sentences)
    current = next(sentences, None)
    for line in document.lines:
        own: list[Sentence] = []
        while current is not None and current.line.number == line.number:
            own.append(current)
            current = next(sentences, None)
        in_articles = in_articles or _ARTICLE.match(line.plain) is not None
        in_items = (
            in_items or _KI.fullmatch(line.text) is not None or _TURN.match(line.text) is not None
        )
        if line.kind in ("item", "heading"):
            of_others = len(line.text.strip()) < 40 and _OTHERS_WORDS.search(line.text) is not None
        if in_articles:
            articles += own
        elif not of_others and line.kind == "prose":
            (items if in_items else body).extend(own)
    return body, items, articles


def sentence_length(document: Document, rule: Rule) -> Iterator[Found]:
    """A sentence of more than `limit` characters; what stands in brackets does not count.

    Articles of a regulation are left out: their sentences are long by nature.
    """
    in_articles = False
    for sentence in document.sentences:
        in_articles = in_articles or _ARTICLE.match(sentence.line.plain) is not None
        if in_articles or len(sentence.text) <= rule.limit or sentence.text.isascii():
            continue
        length = len(_BRACKETED.sub("", sentence.text))
        if length > rule.limit:
            yield Found(
                sentence.start,
                sentence.end,
                None,
                f"一つの文が{length}字あります。{rule.limit}字までに分けることを考えてください。",
            )


def repeated_but(document: Document, _: Rule) -> Iterator[Found]:
    """「…ですが、…ますが、」 in one sentence."""
    for sentence in document.sentences:
        found = list(_BUT.finditer(_without_quotes(sentence.text)))
        if len(found) > 1:
            yield Found(sentence.start + found[1].start(), sentence.start + found[1].end())


def lone_tari(document: Document, _: Rule) -> Iterator[Found]:
    """「…たり、…する」 with one たり only."""
    for sentence in document.sentences:
        words = _NO_TARI.sub(lambda match: "　" * len(match[0]), _without_quotes(sentence.text))
        found = list(_TARI.finditer(words))
        if len(found) == 1 and words[found[0].end()] not in "しすと":
            match = found[0]
            yield Found(sentence.start + match.start(), sentence.start + match.end())


def twisted(document: Document, _: Rule) -> Iterator[Found]:
    """「…の目的は、…を図ります。」: what a purpose is cannot be something done."""
    for sentence in document.sentences:
        words = _without_quotes(sentence.text)
        match = _DOES.search(words, max(0, len(words) - _TAIL))
        if match is not None and _PURPOSE.search(words, 0, _HEAD) and not _FITS.search(words):
            yield Found(sentence.start + match.start(), sentence.start + match.end())


def and_or(document: Document, _: Rule) -> Iterator[Found]:
    """並びに without 及び below it, 若しくは without 又は above it, and one of them twice."""
    for sentence in _whole(document):
        words = _without_quotes(sentence.text)
        for upper, lower in ((_NARABINI, _OYOBI), (_MOSHIKUHA, _MATAHA)):
            at = words.find(upper)
            if at >= 0 and lower not in words and not _names_a_law(words, at):
                start = sentence.start + at
                yield Found(start, start + len(upper), lower)
        for match in _SAME_LEVEL.finditer(words):
            yield Found(
                sentence.start + match.start("x"),
                sentence.start + match.end("x"),
                "、",
                f"三つ以上を並べるときは「A、B{match['x']}C」とします。",
            )


def _whole(document: Document) -> Iterator[Sentence]:
    """Sentences, and headings too: a title may name two things."""
    yield from document.sentences
    for line in document.lines:
        if line.kind in ("heading", "table"):
            yield Sentence(line.start, line.text, line)


def _names_a_law(words: str, at: int) -> bool:
    return (
        re.search(r"(?:に関する|等の)[^、。]{0,20}(?:法律|条例|規則|規程)", words[at:]) is not None
    )


def _without_quotes(words: str) -> str:
    """The sentence with blanks where it quotes, so that places stay."""
    return _BRACKETED.sub(lambda match: "　" * len(match[0]), words)
