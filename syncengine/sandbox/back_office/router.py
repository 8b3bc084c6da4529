"""One operation within the transaction in progress: from its address to its answer."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING
from typing import Any

from syncengine.sandbox.back_office.protocol.addresses import segments
from syncengine.sandbox.back_office.protocol.operation import Answer
from syncengine.sandbox.back_office.protocol.reading import Reader
from syncengine.sandbox.back_office.protocol.targets import Finder
from syncengine.sandbox.back_office.protocol.writing import Writer
from syncengine.sandbox.back_office.refusals import RefusedError
from syncengine.sandbox.back_office.refusals import method_not_allowed
from syncengine.sandbox.back_office.refusals import unknown_company
from syncengine.sandbox.back_office.schema.definitions import entity_definitions
from syncengine.sandbox.back_office.schema.edmx import metadata_document
from syncengine.sandbox.back_office.webhooks.subscriptions import subscribable

if TYPE_CHECKING:
    from collections.abc import Callable

    from syncengine.sandbox.back_office.environment import Environment
    from syncengine.sandbox.back_office.pages.base import Page
    from syncengine.sandbox.back_office.protocol.addresses import Segment
    from syncengine.sandbox.back_office.protocol.operation import Operation
    from syncengine.sandbox.back_office.schema.entities import Api
    from syncengine.sandbox.back_office.store.company import Company
    from syncengine.sandbox.back_office.store.session import Session

READING = ("GET", "HEAD")
ROOT_SETS = {"companies": "company", "subscriptions": "subscription"}


class Router:
    def __init__(self, environment: Environment, strikes: Callable[[Operation], RefusedError | None]) -> None:
        """`strikes` is the fault that happens to one operation, if one was asked for."""
        self.environment = environment
        self.strikes = strikes
        self._documents: dict[tuple[str, int], bytes] = {}

    def run(self, operation: Operation, user: str) -> Answer:
        """Raises RefusedError; the caller keeps or undoes what was written."""
        struck = self.strikes(operation)
        if struck is not None:
            raise struck
        path = segments(operation.path)
        if not path:
            return self._service_document(operation)
        first = path[0]
        if first.name == "$metadata":
            return self._metadata(operation)
        if first.name == "entityDefinitions":
            return self._definitions(operation)
        if first.name in ROOT_SETS and not (first.name == "companies" and len(path) > 1):
            return self._at_root(operation, path, user)
        if first.name == "companies" and first.key is not None:
            company = self._company(first)
            return self._in_company(operation, path[1:], company, f"companies({company.id})/", user)
        company = self._named_company(operation)
        return self._in_company(operation, path, company, f"companies({company.id})/", user)

    def _at_root(self, operation: Operation, path: list[Segment], user: str) -> Answer:
        environment = self.environment
        company = next(iter(environment.companies.values()))
        return self._perform(operation, path, environment.session(company, user), environment.root_pages, ROOT_SETS, "")

    def _company(self, segment: Segment) -> Company:
        key = self.environment.root_pages["company"].key_of(segment.key or "")
        company = self.environment.companies.get(key or "")
        if company is None:
            raise unknown_company(segment.key or "")
        return company

    def _named_company(self, operation: Operation) -> Company:
        name = operation.options.get("company", "") or operation.headers.get("company", "")
        company = self.environment.company(name) if name else None
        if company is None:
            raise unknown_company(name)
        return company

    def _in_company(
        self, operation: Operation, path: list[Segment], company: Company, prefix: str, user: str
    ) -> Answer:
        api = operation.api
        by_set = {name: kind.name for name, kind in api.by_set.items() if kind.name not in ROOT_SETS.values()}
        session = self._session(operation, company, user)
        return self._perform(operation, path, session, self.environment.pages[api.route], by_set, prefix)

    def _session(self, operation: Operation, company: Company, user: str) -> Session:
        """A read with `Data-Access-Intent: ReadOnly` may be served by a replica that lags behind."""
        environment = self.environment
        lag = environment.switches.replica_lag_s
        read_only = operation.headers.get("data-access-intent", "").lower() == "readonly"
        if not (lag and read_only and operation.method in READING):
            return environment.session(company, user)
        past = environment.history.company_at(company, environment.now() - timedelta(seconds=lag))
        session = environment.session(past, user)
        return replace(session, switches=replace(session.switches, get_redistributes="never"))

    @staticmethod
    def _perform(
        operation: Operation,
        path: list[Segment],
        session: Session,
        pages: dict[str, Page],
        by_set: dict[str, str],
        prefix: str,
    ) -> Answer:
        target = Finder(pages, by_set, session).find(path, prefix)
        if operation.method in READING:
            if target.tail.startswith("Microsoft.NAV."):
                raise method_not_allowed(operation.method, target.tail, "Action")
            return Reader(session, pages, operation).read(target)
        return Writer(session, pages, operation).write(target)

    def _read_only(self, operation: Operation, name: str) -> Api:
        if operation.method not in READING:
            raise method_not_allowed(operation.method, name, "Collection")
        return operation.api

    def _service_document(self, operation: Operation) -> Answer:
        api = self._read_only(operation, "")
        names: list[dict[str, Any]] = [
            {"name": name, "kind": "EntitySet", "url": name} for name in ("entityDefinitions", *api.by_set)
        ]
        return Answer(200, {"@odata.context": f"{operation.root}/$metadata", "value": names})

    def _metadata(self, operation: Operation) -> Answer:
        api = self._read_only(operation, "$metadata")
        key = (api.route, len(api.types))
        if key not in self._documents:
            self._documents[key] = metadata_document(api)
        return Answer(200, raw=self._documents[key], headers={"content-type": "application/xml"})

    def _definitions(self, operation: Operation) -> Answer:
        api = self._read_only(operation, "entityDefinitions")
        context = f"{operation.root}/$metadata#entityDefinitions"
        return Answer(200, {"@odata.context": context, "value": entity_definitions(api)})

    def webhook_resources(self, company_id: str, root: str) -> Answer:
        """The runtime API's list of what can be subscribed to."""
        if company_id.lower() not in self.environment.companies:
            raise unknown_company(company_id)
        installed = [api for route in self.environment.pages if (api := self.environment.api(route))]
        names = [
            {"resource": f"{api.route}/companies({company_id})/{kind.entity_set}"}
            for api in installed
            for kind in subscribable(api)
        ]
        return Answer(200, {"@odata.context": f"{root}/$metadata#webhookSupportedResources", "value": names})


def limit_url(target: str, status: int) -> None:
    """About 15.7 kB: beyond that the service answers 400, further on 500 (measured on a live deployment)."""
    if len(target) > 31_400:
        raise RefusedError(500, "Internal_ServerError", "The request URL is too long.")
    if len(target) > 15_700:
        raise RefusedError(status, "BadRequest_InvalidRequestUrl", "The request URL is too long.")
