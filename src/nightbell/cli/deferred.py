"""A verb as it is typed, apart from what it does: that is loaded when the verb is run, and never for its help."""

from typing import Any

import click

from nightbell.cli import verbs

# Where the group of all verbs leaves the line of the table.
VERB = "nightbell.verb"


class Command(click.Command):
    """What it does is the function of its name in the verb's module, called with what was typed."""

    def invoke(self, ctx: click.Context) -> Any:
        """Prepare the process, then do it."""
        assert self.callback is not None
        verb: verbs.Verb = ctx.meta[VERB]
        ctx.obj("preparation").prepare(ctx, verb)
        does = getattr(ctx.obj(verb.module), self.callback.__name__)
        if verb.needs not in {verbs.Needs.DATABASE, verbs.Needs.SESSIONS}:
            return does(**ctx.params)
        with ctx.obj("output").plainly():
            return does(**ctx.params)


class Group(click.Group):
    """Several of them on one thing."""

    command_class = Command
