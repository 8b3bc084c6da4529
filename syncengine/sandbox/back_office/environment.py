"""Everything the service keeps: companies, switches, subscriptions, and the transaction in progress."""

from __future__ import annotations

from typing import TYPE_CHECKING
from typing import Any

from syncengine.sandbox.back_office.documents.blanks import blank
from syncengine.sandbox.back_office.pages.companies import CompanyPage
from syncengine.sandbox.back_office.pages.companies import company_table
from syncengine.sandbox.back_office.pages.registry import pages
from syncengine.sandbox.back_office.schema.entities import companion_api
from syncengine.sandbox.back_office.schema.entities import standard_api
from syncengine.sandbox.back_office.store.company import Company
from syncengine.sandbox.back_office.store.countries import COUNTRIES
from syncengine.sandbox.back_office.store.ids import Ids
from syncengine.sandbox.back_office.store.journal import Journal
from syncengine.sandbox.back_office.store.replica import History
from syncengine.sandbox.back_office.store.session import Session
from syncengine.sandbox.back_office.switches import Switches
from syncengine.sandbox.back_office.values import stamp
from syncengine.sandbox.back_office.webhooks.notifier import Notifier
from syncengine.sandbox.back_office.webhooks.subscriptions import Observer
from syncengine.sandbox.back_office.webhooks.subscriptions import SubscriptionPage
from syncengine.sandbox.back_office.webhooks.subscriptions import subscription_table

if TYPE_CHECKING:
    from datetime import datetime

    from syncengine.sandbox.back_office.pages.base import Page
    from syncengine.sandbox.back_office.schema.entities import Api
    from syncengine.sandbox.back_office.store.journal import Change
    from syncengine.sandbox.clock import Clock
    from syncengine.sandbox.faults import Faults

SYSTEM_USER = "00000000-0000-0000-0000-000000000001"
ARCHIVE = frozenset({"salesOrderArchive", "salesOrderArchiveLine"})

# Jobs of Business Central's own connector: (codeunit, description, minutes). [AL: CRM Setup Defaults]
_BIDIRECTIONAL_JOBS = (
    (5339, "SALESORDER-ORDER - Dynamics 365 Sales synchronization job.", 30),
    (5355, "Notes - Dynamics 365 Sales synchronization job.", 5),
    (5366, "Archived Sales Orders - Dynamics 365 Sales synchronization job.", 30),
)
_LEGACY_JOBS = (
    (5339, "SALESORDER-ORDER - Dynamics 365 Sales synchronization job.", 30),
    (
        5349,
        "Automatically create sales orders from sales orders that are submitted in Dynamics 365 Sales.",
        30,
    ),
    (5352, "Sales Order Status - Dynamics 365 Sales synchronization job.", 30),
    (5355, "Notes - Dynamics 365 Sales synchronization job.", 5),
)


