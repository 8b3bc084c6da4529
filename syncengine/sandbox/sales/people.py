"""From a caller with a token to the user who acts, impersonation included."""

from __future__ import annotations

from typing import TYPE_CHECKING

from syncengine.sandbox.sales.errors import DataverseError
from syncengine.sandbox.sales.values import GUID
from syncengine.sandbox.sales.values import guid
from syncengine.sandbox.sales.world import Actor
from syncengine.sandbox.sales.world import World

if TYPE_CHECKING:
    from syncengine.sandbox.exchange import Caller
    from syncengine.sandbox.exchange import Request
    from syncengine.sandbox.sales.database import Row


def acting(world: World, caller: Caller, request: Request) -> Actor:
    """The user behind the token, or the one it acts for. Raises DataverseError."""
    user = _user_of(world, caller)
    role = world.roles.get(user["systemuserid"], "none")
    other = _impersonated(world, request)
    if other is None or other["systemuserid"] == user["systemuserid"]:
        return Actor(user["systemuserid"], (role,))
    allowed = role == "admin" or (role == "seller" and world.switches.seller_acts_for_others)
    if not allowed:
        text = f"User (Id={user['systemuserid']}) is missing prvActOnBehalfOfAnotherUser privilege."
        raise DataverseError(403, "0x8004A110", text)
    other_role = world.roles.get(other["systemuserid"], "none")
    # Effective rights are the intersection of both users'.
    return Actor(other["systemuserid"], (other_role, role), behalf=user["systemuserid"])


def _user_of(world: World, caller: Caller) -> Row:
    client = caller.client
    found = world.db.find("systemuser", "applicationid", client.client_id) if client else []
    if not found:
        raise DataverseError(403, "0x80072560", "The user is not a member of the organization.")
    if found[0].get("isdisabled"):
        status = int(world.switches.disabled_user_status)
        raise DataverseError(
            status,
            "0x80040225",
            "The specified user is either disabled or is not a member of any business unit.",
        )
    return found[0]


def _impersonated(world: World, request: Request) -> Row | None:
    entra = request.headers.get("callerobjectid", "")
    legacy = request.headers.get("mscrmcallerid", "")
    sent = entra or legacy
    if not sent:
        return None
    found: list[Row] = []
    if GUID.fullmatch(sent):
        column = "azureactivedirectoryobjectid" if entra else "systemuserid"
        found = world.db.find("systemuser", column, guid(sent))
    if not found:
        raise DataverseError(403, "0x80072560", "The user is not a member of the organization.")
    return found[0]
