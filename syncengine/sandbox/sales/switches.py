"""What the sources leave open about the real service, each as a named switch with the likeliest reading as
default.

Marks: D official documentation (contradicting itself or another page), S Microsoft's own source, C community,
K general knowledge of the platform, I inference.
"""

from __future__ import annotations

from dataclasses import asdict
from dataclasses import dataclass
from dataclasses import field
from dataclasses import fields
from typing import Any

TRACKED = (
    "salesorder salesorderdetail account contact product transactioncurrency uom uomschedule pricelevel "
    "productpricelevel quote quotedetail invoice invoicedetail opportunity opportunityproduct "
    "annotation systemuser"
)


class SwitchError(ValueError):
    """An unknown switch or a value that is not one of its choices; the message names the legal ones."""


def _choice(meaning: str, mark: str, *choices: str) -> Any:
    return field(default=choices[0], metadata={"meaning": meaning, "mark": mark, "choices": choices})


def _flag(default: bool, meaning: str, mark: str) -> Any:
    return field(default=default, metadata={"meaning": meaning, "mark": mark, "choices": (True, False)})


def _number(default: float, meaning: str, mark: str) -> Any:
    return field(default=default, metadata={"meaning": meaning, "mark": mark, "choices": ("a number from 0",)})


def _names(default: str, meaning: str, mark: str) -> Any:
    return field(
        default_factory=lambda: tuple(default.split()),
        metadata={"meaning": meaning, "mark": mark, "choices": ("a list of names",)},
    )


