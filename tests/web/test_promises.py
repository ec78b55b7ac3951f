"""Who is next and who has been paged, said alike on the page, behind the link in the mail, in the mail and in Slack."""

from django.test import Client

from nightbell.actions import signed_links
from nightbell.core.link_grants import AcknowledgeGrant
from nightbell.data import clock
from tests.web import markup
from tests.web.conftest import SignIn
from tests.workspace import Slack
from tests.world import Incident, Person, World


def behind_the_link(incident: Incident, person: Person) -> str:
    at = signed_links.acknowledge_url(AcknowledgeGrant(incident.id, person.id, clock.now())).removeprefix(
        "http://127.0.0.1:8000"
    )
    return markup.get(Client(), at).words


def test_w2_the_layer_somebody_was_paged_in_is_theirs_and_not_the_newest(told: World, sign_in: SignIn) -> None:
    ana, bo = told.members("Ana", "Bo")
    incident = told.opens("DB pool exhausted", layers=[([ana], 5), ([bo], 5)], owner=told.zoe, repeat=1)
    for words in (behind_the_link(incident, ana), markup.get(sign_in(ana), "/incidents/1").words):
        assert "You are paged: layer 1 of 2." in words
    told.waits(minutes=5)
    for words in (behind_the_link(incident, ana), markup.get(sign_in(ana), "/incidents/1").words):
        assert "You were paged: layer 1 of 2. Now layer 2 is paged too." in words
    assert "You are paged: layer 2 of 2." in behind_the_link(incident, bo)
    told.waits(minutes=5)
    assert "You are paged: layer 1 of 2." in behind_the_link(incident, ana)
    assert "You were paged: layer 2 of 2, round 1. Now round 2 is at layer 1." in behind_the_link(incident, bo)
    told.waits(minutes=5)
    told.waits(minutes=5)
    assert "You were paged: layer 2 of 2. Now everybody of the last resort is paged too." in behind_the_link(
        incident, bo
    )


def test_w2_one_who_is_paged_again_hears_when_somebody_else_is(told: World, sign_in: SignIn, slack: Slack) -> None:
    ana, bo, cy = told.members("Ana", "Bo", "Cy")
    slack.joins(ana, bo, cy)
    incident = told.opens("DB pool exhausted", layers=[([ana], 5), ([cy], 10), ([bo], 15)])
    form = markup.get(sign_in(ana), "/incidents/1")
    promise = "Cy is paged now, and again if Cy does not answer in 5 min. If Cy does not answer in 15 min, Bo is paged."
    assert promise in [each for _, attributes in form.tags if (each := dict(attributes).get("data-promise"))]
    ana.hands_off(incident, to=cy)
    mail = cy.newest_mail.text
    assert "or Bo is paged. Before that Cy is paged again at " in " ".join(mail.split())
    assert slack.page_of(cy).shows("or Bo is paged. Before that Cy is paged again at ")
    for words in (markup.get(sign_in(ana), "/incidents/1").words, behind_the_link(incident, cy)):
        assert "Cy is paged again at " in words
        assert ", and Bo at " in words
    # What was said of her own page is brought up to date as well.
    assert slack.page_of(ana).shows("Cy is paged again at ")


def test_w2_one_who_alone_is_ever_paged_is_told_so(told: World, sign_in: SignIn) -> None:
    incident = told.opens("DB pool exhausted", layers=[([told.zoe], 5)])
    assert "Nobody else will be paged." in markup.get(sign_in(told.zoe), "/incidents/1").words
    assert "Nobody else will be paged." in behind_the_link(incident, told.zoe)
    ana = told.member("Ana")
    form = markup.get(sign_in(ana), "/incidents/1")
    promises = [each for _, attributes in form.tags if (each := dict(attributes).get("data-promise"))]
    assert any(promise.startswith("Ana is paged now. If Ana does not answer in 5 min, ") for promise in promises)
    ana.hands_off(incident, to=ana)
    ana.hands_off(incident, to=told.zoe)
    promises = [
        promise
        for _, attributes in markup.get(sign_in(ana), "/incidents/1").tags
        if (promise := dict(attributes).get("data-promise"))
    ]
    assert "Zoe has it already: nothing happens." in promises


def test_w3_after_a_handoff_it_is_the_new_owner_who_did_not_answer(told: World, sign_in: SignIn) -> None:
    ana, bo, cy = told.members("Ana", "Bo", "Cy")
    incident = told.opens("DB pool exhausted", layers=[([ana], 5), ([cy], 10)])
    ana.hands_off(incident, to=bo)
    told.waits(minutes=5)
    words = markup.get(sign_in(ana), "/incidents/1").words
    assert "Bo did not answer in 5 min." in words
    assert "nobody answered" not in words
    told.waits(minutes=10)
    words = markup.get(sign_in(ana), "/incidents/1").words
    # A layer that was paged since is answered for by everybody in it again.
    assert "Layer 2 of " in words
    assert ": nobody answered in 10 min." in words
    assert words.count("Bo did not answer") == 1


def test_w3_a_new_owner_who_cannot_be_reached_is_named(told: World, sign_in: SignIn) -> None:
    ana, bo, cy = told.members("Ana", "Bo", "Cy")
    told.mail.answer(bo.email, rcpt="550 5.1.1 no such user")
    incident = told.opens("DB pool exhausted", layers=[([ana], 5), ([cy], 10)])
    ana.hands_off(incident, to=bo)
    words = markup.get(sign_in(ana), "/incidents/1").words
    assert "Bo could not be reached." in words
    assert "nobody paged could be reached" not in words


def test_w3_everybody_who_was_ever_paged_stays_listed(told: World, sign_in: SignIn, slack: Slack) -> None:
    ana, bo, cy = told.members("Ana", "Bo", "Cy")
    slack.joins(ana, bo, cy)
    incident = told.opens("DB pool exhausted", layers=[([ana], 5), ([cy], 10)])
    ana.hands_off(incident, to=bo)

    def listed() -> str:
        return markup.get(sign_in(told.zoe), "/incidents/1").words.partition("Who has been paged")[2]

    before, _, after = listed().partition("before the handoff")
    assert "Ana" in before
    assert "Bo" in after
    assert [each.person.name for each in incident.view.notified] == ["Bo"]
    assert slack.page_of(ana).shows("Handed off to Bo. Paged before: Ana.")
    told.waits(minutes=5)
    assert slack.page_of(ana).shows("Paged: Bo and Cy. Paged before: Ana.")
    told.waits(minutes=10)
    assert slack.page_of(ana).shows("Every layer was paged, and the fallback responders: Ana, Bo ")
