"""What a reply's text looks like on a page, and that it stays text."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.web.reply_text import to_html


def test_a_marked_sentence_a_quote_and_bullets_are_shown_as_such() -> None:
    html = to_html("結論です。\n> **5日とする。**\n> 続き\n- 一つ\n- 二つ\n\n以上")
    assert html == (
        "<p>結論です。</p>\n"
        "<blockquote><strong>5日とする。</strong><br>続き</blockquote>\n"
        "<ul><li>一つ</li><li>二つ</li></ul>\n"
        "<p>以上</p>"
    )


def test_a_citation_links_to_its_source_only_when_the_reply_has_it() -> None:
    html = to_html("5日です。〔1〕〔9〕", [1], "s-x")
    assert 'href="#s-x-1"' in html
    assert "〔9〕" in html
    assert "#s-x-9" not in html


def test_a_citation_inside_a_marked_sentence_is_still_a_link() -> None:
    assert 'href="#s-1"' in to_html("**5日です。〔1〕**", [1])


@given(st.text(alphabet=st.sampled_from("<>&\"'*>-・〔〕1 \n\r\taあ=/"), max_size=200))
def test_no_character_of_a_reply_becomes_markup_of_its_own(text: str) -> None:
    html = to_html(text, {1})
    for tag in ("p", "strong", "blockquote", "ul", "li", "br"):
        html = html.replace(f"<{tag}>", "").replace(f"</{tag}>", "")
    html = html.replace('<a class="cite" href="#s-1" aria-label="出典1">1</a>', "")
    assert "<" not in html
    assert ">" not in html


@pytest.mark.parametrize("text", ["**" * 10_000, "〔1" * 10_000, "> " * 10_000, "\n" * 20_000])
def test_a_long_hostile_text_is_shown_in_linear_time(text: str) -> None:
    # CPU time with a wide margin: quadratic behaviour takes minutes here.
    started = time.process_time()
    to_html(text, {1})
    assert time.process_time() - started < 5
