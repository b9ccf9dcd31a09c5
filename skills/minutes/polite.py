"""Polite forms of Japanese verbs into plain ones: 「取り組んでまいります」 → 「取り組む」."""

from __future__ import annotations

from bot.japanese import Morpheme


def lowered(units: list[Morpheme]) -> list[Morpheme]:
    """Polite forms to plain ones: 「取り組んでまいります」 → 「取り組む」."""
    made: list[Morpheme] = []
    at = 0
    while at < len(units):
        unit = units[at]
        following = units[at + 1] if at + 1 < len(units) else None
        if unit.dictionary == "ます" and unit.inflection == "助動詞-マス" and made:
            at += _lower_masu(made, unit, units[at + 1 : at + 4])
        elif unit.dictionary == "です" and unit.inflection == "助動詞-デス" and made:
            at += _lower_desu(made, unit, following)
        else:
            made.append(unit)
        at += 1
    return _shortened(made)


def _lower_masu(made: list[Morpheme], unit: Morpheme, rest: list[Morpheme]) -> int:
    """Put the verb before ます into its plain form; returns how many more units that used up."""
    verb = made[-1]
    if verb.pos not in ("動詞", "助動詞"):
        made.append(unit)
        return 0
    made.pop()
    if verb.dictionary in ("まいる", "参る") and made and made[-1].surface in ("て", "で"):
        verb = _coming(made, past=bool(rest) and rest[0].surface in ("た", "て"))
    elif verb.dictionary in ("いたす", "致す"):
        verb = verb._replace(dictionary="する", inflection="サ行変格")
    elif verb.dictionary == "ござる":
        verb = verb._replace(dictionary="ある", inflection="五段-ラ行")
    elif verb.dictionary == "おる" and made and made[-1].surface in ("て", "で"):
        verb = verb._replace(dictionary="いる", inflection="上一段-ア行")
    elif verb.dictionary == "いただく" and [each.surface for each in made[-3:]] == [
        "さ",
        "せ",
        "て",
    ]:
        del made[-3:]
        verb = verb._replace(dictionary="する", inflection="サ行変格")
    surfaces = [each.surface for each in rest]
    if unit.surface == "まし" and surfaces[:1] == ["た"]:
        made.append(_formed(verb, past_form(verb), "終止形-一般"))
        return 1
    if unit.surface == "まし" and surfaces[:1] == ["て"]:
        made.append(_formed(verb, _before_clause(verb), "連用形-一般"))
        return 1
    if unit.surface == "ませ" and surfaces[:1] in (["ん"], ["ぬ"]):
        if surfaces[1:3] == ["でし", "た"]:
            made.append(_formed(verb, negative_form(verb)[:-1] + "かった", "終止形-一般"))
            return 3
        made.append(_formed(verb, negative_form(verb), "終止形-一般"))
        return 1
    # 「見積りを取りましょう」 is what people agree to do.
    if unit.surface in ("ます", "ましょう"):
        made.append(_formed(verb, verb.dictionary, "終止形-一般"))
        return 0
    made += [verb, unit]
    return 0


def _coming(made: list[Morpheme], *, past: bool) -> Morpheme:
    """「進めて|まいり」: 「進める」 when it is still to come, 「進めてき(た)」 when it is past."""
    if past or len(made) < 2 or made[-2].pos not in ("動詞", "助動詞"):
        return made[-1]._replace(dictionary="くる", pos="動詞", inflection="カ行変格")
    made.pop()
    return made.pop()


def _lower_desu(made: list[Morpheme], unit: Morpheme, following: Morpheme | None) -> int:
    before = made[-1]
    after = following.surface if following else ""
    if unit.surface == "でし" and after == "た":
        made.append(_formed(unit, "だった", "終止形-一般"))
        return 1
    if unit.surface != "です":
        made.append(unit)
        return 0
    if before.surface == "の" and before.detail == "準体助詞":
        made.pop()
    elif before.pos in ("形容詞", "助動詞") or after in ("", "か"):
        pass
    else:
        made.append(_formed(unit, "である", "終止形-一般")._replace(dictionary="ある"))
    return 0


def _formed(unit: Morpheme, surface: str, form: str) -> Morpheme:
    return unit._replace(surface=surface, pos="動詞", form=form)


def _shortened(units: list[Morpheme]) -> list[Morpheme]:
    """「進めていく(べき)」 → 「進める」, 「…である」 at the very end → nothing."""
    made: list[Morpheme] = []
    for at, unit in enumerate(units):
        if (
            unit.dictionary in ("いく", "行く")
            and unit.form.startswith(("終止形", "連体形"))
            and len(made) > 1
            and made[-1].surface in ("て", "で")
            and made[-2].pos == "動詞"
        ):
            made.pop()
            made.append(_formed(made[-1], made.pop().dictionary, "終止形-一般"))
        elif at == len(units) - 1 and unit.dictionary == "ある" and made and _is_noun_end(made):
            if unit.surface == "である":
                pass
            elif made[-1].surface == "で":
                made.pop()
        else:
            made.append(unit)
    return made


def _is_noun_end(made: list[Morpheme]) -> bool:
    return made[-1].surface == "で" or made[-1].pos in ("名詞", "形状詞", "接尾辞", "代名詞")


_ROWS = {
    "う": "わ", "く": "か", "ぐ": "が", "す": "さ", "つ": "た",
    "ぬ": "な", "ぶ": "ば", "む": "ま", "る": "ら",
}  # fmt: skip
_SOUNDS = {
    "う": "った", "つ": "った", "る": "った", "く": "いた", "ぐ": "いだ",
    "す": "した", "ぬ": "んだ", "ぶ": "んだ", "む": "んだ",
}  # fmt: skip


def past_form(verb: Morpheme) -> str:
    """「増やす」 → 「増やした」, by the way the verb inflects."""
    word = verb.dictionary
    if verb.inflection.startswith("サ行変格"):
        return word.removesuffix("する") + "した"
    if verb.inflection.startswith("カ行変格"):
        return "きた" if word == "くる" else "来た"
    if verb.inflection.startswith("五段") and word[-1] in _SOUNDS:
        return word[:-1] + ("った" if word in ("行く", "いく") else _SOUNDS[word[-1]])
    return word.removesuffix("る") + "た"


def negative_form(verb: Morpheme) -> str:
    """「届く」 → 「届かない」; 「ある」 → 「ない」."""
    word = verb.dictionary
    if word == "ある":
        return "ない"
    if verb.inflection.startswith("サ行変格"):
        return word.removesuffix("する") + "しない"
    if verb.inflection.startswith("カ行変格"):
        return "こない" if word == "くる" else "来ない"
    if verb.inflection.startswith("五段") and word[-1] in _ROWS:
        return word[:-1] + _ROWS[word[-1]] + "ない"
    return word.removesuffix("る") + "ない"


def _before_clause(verb: Morpheme) -> str:
    """The form before a comma: 「増やし」, 「おり」."""
    if verb.dictionary == "いる":
        return "おり"
    if verb.inflection.startswith("サ行変格"):
        return verb.dictionary.removesuffix("する") + "し"
    return verb.surface
