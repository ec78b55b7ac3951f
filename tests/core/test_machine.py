"""Whatever people and the clock do to an incident, in whatever order, the promises hold."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from nightbell.core import policy, roster
from nightbell.core.incident import actor, commands, decide, paging, state
from tests.core import builders, promises
from tests.core.model import On, Page, World

POOL = [builders.ANA, builders.BO, builders.CY, builders.DI, builders.EVE, builders.GHOST]
SCHEDULES = [builders.DAYS, builders.NIGHTS]
State = state.State
LONG = 15

somebody = st.sampled_from(POOL)
teams = st.lists(somebody.map(lambda member: member.id), max_size=2).map(tuple)
targets = st.one_of(teams.map(policy.Users), st.sampled_from(SCHEDULES).map(policy.Schedule))
layers = st.builds(policy.Layer, targets, st.integers(1, 30).map(builders.minutes))
policies = st.builds(
    policy.Policy,
    id=st.just(UUID(int=800)),
    name=st.just("Payments"),
    layers=st.lists(layers, min_size=2, max_size=4).map(tuple),
    repeat_count=st.integers(0, 2),
)
# Now and then somebody has two layers of a schedule.
rotas = st.dictionaries(st.sampled_from(SCHEDULES), teams | somebody.map(lambda member: (member.id,) * 2), max_size=2)
givers = st.sampled_from([0, 1, 2, 3, 4, 5, None])
# A form that shows what is, one that shows what was, and a door that sends no form at all.
sights = st.sampled_from(["none", "none", "fresh", "fresh", "epoch", "round", "layer"])


class Machine(RuleBasedStateMachine):
    """One incident, its organization, and everybody who may touch it."""

    world: World
    told = 0

    @initialize(
        crew=st.lists(somebody, min_size=3, max_size=6, unique=True),
        admins=st.integers(1, 3),
        plan=policies,
        kind=st.sampled_from(["a policy"] * 6 + ["no layers", "no policy"]),
        rota=rotas,
        owner=st.integers(0, 5),
        fallback=teams,
        unanswered=st.sampled_from([0, 1, 1, 2, 2, 3]),
        answered=st.sampled_from([None, None, 0, 1, 2]),
    )
    def opens(
        self,
        crew: list[roster.Member],
        admins: int,
        plan: policy.Policy,
        kind: str,
        rota: dict[UUID, tuple[UUID, ...]],
        owner: int,
        fallback: tuple[UUID, ...],
        unanswered: int,
        answered: int | None,
    ) -> None:
        opened, cause = decide.opened(has_policy=kind != "no policy")
        copy = {"a policy": plan, "no layers": replace(plan, layers=()), "no policy": None}[kind]
        owner_id = crew[owner % len(crew)].id
        incident = state.Incident(
            UUID(int=42),
            owner_id,
            state.Status.INVESTIGATING,
            opened,
            copy,
            due_at=builders.NOW if cause else None,
            due_cause=cause,
            notified=frozenset({owner_id} if copy is None else ()),
        )
        leaders = {member.id for member in crew[-admins:]}
        self.world = World(list(crew), leaders, fallback, rota, incident)
        self.world.opens()
        for _ in range(unanswered):
            self.nobody_answers_in_time(0)
        if answered is not None:
            self.does(commands.Acknowledge(self.actor(self.member(answered))))

    def does(self, command: commands.Command) -> None:
        """Let the decision be made, hold it against the promises, and write it down."""
        self.told += 1
        before = self.world.incident
        code = promises.refusal(self.world, command)
        if code:
            promises.refuses(self.world, command, code)
            return
        decision = decide.decide(before, command, self.world.now)
        if promises.changes_nothing(self.world, command):
            assert decision == decide.Decision(before), "a success that changes nothing leaves no trace"
            return
        promises.keeps(self.world, command, decision)
        promises.remember(self.world, command, decision)
        self.world.apply(decision)

    def actor(self, member: roster.Member | None) -> actor.Actor:
        return builders.by(member) if member else builders.KEY

    def member(self, number: int) -> roster.Member:
        return self.world.members[number % len(self.world.members)]

    def seen(self, sight: str) -> commands.Seen | None:
        here = self.world.incident
        return {
            "none": None,
            "fresh": commands.Seen(here.epoch, here.round, here.position),
            "epoch": commands.Seen(here.epoch - 1),
            "round": commands.Seen(here.epoch, here.round + 1, here.position),
            "layer": commands.Seen(here.epoch, here.round, here.position - 1),
        }[sight]

    # People.

    @rule(number=st.none() | st.integers(0, 5), key=st.booleans())
    def acknowledges(self, number: int | None, key: bool) -> None:
        member = None if number is None else self.member(number)
        self.does(commands.Acknowledge(builders.KEY, member) if key else commands.Acknowledge(self.actor(member)))

    @rule(
        giver=st.none() | st.integers(0, 5),
        to=st.integers(0, 5) | st.sampled_from(["owner", "owner", "nobody"]),
        sight=sights,
    )
    def hands_off(self, giver: int | None, to: int | str, sight: str) -> None:
        doer = None if giver is None else self.member(giver)
        target = self.member(to) if isinstance(to, int) else None
        if to == "owner":
            target = self.world.people().members.get(self.world.incident.owner_id)
        self.does(commands.HandOff(self.actor(doer), target, "please", self.seen(sight)))

    @rule(number=st.integers(0, 5), sight=sights)
    def escalates(self, number: int, sight: str) -> None:
        self.does(commands.Escalate(self.actor(self.member(number)), self.world.people(), self.seen(sight)))

    @rule(to=st.sampled_from(state.Status))
    def changes_status(self, to: state.Status) -> None:
        self.does(commands.ChangeStatus(self.actor(None), to, "note"))

    @rule(sure=st.integers(0, 9))
    def takes_the_next_step(self, sure: int) -> None:
        if sure < 6 and self.world.incident.state is not State.CLOSED:
            return
        ahead = state.steps_after(self.world.incident.status) or (state.Status.RESOLVED,)
        self.does(commands.ChangeStatus(self.actor(None), ahead[0], "note"))

    @rule(sure=st.integers(0, 9))
    def resolves(self, sure: int) -> None:
        # Late in most stories, so that there is one to tell before.
        if sure == 7 or self.told > LONG or self.world.incident.state is State.CLOSED:
            self.does(commands.Resolve(self.actor(None), "reverted"))

    # The clock.

    @rule(late=st.sampled_from([0, 0, 1, 3600]))
    def nobody_answers_in_time(self, late: int) -> None:
        world = self.world
        if world.incident.due_at:
            world.now = max(world.now, world.incident.due_at) + timedelta(seconds=late)
        self.does(commands.DeadlinePassed(world.people()))

    @rule(seconds=st.integers(0, 900))
    def the_clock_is_looked_at(self, seconds: int) -> None:
        self.world.now += timedelta(seconds=seconds)
        self.does(commands.DeadlinePassed(self.world.people()))

    # Pages on their way.

    def pick(self, number: int, keep: Callable[[Page], bool]) -> Page | None:
        waiting = [page for page in self.world.pages if keep(page)]
        return waiting[number % len(waiting)] if waiting else None

    @rule(number=st.integers(0, 20))
    def a_page_starts(self, number: int) -> None:
        if page := self.pick(number, lambda page: page.on is On.QUEUED):
            self.world.take(page)
            assert page.on is On.SENDING or page.user not in self.world.active, "what is queued is wanted"

    @rule(number=st.integers(0, 20), outcome=st.sampled_from([On.SENT, On.FAILED, On.QUEUED]))
    def a_page_comes_back(self, number: int, outcome: On) -> None:
        page = self.pick(number, lambda page: page.on is On.SENDING)
        if page and self.world.settle(page, outcome):
            self.does(commands.GroupFailed(self.world.people()))

    @rule()
    def nobody_in_the_newest_group_can_be_reached(self) -> None:
        for page in self.world.pages:
            if page.group == self.world.groups and page.on in (On.QUEUED, On.SENDING):
                page.on = On.FAILED
        if self.world.newest_group_failed():
            self.does(commands.GroupFailed(self.world.people()))

    # The organization.

    @rule(number=st.integers(0, 5))
    def a_member_leaves(self, number: int) -> None:
        gone = self.member(number).id
        if self.world.admins != {gone}:
            self.does(self.world.leaves(gone))

    @rule()
    def the_owner_leaves(self) -> None:
        owner = self.world.incident.owner_id
        if owner in self.world.active and self.world.admins != {owner}:
            self.does(self.world.leaves(owner))

    @rule(number=st.integers(0, 5))
    def somebody_who_was_paged_leaves(self, number: int) -> None:
        page = self.pick(number, lambda page: page.group == self.world.groups and page.user in self.world.active)
        if page and self.world.admins != {page.user}:
            self.does(self.world.leaves(page.user))

    @rule()
    def the_only_one_who_could_still_answer_leaves(self) -> None:
        users = {page.user for page in self.world.pages if page.group == self.world.groups} & self.world.active
        gone = next((user for user in sorted(users) if self.world.newest_group_failed(without=user)), None)
        if gone and self.world.admins != {gone}:
            self.does(self.world.leaves(gone))

    @rule()
    def the_acknowledger_leaves(self) -> None:
        gone = self.world.acknowledger
        if gone and gone in self.world.active and self.world.admins != {gone}:
            self.does(self.world.leaves(gone))

    @rule(number=st.integers(0, 5), admin=st.booleans())
    def a_member_joins(self, number: int, admin: bool) -> None:
        if POOL[number].id not in self.world.active:
            self.world.joins(POOL[number], admin=admin)

    @rule(rota=rotas, fallback=teams)
    def the_rota_changes(self, rota: dict[UUID, tuple[UUID, ...]], fallback: tuple[UUID, ...]) -> None:
        self.world.on_call, self.world.configured_fallback = rota, fallback

    # The promises.

    @invariant()
    def a_clock_runs_if_and_only_if_it_is_paging(self) -> None:
        here = self.world.incident
        assert (here.state is State.PAGING) == (here.due_at is not None) == (here.due_cause is not None)
        assert (here.due_at, here.due_cause) == (self.world.due, self.world.cause)

    @invariant()
    def acknowledged_has_an_acknowledger(self) -> None:
        here = self.world.incident
        if here.state is State.ACKNOWLEDGED:
            assert here.acknowledged_by
            assert here.acknowledged_at
            assert here.acknowledged_by.user_id == self.world.acknowledger
        if here.unanswered:
            assert here.acknowledged_by is None
            assert here.acknowledged_at is None

    @invariant()
    def nothing_is_queued_behind_a_fence(self) -> None:
        world = self.world
        if not world.incident.unanswered:
            assert not world.queued()
        for page in world.pages:
            assert (page.epoch == world.incident.epoch) == (page.fence == world.fences), "the epoch dates every page"
            if page.on is On.QUEUED:
                assert world.wanted(page)

    @invariant()
    def it_has_one_owner_who_is_a_member_and_is_not_passed_over(self) -> None:
        here = self.world.incident
        if here.state is not State.CLOSED:
            assert here.owner_id in self.world.active
            assert here.owner_id not in here.relieved
            assert here.relieved == self.world.relieved

    @invariant()
    def resolved_and_closed_are_one(self) -> None:
        here = self.world.incident
        assert (here.state is State.CLOSED) == (here.status is state.Status.RESOLVED) == (here.resolved_at is not None)

    @invariant()
    def no_page_is_written_twice(self) -> None:
        keys = [page.key for page in self.world.pages]
        assert len(keys) == len(set(keys))

    @invariant()
    def what_was_notified_is_what_was_paged_since_the_last_handoff(self) -> None:
        assert self.world.incident.notified == self.world.notified

    @invariant()
    def it_stays_on_its_policy(self) -> None:
        here = self.world.incident
        assert 0 <= here.position <= here.layer_count
        assert 1 <= here.round <= (here.policy.repeat_count + 1 if here.policy else 1)
        if here.state is State.NONE:
            assert here.layer_count == 0
        if here.state is State.EXHAUSTED and here.policy:
            assert here.round == here.policy.repeat_count + 1, "its rounds are used up"

    @invariant()
    def an_unanswered_incident_has_somebody_to_answer_it(self) -> None:
        """Somebody was paged in the state it is in, or the clock is about to."""
        world, here = self.world, self.world.incident
        if here.state in (State.EXHAUSTED, State.NONE):
            assert any(page.fence == world.fences for page in world.pages)
        if here.state is State.PAGING:
            ahead = paging.next_stop(here, world.people())
            assert ahead.group
            assert {member.id for member, _ in ahead.group} <= world.active


TestMachine = Machine.TestCase
TestMachine.settings = settings(max_examples=200, stateful_step_count=40, deadline=None)
