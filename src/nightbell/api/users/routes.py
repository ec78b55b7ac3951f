"""The address of people."""

from django.http import HttpResponse
from ninja import Query, Router

from nightbell.api.access import Request
from nightbell.api.shapes import Data, answer
from nightbell.api.users import shapes
from nightbell.api.users.bodies import Everybody
from nightbell.data.reads import people

router = Router(tags=["Users"])


@router.get("/users", response={200: Data[shapes.Users]})
def list_users(request: Request, who: Query[Everybody]) -> HttpResponse:
    """Everybody who can be named as an owner or a target, by name; on request whoever was a member once as well."""
    found = people.ever(request.principal) if who.include_removed else people.active(request.principal)
    return answer(shapes.users(found))
