"""The child of `learn`, started by course/grading/: a grader, a stack that stands, or the forge of the graders.

python -m checker --fd N --suite FOLDER --project FOLDER --run FOLDER [--only CHECK,CHECK] --codes JSON --given JSON
python -m checker --stand --fd N --suite FOLDER --project FOLDER --run FOLDER --ports JSON --chosen JSON
python -m checker --forge N [--reserve] [--warm]
"""

from __future__ import annotations

import argparse
import compileall
import json
import sys
from pathlib import Path

from checker.forge import Forge
from checker.grader import Order, grade
from checker.harness.server import PROBE_FOLDER


def main() -> int:
    """Grade what the command line says; or fork a grader for each order that comes, each of which comes out here."""
    options = _options()
    # Servers keep no bytecode (clean_environment), and each of them loads the probe: its own is kept by us.
    compileall.compile_dir(PROBE_FOLDER, quiet=2)
    if options.forge is not None:
        job = Forge(options.forge, keeps_reserve=options.reserve, is_warm=options.warm).job()
        return 0 if job is None else job()
    if options.stand:
        from checker import stand as standing  # graders do without what it imports

        at = (options.fd, options.suite, options.project, options.run)
        return standing.stand(standing.Order(*at, options.ports, options.chosen))
    given = tuple(options.given)
    return grade(Order(options.fd, options.suite, options.project, options.run, options.only, options.codes, given))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m checker")
    parser.add_argument("--forge", type=int, help="a connected socket: orders in, each with its descriptors")
    parser.add_argument("--reserve", action="store_true", help="with --forge: keep a grader ready for the next order")
    parser.add_argument("--warm", action="store_true", help="with --forge: fork servers from a Python that knows them")
    parser.add_argument("--stand", action="store_true", help="do not grade: start the exercise's stack, and keep it")
    parser.add_argument("--ports", type=json.loads, default={}, help="with --stand: the ports to stand at, by name")
    parser.add_argument("--chosen", type=json.loads, default={}, help="with --stand: which of what it offers, by kind")
    parser.add_argument("--fd", type=int, help="a connected socket: nonce in, events out")
    parser.add_argument("--suite", type=Path, help="the exercise's room: its checks, test_*.py")
    parser.add_argument("--project", type=Path, help="the learner's folder")
    parser.add_argument("--run", type=Path, help="the folder for history, logs and ledger")
    parser.add_argument("--only", type=_names, default=(), help="these checks, and what they need; default: all")
    parser.add_argument("--codes", type=json.loads, default={}, help="diagnoses that have hints, and their facts")
    parser.add_argument("--given", type=json.loads, default=(), help="files of the project that are as issued")
    return parser.parse_args()


def _names(text: str) -> tuple[str, ...]:
    return tuple(filter(None, text.split(",")))


if __name__ == "__main__":
    sys.exit(main())