@dataclass(frozen=True)
class Switches:
    # who may do what
    org_level_read: tuple[str, ...] = _names(
        "integration admin", "roles that read at organization level; the others at business-unit level", "D/K"
    )
    denied: tuple[str, ...] = _names(
        "", "privileges taken away, as role:privilege, e.g. integration:prvReadSalesOrder", "D"
    )
    seller_acts_for_others: bool = _flag(False, "the seller holds prvActOnBehalfOfAnotherUser", "D")
    duplicate_rules: tuple[str, ...] = _names(
        "", "duplicate detection rules, as table:column; they count when a request asks for them", "D"
    )
    disabled_user_status: str = _choice("status for a disabled user (0x80040225)", "K", "403", "401")
    integration_user_sets_flag: bool = _flag(
        False,
        "marking a user as integration user turns issopintegrationenabled on, as an older release did",
        "C",
    )
    # reading
    ne_matches_null: bool = _flag(True, "`ne` and `not contains` also give rows where the column is null", "K")
    unordered_pages: str = _choice(
        "order of rows beyond one page without $orderby",
        "K",
        "by-id",
        "shuffled-each-request",
        "by-insertion",
    )
    expand_nextlink: str = _choice(
        "nextLink of an expanded collection in a list: on every one, or only where rows are missing",
        "D/K",
        "always",
        "missing-rows",
    )
    decimal_scale: str = _choice(
        "digits of Decimal columns in JSON: as stored (10), or the column's precision",
        "K",
        "stored",
        "precision",
    )
    null_columns: str = _choice(
        "columns without a value: shown as null, or left out of the answer", "D/K", "shown", "left-out"
    )
    version_number: str = _choice("versionnumber in JSON: a number, or its text", "D/K", "number", "text")
    quoted_dates: str = _choice("a date literal in quotes in $filter", "K", "refused", "accepted")
    count_with_bom: bool = _flag(True, "/$count answers with a byte order mark", "D")
    create_location: bool = _flag(True, "Location beside OData-EntityId", "D/K")
    entity_id_with_body: bool = _flag(False, "OData-EntityId also with return=representation", "D")
    apply: str = _choice("$apply: refused, or aggregate and groupby answered", "K", "aggregates", "refused")
    # values
    milliseconds: str = _choice("fractions of a second in a date-time that is written", "K", "dropped", "kept")
    midpoint: str = _choice(
        "rounding of money, prices and quantities in the middle of two values", "K", "away-from-zero", "to-even"
    )
    exchange_rate_digits: str = _choice(
        "digits of exchangerate: those of the column (orders 12, others 10), or 10 everywhere", "D", "column", "10"
    )
    default_currency: str = _choice(
        "currency of a row that names none: the user's, else the organization's, or always the organization's",
        "K",
        "user",
        "organization",
    )
    application_required: str = _choice(
        "what forms require (name, customer, price list, currency) of documents created through the API",
        "K",
        "not-asked",
        "asked",
    )
    newer_columns: str = _choice(
        "columns newer than the pages that say what may be written (skippricecalculation, names of lines and others)",
        "K",
        "writable",
        "read-only",
    )
    overridden_created_on: str = _choice(
        "overriddencreatedon at creation: becomes createdon and keeps the real time, or is only stored",
        "K",
        "moved",
        "stored",
    )
    # batches and bulk messages
    failed_change_set: str = _choice(
        "answer of a change set that failed: one part, that part within a change set's own, or one for each operation",
        "K",
        "one-part",
        "in-change-set",
        "each",
    )
    missing_content_id: str = _choice("an operation of a change set without Content-ID", "C", "refused", "accepted")
    upsert_multiple_status: str = _choice("UpsertMultiple: 204, or 200 with the ids", "C", "204", "200")
    # refusals
    unknown_property_code: str = _choice("code for an unknown property in a query", "C/D", "0x80060888", "0x0")
    unknown_body_property_code: str = _choice("code for an unknown property in a body", "C/D", "0x80048d19", "0x0")
    not_creatable: str = _choice("a column not valid for create in a POST", "K", "dropped", "refused")
    not_updatable: str = _choice(
        "a column not valid for update, create-only ones too, in a PATCH", "K", "dropped", "refused"
    )
    duplicate_id_status: str = _choice("status of a duplicate primary key (0x80040237)", "D/C", "412", "409")
    readonly_status: str = _choice("status of the read-only refusals", "K", "400", "403")
    associated_status: str = _choice("status of a delete blocked by related rows (0x80040227)", "D", "405", "400")
    choice_code: str = _choice("code of a choice out of range", "K", "0x8004431A", "0x80040203")
    alternate_key_status: str = _choice(
        "status of an alternate key that is taken (0x80060892)", "K", "412", "400", "409"
    )
    no_such_key_status: str = _choice("status of key values that no row has (0x80060891)", "K", "404", "400")
    undefined_key_status: str = _choice("status of columns that are no defined key (0x80060890)", "K", "400", "404")
    invalid_state_status: str = _choice(
        "status of an invalid transition or state (0x8004F00E, 0x80040233)", "K", "400", "403", "405"
    )
    pricing_lock_status: str = _choice(
        "status of pricing that is locked or unlocked already (0x80043b1d, 0x80043b1e)", "K", "400", "405"
    )
    readonly_words: str = _choice(
        "a locked header: the code list's words and code, or the reported ones, without a code",
        "C",
        "code-list",
        "reported",
    )
    lock_checked: str = _choice(
        "the lock of a document is asked for after the values of an update are checked, or before",
        "K",
        "after-values",
        "before-values",
    )
    # change tracking
    tracked_tables: tuple[str, ...] = _names(TRACKED, "tables with change tracking on", "K")
    untrackable_tables: tuple[str, ...] = _names(
        "orderclose quoteclose opportunityclose organization", "tables that can never have it", "K"
    )
    delta_token_taken: str = _choice("version in the delta link of a paged first call", "K", "first-page", "last-page")
    tombstone_of_recreated: str = _choice("the tombstone of a GUID that lives again", "K", "kept", "dropped")
    expired_token_status: str = _choice("status of an expired delta token (0x80044352)", "K", "400", "410")
    metadata_change_expires_tokens: bool = _flag(True, "a new column expires the delta tokens of its table", "C")
    # orders
    submitted_lock: str = _choice(
        "who may write Submitted orders while issopintegrationenabled is off",
        "K",
        "integration-and-admin",
        "everybody",
        "integration",
        "nobody",
    )
    submitted_exception: str = _choice(
        "whose integration user opens a Submitted order while the flag is on: who writes, who submitted, who created",
        "D",
        "acting-user",
        "submitted-by",
        "created-by",
    )
    closed_lock: str = _choice(
        "who may still write Canceled, Fulfilled and Invoiced orders and closed invoices",
        "C",
        "admin",
        "nobody",
        "integration-and-admin",
    )
    reopen_closed: str = _choice("PATCH of a closed order back to Active or Submitted", "D/K", "allowed", "refused")
    fulfil_by_patch: str = _choice("PATCH to Fulfilled", "C", "refused", "allowed")
    invoiced_by_patch: str = _choice("who may PATCH to Invoiced", "S/K", "everybody", "integration-and-admin")
    state_with_columns: str = _choice(
        "a PATCH with state and other columns: which is applied first", "K", "columns-first", "state-first"
    )
    sop_create_state: str = _choice(
        "state of an order created while issopintegrationenabled is on",
        "D/C",
        "active",
        "submitted",
        "submitted-by-integration",
    )
    locked_state_changes: str = _choice(
        "who may change the state of a Submitted order: everybody who may write orders, or who may write this one",
        "K",
        "everybody",
        "who-may-write",
    )
    state_alone: str = _choice("a PATCH of statecode without statuscode", "K", "default-status", "refused")
    fulfil_binding: str = _choice(
        "what FulfillSalesOrder is bound to; $metadata says it", "D/K", "collection", "row", "unbound"
    )
    close_type: str = _choice("@odata.type of the activity in a closing action", "C/K", "optional", "needed")
    convert_submitted: str = _choice(
        "ConvertSalesOrderToInvoice while the flag is on or the order Submitted", "C", "allowed", "refused"
    )
    convert_sets_invoiced: bool = _flag(True, "ConvertSalesOrderToInvoice makes the order Invoiced", "K")
    willcall_clears_shipto: bool = _flag(True, "willcall true clears the ship-to address", "K")
    line_sequence: str = _choice("sequencenumber of a line sent without one", "K", "assigned", "null")
    # prices
    price_submitted: bool = _flag(
        True, "prices are computed on Submitted orders that the writer may write, flag off", "I"
    )
    pricing_update: str = _choice(
        "when the pricing pass is a second update of the header: after line writes and where totals "
        "moved, always, only where totals moved",
        "K",
        "line-writes",
        "always",
        "moved",
    )
    skippricecalculation: str = _choice(
        "skippricecalculation counts when sent with the write, when stored, never",
        "D/K",
        "sent",
        "stored",
        "ignored",
    )
    missing_price_list: str = _choice(
        "an order without price list: always pricing error 2, or only if a line needs it",
        "K",
        "always",
        "when-needed",
    )
    missing_quantity: str = _choice(
        "a line without quantity: 0x80081012, or pricing error 4", "D", "refused", "pricing-error"
    )
    inactive_product: str = _choice(
        "a line with a product that is not Active", "D/K", "refused", "pricing-error", "accepted"
    )
    volume_discount_on_override: bool = _flag(False, "volume discounts also apply to overridden prices", "K")
    unit_discount: str = _choice(
        "a discount per unit times the quantity: carried on with all digits, or rounded for each line",
        "K",
        "carried",
        "each-line",
    )
    line_discount_total: str = _choice(
        "totallineitemdiscountamount in per-unit mode", "K", "times-quantity", "as-entered"
    )
    # limits
    limit_requests: float = _number(6000, "requests of one user in the window; 0: no limit", "D")
    limit_execution_s: float = _number(1200, "execution seconds of one user in the window; 0: no limit", "D")
    limit_concurrent: float = _number(52, "requests of one user at once; 0: no limit", "D")
    limit_window_s: float = _number(300, "length of the sliding window", "D")
    execution_factor: float = _number(1, "execution time counts as many times", "I")
    throttling_code: str = _choice(
        "code of 429: that of the limit, or the generic one", "D/K", "by-limit", "0x8005F103"
    )
    max_body_bytes: float = _number(120_000_000, "larger bodies are refused with 413", "K")
    # webhooks
    webhook_timeout_s: float = _number(60, "how long a receiver may take", "D")
    webhook_delay_s: float = _number(0, "how long asynchronous deliveries wait", "K")
    webhook_duplicates: float = _number(0, "share of asynchronous deliveries sent twice", "K")
    webhook_losses: float = _number(0, "share of asynchronous deliveries never sent", "K")
    webhook_reversed: bool = _flag(False, "asynchronous deliveries of one request leave in reverse order", "K")
    # what else is open
    token_secret_status: str = _choice("status of the token endpoint for a wrong secret", "K", "401", "400")
    token_expires_in: str = _choice("expires_in of a token: a number, or its text", "K", "number", "text")
    unauthorized_body: str = _choice("body of a 401", "K", "empty", "json")
    equal_values: str = _choice(
        "an update with the values that are there already: stamps the row, or leaves it", "K", "stamped", "unchanged"
    )

    def changed(self, posted: dict[str, Any]) -> Switches:
        """With some switches set otherwise. Raises SwitchError."""
        known = {one.name: one for one in fields(self)}
        values = {}
        for name, value in posted.items():
            if name not in known:
                raise SwitchError(f"{name!r} is no switch; there are {', '.join(sorted(known))}")
            values[name] = _checked(name, value, known[name].metadata["choices"])
        return Switches(**{**asdict(self), **values})

    def described(self) -> list[dict[str, Any]]:
        return [
            {
                "name": one.name,
                "value": getattr(self, one.name),
                "meaning": one.metadata["meaning"],
                "source": one.metadata["mark"],
                "choices": list(one.metadata["choices"]),
            }
            for one in fields(self)
        ]


def _checked(name: str, value: Any, choices: tuple[Any, ...]) -> Any:
    if choices == ("a number from 0",):
        if (
            isinstance(value, bool)
            or (not isinstance(value, int | float) and not hasattr(value, "as_tuple"))
            or value < 0
        ):
            raise SwitchError(f"{name} takes a number from 0, not {value!r}")
        return float(value)
    if choices == ("a list of names",):
        if not isinstance(value, list | tuple) or not all(isinstance(one, str) for one in value):
            raise SwitchError(f"{name} takes a list of names, not {value!r}")
        return tuple(value)
    if value not in choices or isinstance(value, bool) is not isinstance(choices[0], bool):
        raise SwitchError(f"{name} takes one of {', '.join(map(str, choices))}, not {value!r}")
    return value
