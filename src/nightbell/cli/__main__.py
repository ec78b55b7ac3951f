"""Where `nightbell` starts: the only place that loads a verb, when it is asked for and not before."""

import importlib
import sys
from collections.abc import Sequence
from types import ModuleType
from typing import Any

import click

from nightbell.cli import deferred, survival, verbs

HELP = ["--help", "-h"]


def load(module: str) -> ModuleType:
    """A module of the command line, now."""
    return importlib.import_module(f"nightbell.cli.{module}")


class Verbs(click.Group):
    """The verbs by name. Their list is made from the table, so that asking for help loads none of them."""

    def main(self, args: Sequence[str] | None = None, *more: Any, **extra: Any) -> Any:
        """Run what was typed; what cannot be written or read ends in one line."""
        with survival.plainly():
            return super().main(survival.as_text(sys.argv[1:] if args is None else args), *more, **extra)

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 -- the library's
        """In the order of the table, which is by how often they are wanted."""
        return [name for name, verb in verbs.TABLE.items() if not verb.hidden]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The verb as it is typed; what it does is loaded when it runs."""
        verb = verbs.TABLE.get(cmd_name)
        if verb is None:
            return None
        ctx.meta[deferred.VERB] = verb
        command = getattr(load(verb.typed or verb.module), verb.attribute or cmd_name)
        assert isinstance(command, click.Command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The list of verbs."""
        with formatter.section("Verbs"):
            formatter.write_dl([(name, verbs.TABLE[name].line) for name in self.list_commands(ctx)])


@click.group(
    cls=Verbs,
    subcommand_metavar="VERB ...",
    context_settings={"help_option_names": HELP, "max_content_width": 100},
)
@click.version_option(package_name="nightbell")
@click.pass_context
def cli(ctx: click.Context) -> None:
    """Nightbell wakes somebody, and somebody else if nobody answers.

    \b
    nightbell demo                 try it, with throwaway data
    nightbell serve                run it
    nightbell incident list        what is open?
    nightbell VERB --help          more about one of them
    """
    ctx.obj = load


def main() -> None:
    """The entry point."""
    survival.write_everything()
    cli(prog_name="nightbell")


if __name__ == "__main__":
    main()
