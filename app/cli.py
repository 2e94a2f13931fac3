"""The command line: serve, detect, symbols, weights, and what app.admin adds."""

from __future__ import annotations

import argparse
import re
import sys
import tempfile
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from tqdm import tqdm

from app import admin
from app.api import wire
from app.api.formats import MEDIA, TABLES, known_format
from app.catalogue.records import SymbolRecord
from app.engine.query import Options
from app.errors import BadInput, NotFound, PlanspotError
from app.serve import serve
from app.service.answer import Answer
from app.service.detect import Plan, Search
from app.service.engine import Loader, load_engine
from app.service.fields import parse_box, parse_pages
from app.service.pictures import Upload
from app.service.report import MARKED, check_pages, marked, report
from app.service.service import Service
from app.service.worker import Urgency
from app.settings import Settings
from app.table import print_table


def main(argv: Sequence[str] | None = None, loader: Loader = load_engine) -> int:
    """Run a command; the exit status is 1 where it could not be done. loader: gives the engine for a folder of weights."""
    arguments = _parser().parse_args(argv)
    try:
        arguments.command(arguments, loader)
    except (PlanspotError, OSError) as error:
        print(f"planspot: {error}", file=sys.stderr)
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="planspot", description="Find and count symbols on drawings. Settings come from PLANSPOT_* in the environment."
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    server = commands.add_parser("serve", help="run the service")
    server.add_argument("--host", help="address to listen on")
    server.add_argument("--port", type=int, help="port to listen on")
    server.set_defaults(command=_serve)
    _add_detect(commands.add_parser("detect", help="find symbols on drawings"))
    _add_symbols(commands.add_parser("symbols", help="the catalogue: add, list, rename, delete"))
    admin.add_commands(commands)
    weights = commands.add_parser("weights", help="the model's weights").add_subparsers(required=True, metavar="COMMAND")
    check = weights.add_parser("check", help="load a folder of weights and run it once")
    check.add_argument("folder", type=Path)
    check.set_defaults(command=_check_weights)
    return parser


def _add_detect(parser: argparse.ArgumentParser) -> None:
    defaults = Options()
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE", help="PNG, JPEG, TIFF, WebP, BMP or PDF")
    parser.add_argument(
        "--symbol",
        action="append",
        default=[],
        metavar="NAME[=EXAMPLE[:x,y,w,h]]",
        help="a symbol of the catalogue, or a name for an example in a file; repeatable; all of the catalogue if not given",
    )
    parser.add_argument("--min-score", type=float, default=defaults.min_score)
    parser.add_argument("--rotation", choices=["any", "right_angles", "none"], default=defaults.rotation)
    parser.add_argument("--no-mirror", dest="mirror", action="store_false", help="do not look for mirrored copies")
    parser.add_argument("--scale-min", type=float, help="smallest size, relative to the example")
    parser.add_argument("--scale-max", type=float, help="largest size, relative to the example")
    parser.add_argument("--pages", help="1-3,5; all if not given")
    parser.add_argument("--dpi", type=int, default=200, help="resolution at which PDF is rendered")
    parser.add_argument("--out", type=Path, metavar="FILE", help="write what was found here")
    parser.add_argument("--format", choices=list(MEDIA), help="of --out; by the file's suffix if not given")
    parser.set_defaults(command=_detect)


def _add_symbols(parser: argparse.ArgumentParser) -> None:
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    add = commands.add_parser("add", help="register a symbol from one example")
    add.add_argument("name")
    add.add_argument("file", type=Path)
    add.add_argument("--box", help="x,y,width,height of the symbol in the file; the whole image if not given")
    add.add_argument("--page", type=int, default=1)
    add.add_argument("--dpi", type=int, default=200)
    add.set_defaults(command=_add_symbol)
    commands.add_parser("list", help="all symbols, oldest first").set_defaults(command=_list_symbols)
    rename = commands.add_parser("rename", help="give a symbol another name")
    rename.add_argument("symbol", help="id or name")
    rename.add_argument("name")
    rename.set_defaults(command=_rename_symbol)
    delete = commands.add_parser("delete", help="remove a symbol and its examples")
    delete.add_argument("symbol", help="id or name")
    delete.set_defaults(command=_delete_symbol)


def _serve(arguments: argparse.Namespace, loader: Loader) -> None:
    settings = Settings()
    host, port = arguments.host or settings.host, settings.port if arguments.port is None else arguments.port
    serve(settings, loader, host, port)


def _detect(arguments: argparse.Namespace, loader: Loader) -> None:
    given = dict(_given(text) for text in arguments.symbol if "=" in text)
    named = [text for text in arguments.symbol if "=" not in text]
    if given and named:
        raise BadInput("Name symbols of the catalogue, or give example files, not both at once.", "symbol")
    kind = _kind(arguments)
    with _catalogue(throwaway=bool(given)) as settings, _service(settings, loader) as service:
        for name, upload in given.items():
            service.symbols.register(name, upload)
        found = _search(service, arguments, named, kind)
        _print_counts([(file, answer) for file, _, answer in found])
        if kind:
            with arguments.out.open("wb") as out:
                out.writelines(_written(kind, found, service))


def _kind(arguments: argparse.Namespace) -> str | None:
    """The format of the file to write, None where there is none."""
    if arguments.out is None:
        if arguments.format:
            raise BadInput("`--format` says how to write `--out`; name that file too.", "format")
        return None
    return known_format(arguments.format or arguments.out.suffix.removeprefix(".").lower())


