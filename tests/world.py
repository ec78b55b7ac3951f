"""A world to tell stories in: people with an inbox, incidents, and a clock that moves when the story says so."""

from collections.abc import Sequence
from datetime import timedelta
from types import TracebackType
from typing import Any, Self
from uuid import UUID

from nightbell.actions import (
    copies,
    deliveries,
    escalations,
    ids,
    incidents,
    organizations,
    people,
    policies,
    policy_drafts,
    workspaces,
)
from nightbell.channels.base import Channel
from nightbell.channels.email.channel import EmailChannel
from nightbell.channels.slack.buckets import Buckets
from nightbell.channels.slack.channel import SlackChannel
from nightbell.core import policy
from nightbell.core.incident import actor, commands, state
from nightbell.data import clock as database
from nightbell.data.access.principal import SYSTEM, Principal
from nightbell.data.models import Membership, Role
from nightbell.data.reads import incidents as reads
from nightbell.data.reads import pages
from nightbell.demo import clock
from nightbell.demo.mail import MailCatcher, Message
from nightbell.demo.slack.fake import FakeSlack
from nightbell.engine.lanes import Desk

MAIL_FROM = "Nightbell <pager@nightbell.example>"
KEY_ID = UUID("019a0000-0000-7000-8000-00000000c1c1")


class Incident:
    """An incident of the story; what it is now is read when somebody asks."""

    def __init__(self, world: "World", view: reads.IncidentView) -> None:
        self.world = world
        self.id = view.incident.id
        self.number = view.number

    @property
    def view(self) -> reads.IncidentView:
        """Everything about it, as a page or the API would show it."""
        view = reads.whole(self.world.principal, self.id)
        assert view is not None
        return view

    @property
    def now(self) -> state.Incident:
        """How it stands."""
        return self.view.incident

    @property
    def seen(self) -> commands.Seen:
        """What a form shows that is loaded now."""
        now = self.now
        return commands.Seen(now.epoch, now.round, now.position)

    @property
    def minutes_left(self) -> int | None:
        """How long its clock has, to the nearest minute; None where none runs."""
        due_at = self.now.due_at
        return None if due_at is None else round((due_at - database.now()).total_seconds() / 60)

    @property
    def kinds(self) -> list[str]:
        """What has happened to it, in order."""
        return [entry.kind for entry in self.record()]

    def record(self, *kinds: str) -> list[reads.Entry]:
        """Its audit trail, or the entries of these kinds."""
        return [entry for entry in self.view.audit_trail if not kinds or entry.kind in kinds]

    def pages(self) -> list[pages.PageRow]:
        """Every page that was ever queued for it."""
        return pages.of_incident(self.world.principal, self.id)


class Person:
    """A member of the story's organization."""

    def __init__(self, world: "World", user_id: UUID, name: str, email: str, role: Role) -> None:
        self.world = world
        self.id = user_id
        self.name = name
        self.email = email
        self.role = role

    def __repr__(self) -> str:
        return self.name

    @property
    def principal(self) -> Principal:
        """This person at the dashboard."""
        return Principal(self.world.organization.id, actor.user(self.id, self.name, actor.Via.WEB), self.role)

    def acknowledges(self, incident: Incident) -> reads.IncidentView:
        """I am on it."""
        return incidents.acknowledge(self.principal, incident.id)

    def hands_off(
        self, incident: Incident, to: "Person", note: str | None = None, seen: commands.Seen | None = None
    ) -> reads.IncidentView:
        """Not me, her."""
        view = incidents.hand_off(self.principal, incident.id, to.id, note, seen)
        self.world.settles()
        return view

    def escalates(self, incident: Incident, seen: commands.Seen | None = None) -> reads.IncidentView:
        """Page the next layer now."""
        view = incidents.escalate(self.principal, incident.id, seen)
        self.world.settles()
        return view

    def resolves(self, incident: Incident, note: str | None = None) -> reads.IncidentView:
        """It is over."""
        return incidents.resolve(self.principal, incident.id, note)

    def was_paged(
        self, incident: Incident, layer: int | None = None, reason: str | None = None, times: int = 1
    ) -> bool:
        """Whether exactly `times` pages (for this layer, for this reason) have reached their inbox."""
        wanted = [
            page
            for page in incident.pages()
            if page.user_id == self.id
            and (layer is None or page.position == layer)
            and (reason is None or page.reason == reason)
        ]
        arrived = [mail for mail in self.world.inbox(self) if any(str(page.id) in mail.id for page in wanted)]
        self.world.told += arrived
        return len({mail.id for mail in arrived}) == times

    def was_told(self, words: str) -> bool:
        """Whether exactly one notice with these words in its subject has reached them."""
        arrived = [mail for mail in self.world.inbox(self) if words in mail.subject]
        self.world.told += arrived
        return len(arrived) == 1

    @property
    def newest_mail(self) -> Message:
        """What arrived last, read and so told of."""
        mail = self.world.inbox(self)[0]
        self.world.told.append(mail)
        return mail


