"""Rules 1 and 8: who may write rows, where that is decided, where SQL lives, and how an incident is locked."""

from __future__ import annotations

import ast
from collections.abc import Iterator

import pytest

from tests.shape import source, sql

WRITERS = {"data", "actions"}
WAYS_IN = {"web", "api", "inbound"}
# The clock of the demo and of the tests is a row of its own.
CLOCK = "demo/clock.py"
# What is about a server or a connection and no row: starting one, listening on one.
NOT_ABOUT_ROWS = {"postgres"}
# What says for whom a page is; and what goes out to Slack only for an admin, before there is anything to do.
SHOWN_TO = {"web/session.py", "inbound/slack/oauth.py"}
QUERYSETS = {"all()", "exclude()", "filter()", "objects", "order_by()", "select_for_update()", "select_related()"}
ALWAYS = {"bulk_create", "bulk_update", "get_or_create", "update_or_create"}


def names_no_objects(file: source.Source) -> Iterator[str]:
    if file.room in WAYS_IN:
        for node in file.nodes:
            if isinstance(node, ast.Attribute) and node.attr in {"objects", "_default_manager", "_base_manager"}:
                yield file.at(node.lineno, f"names .{node.attr}; go through data.access, data.reads or an action")


def decides_no_rights(file: source.Source) -> Iterator[str]:
    """Who may do what is asked by the action. A page says for whom it is, by a decorator of `web.session`."""
    if file.room in WAYS_IN and file.inside not in SHOWN_TO:
        for node in file.nodes:
            if isinstance(node, ast.Attribute) and node.attr in {"is_admin", "may_edit", "may", "require", "role"}:
                yield file.at(node.lineno, f"asks .{node.attr}; that is for the action")


def writes_no_rows(file: source.Source) -> Iterator[str]:
    if file.room in WRITERS or file.inside == CLOCK:
        return
    imported = file.names()
    for node in file.nodes:
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and _writes(node, imported):
            yield file.at(node.lineno, f"writes a row by .{node.func.attr}(); that is for an action")
    for line, text in file.texts:
        if file.room not in NOT_ABOUT_ROWS and sql.is_write(text):
            yield file.at(line, "writes rows by SQL; that is for data/")


def _writes(call: ast.Call, imported: set[str]) -> bool:
    assert isinstance(call.func, ast.Attribute)
    verb = call.func.attr.removeprefix("a") if call.func.attr != "all" else call.func.attr
    chain = source.dotted(call.func.value).split(".")
    on_a_queryset = bool(QUERYSETS.intersection(chain))
    if verb in ALWAYS:
        return True
    if verb in {"update", "delete"}:
        # A dict, a hash and a session have these too; a row's own `delete` takes no argument.
        return on_a_queryset or (verb == "delete" and not call.args and not call.keywords)
    if verb == "create":
        # `keys.create(…)` of an imported module is an action, `incident.pages.create(…)` a row.
        return on_a_queryset or chain[0] not in imported
    return verb == "save"


def keeps_sql_in_data(file: source.Source) -> Iterator[str]:
    if file.room == "data" or file.room in NOT_ABOUT_ROWS or file.inside == CLOCK:
        return
    for line, text in file.texts:
        if sql.is_statement(text):
            yield file.at(line, "has SQL; statements are constants in data/")


def names_sql_in_upper_case(file: source.Source) -> Iterator[str]:
    """In data/ a statement is a module constant, so that it has a name and no request builds it."""
    if file.room != "data" or file.is_migration:
        return
    constants = _constants(file.tree)
    for node in file.nodes:
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in file.documentation:
            if id(node) not in constants and sql.is_statement(node.value):
                yield file.at(node.lineno, "has SQL that is not a constant of the module, in upper case")


def _constants(module: ast.Module) -> set[int]:
    """The ids of all nodes of upper-case constants, and of the functions that do nothing but build these."""
    constants = {
        id(node)
        for statement in module.body
        if isinstance(statement, ast.Assign | ast.AnnAssign) and statement.value is not None
        if all(source.dotted(target).lstrip("_").isupper() for target in _targets(statement))
        for node in ast.walk(statement.value)
    }
    uses = [node for node in ast.walk(module) if isinstance(node, ast.Name)]
    for function in module.body:
        if isinstance(function, ast.FunctionDef):
            used = [id(node) in constants for node in uses if node.id == function.name]
            if used and all(used):
                constants.update(id(node) for node in ast.walk(function))
    return constants


def _targets(statement: ast.Assign | ast.AnnAssign) -> list[ast.expr]:
    return statement.targets if isinstance(statement, ast.Assign) else [statement.target]


def locks_incidents_weakly(file: source.Source) -> Iterator[str]:
    for line, text in file.texts:
        for strength, tables in sql.locks(text) if sql.is_statement(text) else ():
            if "incident" in tables and strength != "no key update":
                yield file.at(line, f"locks incident for {strength}: writing a page or audit row then waits for it")
    for node in file.nodes:
        if isinstance(node, ast.Call):
            chain = source.dotted(node.func).split(".")
            weak = any(word.arg == "no_key" and _is_true(word.value) for word in node.keywords)
            if chain[-1] == "select_for_update" and {"Incident", "incidents"}.intersection(chain) and not weak:
                yield file.at(node.lineno, "locks incidents by select_for_update() without no_key=True")


def _is_true(value: ast.expr) -> bool:
    return isinstance(value, ast.Constant) and value.value is True


