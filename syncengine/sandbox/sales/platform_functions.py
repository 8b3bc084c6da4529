"""Functions of the platform itself: who am I, how many rows, which version."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING
from typing import Any

from syncengine.sandbox.sales.errors import invalid_argument
from syncengine.sandbox.sales.messages import Bound
from syncengine.sandbox.sales.messages import Message
from syncengine.sandbox.sales.messages import Parameter
from syncengine.sandbox.sales.operation import Operation
from syncengine.sandbox.sales.operation import answer
from syncengine.sandbox.sales.privileges import held

if TYPE_CHECKING:
    from syncengine.sandbox.exchange import Response

VERSION = "9.2.25063.00150"


def who_am_i(op: Operation, _: dict[str, Any], __: Bound | None) -> Response:
    world, user = op.session.world, op.session.actor.user
    row = op.session.db["systemuser"].rows[user]
    return answer(
        200,
        {
            "@odata.context": f"{op.base}/$metadata#Microsoft.Dynamics.CRM.WhoAmIResponse",
            "BusinessUnitId": row.get("businessunitid", world.business_unit_id),
            "UserId": user,
            "OrganizationId": world.organization_id,
        },
    )


def retrieve_version(op: Operation, _: dict[str, Any], __: Bound | None) -> Response:
    where = f"{op.base}/$metadata#Microsoft.Dynamics.CRM.RetrieveVersionResponse"
    return answer(200, {"@odata.context": where, "Version": VERSION})


def total_record_count(op: Operation, given: dict[str, Any], _: Bound | None) -> Response:
    """Of whole tables. The real one answers from a snapshot of the last 24 hours; this one counts."""
    names = given.get("EntityNames")
    if not isinstance(names, list):
        raise invalid_argument("Required field 'EntityNames' is missing")
    for name in names:
        if name not in op.session.model.tables:
            raise invalid_argument(f"The entity with a name = '{name}' was not found in the MetadataCache.")
    counts = [len(op.session.db[name].rows) for name in names]
    where = f"{op.base}/$metadata#Microsoft.Dynamics.CRM.RetrieveTotalRecordCountResponse"
    found = {"Count": len(names), "IsReadOnly": False, "Keys": names, "Values": counts}
    return answer(200, {"@odata.context": where, "EntityRecordCountCollection": found})


def user_privileges(op: Operation, _: dict[str, Any], bound: Bound | None) -> Response:
    """What the roles of a user give, each privilege by name, at organization level."""
    if bound is None or bound.row is None:
        raise invalid_argument("Required field 'UserId' is missing")
    world = op.session.world
    rows = [
        {
            "Depth": "Global",
            "PrivilegeId": str(uuid.uuid5(uuid.NAMESPACE_OID, name)),
            "BusinessUnitId": world.business_unit_id,
            "PrivilegeName": name,
        }
        for name in held(op.session, bound.row["systemuserid"])
    ]
    where = f"{op.base}/$metadata#Microsoft.Dynamics.CRM.RetrieveUserPrivilegesResponse"
    return answer(200, {"@odata.context": where, "RolePrivileges": rows})


def messages() -> list[Message]:
    return [
        Message(
            "RetrieveUserPrivileges",
            user_privileges,
            binding="row",
            tables=("systemuser",),
            returns="mscrm.RetrieveUserPrivilegesResponse",
            is_function=True,
        ),
        Message("WhoAmI", who_am_i, returns="mscrm.WhoAmIResponse", is_function=True),
        Message("RetrieveVersion", retrieve_version, returns="mscrm.RetrieveVersionResponse", is_function=True),
        Message(
            "RetrieveTotalRecordCount",
            total_record_count,
            (Parameter("EntityNames", "Collection(Edm.String)"),),
            returns="mscrm.RetrieveTotalRecordCountResponse",
            is_function=True,
        ),
    ]
