"""How long one `shomu draft` takes on a city's documents, start to end.

    .venv/bin/python tests/bench/draft.py [--rounds 5]

Beside it, in turn, one `shomu ask` on the same documents: what is left between the two is the
form, the template and the Word file. CPU is that of the process and its children.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).parents[2]
SHOMU = str(Path(sys.executable).parent / "shomu")
DOCUMENTS = ROOT / "infra" / "sample-city" / "documents"
LIMIT_SECONDS = 2.0


def cost(command: Sequence[str], environment: dict[str, str]) -> tuple[float, float]:
    """(wall, CPU) seconds of one run."""
    before, start = os.times(), time.perf_counter()
    subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    wall, after = time.perf_counter() - start, os.times()
    cpu = after.children_user + after.children_system
    return wall, cpu - before.children_user - before.children_system


def main(rounds: int) -> None:
    plain = {name: value for name, value in os.environ.items() if not name.startswith("SHOMU_")}
    with tempfile.TemporaryDirectory(prefix="shomu-draft-") as home:
        environment = plain | {"SHOMU_HOME": home}
        add = [SHOMU, "docs", "add", str(DOCUMENTS), "--label", "2"]
        subprocess.run(add, env=environment, capture_output=True, check=True)
        file = Path(home) / "通知.docx"
        commands = {
            "shomu draft": [SHOMU, "draft", "通知", "--sample", "--json", "--out", str(file)],
            "shomu ask": [SHOMU, "ask", "夏季休暇は何日まで取れますか"],
        }
        found: dict[str, list[tuple[float, float]]] = {name: [] for name in commands}
        for _ in range(rounds):
            for name, command in commands.items():
                found[name].append(cost(command, environment))
        assert file.stat().st_size > 10_000
    wall = {name: statistics.median(wall for wall, _ in costs) for name, costs in found.items()}
    cpu = {name: statistics.median(cpu for _, cpu in costs) for name, costs in found.items()}
    for name in commands:
        print(f"{name:12} {wall[name]:.2f} s wall, {cpu[name]:.2f} s CPU (median of {rounds})")
    mine, floor = commands
    print(
        f"ratio {wall[mine] / wall[floor]:.2f} wall, {cpu[mine] / cpu[floor]:.2f} CPU;"
        f" limit {LIMIT_SECONDS:.0f} s; load {os.getloadavg()[0]:.1f}"
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    main(parser.parse_args().rounds)
