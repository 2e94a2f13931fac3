"""`python -m training`: train, jury, calibrate, export, finetune, evaluate."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from importlib import import_module

from app.errors import PlanspotError

COMMANDS = {
    "train": ("training.train", "train encoder and scout on generated drawings"),
    "jury": ("training.jury", "train the judges that have the last word"),
    "finetune": ("training.finetune", "fine-tune the encoder on annotated drawings (COCO or YOLO)"),
    "evaluate": ("training.evaluate", "measure detection on drawings of symbols never trained on"),
    "calibrate": ("training.calibrate", "fit the scores to probabilities"),
    "export": ("training.export", "write the reference symbols and their codes into a folder of weights"),
}


def main(argv: Sequence[str] | None = None) -> int:
    """Runs one command; 0, or 1 after an error that the user can mend."""
    argv = sys.argv[1:] if argv is None else list(argv)
    chosen = argv[0] if argv and argv[0] in COMMANDS else None
    args = _parser(chosen).parse_args(argv)
    try:
        import_module(COMMANDS[args.command][0]).run(args)
    except PlanspotError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


def _parser(chosen: str | None) -> argparse.ArgumentParser:
    """All commands are listed; only the chosen one's module, and torch with it, is loaded for its arguments."""
    parser = argparse.ArgumentParser(prog="python -m training", description="Train and measure Planspot's model.")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, (module, summary) in COMMANDS.items():
        command = commands.add_parser(name, help=summary, description=summary,
                                      formatter_class=argparse.ArgumentDefaultsHelpFormatter)
        if name == chosen:
            import_module(module).add_arguments(command)
    return parser


if __name__ == "__main__":
    sys.exit(main())
