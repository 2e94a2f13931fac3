"""Coverage-guided fuzzing of what decodes drawings: atheris looks for bytes that lead where no file led before.

    python -m benchmarks.fuzz [--seconds 600] [--seed 1] [--out FOLDER]

It runs the decoders in its own process, without the reader's walls, so that what the walls would hide shows: any exception
but the refusals that the service answers with 4xx, a file that takes longer than it may, a crash. It starts from the small
files that `benchmarks.mutate` changes and from what reached new code in earlier runs, both in FOLDER/corpus. A file that
fails is written to FOLDER, and the exit code is not 0. For Linux on x86-64, as atheris is.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["PIL", "app.engine.raster", "app.engine.pdf", "app.engine.drawing"]):
    from app.engine import decoders
    from app.engine.drawing import Drawings, Limits
from app.errors import BadInput, BrokenDrawing, TooLarge, UnsupportedType
from benchmarks.mutations import seeds

LIMITS = Limits(max_bytes=2**20, max_pixels=200_000, max_pages=3)
LONGEST = 8192  # bytes of a made file; most seeds are shorter
SLOWEST = 20    # seconds for one
MEMORY = 2048   # MB of the process


def read(data: bytes) -> None:
    """Read a whole file, as a request would. Raises what the service does not expect."""
    try:
        for page in Drawings(LIMITS, decoders.opened).pages(data, None, 72):
            assert page.pixels.shape == (*page.pixels.shape[:2], 3)
    except (BadInput, BrokenDrawing, TooLarge, UnsupportedType):
        pass


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=int, default=600)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path, default=Path("out/fuzz"), help="folder of the corpus and of files that fail")
    args = parser.parse_args()
    corpus = args.out / "corpus"
    corpus.mkdir(parents=True, exist_ok=True)
    for kind, files in seeds().items():
        for number, data in enumerate(files):
            (corpus / f"{number}.{kind.lower()}").write_bytes(data)
    limits = [f"-max_total_time={args.seconds}", f"-max_len={LONGEST}", f"-timeout={SLOWEST}", f"-rss_limit_mb={MEMORY}"]
    atheris.Setup([sys.argv[0], str(corpus), f"-artifact_prefix={args.out}/", f"-seed={args.seed}", *limits], read)
    atheris.Fuzz()  # ends the process


if __name__ == "__main__":
    main()
