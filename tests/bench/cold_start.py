"""How long one `shomu ask` takes on a city's documents, start to end.

    .venv/bin/python tests/bench/cold_start.py [--rounds 5]

Beside it, in turn, the time that Python needs to import SQLAlchemy and SQLModel alone: what is
left between the two is ours. CPU is that of the process and its children.
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
TARGET_SECONDS = 3.0
COMMANDS = {
    "shomu ask": (SHOMU, "ask", "夏季休暇は何日まで取れますか"),
    "python -c import": (sys.executable, "-c", "import sqlalchemy, sqlmodel"),
}


def cost(command: Sequence[str], environment: dict[str, str]) -> tuple[float, float]:
    """(wall, CPU) seconds of one run."""
    before, start = os.times(), time.perf_counter()
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    wall, after = time.perf_counter() - start, os.times()
    assert command[0] != SHOMU or "休暇の手引.docx" in done.stdout, done.stdout
    cpu = after.children_user + after.children_system
    return wall, cpu - before.children_user - before.children_system


def main(rounds: int) -> None:
    plain = {name: value for name, value in os.environ.items() if not name.startswith("SHOMU_")}
    found: dict[str, list[tuple[float, float]]] = {name: [] for name in COMMANDS}
    with tempfile.TemporaryDirectory(prefix="shomu-cold-") as home:
        environment = plain | {"SHOMU_HOME": home}
        add = [SHOMU, "docs", "add", str(DOCUMENTS), "--label", "2"]
        subprocess.run(add, env=environment, capture_output=True, check=True)
        for _ in range(rounds):
            for name, command in COMMANDS.items():
                found[name].append(cost(command, environment))
    wall = {name: statistics.median(wall for wall, _ in costs) for name, costs in found.items()}
    cpu = {name: statistics.median(cpu for _, cpu in costs) for name, costs in found.items()}
    for name in COMMANDS:
        print(f"{name:17} {wall[name]:.2f} s wall, {cpu[name]:.2f} s CPU (median of {rounds})")
    mine, floor = COMMANDS
    print(
        f"ratio {wall[mine] / wall[floor]:.1f} wall, {cpu[mine] / cpu[floor]:.1f} CPU;"
        f" target < {TARGET_SECONDS:.0f} s; load {os.getloadavg()[0]:.1f}"
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    main(parser.parse_args().rounds)