class World:
    """One organization. Its first admin, Zoe, is its heir and its last resort, and appears in no layer by herself."""

    def __init__(self, name: str = "Night Owls") -> None:
        self.name = name
        self.mail = MailCatcher()
        self.told: list[Message] = []

    def __enter__(self) -> Self:
        clock.reset()
        self.mail.start()
        self.channel = EmailChannel(self.mail.url, MAIL_FROM)
        # What else is delivered than mail, and by what.
        self.desks: list[tuple[Desk, Channel]] = []
        self.domain = f"{self.name.split()[-1].lower()}.example"
        zoe = people.Person(f"zoe@{self.domain}", "Zoe")
        self.organization, membership = organizations.create(Principal.operator(), self.name, zoe)
        self.zoe = Person(self, membership.user_id, "Zoe", zoe.email, Role.ADMIN)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.channel.close()
        self.mail.stop()
        clock.reset()

    @property
    def principal(self) -> Principal:
        """A program with a key of the organization."""
        return Principal(self.organization.id, actor.Actor(actor.Type.API_KEY, KEY_ID, "ci", actor.Via.API), Role.ADMIN)

    @property
    def system(self) -> Principal:
        """Nightbell itself."""
        return Principal.system(self.organization.id)

    @property
    def operator(self) -> Principal:
        """Whoever runs the installation."""
        return Principal.operator(self.organization.id)

    def members(self, *names: str, role: Role = Role.MEMBER) -> list[Person]:
        """People of the organization, by first name."""
        return [self.member(name, role) for name in names]

    def member(self, name: str, role: Role = Role.MEMBER) -> Person:
        """One person of the organization."""
        email = f"{name.lower()}@{self.domain}"
        membership = people.add(self.operator, people.Person(email, name), role)
        return Person(self, membership.user_id, name, email, role)

    def removes(self, person: Person) -> None:
        """An admin removes somebody."""
        people.remove(self.system, person.id)
        self.settles()

    def ends_membership(self, person: Person) -> None:
        """Somebody leaves, and no incident has been looked at yet."""
        Membership.objects.filter(user_id=person.id, removed_at=None).update(removed_at=database.Now())

    def policy(self, layers: Sequence[tuple[Sequence[Person], int]], repeat: int = 0) -> UUID:
        """A policy with these layers: who, and how many minutes they have."""
        given = policy_drafts.Draft(
            name=f"Policy {ids.new()}",
            repeat_count=repeat,
            layers=tuple(
                policy_drafts.LayerDraft(policy.Users(tuple(person.id for person in group)), minutes)
                for group, minutes in layers
            ),
        )
        return policies.create(self.principal, given).id

    def opens(
        self,
        title: str,
        layers: Sequence[tuple[Sequence[Person], int]] | None = None,
        owner: Person | None = None,
        *,
        repeat: int = 0,
        paging: bool = True,
        **more: Any,
    ) -> Incident:
        """A program opens an incident; unless said otherwise the first person of layer 1 owns it, and is paged."""
        policy_id = None if layers is None else self.policy(layers, repeat)
        if owner is None:
            owner = layers[0][0][0] if layers and layers[0][0] else self.zoe
        given = incidents.Opening(title, state.Severity.CRITICAL, owner.id, policy_id=policy_id, **more)
        view, _ = incidents.open_incident(self.principal, given)
        if paging:
            self.settles()
        return Incident(self, view)

    def of(self, view: reads.IncidentView) -> Incident:
        """The story of an incident that was opened by other means."""
        return Incident(self, view)

    def waits(self, **time: float) -> None:
        """Time passes, and whatever is due by then happens."""
        self.sleeps(**time)
        self.settles()

    def sleeps(self, **time: float) -> None:
        """Time passes and no engine runs."""
        clock.advance(timedelta(**time))

    def settles(self) -> None:
        """What an engine would do now, until there is nothing more to do."""
        while escalations.fire_due(SYSTEM) or self.delivers():
            pass

    def delivers(self) -> int:
        """What senders would do now, with nothing fired; how many messages they took up."""
        return sum(self._delivers(desk, channel) for desk, channel in [(deliveries, self.channel), *self.desks])

    def _delivers(self, desk: Desk, channel: Channel) -> int:
        leases = desk.claim(SYSTEM, channel.name, 100)
        for lease in leases:
            seen = desk.look(SYSTEM, lease)
            if seen is not None:
                parcel, looked = seen
                desk.settle(SYSTEM, lease, channel.send(parcel), channel.backoff, looked)
        return len(leases)

    def uses_slack(self, slack: FakeSlack) -> None:
        """Zoe connects a workspace; what is said there is read in it."""
        granted = workspaces.Granted("slack", slack.team_id, slack.team_name, slack.bot_user_id, slack.install())
        workspaces.connect(self.zoe.principal, granted)
        channel = SlackChannel(slack.api_url, Buckets())
        self.desks = [(deliveries, channel), (copies, channel)]

    def inbox(self, person: Person) -> list[Message]:
        """What has arrived for somebody."""
        return [mail for mail in self.mail.messages if mail.recipient == person.email]

    def ends(self) -> None:
        """No mail came that the story did not tell of."""
        known = {mail.id for mail in self.told}
        assert [mail for mail in self.mail.messages if mail.id not in known] == []

    def forgets_mail(self) -> None:
        """What has arrived so far is not what this story is about."""
        self.told += self.mail.messages
