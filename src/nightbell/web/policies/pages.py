"""The page that shows escalation policies, and which of their layers page nobody for a while."""

from collections.abc import Mapping
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_GET

from nightbell.core import policy
from nightbell.data import clock
from nightbell.data.access.principal import Principal
from nightbell.data.reads import directory, gaps, people, schedules
from nightbell.web import session
from nightbell.web.incidents import panel
from nightbell.web.schedules import gap_words


@require_GET
@session.member
def listing(request: HttpRequest, principal: Principal) -> HttpResponse:
    """The organization's escalation policies, to read."""
    now = clock.now()
    names = {each.id: each.name for each in people.active(principal)}
    names |= {each.id: each.name for each in schedules.listed(principal)}
    uncovered = gap_words.by_schedule(gaps.of_organization(principal, now), now)
    shown = [
        (each, panel.layers(each.policy, names), _uncovered(each.policy, uncovered))
        for each in directory.policies(principal)
    ]
    context = {"section": "policies", "policies": shown, "now": now}
    return session.page(request, principal, "web/policies.html", context)


def _uncovered(
    copy: policy.Policy, uncovered: Mapping[UUID, gap_words.GapSummary]
) -> list[tuple[int, gap_words.GapSummary]]:
    """The layers that page nobody for some of the next two weeks, by their position."""
    return [
        (position, uncovered[layer.target.schedule_id])
        for position, layer in enumerate(copy.layers, start=1)
        if isinstance(layer.target, policy.Schedule) and layer.target.schedule_id in uncovered
    ]
