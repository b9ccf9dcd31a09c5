"""How the shipped documents look when LibreOffice opens them.

    python -m tests.draft.looks     draws the pictures anew; look at each before you commit it

A picture is kept for each kind's sample. A machine has other fonts, so it is compared by where
lines of text stand and by how dark each 5 mm square is, not by its pixels.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pypdfium2
from PIL import Image

from skills.draft import drafting, forms, kinds
from tests.draft.papers import NOW, TODAY

PICTURES = Path(__file__).parent / "pictures"
OFFICE = shutil.which("soffice") or shutil.which("libreoffice")
POINTS_PER_MM = 72 / 25.4
DOTS = 50 / 72
# A4 in squares of 5 mm.
SQUARES = (42, 60)
# A line may stand a little elsewhere with other fonts; this is less than one line.
MOST_MM = 4.0
# Another font may break a line elsewhere: this share of the lines may read otherwise.
MOST_MISSING = 0.1
# Mean difference of darkness (0 to 255) over all squares. Another font differs by less than 2,
# a missing table row or a title at the left by more.
MOST_DARKNESS = 3.0


@dataclass(frozen=True)
class Look:
    """One document: its lines as (page, millimetres from the left, from the top), its pages."""

    lines: Mapping[str, tuple[int, float, float]]
    pages: list[Image.Image]

    def differs(self, other: Look) -> list[str]:
        """What is not where it should be, in words; empty when the two look alike."""
        found = []
        if len(self.pages) != len(other.pages):
            found.append(f"{len(self.pages)} pages, not {len(other.pages)}")
        missing = [text for text in other.lines if text not in self.lines]
        if len(missing) > MOST_MISSING * len(other.lines):
            found.append(f"no lines {missing}")
        for text, place in other.lines.items():
            if text in missing:
                continue
            here = self.lines[text]
            apart = max(abs(a - b) for a, b in zip(here[1:], place[1:], strict=True))
            if here[0] != place[0] or apart > MOST_MM:
                found.append(f"{text} stands at {here}, not at {place}")
        for number, (page, expected) in enumerate(zip(self.pages, other.pages, strict=False), 1):
            apart = darkness_apart(page, expected)
            if apart > MOST_DARKNESS:
                found.append(f"page {number} is {apart:.1f} apart")
        return found


def darkness_apart(one: Image.Image, other: Image.Image) -> float:
    squares = [
        page.convert("L").resize(SQUARES, Image.Resampling.BOX).tobytes() for page in (one, other)
    ]
    return sum(abs(a - b) for a, b in zip(*squares, strict=True)) / len(squares[0])


def samples(own: Path) -> dict[str, bytes]:
    """The shipped samples as the office would send them, and one that is still unconfirmed."""
    made = {}
    for name in kinds.ORDER:
        kind = kinds.load(name, own)
        values = forms.usable(kind, kind.sample, {})
        made[name] = _file(drafting.compose(kind, values, own, TODAY), is_confirmed=True)
        if kind.variant:
            values |= {kind.variant: "やさしい日本語"}
            plain = drafting.compose(kind, values, own, TODAY)
            made[f"{name}-やさしい日本語"] = _file(plain, is_confirmed=True)
    asked = drafting.compose(kinds.load("通知", own), {"件名": "防災訓練の実施"}, own, TODAY)
    made["通知-未確認"] = _file(asked, is_confirmed=False)
    return made


def _file(draft: drafting.Draft, *, is_confirmed: bool) -> bytes:
    return drafting.word_file(draft, NOW, is_confirmed=is_confirmed)


def looks_of(files: Mapping[str, bytes], folder: Path) -> dict[str, Look]:
    """Open Word files in LibreOffice and look at them."""
    assert OFFICE is not None
    for name, content in files.items():
        (folder / f"{name}.docx").write_bytes(content)
    profile = f"-env:UserInstallation={(folder / 'profile').as_uri()}"
    command = [OFFICE, profile, "--headless", "--convert-to", "pdf", "--outdir", str(folder)]
    subprocess.run(
        [*command, *(str(folder / f"{name}.docx") for name in files)],
        check=True,
        capture_output=True,
        timeout=240,
    )
    return {name: _look(folder / f"{name}.pdf") for name in files}


def _look(path: Path) -> Look:
    lines: dict[str, tuple[int, float, float]] = {}
    pages = []
    document = pypdfium2.PdfDocument(path)
    for number, page in enumerate(document, 1):
        text, height = page.get_textpage(), page.get_height()
        for index in range(text.count_rects()):
            left, bottom, right, top = text.get_rect(index)
            words = "".join(text.get_text_bounded(left, bottom, right, top).split())
            if len(words) > 1:
                place = (left / POINTS_PER_MM, (height - top) / POINTS_PER_MM)
                lines.setdefault(words, (number, round(place[0], 1), round(place[1], 1)))
        pages.append(page.render(scale=DOTS, grayscale=True).to_pil())
        text.close()
    document.close()
    return Look(lines, pages)


def kept(name: str) -> Look:
    """The look that somebody has checked."""
    lines = json.loads((PICTURES / f"{name}.json").read_text(encoding="utf-8"))
    count = len(list(PICTURES.glob(f"{name}.*.png")))
    pages = [Image.open(PICTURES / f"{name}.{number}.png") for number in range(1, count + 1)]
    return Look({text: tuple(place) for text, place in lines.items()}, pages)


def keep(name: str, look: Look) -> None:
    for old in PICTURES.glob(f"{name}.*"):
        old.unlink()
    rows = ",\n".join(
        f"  {json.dumps(text, ensure_ascii=False)}: {json.dumps(list(place))}"
        for text, place in look.lines.items()
    )
    (PICTURES / f"{name}.json").write_text(f"{{\n{rows}\n}}\n", encoding="utf-8")
    for number, page in enumerate(look.pages, 1):
        page.quantize(16).save(PICTURES / f"{name}.{number}.png", optimize=True)


def main() -> None:
    PICTURES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        found = looks_of(samples(Path(folder) / "own"), Path(folder))
    for name, look in found.items():
        keep(name, look)
        sys.stdout.write(f"{name}: {len(look.pages)} pages, {len(look.lines)} lines\n")


if __name__ == "__main__":
    main()
