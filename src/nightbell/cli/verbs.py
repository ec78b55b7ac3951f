"""The verbs of the command line: the only place for what each is called, where it is and what it needs."""

from dataclasses import dataclass
from enum import Enum, auto

SETTINGS = "nightbell.conf.settings"
DEMO_SETTINGS = "nightbell.cli.demo_settings"
RUNNING, SETTING_UP = "running", "setting_up"


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
    """One line of the list. `lasting` ones run until they are stopped, in a container as its first process.

    `module` has what it does; where that is not what a person types, `typed` is the module with its arguments and help.
    """

    module: str
    needs: Needs
    line: str
    attribute: str = ""
    settings: str = SETTINGS
    typed: str = ""
    lasting: bool = False
    hidden: bool = False


TABLE = {
    "serve": Verb("serve", Needs.ENVIRONMENT, "Run all of it: database, web and engine.", lasting=True, typed=RUNNING),
    "demo": Verb("demonstration", Needs.NOTHING, "Try it: throwaway data, people, mail.", lasting=True, typed=RUNNING),
    "check": Verb("check", Needs.ENVIRONMENT, "Say what is wrong with this installation.", typed=RUNNING),
    "incident": Verb("client", Needs.NOTHING, "Open, list, show, ack, hand off, resolve."),
    "oncall": Verb("oncall", Needs.NOTHING, "Say who is on call."),
    "override": Verb("oncall", Needs.NOTHING, "Put somebody else on call for a while."),
    "org": Verb("organizations", Needs.SESSIONS, "Make and list organizations; name a last resort.", typed=SETTING_UP),
    "member": Verb("members", Needs.SESSIONS, "Add, list and remove people.", typed=SETTING_UP),
    "paging": Verb("paging", Needs.SESSIONS, "See what a restore holds; page for it again.", typed=SETTING_UP),
    "key": Verb("keys", Needs.SESSIONS, "Make, list and revoke API keys.", typed=SETTING_UP),
    "policy": Verb("policies", Needs.SESSIONS, "Make and list escalation policies.", typed=SETTING_UP),
    "schedule": Verb("schedules", Needs.SESSIONS, "Set up who is on call.", typed=SETTING_UP),
    "web": Verb("web", Needs.ENVIRONMENT, "Run the dashboard and the API alone.", lasting=True, typed=RUNNING),
    "engine": Verb(
        "engine", Needs.RUNNING_DATABASE, "Run one engine alone; any number may run.", lasting=True, typed=RUNNING
    ),
    "migrate": Verb("migrate", Needs.DATABASE, "Bring the database's tables up to date.", typed=RUNNING),
    "secret": Verb(
        "secret", Needs.ENVIRONMENT, "Make and change the keys that encrypt others' tokens.", typed=SETTING_UP
    ),
    "db": Verb("db", Needs.ENVIRONMENT, "Move an installation to another database.", typed=SETTING_UP),
    "openapi": Verb("openapi", Needs.DJANGO, "Print the description of the REST API.", typed=RUNNING),
    "demo-web": Verb("web", Needs.ENVIRONMENT, "", "demo_web", DEMO_SETTINGS, lasting=True, hidden=True, typed=RUNNING),
    "demo-prepare": Verb("demo_people", Needs.DATABASE, "", "demo_prepare", DEMO_SETTINGS, hidden=True, typed=RUNNING),
}
