"""A client of the crash tests, run as a program: opens incidents at a rate, and says which were accepted."""

import sys
import time
from uuid import UUID

import django

django.setup()

from django.db import Error, connection  # noqa: E402 -- Django first

from nightbell.actions import incidents  # noqa: E402
from nightbell.core.incident import actor, state  # noqa: E402
from nightbell.data.access.principal import Principal  # noqa: E402
from nightbell.data.models import Role  # noqa: E402

RETRY_SECONDS = 0.1


def main(organization: str, owner: str, policy: str, rate: str, seconds: str) -> None:
    """Open `rate` incidents a second for so many seconds; what fails is tried again, as the same incident."""
    principal = Principal(UUID(organization), actor.Actor(actor.Type.API_KEY, UUID(organization), "writer"), Role.ADMIN)
    began = time.monotonic()
    number = 0
    while (now := time.monotonic() - began) < float(seconds):
        time.sleep(max(0.0, number / float(rate) - now))
        number += 1
        given = incidents.Opening(
            f"Crash {number}", state.Severity.HIGH, UUID(owner), policy_id=UUID(policy), dedup_key=f"crash-{number}"
        )
        if accepted := accept(principal, given, until=began + float(seconds)):
            sys.stdout.write(f"{accepted}\n")
            sys.stdout.flush()


def accept(principal: Principal, given: incidents.Opening, until: float) -> UUID | None:
    """The incident's id, once it is committed; None where it was not until then, and so nothing was promised."""
    while True:
        try:
            return incidents.open_incident(principal, given)[0].incident.id
        except Error:
            connection.close()
            if time.monotonic() > until:
                return None
            time.sleep(RETRY_SECONDS)


if __name__ == "__main__":
    main(*sys.argv[1:])
