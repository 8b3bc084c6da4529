"""Statuses and codes of refusals that no public source settles: by the code, one switch for each."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from syncengine.sandbox.sales.errors import DataverseError
    from syncengine.sandbox.sales.switches import Switches

_STATUS = {
    "0x80060892": "alternate_key_status",
    "0x80060891": "no_such_key_status",
    "0x80060890": "undefined_key_status",
    "0x8004F00E": "invalid_state_status",
    "0x80040233": "invalid_state_status",
    "0x80043b1d": "pricing_lock_status",
    "0x80043b1e": "pricing_lock_status",
    "0x8004022e": "readonly_status",
    "0x80040228": "readonly_status",
    "0x80040230": "readonly_status",
    "0x80043b09": "readonly_status",
    "0x80040227": "associated_status",
    "0x80044352": "expired_token_status",
}
_CODE = {"0x8004431A": "choice_code"}


def decided(error: DataverseError, switches: Switches) -> DataverseError:
    """The refusal as the switches have it. One that was planted by a fault stays as it was asked for."""
    if error.planted:
        return error
    status, code = _STATUS.get(error.code), _CODE.get(error.code)
    if status is not None:
        error.status = int(getattr(switches, status))
    if code is not None:
        error.code = getattr(switches, code)
    return error
