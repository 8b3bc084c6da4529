"""What a user may do and where it lives, as the service itself tells."""

from __future__ import annotations

from typing import Any


def _privileges(sales: Any) -> set[str]:
    user = sales.integration.read("WhoAmI")["UserId"]
    found = sales.integration.read(f"systemusers({user})/Microsoft.Dynamics.CRM.RetrieveUserPrivileges()")
    return {one["PrivilegeName"] for one in found["RolePrivileges"]}


def test_privileges_are_those_of_the_role_less_what_was_taken_away(sales: Any) -> None:
    """RetrieveUserPrivileges names what the user's roles give it."""
    held = _privileges(sales)
    assert {"prvReadSalesOrder", "prvWriteSalesOrder", "prvDeleteSalesOrder", "prvReadAccount"} <= held
    assert "prvCreateUser" not in held
    sales.setup(denied=["integration:prvWriteSalesOrder"])
    assert held - _privileges(sales) == {"prvWriteSalesOrder"}


def test_each_user_has_settings_with_a_time_zone(sales: Any) -> None:
    """Bias in minutes and the code of the zone, one row for each user."""
    rows = sales.integration.read("usersettingscollection?$select=timezonebias,timezonecode")["value"]
    assert [(one["timezonebias"], one["timezonecode"]) for one in rows] == [(300, 35)] * len(rows)
    assert len(rows) == 3
