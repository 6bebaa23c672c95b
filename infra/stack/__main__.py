"""`python -m infra.stack`: what the targets `stack-…` of the Makefile call."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from gvio.errors import GvioError

_FOLDER = click.Path(file_okay=False, path_type=Path)


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
@click.option("--pack", help="Region pack: a folder. Kept.")
@click.pass_obj
def settings(folder: Path, pack: str | None) -> None:
    """Only make ports and passwords, for the container form: docker compose --env-file STACK/.env."""
    from infra.stack.settings import ENV_FILE, load_or_make

    load_or_make(folder, pack or None)
    click.echo(folder / ENV_FILE)


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


@cli.command()
@click.option("--to", "target", required=True, type=_FOLDER, help="Folder of the backup.")
@click.option("--replace", is_flag=True, help="Take the place of an older backup.")
@click.pass_obj
def backup(folder: Path, target: Path, replace: bool) -> int:
    """Back up databases, registry and store while the stack works."""
    from infra.stack.keeping import back_up
    from infra.stack.settings import load

    return back_up(load(folder), target, replace=replace)


@cli.command()
@click.option("--from", "source", required=True, type=_FOLDER, help="Folder of the backup.")
@click.pass_obj
def restore(folder: Path, source: Path) -> int:
    """Make databases, registry and store what a backup holds; what is there and not in the backup is lost."""
    from infra.stack.keeping import restore as write_back
    from infra.stack.keeping import stop_users
    from infra.stack.lifecycle import bring_up

    settings = bring_up(folder, None, click.echo)
    stop_users(settings)
    code = write_back(settings, source)
    bring_up(folder, None, click.echo)
    return code


@cli.command()
@click.option("--months", default=12, show_default=True, type=click.IntRange(1, 60), help="How many.")
@click.option("--seed", default=1, show_default=True, help="Of the moments at which programs are killed.")
@click.option("--keep", is_flag=True, help="Leave the servers running.")
@click.pass_obj
def test(folder: Path, months: int, seed: int, keep: bool) -> int:
    """Months through deployment and worker with a kill -9 in each, compared with an undisturbed replay."""
    from infra.stack.findings import findings, sizes
    from infra.stack.lifecycle import take_down
    from infra.stack.rehearsal import clear, rehearse

    clear(folder, click.echo)
    rehearsal = rehearse(folder, months, seed, click.echo)
    grown = sizes(rehearsal.settings)
    failed = 0
    for finding in findings(rehearsal, folder, click.echo):
        failed += not finding.holds
        click.echo(f"{'ok  ' if finding.holds else 'FAIL'}  {finding.name}: {finding.what}")
    undisturbed, disturbed = sum(rehearsal.replay_seconds), sum(one.seconds for one in rehearsal.lived)
    click.echo(f"{months} months: {undisturbed:.0f} s undisturbed in a folder, {disturbed:.0f} s on the stack")
    click.echo("; ".join(f"{name} {size / 1e6:.1f} MB" for name, size in grown.items()))
    if not keep:
        take_down(rehearsal.settings, click.echo)
    return 1 if failed else 0


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
