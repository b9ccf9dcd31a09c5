"""`shomu minutes` on a meeting of six hours and 200,000 characters: CPU seconds and memory.

    python tests/bench/minutes_long.py

The transcript is put together from the written meetings in tests/minutes/data: exchanges of an
assembly and office meetings, in turn, until it is long enough, as WebVTT with a cue every few
seconds. The command runs as a person would run it, in a process of its own; the same command on a
meeting of two lines, in the same run, says what of it is starting up. Memory is that of all its
processes together (Linux).
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from itertools import cycle
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from bot.japanese import sentences
from tests.minutes.assembly import exchanges

ROOT = Path(__file__).parents[2]
CHARACTERS, SECONDS = 200_000, 6 * 3600
LIMIT_SECONDS, LIMIT_MB = 20, 500
START = "from bot.cli import main; main()"


def said() -> Iterator[tuple[str, str]]:
    """(speaker, sentence), without end."""
    for point in cycle(exchanges("dev")):
        yield "議長 山田太郎", f"次に、{point.topic}についてです。{point.question.speaker}。"
        for speech in (point.question, point.answer):
            for line in speech.said:
                for sentence in sentences(line):
                    yield speech.speaker, sentence
        yield from office()


def office() -> Iterator[tuple[str, str]]:
    """The rows of one office meeting; each time the next."""
    for row in next(_meetings):
        yield row["speaker"], row["text"]


def _each_meeting() -> Iterator[list[dict[str, str]]]:
    path = ROOT / "tests" / "minutes" / "data" / "actions-dev.jsonl"
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    meetings: dict[str, list[dict[str, str]]] = {}
    for row in rows:
        meetings.setdefault(row["id"][:3], []).append(row)
    yield from cycle(meetings.values())


_meetings = _each_meeting()


def webvtt() -> str:
    """The whole transcript."""
    cues: list[tuple[str, str]] = []
    length = 0
    for speaker, sentence in said():
        cues.append((speaker, sentence))
        length += len(sentence)
        if length >= CHARACTERS:
            break
    step = SECONDS / len(cues)
    rows = ["WEBVTT", ""]
    for at, (speaker, sentence) in enumerate(cues):
        rows += [f"{_time(at * step)} --> {_time((at + 1) * step)}", f"<v {speaker}>{sentence}</v>"]
        rows.append("")
    return "\n".join(rows)


def _time(seconds: float) -> str:
    minutes, rest = divmod(seconds, 60)
    return f"{int(minutes) // 60:02}:{int(minutes) % 60:02}:{rest:06.3f}"


def measure(path: Path, home: Path) -> tuple[float, float, int]:
    """CPU seconds, most resident MB at a time of all its processes, and bytes of output."""
    done = subprocess.Popen(
        [sys.executable, "-c", START, "minutes", str(path), "--json"],
        env=os.environ | {"SHOMU_HOME": str(home), "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
    )
    most = [0.0]
    watch = threading.Thread(target=_watch, args=(done.pid, most), daemon=True)
    watch.start()
    assert done.stdout
    output = done.stdout.read()
    watch.join()
    _, status, used = os.wait4(done.pid, 0)
    assert status == 0, output.decode()
    return used.ru_utime + used.ru_stime, most[0], len(output)


def _watch(pid: int, most: list[float]) -> None:
    """Look at the process and its children every 50 ms until it ends."""
    page = os.sysconf("SC_PAGE_SIZE") / 1024 / 1024
    while pages := _pages(pid):
        most[0] = max(most[0], pages * page)
        time.sleep(0.05)


def _pages(pid: int) -> int:
    folder = Path(f"/proc/{pid}")
    try:
        own = int((folder / "statm").read_text().split()[1])
        children = (folder / "task" / str(pid) / "children").read_text().split()
    except (OSError, IndexError):
        return 0
    return own + sum(_pages(int(child)) for child in children)


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        long, short = home / "long.vtt", home / "short.vtt"
        long.write_text(webvtt(), encoding="utf-8")
        short.write_text(
            "WEBVTT\n\n00:00.000 --> 00:02.000\n<v 佐藤>始めます。</v>\n", encoding="utf-8"
        )
        # The first run makes the state directory.
        measure(short, home)
        start_seconds, start_mb, _ = measure(short, home)
        seconds, mb, size = measure(long, home)
    print(f"long:  {seconds:.1f} s CPU of {LIMIT_SECONDS}, {mb:.0f} MB of {LIMIT_MB}, {size} bytes")
    print(f"short: {start_seconds:.1f} s CPU, {start_mb:.0f} MB")
    sys.exit(seconds > LIMIT_SECONDS or mb > LIMIT_MB)


if __name__ == "__main__":
    main()