def names_its_table(file: source.Source) -> Iterator[str]:
    if not file.inside.startswith("data/models"):
        return
    for model in file.nodes:
        if not isinstance(model, ast.ClassDef) or not any(
            source.dotted(base).endswith("Model") for base in model.bases
        ):
            continue
        options = {
            target.id: assignment.value
            for meta in model.body
            if isinstance(meta, ast.ClassDef) and meta.name == "Meta"
            for assignment in meta.body
            if isinstance(assignment, ast.Assign)
            for target in assignment.targets
            if isinstance(target, ast.Name)
        }
        if "db_table" not in options and not ("abstract" in options and _is_true(options["abstract"])):
            yield file.at(model.lineno, f"{model.name} does not name its table")


RULES = [
    names_no_objects,
    decides_no_rights,
    writes_no_rows,
    keeps_sql_in_data,
    names_sql_in_upper_case,
    locks_incidents_weakly,
    names_its_table,
]

VIEW, LOOP, STORE, MODEL = (
    f"{source.PACKAGE}/{path}"
    for path in ("web/views.py", "engine/loop.py", "data/store.py", "data/models/incident.py")
)
BUILT = "def _read(table):\n    return f'select id from {table}'\nREAD = {t: _read(t) for t in TABLES}"
UNNAMED = "class Incident(models.Model):\n    class Meta:\n        ordering = []"


@pytest.mark.parametrize("rule", RULES)
def test_the_tree_keeps_the_rule(rule: source.Rule) -> None:
    source.check(rule, source.product())


@pytest.mark.parametrize(
    ("rule", "path", "text"),
    [
        (names_no_objects, VIEW, "Incident.objects.first()"),
        (names_no_objects, VIEW, "Incident._default_manager.first()"),
        (decides_no_rights, VIEW, "if not principal.is_admin:\n    raise Http404"),
        (decides_no_rights, VIEW, "principal.require(Needs.EDITING)"),
        (writes_no_rows, VIEW, "incident.save()"),
        (writes_no_rows, VIEW, "Incident.objects.create(title='x')"),
        (writes_no_rows, VIEW, "incident.pages.create(user=user)"),
        (writes_no_rows, VIEW, "await Incident.objects.acreate(title='x')"),
        (writes_no_rows, LOOP, "Page.objects.filter(id=1).update(state='sent')"),
        (writes_no_rows, LOOP, "page.delete()"),
        (writes_no_rows, LOOP, "Page.objects.bulk_create(pages)"),
        (writes_no_rows, LOOP, "cursor.execute('insert into page (id) values (1)')"),
        (writes_no_rows, LOOP, "cursor.execute('UPDATE page SET state = 1')"),
        (writes_no_rows, LOOP, "cursor.execute(f'delete from {table}')"),
        (keeps_sql_in_data, LOOP, "DUE = 'select id from incident where due_at <= %s'"),
        (keeps_sql_in_data, LOOP, "DUE = '''\nwith due as (\nselect 1)'''"),
        (names_sql_in_upper_case, STORE, "def read(cursor):\n    cursor.execute('select id from incident')"),
        (names_sql_in_upper_case, STORE, "read = 'select id from incident'"),
        (names_sql_in_upper_case, STORE, BUILT + "\ndef run(cursor):\n    cursor.execute(_read('page'))"),
        (locks_incidents_weakly, STORE, "LOCK = 'select id from incident where id = %s for update'"),
        (
            locks_incidents_weakly,
            STORE,
            "LOCK = 'select id from incident i join page on true for update of i skip locked'",
        ),
        (locks_incidents_weakly, STORE, "LOCK = 'select 1 from page join incident as i on true for share of page, i'"),
        (locks_incidents_weakly, STORE, "Incident.objects.select_for_update(skip_locked=True)"),
        (names_its_table, MODEL, UNNAMED),
        (names_its_table, MODEL, "class Incident(Model):\n    pass"),
    ],
)
def test_a_planted_violation_is_caught(rule: source.Rule, path: str, text: str) -> None:
    assert source.broken(rule, [source.planted(path, text)])


@pytest.mark.parametrize(
    ("rule", "path", "text"),
    [
        (names_no_objects, STORE, "Incident.objects.first()"),
        (writes_no_rows, STORE, "incident.save()"),
        (writes_no_rows, VIEW, "from nightbell.actions import keys\nkeys.create(name='x')"),
        (writes_no_rows, VIEW, "from nightbell.actions import keys as actions\nactions.create(name='x')"),
        (writes_no_rows, VIEW, "session.delete(url)\ndigest.update(body)\nfound.update({})"),
        (keeps_sql_in_data, VIEW, "PROMPT = 'Select a member from the list, or update the policy.'"),
        (names_sql_in_upper_case, STORE, "READ = 'select id from incident'"),
        (names_sql_in_upper_case, STORE, BUILT),
        (locks_incidents_weakly, STORE, "LOCK = 'select id from incident for no key update skip locked'"),
        (
            locks_incidents_weakly,
            STORE,
            "LOCK = 'select 1 from incident i join page p on true for update of p skip locked'",
        ),
        (locks_incidents_weakly, STORE, "LOCK = 'select id from membership where id = 1 for update'"),
        (locks_incidents_weakly, STORE, "Incident.objects.select_for_update(no_key=True)"),
        (locks_incidents_weakly, STORE, "Membership.objects.select_for_update()"),
        (names_its_table, MODEL, "class Named(models.Model):\n    class Meta:\n        db_table = 'incident'"),
        (names_its_table, MODEL, "class Base(models.Model):\n    class Meta:\n        abstract = True"),
    ],
)
def test_what_is_allowed_passes(rule: source.Rule, path: str, text: str) -> None:
    assert source.broken(rule, [source.planted(path, text)]) == []
