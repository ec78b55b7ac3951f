"""Which channels there are: a line for each, and nothing else in the house names one."""

from collections.abc import Callable, Mapping
from functools import partial

from django.conf import settings

from nightbell.channels import email, slack
from nightbell.channels.base import Channel
from nightbell.channels.declaration import Ability, Brought, Configured, Declaration, Part

DECLARED: tuple[Declaration, ...] = (
    email.DECLARATION,
    slack.DECLARATION,
)


def offered(configured: Configured, ability: Ability) -> tuple[str, ...]:
    """The names of the channels that this installation has and that can do this."""
    return tuple(each.name for each in DECLARED if ability in each.abilities and each.offered(configured))


def makers(ability: Ability) -> Mapping[str, Callable[[], Channel]]:
    """For the name of each channel that can do this here, what makes one for a sender thread."""
    configured = settings.NIGHTBELL
    return {name: partial(find(name).make, configured) for name in offered(configured, ability)}


def of_account() -> Declaration:
    """The channel that every account is reached over: its address is what they sign in with."""
    return next(each for each in DECLARED if each.brought is Brought.ACCOUNT)


def find(name: str) -> Declaration:
    """The channel of that name. Raises KeyError where this version knows none."""
    return {each.name: each for each in DECLARED}[name]


def parts() -> tuple[type[Part], ...]:
    """Each channel's part of the environment."""
    return tuple(each.part for each in DECLARED)
