"""Telling an organization's admins of the hours in which nobody is on call: once a week, and only if there are any."""

from datetime import timedelta

from django.db import transaction as database
from django.db.models import Q

from nightbell.actions import notices
from nightbell.core import about, notice
from nightbell.data import clock, transaction
from nightbell.data.access.principal import Needs, Principal
from nightbell.data.models import Organization
from nightbell.data.reads import gaps

EVERY = timedelta(days=7)
# A mail lists no more than this; the page of schedules has all of them.
MAX_TOLD = 50


@transaction.needing(Needs.INSTALLATION)
def tell_all(_principal: Principal) -> int:
    """Tell the admins of every organization that is due; how many organizations were told."""
    due = Organization.objects.filter(_due()).order_by("id").values_list("id", flat=True)
    return sum(_tell(Principal.system(organization_id)) for organization_id in list(due))


@transaction.action(Needs.INSTALLATION)
def _tell(principal: Principal) -> bool:
    organization_id = principal.organization_id
    # Whoever changes this row first tells; another engine waits for it here, and then finds nothing due.
    if not Organization.objects.filter(_due(), id=organization_id).update(gaps_told_at=clock.Now()):
        return False
    now = clock.now()
    found = gaps.of_organization_id(organization_id, now)
    if not found:
        # Nothing was told, so a gap that opens tomorrow need not wait for a week.
        database.set_rollback(True)
        return False
    told = tuple((each.name, start, end) for each in found for start, end in each.gaps)
    notices.tell_admins(organization_id, notice.Kind.COVERAGE_GAPS, about.Gaps(told[:MAX_TOLD]), now)
    return True


def _due() -> Q:
    return Q(gaps_told_at=None) | Q(gaps_told_at__lte=clock.Now() - EVERY)
