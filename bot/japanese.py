"""The only file that imports sudachipy: Japanese text into words, character grams and sentences.

Words and grams are made once, when a passage is added, and stored with it; a question goes
through the same functions. The dictionary is loaded by the first call, not by the import:
commands that never search must not pay for it.
"""

from __future__ import annotations

import threading
import unicodedata
from collections.abc import Iterator
from typing import Any, NamedTuple

# Sudachi refuses input above 49,149 bytes; a character is at most 4 bytes after NFKC.
PIECE = 8_000

CONTENT = frozenset({"名詞", "動詞", "形容詞", "形状詞", "副詞"})

# Normalised forms that say nothing about what a text is about.
_STOP = """
為る 居る 有る 成る 出来る 言う 因る 於く 行く 来る 事 物 為 時 所 内 等 様 其れ 此れ 者 得る 御
因み 又 頂く 貰う 呉れる 遣る 置く 仕舞う 見る 方 毎 達 共 付く 持つ 度 的
"""
# Words of asking, not of the thing asked about.
_REQUEST = """
教える 下さる 何処 何 何時 誰 何れ 何方 如何 幾つ 幾ら 何故 何の どう どの どんな どちら いくら
いつ 方法 知る 知らせる 聞く 尋ねる 分かる 欲しい 願う 御願い 質問 問い合わせる 仕方 遣り方
宜しい 良い 申す 仰る 考える 思う
"""
IGNORED = frozenset(_STOP.split()) | frozenset(_REQUEST.split())

OPENING = dict(zip("「『（(〔【［[｛{〈《“", "」』）)〕】］]｝}〉》”", strict=True))
CLOSING = frozenset(OPENING.values())
ENDING = frozenset("。！？!?｡")

_local = threading.local()
_dictionary: Any = None
_loading = threading.Lock()


def words(text: str) -> list[str]:
    """Content words in their normalised form, in order, repeats kept.

    Sudachi mode A (short units) after NFKC; nouns, verbs, adjectives, adverbs,
    without stop words and words of asking. Latin words come out in lower case.
    """
    found = []
    # Half of a surrogate pair, as a broken client may send it, is no text.
    whole = unicodedata.normalize("NFKC", text).encode("utf-8", "ignore").decode()
    for piece in _pieces(whole):
        for morpheme in _tokenizer().tokenize(piece):
            if morpheme.part_of_speech()[0] not in CONTENT:
                continue
            form = "".join(morpheme.normalized_form().split()).lower()
            if form and form not in IGNORED and _says_something(form):
                found.append(form)
    return found


class Morpheme(NamedTuple):
    """One short unit of a text: `pos` is like 動詞, `inflection` 五段-ラ行, `form` 連用形-一般.

    The last two are "*" for words that do not inflect.
    """

    surface: str
    pos: str
    detail: str
    dictionary: str
    normalized: str
    inflection: str
    form: str


def morphemes(text: str) -> list[Morpheme]:
    """Every unit of the text in order, Sudachi mode A after NFKC; the surfaces make up the text."""
    found = []
    whole = unicodedata.normalize("NFKC", text).encode("utf-8", "ignore").decode()
    for piece in _pieces(whole):
        for unit in _tokenizer().tokenize(piece):
            pos = unit.part_of_speech()
            found.append(
                Morpheme(
                    unit.surface(),
                    pos[0],
                    pos[1],
                    unit.dictionary_form(),
                    unit.normalized_form(),
                    pos[4],
                    pos[5],
                )
            )
    return found


def readings(text: str) -> list[tuple[str, str]]:
    """Each short unit of a text as it stands, with its reading in hiragana.

    The units make up the text; signs and digits have no reading. A word that is read in several
    ways gets the one the dictionary takes for likely.
    """
    found = []
    for piece in _pieces(text.encode("utf-8", "ignore").decode()):
        for unit in _tokenizer().tokenize(piece):
            surface = unit.surface()
            is_word = any(_is_kanji(letter) or _is_kana(letter) for letter in surface)
            found.append((surface, hiragana(unit.reading_form()) if is_word else ""))
    return found


