"""`gvio`: parses nothing but flags here; every command imports what it needs when it runs, so that help is instant."""

from __future__ import annotations

import gc
import json
import sys
from collections.abc import Sequence
from typing import Any

import click

from gvio.cli.backup import backup, restore
from gvio.cli.model import registry, serve
from gvio.cli.options import be_quiet
from gvio.cli.read import dashboard, history, status
from gvio.cli.replay import replay
from gvio.cli.run import backfill, run
from gvio.cli.stages import decide, evaluate, fetch, map_, publish, sample, train, validate
from gvio.cli.store import repair, verify
from gvio.cli.worlds import demo, simulate
from gvio.errors import ConfigError, GvioError, StoreError

INTERRUPTED = 130
# Until Python looks for garbage: its own 700 make up to a fifth of a command's start, and imports leave none.
_ALLOCATIONS = 50_000


def _tell_version(context: click.Context, _: click.Parameter, wanted: bool) -> None:
    if wanted and not context.resilient_parsing:
        from gvio.version import code_version

        click.echo(f"gvio, version {code_version()}")
        context.exit()


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.option(
    "--version", is_flag=True, is_eager=True, expose_value=False, callback=_tell_version, help="Tell the version."
)
def cli() -> None:
    """From the light of the night to a monthly map of industrial output.

    Exit codes: 0 done or nothing to do; 1 the store or the model failed; 2 wrong usage or configuration; 3 input
    refused, nothing published; 4 upstream not available, try later; 5 another run holds the region.
    """


STAGES = (fetch, validate, sample, train, evaluate, decide, map_, publish)
for _command in (
    demo,
    run,
    backfill,
    replay,
    *STAGES,
    registry,
    status,
    history,
    verify,
    repair,
    backup,
    restore,
    dashboard,
    simulate,
    serve,
):
    cli.add_command(_command)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and leave with its exit code. Errors are one line on standard error."""
    gc.set_threshold(_ALLOCATIONS)
    be_quiet()
    words = list(sys.argv[1:] if arguments is None else arguments)
    try:
        code: Any = cli.main(args=words, prog_name="gvio", standalone_mode=False)
    except GvioError as error:
        _report(error, "--json" in words)
        sys.exit(error.exit_code)
    except click.ClickException as error:
        if "--json" in words:
            _print_json("UsageError", error.format_message(), error.exit_code, retryable=False)
        error.show()
        sys.exit(error.exit_code)
    except ModuleNotFoundError as error:
        absent = _absent(error)
        _report(absent, "--json" in words)
        sys.exit(absent.exit_code)
    except OSError as error:  # a disk that is full, a folder of somebody else: no stage knows the cure better than this
        what = error.strerror or type(error).__name__
        lost = StoreError(what, where=str(error.filename or "a file"), hint="Check its rights and the free space.")
        _report(lost, "--json" in words)
        sys.exit(lost.exit_code)
    except (click.Abort, KeyboardInterrupt):
        click.echo("gvio: interrupted; nothing was published", err=True)
        sys.exit(INTERRUPTED)
    sys.exit(code if isinstance(code, int) else 0)


def _absent(error: ModuleNotFoundError) -> ConfigError:
    """What to say where only what reads releases is installed; a module of our own that is lost is a defect."""
    name = (error.name or "").partition(".")[0]
    if name in ("", "gvio"):
        raise error
    hint = "This command needs all of gvio: `pip install 'gvio[run]'`."
    return ConfigError(f"the library {name!r} is not installed", hint=hint)


def _report(error: GvioError, as_json: bool) -> None:
    if as_json:
        _print_json(type(error).__name__, str(error), error.exit_code, retryable=error.retryable)
    click.echo(f"gvio: {error}", err=True)


def _print_json(name: str, message: str, code: int, *, retryable: bool) -> None:
    document = {"error": name, "message": message, "exit_code": code, "retryable": retryable}
    click.echo(json.dumps(document, indent=2, sort_keys=True))
