"""Checks of official Japanese text: `check` finds, `apply` puts the fixes in.

Which rules hold is in rules.yaml; an office changes them in its own. A rule is words, patterns, or
the name of a check written in Python, all of which are listed in CHECKS.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from skills.draft.checks import characters, dates, letter, numbering, office, rules, style, wording
from skills.draft.checks.document import Document
from skills.draft.checks.finding import Finding, apply, from_data
from skills.draft.checks.rules import Rule

__all__ = ["CHECKS", "Finding", "Rule", "apply", "check", "from_data", "load_rules"]

Check = Callable[[Document, Rule], Iterator[wording.Found]]
CHECKS: dict[str, Check] = {
    "and_or": style.and_or,
    "bracket": characters.bracket,
    "clock": dates.clock,
    "date_form": dates.date_form,
    "era_year": dates.era_year_pairs,
    "fiscal_year": dates.fiscal_years,
    "full_stop": characters.full_stop,
    "half_kana": characters.half_kana,
    "honorific_mix": office.honorific_mix,
    "indent": numbering.indent,
    "lone_tari": style.lone_tari,
    "mixed_style": style.mixed_style,
    "no_such_date": dates.no_such_date,
    "notice_frame": letter.notice_frame,
    "number_comma": dates.number_comma,
    "numbering": numbering.numbering,
    "period": dates.periods,
    "personal_data": office.personal_data,
    "punctuation": characters.punctuation,
    "repeated_but": style.repeated_but,
    "repeated_word": characters.repeated_word,
    "salutation": letter.salutation,
    "season": letter.season,
    "sentence_length": style.sentence_length,
    "spelling_mix": office.spelling_mix,
    "twisted": style.twisted,
    "weekday": dates.weekday,
    "width": characters.width,
}
# Rules without a check, and checks that look at words too.
OF_WORDS = ("", "honorific_mix", "spelling_mix")


def load_rules(folder: Path | None = None) -> tuple[Rule, ...]:
    """The rules of a workspace, whose own rules.yaml may lie in `folder`.

    Raises BadInput with every mistake in that file and what to do about each.
    """
    return rules.load_rules(folder, frozenset(CHECKS))


def check(text: str, table: Sequence[Rule] | None = None) -> list[Finding]:
    """Every finding in the text, in order; two findings of words never overlap."""
    document = Document.read(text)
    found: list[tuple[wording.Found, Rule]] = []
    words: list[tuple[wording.Found, Rule]] = []
    for rule in load_rules() if table is None else table:
        places = words if rule.check in OF_WORDS else found
        places += [(one, rule) for one in CHECKS.get(rule.check, wording.find)(document, rule)]
    found += _apart(words)
    return sorted(
        (_finding(document, one, rule) for one, rule in found),
        key=lambda finding: (finding.line, finding.column, finding.rule),
    )


def _apart(words: list[tuple[wording.Found, Rule]]) -> list[tuple[wording.Found, Rule]]:
    """Of findings that overlap the longest, then that of the rule that stands first."""
    chosen: list[tuple[wording.Found, Rule]] = []
    taken: set[int] = set()
    for found, rule in sorted(words, key=lambda one: one[0].start - one[0].end):
        places = range(found.start, found.end)
        if not taken.intersection(places):
            taken.update(places)
            chosen.append((found, rule))
    return chosen


def _finding(document: Document, found: wording.Found, rule: Rule) -> Finding:
    line = document.line_at(found.start)
    text = document.text[found.start : min(found.end, line.end)]
    return Finding(
        line=line.number,
        column=found.start - line.start + 1,
        rule=rule.id,
        text=text,
        message=rule.told(text, found.fix, found.reason),
        fix=found.fix,
        severity=rule.severity,
    )
