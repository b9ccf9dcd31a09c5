"""The interactive map as a person uses it: real Chromium, the file opened from a folder.

Set SHOMU_E2E_SHOTS to a folder to keep pictures of what was seen.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from skills.opinions.map import draw_html
from skills.opinions.model import Analysis, Columns
from tests.e2e.test_pages import (
    ARGUMENTS,
    CHROMIUM,
    DESK,
    NAUGHTY,
    PHONE,
    Seen,
    is_wider_than_the_screen,
    keep,
)
from tests.opinions.invented import invent

from playwright.async_api import Page, async_playwright, expect  # isort: skip

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.skipif(not CHROMIUM.exists(), reason=f"{CHROMIUM} is not installed"),
    # The browser's driver closes its pipes after the loop; that is not ours to mend.
    pytest.mark.filterwarnings("default::ResourceWarning"),
    pytest.mark.filterwarnings("default::pytest.PytestUnraisableExceptionWarning"),
]


@asynccontextmanager
async def opened(folder: Path, page_text: str, **options: Any) -> AsyncIterator[tuple[Page, Seen]]:
    """The map in a browser; afterwards nothing was asked of any network and nobody was bothered."""
    file = folder / "map.html"
    file.write_text(page_text, encoding="utf-8")
    seen = Seen()
    async with async_playwright() as driver:
        browser = await driver.chromium.launch(executable_path=str(CHROMIUM), args=ARGUMENTS)
        context = await browser.new_context(**{"viewport": DESK, "locale": "ja-JP", **options})
        page = await context.new_page()
        page.on("console", lambda message: seen.complaints.append(message.text))
        page.on("pageerror", lambda error: seen.complaints.append(str(error)))
        page.on("request", lambda request: seen.foreign.append(request.url))

        async def dismiss(dialog: Any) -> None:
            seen.dialogs.append(dialog.message)
            await dialog.dismiss()

        page.on("dialog", dismiss)
        await page.goto(file.as_uri())
        await page.locator("html[data-ready]").wait_for()
        yield page, seen
        await browser.close()
    assert seen == Seen(foreign=[file.as_uri()])


async def dot_place(page: Page, dot: int) -> tuple[float, float]:
    """Where on the screen a dot is."""
    x, y = await page.evaluate(
        """(dot) => { const view = opinionMap; const [x, y] = view.where(dot);
        const box = view.names.getBoundingClientRect();
        return [box.left + x / view.ratio, box.top + y / view.ratio]; }""",
        dot,
    )
    return x, y


async def test_a_word_is_looked_for_listed_and_opened(tmp_path: Path) -> None:
    analysis = invent(600)
    async with opened(tmp_path, draw_html(analysis)) as (page, _):
        wanted = [opinion for opinion in analysis.opinions if "停留所" in opinion.masked]
        await page.get_by_label("言葉で探す").fill("停留所")
        await expect(page.get_by_role("status")).to_contain_text(
            f"「停留所」を含む意見 {len(wanted)}件"
        )
        await keep(page, "opinion-map-search")
        hits = page.get_by_role("row").filter(has_text="停留所")
        await expect(hits).to_have_count(min(50, len(wanted)))
        await page.get_by_role("button", name=f"{wanted[0].row}行目", exact=True).click()
        detail = page.get_by_label("選んだ意見")
        await expect(detail.locator(".text")).to_have_text(wanted[0].masked)
        await page.get_by_label("言葉で探す").fill("ありえない言葉")
        await expect(page.get_by_text("あてはまる意見はありません")).to_be_visible()


async def test_a_filter_by_age_counts_and_shows_only_these(tmp_path: Path) -> None:
    analysis = invent(600)
    async with opened(tmp_path, draw_html(analysis)) as (page, _):
        young = [item for item in analysis.opinions if item.attributes["年代"] == "10代"]
        heard = len({opinion.voice for opinion in young})
        await page.get_by_label("年代").select_option(label="10代")
        await expect(page.get_by_role("status")).to_have_text(
            f"表示中の意見 {len(young)}件（実質 {heard}件）／ 全600件"
        )
        assert await page.evaluate("opinionMap.shown.reduce((a, b) => a + b)") == len(young)


async def test_a_topic_is_picked_from_the_list_and_let_go(tmp_path: Path) -> None:
    analysis = invent(600)
    topic = analysis.topics[1]
    async with opened(tmp_path, draw_html(analysis)) as (page, _):
        button = page.locator("#panel-topics .topic").filter(has_text=topic.label).first
        await button.click()
        await expect(page.get_by_role("status")).to_contain_text(f"表示中の意見 {topic.count}件")
        await button.click()
        await expect(page.get_by_role("status")).to_contain_text("表示中の意見 600件")
        await page.get_by_role("tab", name="少数・個別").click()
        alone = len(analysis.members[-1])
        await expect(page.get_by_role("heading", name=f"個別の意見 {alone}")).to_be_visible()


async def test_a_dot_is_clicked_and_shows_the_original_with_all_that_is_known(
    tmp_path: Path,
) -> None:
    analysis = invent(600)
    async with opened(tmp_path, draw_html(analysis)) as (page, _):
        opinion = analysis.opinions[0]
        await page.evaluate("opinionMap.scale = 8; opinionMap.choose(0, true)")
        await page.evaluate(
            "[opinionMap.x, opinionMap.y] = [opinionMap.data.dots.x[0], opinionMap.data.dots.y[0]];"
            "opinionMap.draw()"
        )
        await page.mouse.click(*await dot_place(page, 0))
        detail = page.get_by_label("選んだ意見")
        await expect(detail.locator("mark")).to_have_text(opinion.masked)
        for told in (f"{opinion.row}行目", opinion.section, opinion.attributes["年代"]):
            await expect(detail).to_contain_text(told)
        await expect(detail).to_contain_text(" ＞ ".join(analysis.path(opinion.main.topic)))
        await keep(page, "opinion-map-detail")
        await detail.get_by_role("button", name="閉じる").click()
        await expect(detail).to_be_hidden()


async def test_mouse_wheel_and_keys_move_the_map_and_enter_opens(tmp_path: Path) -> None:
    async with opened(tmp_path, draw_html(invent(600))) as (page, _):
        box = await page.locator("#names").bounding_box()
        assert box
        middle = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
        await page.mouse.move(*middle)
        await page.mouse.down()
        await page.mouse.move(middle[0] + 80, middle[1] + 40, steps=4)
        await page.mouse.up()
        moved = await page.evaluate("[opinionMap.x, opinionMap.y]")
        assert moved[0] < 0 < moved[1]
        await page.mouse.wheel(0, -400)
        await page.wait_for_function("opinionMap.scale > 1.5")
        await page.locator("#names").focus()
        await page.keyboard.press("0")
        assert await page.evaluate("[opinionMap.x, opinionMap.y, opinionMap.scale]") == [0, 0, 1]
        await page.keyboard.press("ArrowRight")
        await page.keyboard.press("+")
        assert await page.evaluate("opinionMap.x > 0 && opinionMap.scale === 1.5")
        await page.keyboard.press("Enter")
        await expect(page.get_by_label("選んだ意見")).to_be_visible()
        await page.keyboard.press("Escape")
        await expect(page.get_by_label("選んだ意見")).to_be_hidden()


async def test_two_fingers_zoom_where_they_are(tmp_path: Path) -> None:
    async with opened(tmp_path, draw_html(invent(600)), has_touch=True) as (page, _):
        await page.evaluate(
            """() => { const send = (type, id, x, y) => opinionMap.names.dispatchEvent(
                new PointerEvent(type, {pointerId: id, clientX: x, clientY: y, bubbles: true}));
            opinionMap.names.setPointerCapture = () => {};
            send("pointerdown", 1, 300, 400); send("pointerdown", 2, 400, 400);
            send("pointermove", 2, 500, 400); }"""
        )
        assert await page.evaluate("opinionMap.scale") == pytest.approx(2)


async def test_hostile_words_stay_words(tmp_path: Path) -> None:
    analysis = invent(200)
    for at, text in enumerate(NAUGHTY):
        old = analysis.opinions[at]
        claim = replace(old.claims[0], masked=text)
        attributes = {"年代": text, "地区": text}
        hostile = replace(
            old,
            id=text + str(at),
            masked=text,
            claims=(claim,),
            section=text,
            date=text,
            attributes=attributes,
        )
        analysis = with_opinion(analysis, at, hostile)
    topics = tuple(
        replace(topic, label=NAUGHTY[at % len(NAUGHTY)], excerpt=NAUGHTY[at % len(NAUGHTY)])
        for at, topic in enumerate(analysis.topics)
    )
    columns = Columns("意見", attributes=("年代", "地区"))
    source = replace(analysis.source, file=NAUGHTY[0], columns=columns)
    analysis = replace(analysis, topics=topics, source=source)
    async with opened(tmp_path, draw_html(analysis, title=NAUGHTY[1])) as (page, _):
        await page.get_by_role("tab", name="一覧表").click()
        for at in range(len(NAUGHTY)):
            row = analysis.opinions[at].row
            await page.get_by_role("button", name=f"{row}行目", exact=True).click()
            await expect(page.get_by_label("選んだ意見")).to_be_visible()
        await page.get_by_label("言葉で探す").fill(NAUGHTY[2])
        await expect(page.get_by_role("status")).to_contain_text("を含む意見 1件")
        assert await page.locator("iframe, img, svg, link, base, a, form:not(#search)").count() == 0


def with_opinion(analysis: Analysis, at: int, opinion: Any) -> Analysis:
    opinions = list(analysis.opinions)
    opinions[at] = opinion
    return replace(analysis, opinions=tuple(opinions))


async def test_a_phone_shows_the_map_and_the_list_without_scrolling_sideways(
    tmp_path: Path,
) -> None:
    options: dict[str, Any] = {"viewport": PHONE, "has_touch": True, "device_scale_factor": 2}
    async with opened(tmp_path, draw_html(invent(600)), **options) as (page, _):
        assert not await is_wider_than_the_screen(page)
        await page.touchscreen.tap(*await dot_place(page, 0))
        await expect(page.get_by_label("選んだ意見")).to_be_in_viewport()
        # The tap went to the dot, and to nothing that the page scrolled under the finger.
        assert await page.evaluate("document.activeElement.id") in ("", "names")
        await keep(page, "opinion-map-phone")
        await page.get_by_role("tab", name="一覧表").click()
        assert not await is_wider_than_the_screen(page)


async def test_twenty_thousand_dots_are_drawn_and_found_in_the_dark_too(tmp_path: Path) -> None:
    page_text = draw_html(invent(20_000))
    async with opened(tmp_path, page_text, color_scheme="dark") as (page, _):
        await expect(page.locator("html")).to_have_attribute("data-ready", "20000")
        drawn = await page.evaluate(
            """async () => { await new Promise(requestAnimationFrame);
            const view = opinionMap; const paper = view.pixels[0]; let other = 0;
            for (const one of view.pixels) other += one !== paper; return other; }"""
        )
        assert drawn > 20_000
        await page.get_by_label("言葉で探す").fill("鐘の音")
        await expect(page.get_by_role("status")).to_contain_text("「鐘の音」を含む意見")
        await keep(page, "opinion-map-dark")


async def test_a_public_map_shows_topics_and_no_originals(tmp_path: Path) -> None:
    analysis = invent(100)
    hidden = tuple(
        replace(item, masked="", claims=tuple(replace(one, masked="") for one in item.claims))
        for item in analysis.opinions
    )
    page_text = draw_html(replace(analysis, opinions=hidden), is_public=True)
    async with opened(tmp_path, page_text) as (page, _):
        await page.get_by_role("tab", name="一覧表").click()
        await page.get_by_role("button", name="意見1", exact=True).click()
        await expect(page.get_by_label("選んだ意見")).to_contain_text("原文は公開していません")
        await expect(page.get_by_text("行目")).to_have_count(0)