def hiragana(text: str) -> str:
    """Katakana as hiragana; everything else stays."""
    return "".join(chr(ord(one) - 0x60) if "\u30a1" <= one <= "\u30f6" else one for one in text)


def grams(text: str) -> list[str]:
    """Character bigrams except those of hiragana only, and single kanji.

    They find what the dictionary cuts differently: names, new words, compound terms.
    """
    found = []
    for run in _runs(unicodedata.normalize("NFKC", text).lower()):
        found += [
            run[at : at + 2]
            for at in range(len(run) - 1)
            if not (_is_hiragana(run[at]) and _is_hiragana(run[at + 1]))
        ]
        found += [letter for letter in run if _is_kanji(letter)]
    return found


def sentences(text: str) -> list[str]:
    """Split at 。！？ and line breaks; what stands in brackets or quotes stays whole.

    A bracket that is never closed ends with its line, so that a typing slip cannot swallow the
    rest of the text.
    """
    found = []
    for line in text.splitlines():
        start, depth = 0, 0
        closes = _closing_positions(line)
        for at, letter in enumerate(line):
            if at in closes:
                depth += 1 if letter in OPENING else -1
            elif depth == 0 and _ends(line, at):
                found.append(line[start : at + 1])
                start = at + 1
        found.append(line[start:])
    return [sentence.strip() for sentence in found if sentence.strip()]


def load() -> None:
    """Load the dictionary now: 0.2 s that the first question need not wait for."""
    _tokenizer()


def _tokenizer() -> Any:
    """One tokenizer a thread: Sudachi's cannot be shared between threads."""
    global _dictionary
    if not hasattr(_local, "tokenizer"):
        from sudachipy import Dictionary, SplitMode

        with _loading:
            if _dictionary is None:
                _dictionary = Dictionary()
        make = getattr(_dictionary, "tokenizer", None) or _dictionary.create
        _local.tokenizer = make(SplitMode.A)
    return _local.tokenizer


def _pieces(text: str) -> Iterator[str]:
    """Cut long text where a word is least likely to be."""
    start = 0
    while start < len(text):
        end = min(start + PIECE, len(text))
        if end < len(text):
            cut = max(text.rfind("\n", start, end), text.rfind("。", start, end))
            end = cut + 1 if cut > start else end
        yield text[start:end]
        start = end


def _runs(text: str) -> Iterator[str]:
    """Stretches of letters and digits; a bigram never crosses punctuation."""
    start = -1
    for at, letter in enumerate(text):
        inside = letter.isalnum() or letter in "ー々〆"
        if inside and start < 0:
            start = at
        elif not inside and start >= 0:
            yield text[start:at]
            start = -1
    if start >= 0:
        yield text[start:]


def _closing_positions(line: str) -> frozenset[int]:
    """Positions of the brackets of a line that have their partner."""
    waiting: list[int] = []
    paired: set[int] = set()
    for at, letter in enumerate(line):
        if letter in OPENING:
            waiting.append(at)
        elif letter in CLOSING and waiting and OPENING[line[waiting[-1]]] == letter:
            paired |= {waiting.pop(), at}
    return frozenset(paired)


def _ends(line: str, at: int) -> bool:
    following = line[at + 1 : at + 2]
    if line[at] in ENDING:
        # 「！？」 is one ending.
        return following not in ENDING
    return line[at] == "." and following == " " and line[at - 1 : at].isalpha()


def _says_something(form: str) -> bool:
    return any(letter.isalnum() for letter in form)


def _is_hiragana(letter: str) -> bool:
    return "\u3041" <= letter <= "\u309f" or letter == "ー"


def _is_kana(letter: str) -> bool:
    return _is_hiragana(letter) or "\u30a1" <= letter <= "\u30f6"


def _is_kanji(letter: str) -> bool:
    return "\u4e00" <= letter <= "\u9fff" or "\u3400" <= letter <= "\u4dbf" or letter == "々"
