"""How long a server takes from its start until it is ready, by the symbols that its catalogue holds.

    python -m benchmarks.startup [--symbols 1 1000] [--times 3] [--module app serve]

The least of a few starts counts, of each catalogue in turn. The exit code is 1 where the largest catalogue takes more than
2 s longer than the smallest. The last line is JSON.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import httpx
from PIL import Image
from tqdm import tqdm

from benchmarks.mutations import saved
from benchmarks.server import SERVE, checked, server
from benchmarks.speed import examples

LONGER = 2.0  # seconds


def fill(folder: Path, symbols: int, module: Sequence[str] = SERVE) -> None:
    """Register so many generated symbols in a catalogue of their own."""
    with server(tuple(module), {"DATA_DIR": folder}) as running, httpx.Client(base_url=running.url, timeout=60) as client:
        for number, pixels in enumerate(tqdm(examples(symbols), unit="symbol", desc="registering")):
            picture = saved(Image.fromarray(pixels), "PNG")
            checked(client.post("/symbols", data={"name": f"symbol {number}"}, files={"file": picture}))


def seconds_to_ready(folder: Path, module: Sequence[str] = SERVE) -> float:
    began = time.perf_counter()
    with server(tuple(module), {"DATA_DIR": folder}):
        return time.perf_counter() - began


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--symbols", type=int, nargs="+", default=[1, 1000])
    parser.add_argument("--times", type=int, default=3)
    parser.add_argument("--module", nargs="+", default=list(SERVE), help="what python -m runs as the server")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="planspot-benchmark-") as made:
        folders = {symbols: Path(made) / str(symbols) for symbols in sorted(args.symbols)}
        for symbols, folder in folders.items():
            fill(folder, symbols, args.module)
        starts = [
            {symbols: seconds_to_ready(folder, args.module) for symbols, folder in folders.items()} for _ in range(args.times)
        ]
    least = {symbols: round(min(start[symbols] for start in starts), 2) for symbols in folders}
    for symbols, seconds in least.items():
        print(f"{symbols:>6} symbols  {seconds:.2f} s")
    print(json.dumps({"seconds": least}))
    return 1 if least[max(least)] - least[min(least)] > LONGER else 0


if __name__ == "__main__":
    sys.exit(main())
