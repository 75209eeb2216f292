"""people add | list | role | password | remove: accounts at the desk"""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING, Any

from corpus.commands import show

if TYPE_CHECKING:
    from corpus.settings import CorpusSettings
    from corpus.store import Store

ACTOR = "command line"
ROLES = ("reviewer", "lead", "read-only")


def add(commands: Any) -> None:
    people = commands.add_parser("people", help="accounts at the desk: add, list, role, password, remove")
    verbs = people.add_subparsers(dest="verb", required=True)
    adding = verbs.add_parser("add", help="make an account and print its first password once")
    adding.add_argument("name")
    adding.add_argument("--role", choices=ROLES, required=True)
    adding.add_argument("--password-stdin", action="store_true", help="read the password from standard input")
    role = verbs.add_parser("role", help="change what an account may do")
    role.add_argument("name")
    role.add_argument("--role", choices=ROLES, required=True)
    password = verbs.add_parser("password", help="give an account a new password and print it once")
    password.add_argument("name")
    password.add_argument("--password-stdin", action="store_true", help="read the password from standard input")
    remove = verbs.add_parser("remove", help="close an account for ever; what it decided stays")
    remove.add_argument("name")
    listing = verbs.add_parser("list", help="every account")
    listing.add_argument("--json", action="store_true", help="print JSON")
    people.set_defaults(run=_run)


def _run(store: Store, _: CorpusSettings, given: argparse.Namespace) -> int:
    from corpus import people
    from corpus.custody import Role

    typed = sys.stdin.readline().rstrip("\r\n") if getattr(given, "password_stdin", False) else None
    match given.verb:
        case "add":
            _tell(given.name, people.add(store, given.name, Role(given.role), typed, ACTOR))
        case "password":
            _tell(given.name, people.set_password(store, given.name, typed, ACTOR))
        case "role":
            people.set_role(store, given.name, Role(given.role), ACTOR)
            print(f"{given.name} is {given.role} now, and signed out everywhere.")
        case "remove":
            people.remove(store, given.name, ACTOR)
            print(f"{given.name} can no longer sign in. What {given.name} decided stays recorded.")
        case "list":
            found = [
                {"name": p.name, "role": p.role.value, "since": p.since.isoformat(), "closed": p.disabled}
                for p in store.people()
            ]
            show.rows(found, given.json, ("name", "role", "since", "closed"))
    return 0


def _tell(name: str, passphrase: str | None) -> None:
    if passphrase is None:
        print(f"{name} can sign in at /desk with the password that was given.")
    else:
        print(f"{name} can sign in at /desk with this password. It is shown once:\n\n  {passphrase}\n")
