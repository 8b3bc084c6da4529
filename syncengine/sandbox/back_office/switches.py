"""What can be switched: the company's own setup, and one switch for each thing public sources leave open.

Marks as in the fact sheet: [D] documentation, [AL] published AL source, [X] captured from a tenant,
[3P] third-party report, [I] inferred, [?] not known. The default is the likeliest reading.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from dataclasses import field
from decimal import Decimal
from typing import Any


def _switch(default: Any, meaning: str, mark: str, *choices: Any) -> Any:
    return field(default=default, metadata={"meaning": meaning, "mark": mark, "choices": choices})


@dataclass(frozen=True)
class Switches:
    # What an administrator sets up
    archive_orders: bool = _switch(False, "Sales & Receivables Setup, Archive Orders", "[AL]")
    bidirectional: bool = _switch(
        False, "CRM Connection Setup, Bidirectional Sales Order Int.; forces archive_orders on", "[AL]"
    )
    legacy: bool = _switch(False, "CRM Connection Setup, Is S.Order Integration Enabled (one-way)", "[AL]")
    has_archive_api: bool = _switch(True, "salesOrderArchives exist (version 29 and later)", "[AL]")
    has_companion: bool = _switch(False, "the companion extension is installed", "[D]")
    customer_contacts: bool = _switch(
        True, "a new customer gets a company contact (Marketing Setup, Bus. Relation Code for Customers)", "[AL]/[?]"
    )
    disabled_clients: str = _switch(
        "", "roles, separated by commas, whose Microsoft Entra application is disabled", "[D]"
    )
    unpermitted_clients: str = _switch("", "roles, separated by commas, without permission sets", "[D]")
    # Reading
    lambdas: str = _switch("ignored", "any/all in $filter", "[D]/[3P]", "ignored", "refused")
    page_variable_filters: str = _switch(
        "refused", "$filter and $orderby on properties over page variables", "[I]", "refused", "works"
    )
    get_redistributes: str = _switch(
        "pending",
        "a GET of an order redistributes its invoice discount and may bump its stamp",
        "[AL]",
        "pending",
        "never",
        "always",
    )
    line_change_stamps_header: str = _switch(
        "totals",
        "a line change moves the header's stamp only when exposed totals or flags change, or always",
        "[AL]",
        "totals",
        "always",
    )
    fully_shipped: str = _switch(
        "same-location",
        "fullyShipped looks at lines of the touched line's location only, or at all lines",
        "[AL]/[X]",
        "same-location",
        "all-lines",
    )
    replica_lag_s: float = _switch(0.0, "how far a ReadOnly replica lags behind", "[D]")
    max_page_size: int = _switch(20_000, "rows in one answer", "[D]")
    etag_header: bool = _switch(False, "answers carry an ETag header too", "[3P]")
    missing_key_code: str = _switch(
        "BadRequest_ResourceNotFound",
        "code of the 404 for a key that does not exist",
        "[3P]",
        "BadRequest_ResourceNotFound",
        "Internal_RecordNotFound",
    )
    record_not_found_status: int = _switch(404, "status of Internal_RecordNotFound", "[?]", 404, 400)
    next_link_with_top: bool = _switch(False, "an answer to $top has a nextLink where there is more", "[3P]")
    unknown_options: str = _switch(
        "ignored", "query options that the service does not know, such as $search", "[3P]", "ignored", "refused"
    )
    long_url_status: int = _switch(400, "status of an address over 15.7 kB", "[3P]", 400, 414)
    # Writing
    validation_order: str = _switch("payload", "fields are validated in this order", "[AL]/[?]", "payload", "page")
    unchanged_properties: str = _switch(
        "validated",
        "a property sent with the value the page already shows",
        "[?]",
        "validated",
        "skipped",
    )
    read_only_properties: str = _switch("refused", "read-only properties in a body", "[D]/[?]", "refused", "ignored")
    system_kept_quantities: str = _switch(
        "refused", "shippedQuantity and invoicedQuantity in a body", "[3P]/[?]", "refused", "ignored"
    )
    number_in_body: str = _switch(
        "read-only",
        "number in a POST of a document: a read-only control, or reaches the number series",
        "[D]/[3P]",
        "read-only",
        "manual-numbers",
    )
    null_values: str = _switch("cleared", "null in a body", "[I]/[?]", "cleared", "refused")
    enum_captions: str = _switch("accepted", "captions for enum members", "[?]", "accepted", "refused")
    deep_insert_response: str = _switch(
        "header", "the answer to a deep insert without $expand", "[?]", "header", "lines"
    )
    deep_insert_totals: str = _switch(
        "final", "header totals in the answer to a deep insert", "[?]", "final", "before-lines"
    )
    sequence_in_deep_insert: str = _switch(
        "refused", "sequence within salesOrderLines of a POST", "[3P]", "refused", "accepted"
    )
    sequence_in_post: str = _switch(
        "accepted",
        "sequence in the POST of one line (version 22.0 refused it)",
        "[AL]/[3P]",
        "accepted",
        "refused",
    )
    delete_needs_token: bool = _switch(False, "DELETE without If-Match is refused", "[3P]")
    stale_status: int = _switch(409, "status of a stale If-Match", "[D]/[3P]", 409, 412)
    duplicate_key_status: int = _switch(400, "status of a duplicate key", "[3P]", 400, 409)
    released_ship_to_code: str = _switch(
        "refused",
        "ship-to address of a released order that has a Ship-to Code",
        "[AL]/[?]",
        "refused",
        "allowed",
    )
    deep_insert_transaction: str = _switch(
        "one",
        "a deep insert whose line is refused leaves nothing, or its header, without lines",
        "[I]",
        "one",
        "header-first",
    )
    return_minimal: str = _switch(
        "ignored", "Prefer: return=minimal, beside the server's own return-no-content", "[3P]", "ignored", "honoured"
    )
    put: str = _switch("merges", "PUT of an entity", "[3P]", "merges", "refused")
    midpoint: str = _switch(
        "away-from-zero",
        "rounding of amounts and quantities in the middle of two values",
        "[I]",
        "away-from-zero",
        "to-even",
    )
    number_gaps: bool = _switch(True, "a failed insert uses up its number", "[I]")
    batch_over_limit: int = _switch(400, "status of a batch over 100 operations", "[?]", 400, 413)
    change_set_status: int = _switch(
        500, "status of a multipart change set with several requests", "[3P]", 500, 400, 501
    )
    # Limits
    max_body_bytes: int = _switch(350 * 1024 * 1024, "body size, 413 beyond", "[D]")
    rate_limit: int = _switch(6000, "requests of a user within rate_window_s, 429 beyond", "[D]")
    rate_window_s: float = _switch(300.0, "the sliding window of rate_limit", "[D]")
    running_limit: int = _switch(5, "operations of a user that run at once", "[D]")
    queue_limit: int = _switch(95, "operations of a user that wait, 429 beyond", "[D]")
    operation_s: float = _switch(0.0, "how long each operation runs", "[I]")
    queue_timeout_s: float = _switch(480.0, "wait in the queue, 503 beyond", "[D]")
    operation_timeout_s: float = _switch(480.0, "an operation's own time, 408 and nothing kept beyond", "[D]")
    gateway_timeout_s: float = _switch(600.0, "wait of the gateway, 504 beyond; the operation goes on", "[D]")
    # Webhooks
    webhook_delay_s: float = _switch(30.0, "from the first change to the notification", "[D]")
    webhook_retry_scale: float = _switch(1.0, "factor on the delays between attempts", "[D]/[AL]")
    webhook_collection_over: int = _switch(1000, "changed records that make a collection item", "[D]")
    webhook_limit: int = _switch(200, "subscriptions of an environment", "[D]")
    subscription_s: float = _switch(3 * 86400.0, "life of a subscription", "[D]")
    handshake_timeout_s: float = _switch(5.0, "wait for the validation token", "[D]")
    # What else is open
    expanded_page_size: int = _switch(
        0, "rows of an expanded collection before a link of its own goes on; 0: not paged", "[I]", 0, 1, 2, 100
    )
    permission_status: int = _switch(403, "status where permission sets are missing", "[?]", 403, 401)
    unknown_route_body: str = _switch("empty", "body of a 404 of no route at all", "[?]", "empty", "json")
    too_many_body: str = _switch("json", "body of a 429", "[?]", "json", "empty")
    token_secret_status: str = _switch("401", "status of the token endpoint for a wrong secret", "[I]", "401", "400")
    token_expires_in: str = _switch("number", "expires_in of a token: a number, or its text", "[I]", "number", "text")
    unauthorized_body: str = _switch("json", "body of a 401 from the gateway", "[3P]/[?]", "json", "empty")
    retry_after_on_429_s: int = _switch(0, "Retry-After beside 429; 0: none, as documented", "[?]", 0, 1, 5, 30)
    handshake_failure_status: int = _switch(400, "status of a subscription that was not validated", "[I]", 400, 422)
    handshake_method: str = _switch("POST", "verb of the handshake", "[I]", "POST", "GET")

    def changed(self, wanted: dict[str, Any]) -> Switches:
        """With some switches set. Raises ValueError naming the legal ones."""
        fields = {one.name: one for one in dataclasses.fields(self)}
        for name, value in wanted.items():
            if name not in fields:
                raise ValueError(f"{name!r} is no switch; the switches are {', '.join(fields)}")
            _check(fields[name], value)
        result = dataclasses.replace(self, **{n: _typed(fields[n], v) for n, v in wanted.items()})
        if result.bidirectional and not result.archive_orders:
            # "You cannot turn Archive Orders off while bidirectional sales order integration is on" [AL]
            if wanted.get("archive_orders") is False:
                raise ValueError("archive_orders cannot be false while bidirectional is true")
            result = dataclasses.replace(result, archive_orders=True)
        return result

    def described(self) -> dict[str, Any]:
        return {
            one.name: {
                "value": getattr(self, one.name),
                "default": one.default,
                "choices": list(one.metadata["choices"]) or type(one.default).__name__,
                "meaning": one.metadata["meaning"],
                "mark": one.metadata["mark"],
            }
            for one in dataclasses.fields(self)
        }


def _check(one: dataclasses.Field[Any], value: Any) -> None:
    choices = one.metadata["choices"]
    if choices and value not in choices:
        raise ValueError(f"{one.name} cannot be {value!r}; legal are {', '.join(map(str, choices))}")
    kinds: dict[type, tuple[type, ...]] = {
        bool: (bool,),
        int: (int,),
        str: (str,),
        float: (int, float, Decimal),
    }
    wanted = type(one.default)
    if not isinstance(value, kinds[wanted]) or (wanted is not bool and isinstance(value, bool)):
        raise ValueError(f"{one.name} cannot be {value!r}; legal is any {wanted.__name__}")
    if not isinstance(value, bool) and isinstance(value, (int, float, Decimal)) and value < 0:
        raise ValueError(f"{one.name} cannot be {value!r}; legal is zero and above")


def _typed(one: dataclasses.Field[Any], value: Any) -> Any:
    return float(value) if isinstance(one.default, float) else value
