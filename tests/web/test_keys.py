"""The page of API keys: a key is shown once, works at once, and is refused from its next request on."""

from django.test import Client

from nightbell.data.models import ApiKey, Audit, Role
from tests.web import markup
from tests.web.conftest import SignIn
from tests.web.test_hostile_text import HOSTILE, check
from tests.world import World

PAGE = "/settings/keys"


def shown(page: markup.Page) -> list[str]:
    """The keys that a page shows."""
    return [given["value"] for tag, given in page.tags if tag == "input" and given.get("id") == "key"]


def make(client: Client, name: str, status: int = 200) -> markup.Page:
    answer = markup.submit(client, markup.get(client, PAGE).form("/keys"), name=name)
    assert answer.status_code == status
    return markup.Page(answer, PAGE)


def opens(world: World, key: str) -> int:
    body = {"title": "Disk full", "severity": "high", "ownerId": str(world.zoe.id)}
    headers = {"Authorization": f"Bearer {key}"}
    return Client().post("/v1/incidents", body, content_type="application/json", headers=headers).status_code


def test_a_key_is_shown_once_and_works_until_it_is_revoked(world: World, sign_in: SignIn) -> None:
    client = sign_in(world.zoe)
    assert "No key works here." in markup.get(client, PAGE).words
    page = make(client, "alertmanager")
    (key,) = shown(page)
    assert "alertmanager is made Copy the key now." in page.words
    assert "never used" in page.words
    assert opens(world, key) == 201
    again = markup.get(client, PAGE)
    assert shown(again) == []
    assert key not in again.text
    assert markup.submit(client, again.form("/revoke")).status_code == 302
    assert "No key works here." in markup.get(client, PAGE).words
    assert opens(world, key) == 401
    kinds = list(Audit.objects.filter(kind__startswith="key_").order_by("sequence").values_list("kind", "actor__name"))
    assert kinds == [("key_created", "Zoe"), ("key_revoked", "Zoe")]


def test_a_name_that_is_none_is_refused_beside_its_field(world: World, sign_in: SignIn) -> None:
    client = sign_in(world.zoe)
    before = ApiKey.objects.count()
    for name in ("", " ", "x" * 101):
        assert "name-error" in str(make(client, name, 400).tags)
    assert ApiKey.objects.count() == before


def test_two_admins_revoke_one_key(world: World, sign_in: SignIn) -> None:
    ada = world.member("Ada", Role.ADMIN)
    clients = sign_in(world.zoe), sign_in(ada)
    make(clients[0], "ci")
    forms = [markup.get(client, PAGE).form("/revoke") for client in clients]
    assert [markup.submit(client, form).status_code for client, form in zip(clients, forms, strict=True)] == [302, 302]
    assert Audit.objects.filter(kind="key_revoked").count() == 1


def test_a_name_is_text(world: World, sign_in: SignIn) -> None:
    client = sign_in(world.zoe)
    check(make(client, HOSTILE[:100]))
    check(markup.get(client, PAGE))


def test_the_page_is_the_admins_and_is_kept_by_no_cache(world: World, sign_in: SignIn) -> None:
    (ana,) = world.members("Ana")
    assert sign_in(ana).get(PAGE).status_code == 403
    answer = sign_in(world.zoe).get(PAGE)
    assert "no-store" in answer.headers["Cache-Control"]
    assert PAGE in markup.get(sign_in(world.zoe), "/").links
    assert PAGE not in markup.get(sign_in(ana), "/").links
