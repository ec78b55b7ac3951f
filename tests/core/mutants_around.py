"""Planted bugs around the decision, in the walk, the people and the deliveries: each has to be noticed."""

from tests.core.planting import BY_DELIVERY, BY_MACHINE, BY_TABLE, Mutant

PAGING = "nightbell.core.incident.paging"
STATE = "nightbell.core.incident.state"
ROSTER = "nightbell.core.roster"
POLICY = "nightbell.core.policy"
DELIVERY = "nightbell.core.delivery"

MUTANTS = [
    Mutant(
        "acknowledging is impossible after exhaustion",
        STATE,
        "return self.state in UNANSWERED",
        "return self.state in UNANSWERED - {State.EXHAUSTED}",
    ),
    Mutant(
        "ticking keeps the acknowledger",
        STATE,
        'changes |= {"acknowledged_by": None, "acknowledged_at": None}',
        "changes |= {}",
        BY_TABLE,
    ),
    Mutant(
        "a layer that reaches nobody is waited for",
        PAGING,
        "if not responders:",
        "if not responders and position == 1:",
    ),
    Mutant("a skipped layer leaves no record", PAGING, "            skipped.append(", "            str("),
    Mutant(
        "the owner is paged in the first round only",
        PAGING,
        "first_of_round = incident.position == 0 or round_ != incident.round",
        "first_of_round = incident.position == 0",
        BY_MACHINE,
    ),
    Mutant(
        "the owner is paged at every layer",
        PAGING,
        "if first_of_round or with_owner else ()",
        "if with_owner is not None else ()",
    ),
    Mutant(
        "the fallback forgets the owner",
        PAGING,
        "Reason.FALLBACK, owners, Reason.FALLBACK)",
        "Reason.FALLBACK, (), Reason.FALLBACK)",
    ),
    Mutant(
        "it never repeats",
        PAGING,
        "if incident.position > 0 and incident.round <= incident.policy.repeat_count:",
        "if incident.position < 0:",
        BY_MACHINE,
    ),
    Mutant(
        "it repeats once too often",
        PAGING,
        "incident.round <= incident.policy.repeat_count",
        "incident.round <= incident.policy.repeat_count + 1",
    ),
    Mutant(
        "exhaustion keeps rounds in hand",
        PAGING,
        "incident.policy.repeat_count + 1 if incident.policy else incident.round",
        "incident.round",
        BY_MACHINE,
    ),
    Mutant(
        "one layer is jumped over",
        PAGING,
        "range(incident.position + 1, len(layers) + 1)",
        "range(incident.position + 2, len(layers) + 1)",
    ),
    Mutant(
        "the same layer is paged again",
        PAGING,
        "range(incident.position + 1, len(layers) + 1)",
        "range(max(incident.position, 1), len(layers) + 1)",
    ),
    Mutant(
        "an exhausted walk stands where it paged last",
        PAGING,
        "incident.layer_count if incident.position else 0",
        "incident.position",
    ),
    Mutant(
        "an exhausted walk that paged no layer stands at the last",
        PAGING,
        "incident.layer_count if incident.position else 0",
        "incident.layer_count",
    ),
    Mutant("the relieved are paged", PAGING, " if member.id not in incident.relieved) or named", ")", BY_TABLE),
    Mutant(
        "the relieved are passed over though nobody else is named",
        PAGING,
        "not in incident.relieved) or named",
        "not in incident.relieved)",
        BY_TABLE,
    ),
    Mutant(
        "the owner counts as somebody else who is named",
        PAGING,
        "not in incident.relieved) or named",
        "not in incident.relieved) or (() if owners else named)",
        BY_TABLE,
    ),
    Mutant(
        "a person is paged twice in a group",
        PAGING,
        "for member in owners if member not in kept]",
        "for member in owners]",
    ),
    Mutant(
        "the owner is paged for their own sake at the last resort",
        PAGING,
        "owners, Reason.FALLBACK)",
        "owners, Reason.OWNER)",
    ),
    Mutant(
        "former members are paged",
        ROSTER,
        "(self.members.get(user_id) for user_id in",
        '(self.members.get(user_id, Member(user_id, "?", ())) for user_id in',
    ),
    Mutant("who is named twice is paged twice", ROSTER, "dict.fromkeys(user_ids)", "user_ids"),
    Mutant("schedules reach nobody", ROSTER, "self.on_call.get(target.schedule_id, ())", "()"),
    Mutant("every layer has the first one's time", POLICY, "self.layers[max(position, 1) - 1]", "self.layers[0]"),
    Mutant("before the first layer the last one's time runs", POLICY, "max(position, 1) - 1", "position - 1"),
    Mutant("back-off never grows", DELIVERY, "backoff[min(attempts, len(backoff)) - 1]", "backoff[0]", BY_DELIVERY),
    Mutant(
        "back-off runs out",
        DELIVERY,
        "backoff[min(attempts, len(backoff)) - 1]",
        "backoff[attempts - 1]",
        BY_DELIVERY,
    ),
    Mutant("retry-after is ignored", DELIVERY, "retry_after or timedelta()", "timedelta()", BY_DELIVERY),
    Mutant(
        "retry-after cuts the back-off short",
        DELIVERY,
        "wait = max(backoff[min(attempts, len(backoff)) - 1], retry_after or timedelta())",
        "wait = retry_after or backoff[min(attempts, len(backoff)) - 1]",
        BY_DELIVERY,
    ),
    Mutant(
        "a refusal is retried",
        DELIVERY,
        "Settlement(State.FAILED, error=error)",
        "Settlement(State.QUEUED, due_at=now, error=error)",
        BY_DELIVERY,
    ),
    Mutant(
        "a provider that is down fails the page",
        DELIVERY,
        "Settlement(State.QUEUED, due_at=now + wait, error=error, retried=True)",
        "Settlement(State.FAILED, error=error)",
        BY_DELIVERY,
    ),
]
