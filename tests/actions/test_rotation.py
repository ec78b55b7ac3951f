"""The keys that tokens are kept with: changed without a token lost, and without one nobody is given up."""

import pytest
from cryptography.fernet import Fernet
from pytest_django import Settings

from nightbell.actions import organizations, people, workspaces
from nightbell.data import secrets
from nightbell.data.access.principal import SYSTEM, Principal
from nightbell.data.models import Page, Workspace
from nightbell.data.reads import workspaces as reads
from tests.workspace import KEY, Slack
from tests.world import World

OTHER_KEY = Fernet.generate_key().decode()


def use(settings: Settings, *keys: str) -> None:
    """An installation with these keys."""
    settings.NIGHTBELL = settings.NIGHTBELL.model_copy(update={"encryption_keys": ",".join(keys) or None})


def kept() -> str:
    """The one token, as it lies in the database."""
    token = Workspace.objects.get().token
    assert token is not None
    return token


def test_a_token_is_kept_anew_with_the_first_key_and_the_old_key_can_go(
    world: World, slack: Slack, settings: Settings
) -> None:
    before, token = kept(), secrets.decrypt(kept())
    use(settings, OTHER_KEY, KEY)
    assert workspaces.rotate(SYSTEM) == 1
    assert kept() != before
    use(settings, OTHER_KEY)
    assert secrets.decrypt(kept()) == token
    with pytest.raises(secrets.Unreadable):
        secrets.decrypt(before)
    (ana,) = world.members("Ana")
    slack.joins(ana)
    incident = world.opens("DB pool exhausted", layers=[([ana], 5)])
    assert slack.page_of(ana).shows(f"#{incident.number}")


def test_keys_that_open_nothing_change_nothing(world: World, slack: Slack, settings: Settings) -> None:
    before = kept()
    for keys, words in (((OTHER_KEY,), "none of NIGHTBELL_ENCRYPTION_KEYS opens"), ((), "is not set")):
        use(settings, *keys)
        with pytest.raises(secrets.Unreadable, match=words) as unreadable:
            workspaces.rotate(SYSTEM)
        assert unreadable.value.__cause__ is None
        assert kept() == before
        workspace = reads.workspace(world.principal)
        assert workspace is not None
        with pytest.raises(secrets.Unreadable):
            workspaces.credential(workspace)


def test_one_token_that_no_key_opens_leaves_all_of_them_as_they_were(
    world: World, slack: Slack, settings: Settings
) -> None:
    before = kept()
    use(settings, OTHER_KEY)
    broken = secrets.encrypt("xoxb-other")
    # Later than the other, which would be kept anew by then.
    larks, _ = organizations.create(Principal.operator(), "Day Larks", people.Person("lark@larks.example", "Lark"))
    assert larks.id > world.organization.id
    Workspace.objects.create(organization=larks, team_id="T0LARKS", team_name="Larks", bot_user_id="U1", token=broken)
    use(settings, KEY)
    with pytest.raises(secrets.Unreadable):
        workspaces.rotate(SYSTEM)
    assert set(Workspace.objects.values_list("token", flat=True)) == {before, broken}
    use(settings, KEY, OTHER_KEY)
    assert workspaces.rotate(SYSTEM) == 2
    use(settings, KEY)
    tokens = {secrets.decrypt(token or "") for token in Workspace.objects.values_list("token", flat=True)}
    assert tokens >= {"xoxb-other"}
    assert len(tokens) == 2


def test_a_key_is_needed_to_page_and_its_lack_gives_up_nobody(world: World, slack: Slack, settings: Settings) -> None:
    (ana,) = world.members("Ana")
    slack.joins(ana)
    use(settings, OTHER_KEY)
    incident = world.opens("DB pool exhausted", layers=[([ana], 60)])
    assert ana.was_paged(incident)
    assert slack.to(slack.user(ana)) == []
    assert {page.state for page in incident.pages() if page.channel == "slack"} == {"queued"}
    # What mail did not take is no trouble of Slack's.
    Page.objects.filter(channel="email").update(state="failed", error="no such user")
    (trouble,) = reads.troubles(world.principal, "slack")
    assert "put back the key" in trouble.error
    use(settings, KEY)
    world.waits(seconds=31)
    assert slack.page_of(ana).shows("DB pool exhausted")
    assert reads.troubles(world.principal, "slack") == []
