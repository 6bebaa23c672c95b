"""`python -m infra.stack`: what the targets `stack-…` of the Makefile call."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from gvio.errors import GvioError


@click.group()
@click.option("--stack", "folder", default="stack", show_default=True, type=click.Path(path_type=Path), help="Folder.")
@click.pass_context
def cli(context: click.Context, folder: Path) -> None:
    """The servers that a team runs, on this machine, on the loopback address only."""
    context.obj = folder.absolute()


@cli.command()
@click.option("--pack", help="Region pack for the deployments: folder or s3://bucket/prefix. Kept.")
@click.pass_obj
def up(folder: Path, pack: str | None) -> None:
    """Start what does not run, and wait until all is well."""
    from infra.stack.lifecycle import addresses, bring_up

    settings = bring_up(folder, pack or None, click.echo)
    for line in addresses(settings):
        click.echo(line)


@cli.command()
@click.pass_obj
def status(folder: Path) -> int:
    """One line for each server; exit code 4 where one is not well."""
    from infra.stack.lifecycle import status as lines_of
    from infra.stack.settings import load

    lines = lines_of(load(folder))
    for line in lines:
        process = f"pid {line.pid}, {line.seconds} s" if line.pid else ""
        click.echo(f"{line.title:<15} {line.word:<9} {line.trouble or 'well':<30} {process}".rstrip())
    return 4 if any(line.trouble for line in lines) else 0


@cli.command()
@click.pass_obj
def down(folder: Path) -> None:
    """End all of it; data, ports and passwords stay."""
    from infra.stack.lifecycle import take_down
    from infra.stack.settings import load

    take_down(load(folder), click.echo)
    click.echo("down")


@cli.command(name="exec", hidden=True)
@click.argument("name")
@click.pass_obj
def become(folder: Path, name: str) -> None:
    """Become a program; what the supervisor calls."""
    from infra.stack.launch import become as turn_into
    from infra.stack.programs import programs
    from infra.stack.settings import load

    settings = load(folder)
    turn_into(settings, next(program for program in programs(settings) if program.name == name))


def main() -> None:
    """Run the command line; errors are one line."""
    try:
        code = cli.main(prog_name="stack", standalone_mode=False)
    except GvioError as error:
        click.echo(f"stack: {error}", err=True)
        sys.exit(error.exit_code)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    sys.exit(code if isinstance(code, int) else 0)


if __name__ == "__main__":
    main()