def _written(kind: str, found: Sequence[tuple[Path, Plan, Answer]], service: Service) -> Iterator[bytes]:
    named = [(file.name, answer) for file, _, answer in found]
    if kind == "json":
        yield wire.found_in_files(named).model_dump_json(indent=1).encode()
    elif kind in MARKED:
        sources = [partial(_data, plan) for _, plan, _ in found]
        yield from marked(kind, report(named), sources, found[0][1].search.dpi, service.drawings)
    else:
        yield TABLES[kind](report(named))


def _data(plan: Plan) -> bytes:
    return plan.search.data


def _search(
    service: Service, arguments: argparse.Namespace, named: Sequence[str], kind: str | None
) -> list[tuple[Path, Plan, Answer]]:
    """Every file is looked at before the first is searched, so that a bad one is told at once."""
    searches = [(file, _asked(arguments, file, named)) for file in arguments.files]
    plans = [(file, service.detections.plan(search)) for file, search in searches]
    if kind:
        check_pages(kind, sum(len(plan.pages) for _, plan in plans))
    found, stop = [], threading.Event()
    with tqdm(total=sum(len(plan.pages) for _, plan in plans), unit="page", disable=None) as bar:
        for file, plan in plans:
            bar.set_postfix_str(file.name)
            work = partial(service.detections.run, plan, stop.is_set, lambda _: bar.update())
            run = service.worker.submit(work, Urgency.DETECTION)
            try:
                found.append((file, plan, run.result()))
            except KeyboardInterrupt:
                stop.set()
                raise
    return found


def _asked(arguments: argparse.Namespace, file: Path, named: Sequence[str]) -> Search:
    names = ("min_score", "rotation", "mirror", "scale_min", "scale_max")
    given = {name: value for name in names if (value := getattr(arguments, name)) is not None}
    options = Options(**given, other_sizes=not {"scale_min", "scale_max"} & given.keys())
    pages = parse_pages(arguments.pages) if arguments.pages else None
    return Search(file.read_bytes(), tuple(named), options, pages, arguments.dpi)


def _given(text: str) -> tuple[str, Upload]:
    """`NAME=EXAMPLE[:x,y,w,h]`; a colon that no box follows belongs to the path."""
    name, _, place = text.partition("=")
    match = re.fullmatch(r"(?P<path>.+):(?P<box>[^:/\\]*,[^:/\\]*)", place)
    path, box = (match["path"], parse_box(match["box"], "symbol")) if match else (place, None)
    return name, Upload(Path(path).read_bytes(), box)


def _print_counts(answers: Sequence[tuple[Path, Answer]]) -> None:
    rows = [("file", "symbol", "count", "certain", "review", "expected")]
    for file, answer in answers:
        for each in answer.counts():
            numbers = (str(each.count), str(each.certain), str(each.review), f"{each.expected:.2f}")
            rows.append((file.name, each.symbol.name, *numbers))
        if answer.truncated:
            print(f"{file}: a page had more detections than are answered", file=sys.stderr)
    print_table(rows)


def _add_symbol(arguments: argparse.Namespace, loader: Loader) -> None:
    box = parse_box(arguments.box, "box") if arguments.box else None
    upload = Upload(arguments.file.read_bytes(), box, arguments.page, arguments.dpi)
    with _service(Settings(), loader) as service:
        record = service.symbols.register(arguments.name, upload)
    print(record.id)
    for warning in record.warnings:
        print(f"{warning.code}: {warning.detail}", file=sys.stderr)


def _list_symbols(_: argparse.Namespace, loader: Loader) -> None:
    with admin.idle_service(loader) as service:
        own = service.symbols.own()
    rows = [(each.id, each.name, f"{each.created_at:%Y-%m-%d %H:%M}", str(len(each.examples))) for each in own]
    print_table([("id", "name", "created", "examples"), *rows])


def _rename_symbol(arguments: argparse.Namespace, loader: Loader) -> None:
    with admin.idle_service(loader) as service:
        service.symbols.rename(_named(service, arguments.symbol).id, arguments.name)


def _delete_symbol(arguments: argparse.Namespace, loader: Loader) -> None:
    with admin.idle_service(loader) as service:
        service.symbols.delete(_named(service, arguments.symbol).id)


def _named(service: Service, id_or_name: str) -> SymbolRecord:
    found = service.symbols.find(id_or_name)
    if found is None:
        raise NotFound(f"There is no symbol with the id or name {id_or_name!r}.")
    return found


def _check_weights(arguments: argparse.Namespace, loader: Loader) -> None:
    engine = loader(arguments.folder, Settings().device)
    engine.finder.warm_up()
    facts = (("model", engine.finder.model), ("dimension", str(engine.finder.dimension)), ("device", engine.finder.device))
    more = (("certain from", f"{engine.finder.certain_from:.3f}"), ("references", str(len(engine.references))))
    print_table([*facts, *more])


@contextmanager
def _catalogue(throwaway: bool) -> Iterator[Settings]:
    """The settings as they are, or with a catalogue of their own that is gone afterwards."""
    if not throwaway:
        yield Settings()
        return
    with tempfile.TemporaryDirectory(prefix="planspot-") as folder:
        yield Settings(data_dir=Path(folder), database_url=None)


@contextmanager
def _service(settings: Settings, loader: Loader) -> Iterator[Service]:
    """A service whose model is there. Raises WeightsError."""
    service = Service(settings, loader)
    service.start().result()
    try:
        service.model.get()
        yield service
    finally:
        service.close()
