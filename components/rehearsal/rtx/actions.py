"""The commands that do something instead of becoming a line of the configuration."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from . import messages
from .commands import Action, Found
from .configuration import Statement
from .dialogue import Ask, Job, Line, Secret
from .grammar import Refusal
from .passwords import encrypted
from .pinging import ping
from .saving import SAVING, save_now

if TYPE_CHECKING:
    from .console import Console


def _administrator(console: Console, _: Found) -> Job:
    """Ask for the password, if there is one (56.3.1); already there is no error (unverified)."""
    router = console.router
    if console.administrator:
        yield messages.text("already", console.language)
        return
    if router.attribute(console.user, "administrator") == "off":
        raise Refusal("level")
    free = router.attribute(console.user, "administrator") == "2"
    if router.running().has("administrator password") and not free:
        typed = yield Secret(messages.text("password", console.language))
        if not router.administrator_password_fits(typed):
            router.note(f"'administrator' failed for {console.whence}")
            raise Refusal("password")
    console.administrator = True
    router.note(f"'administrator' succeeded for {console.whence}")


def _administrator_password(console: Console, _: Found) -> Job:
    """Interactive only: the old password, then the new one twice (4.3)."""
    router = console.router
    if router.running().value("administrator password") is not None:
        old = yield Secret("Old_Password: ")
        if not router.administrator_password_fits(old):
            raise Refusal("password")
    first = yield Secret("New_Password: ")
    second = yield Secret("New_Password: ")
    if first != second:
        raise Refusal("password")
    key = "administrator password"
    router.change(router.running().with_line(Statement("", key, f"{key} {encrypted(first)}")))


def _exit(console: Console, found: Found) -> Job:
    """Leave administrator mode, asking about unsaved changes; a second `exit` logs out (56.3.2).

    Logging out cancels the console's rollback timer and keeps what is in force (56.7.31).
    """
    if not console.administrator:
        if found.values:
            raise Refusal("level")
        console.router.end(console)
        return
    if found.values:
        save_now(console)
    elif console.router.unsaved():
        answer = yield Ask(messages.text("save?", console.language))
        if answer == "y":
            save_now(console)
    console.administrator, console.context = False, ""


def _restart(console: Console, _: Found) -> Job:
    """Reboot; that unsaved changes are asked about first is unverified."""
    if console.router.unsaved():
        answer = yield Ask(messages.text("save?", console.language))
        if answer == "y":
            console.router.save()
    console.router.reboot()


def _select(console: Console, found: Found) -> Job:
    """`tunnel select` and `pp select`: a state of the session, none of the configuration."""
    number = found.values[0] if found.values else "none"
    console.context = "" if number == "none" else f"{found.identity[0]} {number}"
    yield from ()


def _disconnect_user(console: Console, found: Found) -> Job:
    """`disconnect user NAME [/ssh]`: all sessions of a user but this one."""
    router, (name, *_) = console.router, found.values
    theirs = [each for each in router.sessions if each.user == name and each is not console]
    if not theirs:
        raise Refusal("no user")
    for each in theirs:
        router.end(each)
    yield from ()


def _import_key(console: Console, found: Found) -> Job:
    """Paste one key, then an empty line (4.76); what is asked for in which words is unverified."""
    router, (user,) = console.router, found.values
    if not router.running().has(f"login user {user}"):
        raise Refusal("no user")
    pasted = ""
    while line := (yield Line("")):
        pasted += line
    if pasted:
        router.add_key(user, pasted)


def _delete_sas(console: Console, found: Found) -> Job:
    link = console.router.office_link
    wanted = found.values[0]
    known = {str(sa.id) for sa in link.sas()} if link else set()
    if wanted != "all" and wanted not in known:
        raise Refusal("no sa")
    if link is not None:
        link.delete_sas(None if wanted == "all" else [int(wanted)])
    yield from ()


def _refresh_sas(console: Console, _: Found) -> Job:
    if console.router.office_link is not None:
        console.router.office_link.refresh_sas()
    yield from ()


ACTIONS: Final = (
    *SAVING,
    Action("administrator |                       ; 56.3.1", _administrator, administrator=False),
    Action("administrator password |              ; 4.3", _administrator_password),
    Action("exit | [ save ]                       ; 56.3.2", _exit, administrator=False),
    Action("quit | [ save ]                       ; 56.3.2", _exit, administrator=False),
    Action("restart |                             ; 56.7", _restart),
    Action("tunnel select | TUNNEL/none           ; 56.2", _select, False, negatable=True),
    Action("pp select | PEER/anonymous/none       ; 56.1", _select, False, negatable=True),
    Action("disconnect user | USER [ /ssh ]       ; 56", _disconnect_user),
    Action("import sshd authorized-keys | USER    ; 4.76 +key login", _import_key),
    Action("ipsec sa delete | 1..2147483647/all   ; 15.48.6", _delete_sas),
    Action("ipsec refresh sa |                    ; 15.48.3", _refresh_sas),
    Action("ping | TEXT...                        ; 56.7", ping, administrator=False),
)