class Environment:
    def __init__(self, clock: Clock, seed: int, faults: Faults) -> None:
        self.clock = clock
        self.notifier = Notifier(faults)
        self.start(seed)

    def start(self, seed: int) -> None:
        """The state right after construction; the same ids for the same seed."""
        self.seed = seed
        self.switches = Switches()
        self.ids = Ids(seed)
        self.journal = Journal()
        self.history = History()
        self.companies: dict[str, Company] = {}
        self.company_table = company_table(self.journal)
        self.subscriptions = subscription_table(self.journal)
        self.observer = Observer(self.subscriptions, self.notifier, lambda: self.switches)
        self.journal.listeners += [self._remember, self.observer]
        standard = standard_api()
        self.pages: dict[str, dict[str, Page]] = {
            api.route: pages(api, self._set_archive_orders) for api in (standard, companion_api())
        }
        self.root_pages: dict[str, Page] = {
            "company": CompanyPage(standard.types["company"], self.company_table),
            "subscription": SubscriptionPage(standard.types["subscription"], self.subscriptions, self.api_for_webhook),
        }

    def api(self, route: str) -> Api | None:
        """The API of a route as this tenant has it; None when it is not installed."""
        if route == companion_api().route:
            return companion_api() if self.switches.has_companion else None
        if route == standard_api().route:
            return standard_api().without(frozenset() if self.switches.has_archive_api else ARCHIVE)
        return None

    def api_for_webhook(self, company: str, route: str) -> Api | None:
        return self.api(f"api/{route}") if company in self.companies else None

    def now(self) -> datetime:
        return stamp(self.clock.now())

    def session(self, company: Company, user: str) -> Session:
        return Session(company, self.switches, self.journal, self.now(), user)

    def _remember(self, changes: list[Change]) -> None:
        if self.switches.replica_lag_s:
            self.history.add(self.now(), changes)

    def add_company(self, name: str, local_currency: str, tax: str) -> Company:
        company = Company(self.ids.new(), name, local_currency, tax, self.journal, self.ids)
        now = self.now()
        company.row = self.company_table.insert(
            {
                "id": company.id,
                "systemVersion": "29.0.41234.0",
                "timestamp": 4006 + len(self.companies),
                "name": name,
                "displayName": name,
                "businessProfileId": "",
                "systemCreatedAt": now,
                "systemCreatedBy": SYSTEM_USER,
                "systemModifiedAt": now,
                "systemModifiedBy": SYSTEM_USER,
            },
            now,
        )
        self.companies[company.id] = company
        self._add_setup(company)
        self.journal.commit()
        return company

    def _add_setup(self, company: Company) -> None:
        session = self.session(company, "setup")
        ledger = blank("generalLedgerSetup")
        ledger.update(
            id=session.new_id(),
            localCurrencyCode=company.local_currency,
            localCurrencySymbol={"USD": "$", "EUR": "€", "GBP": "£"}.get(company.local_currency, ""),
        )
        session.insert("generalLedgerSetup", ledger)
        for code, name in COUNTRIES.items():
            country = blank("countryRegion")
            country.update(id=session.new_id(), code=code, displayName=name)
            session.insert("countryRegion", country)
        setup = blank("setup")
        setup.update(id=session.new_id(), correlationField="correlation")
        session.insert("setup", setup)
        self._show_setup(company)

    def company(self, name_or_id: str) -> Company | None:
        found = self.companies.get(name_or_id.lower())
        if found is not None:
            return found
        return next((one for one in self.companies.values() if one.name == name_or_id), None)

    def change_switches(self, wanted: dict[str, Any]) -> None:
        """Raises ValueError naming the legal ones."""
        before = self.switches
        self.switches = before.changed(wanted)
        if not self.switches.replica_lag_s:
            self.history.clear()
        for company in self.companies.values():
            self._show_setup(company)
        self.journal.commit()

    def _set_archive_orders(self, wanted: bool) -> None:
        self.change_switches({"archive_orders": wanted})

    def _show_setup(self, company: Company) -> None:
        """The companion's setup row and the job queue follow the switches."""
        session = self.session(company, "setup")
        switches = self.switches
        row = company["setup"].all()[0]
        session.modify(
            "setup",
            row,
            {
                "archiveOrders": switches.archive_orders,
                "isEnabled": switches.bidirectional or switches.legacy,
                "salesOrderIntegrationEnabled": switches.legacy,
                "bidirectionalSalesOrderIntegration": switches.bidirectional,
            },
        )
        wanted = dict.fromkeys(
            (_BIDIRECTIONAL_JOBS if switches.bidirectional else ())
            + (_LEGACY_JOBS if switches.legacy and not switches.bidirectional else ())
        )
        jobs = company["jobQueueEntry"]
        for job in jobs.all():
            key = (job["objectIdToRun"], job["description"], job["numberOfMinutesBetweenRuns"])
            if key in wanted:
                del wanted[key]
            else:
                session.delete("jobQueueEntry", job)
        for codeunit, description, minutes in wanted:
            self._add_job(session, codeunit, description, minutes)

    @staticmethod
    def _add_job(session: Session, codeunit: int, description: str, minutes: int) -> None:
        job = blank("jobQueueEntry")
        job.update(
            id=session.new_id(),
            jobQueueEntryId=session.new_id(),
            userId="ADMIN",
            objectTypeToRun="Codeunit",
            objectIdToRun=codeunit,
            objectCaptionToRun=description.partition(" - ")[0],
            status="Ready",
            recurringJob=True,
            numberOfMinutesBetweenRuns=minutes,
            description=description,
            earliestStartDateTime=session.now,
            scheduled=True,
            priorityWithinCategory="Normal",
        )
        session.insert("jobQueueEntry", job)
