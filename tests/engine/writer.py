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


def main(organization: str, owner: str, policy: str, rate: str, seconds: str) -> None:
    """Open `rate` incidents a second for so many seconds; what fails is not tried again: nothing was promised."""
    principal = Principal(UUID(organization), actor.Actor(actor.Type.API_KEY, UUID(organization), "writer"), Role.ADMIN)
    began = time.monotonic()
    number = 0
    while (now := time.monotonic() - began) < float(seconds):
        time.sleep(max(0.0, number / float(rate) - now))
        number += 1
        given = incidents.Opening(f"Crash {number}", state.Severity.HIGH, UUID(owner), policy_id=UUID(policy))
        try:
            view, _ = incidents.open_incident(principal, given)
        except Error:
            connection.close()
        else:
            sys.stdout.write(f"{view.incident.id}\n")
            sys.stdout.flush()


if __name__ == "__main__":
    main(*sys.argv[1:])
