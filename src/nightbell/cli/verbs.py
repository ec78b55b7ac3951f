"""The verbs of the command line: the only place for what each is called, where it is and what it needs."""

from dataclasses import dataclass
from enum import Enum, auto

SETTINGS = "nightbell.conf.settings"
DEMO_SETTINGS = "nightbell.cli.demo_settings"


class Needs(Enum):
    """What is ready when a verb's module is loaded."""

    NOTHING = auto()
    ENVIRONMENT = auto()
    DJANGO = auto()
    RUNNING_DATABASE = auto()
    DATABASE = auto()
    SESSIONS = auto()  # a database, and the proof that sessions on it are ours


@dataclass(frozen=True, slots=True)
class Verb:
    """One line of the list. `lasting` ones run until they are stopped, in a container as its first process."""

    module: str
    needs: Needs
    line: str
    attribute: str = ""
    settings: str = SETTINGS
    lasting: bool = False
    hidden: bool = False


TABLE = {
    "serve": Verb("serve", Needs.ENVIRONMENT, "Run all of it: database, web and engine.", lasting=True),
    "demo": Verb("demonstration", Needs.NOTHING, "Try it: throwaway data, people, mail.", lasting=True),
    "check": Verb("check", Needs.ENVIRONMENT, "Say what is wrong with this installation."),
    "incident": Verb("client", Needs.NOTHING, "Open, list, show, ack, hand off, resolve."),
    "oncall": Verb("oncall", Needs.NOTHING, "Say who is on call."),
    "override": Verb("oncall", Needs.NOTHING, "Put somebody else on call for a while."),
    "org": Verb("organizations", Needs.SESSIONS, "Make an organization; name its last resort."),
    "member": Verb("members", Needs.SESSIONS, "Add and remove people."),
    "paging": Verb("paging", Needs.SESSIONS, "See what a restore holds; page for it again."),
    "key": Verb("keys", Needs.SESSIONS, "Make and revoke API keys."),
    "policy": Verb("policies", Needs.SESSIONS, "Make an escalation policy."),
    "schedule": Verb("schedules", Needs.SESSIONS, "Set up who is on call."),
    "web": Verb("web", Needs.ENVIRONMENT, "Run the dashboard and the API alone.", lasting=True),
    "engine": Verb("engine", Needs.RUNNING_DATABASE, "Run one engine alone; any number may run.", lasting=True),
    "migrate": Verb("migrate", Needs.DATABASE, "Bring the database's tables up to date."),
    "secret": Verb("secret", Needs.ENVIRONMENT, "Make and change the keys that encrypt others' tokens."),
    "db": Verb("db", Needs.ENVIRONMENT, "Move an installation to another database."),
    "openapi": Verb("openapi", Needs.DJANGO, "Print the description of the REST API."),
    "demo-web": Verb("web", Needs.ENVIRONMENT, "", "demo_web", DEMO_SETTINGS, lasting=True, hidden=True),
    "demo-prepare": Verb("demo_people", Needs.DATABASE, "", "demo_prepare", DEMO_SETTINGS, hidden=True),
}
