"""Whom a call is for, who makes it, and whether that person may."""

from __future__ import annotations

from sales_operations.domain.errors import InvalidInput, NotAllowed, NotFound
from sales_operations.forecasting.calls.organisation import COMPANY, Key, Organisation
from sales_operations.forecasting.calls.standing import ADJUSTMENT, CALL
from sales_operations.store import calls as stored
from sales_operations.workspace import Workspace


def called_for(workspace: Workspace, organisation: Organisation, rep: str | None, team: str | None) -> Key:
    """The place that a rep or a team stands at, given by id, name or e-mail; the company where neither is given.

    A manager whose reports are in no team stands for them as a team. Raises NotFound, InvalidInput.
    """
    if rep is not None and team is not None:
        raise InvalidInput("a call is for a rep or for a team, not for both; leave one out")
    if rep is not None:
        return "rep", _user(workspace, organisation, rep)
    if team is None:
        return COMPANY
    with workspace.reading() as connection:
        found = stored.team_named(connection, team)
        manager = None if found else stored.user_named(connection, team)
    for key in (("team", found), ("reports", manager)):
        if key[1] is not None and organisation.knows(key):
            return organisation.key(*key)
    known = [node.name for node, _ in organisation.walk() if node.key[0] in ("team", "reports")][:5]
    hint = f"; there is {', '.join(known)}" if known else "; import teams, or users with their team or manager"
    raise NotFound(f"team: there is no team {team!r}, or several of that name{hint}")


def caller(workspace: Workspace, organisation: Organisation, key: Key, by: str | None) -> tuple[str, str]:
    """The user who calls, and the kind of what is said: a call of one's own place, or an adjustment from above.

    Where ``by`` is not given, it is the system's user, or else, where that is no user here, whose own call it is.
    Raises NotFound, InvalidInput, NotAllowed.
    """
    node, above = organisation.nodes[key], organisation.above(key)
    if by is not None:
        user = _user(workspace, organisation, by)
    else:
        with workspace.reading() as connection:
            system = stored.user_named(connection, workspace.user)
        if (user := system or node.holder or "") == "":
            raise InvalidInput(
                f"{node.name} has no manager in the store, so say who calls (--as), or import the manager"
            )
    if user == node.holder:
        return user, CALL
    if user in above:
        return user, ADJUSTMENT
    may = [organisation.name_of(one) for one in ([node.holder] if node.holder else []) + sorted(above)]
    who = (
        f"{', '.join(may)} may"
        if may
        else "nobody may, as no manager is known: import teams or users with their manager"
    )
    raise NotAllowed(f"{organisation.name_of(user)} may not call for {node.name}; {who}")


def _user(workspace: Workspace, organisation: Organisation, given: str) -> str:
    with workspace.reading() as connection:
        found = stored.user_named(connection, given)
    if found is None or found not in organisation.users:
        raise NotFound(f"there is no user {given!r}, or several of that name; give an e-mail or an id")
    return found
