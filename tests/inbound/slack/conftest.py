"""Incidents that somebody has been paged for in Slack."""

from collections.abc import Callable

import pytest

from tests.workspace import Slack
from tests.world import Incident, Person, World

Paged = Callable[..., tuple[Person, Person, Incident]]


@pytest.fixture
def paged(world: World, slack: Slack) -> Paged:
    """Ana has been paged in Slack and Bo is next; both are there, and a channel shows the incident."""

    def opened(title: str = "DB pool exhausted") -> tuple[Person, Person, Incident]:
        ana, bo = world.members("Ana", "Bo")
        slack.joins(ana, bo, world.zoe)
        slack.has_alerts()
        return ana, bo, world.opens(title, layers=[([ana], 5), ([bo], 15)])

    return opened
