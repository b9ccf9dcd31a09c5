"""How smoothly the map of opinions moves, how large it is, and how long it takes to draw.

python -m tests.bench.opinions_map [opinions]

Real Chromium without a graphics card. A frame has 16.7 ms; the script of the page must leave room
in it, and the other ways to draw the same dots are measured in the same run.
"""

from __future__ import annotations

import asyncio
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from playwright.async_api import Page, async_playwright

from skills.opinions.map import draw_html
from skills.opinions.picture import draw_png
from tests.e2e.test_pages import ARGUMENTS, CHROMIUM
from tests.opinions.invented import invent

FRAME_MS = 16.7
REPEATS = 3

# Pan along a curve for 120 frames, drawing as the page does; times in ms.
PAN = """async () => {
  const view = window.opinionMap, script = [], frames = [];
  let last = 0;
  for (let frame = 0; frame < 120; frame++) {
    await new Promise(requestAnimationFrame);
    const now = performance.now();
    if (last) frames.push(now - last);
    last = now;
    view.pan(Math.sin(frame / 8) * 30, Math.cos(frame / 8) * 20);
    cancelAnimationFrame(view.asked);
    view.asked = 0;
    view.drawDots();
    view.drawNames();
    script.push(performance.now() - now);
  }
  return { script, frames };
}"""

# The same dots by the canvas's own shapes, to say what writing pixels saves.
SHAPES = """async (kind) => {
  const view = window.opinionMap, frames = [];
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [view.width, view.height];
  view.frame.append(canvas);
  const context = canvas.getContext("2d");
  const sprite = document.createElement("canvas");
  sprite.width = sprite.height = 8;
  sprite.getContext("2d").fillRect(1, 1, 6, 6);
  let last = 0;
  for (let frame = 0; frame < 20; frame++) {
    await new Promise(requestAnimationFrame);
    const now = performance.now();
    if (last) frames.push(now - last);
    last = now;
    context.clearRect(0, 0, view.width, view.height);
    context.beginPath();
    for (let dot = 0; dot < view.count; dot++) {
      const [x, y] = view.where(dot);
      if (kind === "sprites") context.drawImage(sprite, x + frame, y);
      else { context.moveTo(x + frame + 3, y); context.arc(x + frame, y, 3, 0, 6.2832); }
    }
    if (kind === "arcs") context.fill();
  }
  canvas.remove();
  return frames;
}"""


async def opened(page: Page, file: Path) -> float:
    begun = time.perf_counter()
    await page.goto(file.as_uri())
    await page.locator("html[data-ready]").wait_for(timeout=60_000)
    return time.perf_counter() - begun


async def smoothness(file: Path) -> dict[str, float]:
    async with async_playwright() as driver:
        browser = await driver.chromium.launch(executable_path=str(CHROMIUM), args=ARGUMENTS)
        page = await browser.new_page(viewport={"width": 1280, "height": 900})
        seconds = await opened(page, file)
        pans = [await page.evaluate(PAN) for _ in range(REPEATS)]
        others = {kind: await page.evaluate(SHAPES, kind) for kind in ("arcs", "sprites")}
        await browser.close()
    scripts = [value for pan in pans for value in pan["script"]]
    frames = [value for pan in pans for value in pan["frames"]]
    return {
        "opened": seconds,
        "script": statistics.median(scripts),
        "script95": statistics.quantiles(scripts, n=20)[-1],
        "frame": statistics.median(frames),
        **{kind: statistics.median(values) for kind, values in others.items()},
    }


def cpu_seconds(draw: Callable[[], Any]) -> float:
    times = []
    for _ in range(REPEATS):
        begun = time.process_time()
        draw()
        times.append(time.process_time() - begun)
    return statistics.median(times)


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 30_000
    analysis = invent(count)
    draw_png(analysis)  # loads the library
    html_seconds = cpu_seconds(lambda: draw_html(analysis))
    png_seconds = cpu_seconds(lambda: draw_png(analysis))
    page = draw_html(analysis).encode()
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "map.html"
        file.write_bytes(page)
        seen = asyncio.run(smoothness(file))
    print(f"{count:,} opinions: map.html {len(page) / 1e6:.2f} MB in {html_seconds:.2f} CPU s,")
    print(f"  map.png in {png_seconds:.2f} CPU s (limit 2), opened in {seen['opened']:.2f} s")
    script = f"median {seen['script']:.1f} ms, 95 % {seen['script95']:.1f} ms"
    print(f"  a frame of a pan: script {script} (limit {FRAME_MS}), whole {seen['frame']:.1f} ms")
    for kind in ("arcs", "sprites"):
        ratio = seen[kind] / seen["frame"]
        print(f"  the same dots as canvas {kind}: {seen[kind]:.0f} ms a frame ({ratio:.1f} times)")
    if seen["script"] > FRAME_MS or png_seconds > 2:
        sys.exit("over the limit")


if __name__ == "__main__":
    main()
