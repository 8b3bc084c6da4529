"""Composition: configuration in, a company's systems, store and mappings out. Names every adapter."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from collections.abc import Iterator
from collections.abc import Mapping
from collections.abc import Sequence
from dataclasses import dataclass
from dataclasses import field
from functools import cached_property
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Engine

from syncengine.config.loading import Loaded
from syncengine.config.loading import secret
from syncengine.config.mapping_files import Written
from syncengine.config.mapping_files import build
from syncengine.config.mapping_files import build_all
from syncengine.config.mapping_files import extremes
from syncengine.config.mapping_files import in_mode
from syncengine.config.mapping_files import read_folders
from syncengine.config.mapping_files import shipped_folder
from syncengine.config.models import AuthPart
from syncengine.config.models import CompanyPart
from syncengine.config.models import Mode
from syncengine.connectors.business_central.standard import freight_line
from syncengine.connectors.business_central.system import BusinessCentral
from syncengine.connectors.dynamics365_sales.system import DynamicsSales
from syncengine.connectors.settings import Auth
from syncengine.connectors.settings import Connection
from syncengine.connectors.settings import HttpLimits
from syncengine.engine.context import Limits
from syncengine.engine.context import tables_of
from syncengine.errors import ConfigurationError
from syncengine.errors import UsageError
from syncengine.mapping.model import Condition
from syncengine.mapping.model import TableMapping
from syncengine.mapping.model import conditions
from syncengine.orders.invoices import InvoiceRules
from syncengine.orders.one_way import OneWayRules
from syncengine.orders.products import ProductRules
from syncengine.orders.quotes import QuoteRules
from syncengine.orders.rules import OrderRules
from syncengine.orders.units import UnitRules
from syncengine.planner.facts import Facts
from syncengine.planner.rules import PlainRules
from syncengine.planner.rules import Rules
from syncengine.ports import Clock
from syncengine.records.values import SIDES
from syncengine.records.values import Side
from syncengine.service.clock import SystemClock
from syncengine.store.database import open_engine
from syncengine.store.database import prepare
from syncengine.store.session import Session
from syncengine.store.store import SqlStore


class StoreCache:
    """What connectors remember between processes, in the store; each access is a transaction of its own."""

    def __init__(self, engine: Engine, company: str, clock: Clock) -> None:
        self.engine = engine
        self.company = company
        self.clock = clock

    def get(self, name: str, max_age_s: float | None = None) -> object:
        with self._store(writes=False) as store, store.transaction():
            return store.remembered.get(name, max_age_s)

    def put(self, name: str, value: object) -> None:
        with self._store(writes=True) as store, store.transaction():
            store.remembered.put(name, value)

    @contextlib.contextmanager
    def _store(self, *, writes: bool) -> Iterator[SqlStore]:
        store = SqlStore(self.engine, self.company, self.clock, writes=writes)
        try:
            yield store
        finally:
            store.close()


@dataclass
class Company:
    """One company pair: everything a command needs, made when it is first asked for."""

    loaded: Loaded
    part: CompanyPart
    clock: Clock = field(default_factory=SystemClock)
    on_exchange: Callable[[str, str, int, float], None] = lambda _side, _method, _status, _seconds: None
    _mappings: dict[str, dict[str, TableMapping]] = field(default_factory=dict, init=False, repr=False)

    @property
    def name(self) -> str:
        return self.part.name

    @property
    def mode(self) -> Mode | None:
        return self.loaded.configuration.integration.mode

    @cached_property
    def engine(self) -> Engine:
        """The store, created when there is none. Raises StoreError."""
        engine = open_engine(self.loaded.store_url())
        prepare(engine)
        return engine

    @contextlib.contextmanager
    def store(self, *, run_id: str = "", writes: bool = False) -> Iterator[SqlStore]:
        store = SqlStore(self.engine, self.name, self.clock, run_id=run_id, writes=writes)
        try:
            yield store
        finally:
            store.close()

    @contextlib.contextmanager
    def session(self) -> Iterator[Session]:
        """For looking only."""
        with self.store() as store, store.transaction():
            yield store.session

    # systems

    @cached_property
    def sales(self) -> DynamicsSales:
        part = self.loaded.configuration.sales
        connection = Connection(
            part.url,
            self._auth(part.auth, "[sales.auth]"),
            self._http_limits(),
            ca_file=str(self.loaded.path(part.ca_file)) if part.ca_file else "",
            proxy=part.proxy,
            options={"price_lists": part.price_lists, "overlap_s": self.limits.overlap_s},
            on_exchange=lambda *exchange: self.on_exchange("sales", *exchange),
        )
        return DynamicsSales(connection, self._cache(part.url))

    @cached_property
    def back_office(self) -> BusinessCentral:
        part = self.loaded.configuration.back_office
        connection = Connection(
            part.url,
            self._auth(part.auth, "[back_office.auth]"),
            self._http_limits(),
            ca_file=str(self.loaded.path(part.ca_file)) if part.ca_file else "",
            proxy=part.proxy,
            options={
                "company": self.part.back_office_company,
                "overlap_s": self.limits.overlap_s,
                "ignore_competitors": part.ignore_competitors,
            },
            on_exchange=lambda *exchange: self.on_exchange("back_office", *exchange),
        )
        return BusinessCentral(connection, self._cache(part.url))

    def _cache(self, url: str) -> StoreCache:
        """Kept under the URL as well: another system's metadata is none of this one's."""
        return PrefixedCache(self.engine, self.name, self.clock, url)

    def close(self) -> None:
        for name in ("sales", "back_office"):
            if name in self.__dict__:
                self.__dict__[name].close()

    def systems(self) -> Mapping[Side, DynamicsSales | BusinessCentral]:
        return {"sales": self.sales, "back_office": self.back_office}

    def opened_systems(self) -> Mapping[Side, DynamicsSales | BusinessCentral]:
        """Those that have been asked for anything so far."""
        return {side: self.__dict__[side] for side in SIDES if side in self.__dict__}

    def _auth(self, part: AuthPart, name: str) -> Auth:
        return Auth(
            kind=part.kind,
            token_url=part.token_url,
            client_id=part.client_id,
            client_secret=secret(self.loaded, part.client_secret, f"{name} client_secret"),
            scope=part.scope,
            user=part.user,
            password=secret(self.loaded, part.password, f"{name} password"),
            certificate_file=str(self.loaded.path(part.certificate_file)) if part.certificate_file else "",
            certificate_password=secret(self.loaded, part.certificate_password, f"{name} certificate_password"),
        )

    def _http_limits(self) -> HttpLimits:
        limits = self.loaded.configuration.limits
        return HttpLimits(
            connect_timeout_s=limits.connect_timeout_s,
            request_timeout_s=limits.request_timeout_s,
            max_body_bytes=limits.max_body_mb * 1024 * 1024,
            concurrency=limits.concurrency,
            attempts=limits.attempts,
            patience_s=limits.patience_s,
            batch=limits.batch,
            page=limits.page,
            page_with_lines=limits.page_with_lines,
        )

    @cached_property
    def limits(self) -> Limits:
        limits, integration = self.loaded.configuration.limits, self.loaded.configuration.integration
        return Limits(
            settle_after_s=limits.settle_after_s,
            gone_confirm_s=limits.gone_confirm_s,
            quiet_s=limits.quiet_s,
            overlap_s=limits.overlap_s,
            patience_s=limits.patience_s,
            max_destructive_share=integration.max_destructive_share,
            max_destructive_floor=integration.max_destructive_floor,
            max_creates_first_run=integration.max_creates_first_run,
        )

    # mappings

    @cached_property
    def written(self) -> Mapping[str, Written]:
        """The mappings as their files give them. Raises MappingError."""
        configuration = self.loaded.configuration
        folders = [self.loaded.path(one) for one in configuration.mappings.paths] or [shipped_folder()]
        folders += [self.loaded.path(one) for one in self.part.mappings]
        return read_folders(in_mode(folders, self.mode))

    @staticmethod
    def shipped() -> Path:
        """The folder of the shipped mappings."""
        return shipped_folder()

    def settings(self) -> dict[str, Any]:
        """What mappings may name by `setting:`, and what the rules for orders ask for."""
        configuration = self.loaded.configuration
        integration, back_office = configuration.integration, configuration.back_office
        one_way = integration.mode == "one-way"
        entering = {"released": ["released"], "any": ["draft", "in-review", "released"], "never": ["never"]}
        return {
            "company": self.name,
            "sales_company": self.part.sales_company,
            # One way means: submitted in Sales, nowhere else.
            "sales_ready": ["submitted"] if one_way else list(integration.sales_ready),
            "new_from_back_office": entering["never" if one_way else integration.new_from_back_office],
            "number_column": configuration.sales.number_column,
            "shipment_date_column": configuration.sales.shipment_date_column,
            "quote_number_column": configuration.sales.quote_number_column,
            "quote_status_column": configuration.sales.quote_status_column,
            "correlation": back_office.correlation,
            "freight_account": back_office.freight_account,
            "freight_line": freight_line(
                back_office.freight_account if back_office.freight_as == "account" else None,
                (back_office.write_in.type, back_office.write_in.number),
            ),
            "write_in_type": back_office.write_in.type,
            "write_in_number": back_office.write_in.number,
            "time_zone": ZoneInfo(configuration.sales.time_zone),
            "on_order_change": integration.on_order_change,
            "recreate_released": integration.recreate_released,
            "start_date": integration.start_date,
            "price_decimals": 2,
            "price_lists": [],
            "discount_per_unit": False,
            "countries": {},
        }

    def offline_mappings(self) -> dict[str, TableMapping]:
        """All of them, without asking the systems what they can. Raises MappingError."""
        return build_all(self.written, self.settings())

    def mappings_in_use(self) -> dict[str, TableMapping]:
        """Those that there are with what the systems can. Raises MappingError, RemoteSystemError."""
        return build(self.written, self.settings(), self.back_office.capabilities())

    def conditions(self) -> Iterator[tuple[str, str, Condition]]:
        """What depends on what the systems can: the mapping, what of it ("" for all), and when. Raises MappingError."""
        for capabilities in extremes(self.written):
            for name, mapping in build(self.written, self.settings(), capabilities).items():
                for what, condition in conditions(mapping):
                    yield name, what, condition

    def live(self, wanted: Sequence[str] = ()) -> Live:
        """Mappings, rules, facts, and what both systems say of themselves. Raises MappingError, RemoteSystemError."""
        settings = self.settings()
        capabilities = self.back_office.capabilities()
        offline = list(self._built(settings, capabilities).values())
        for name in wanted:
            self._known(name, [one.name for one in offline])
        traits = {side: system.traits(tables_of(offline, side)) for side, system in self.systems().items()}
        for one in traits.values():
            settings |= one.settings
        mappings = self._built(settings, capabilities)
        facts = Facts(self.name, self.clock.now(), settings, traits)
        by_kind: dict[str, Rules] = {
            "order": self._order_rules(settings),
            "quote": QuoteRules(),
            "invoice": InvoiceRules(),
            "product": ProductRules(),
            "unit": UnitRules(),
        }
        plain = PlainRules()
        rules = {name: by_kind.get(one.kind, plain) for name, one in mappings.items()}
        return Live(mappings, rules, facts, {name: self.written[name].digest(capabilities) for name in mappings})

    def _built(self, settings: Mapping[str, Any], capabilities: frozenset[str]) -> dict[str, TableMapping]:
        """As built the last time where nothing has changed since: two sorts of settings take turns in each run."""
        key = repr((sorted(settings.items()), sorted(capabilities)))
        if key not in self._mappings:
            if len(self._mappings) > 1:
                self._mappings.clear()
            self._mappings[key] = build(self.written, settings, capabilities)
        return dict(self._mappings[key])

    def _known(self, name: str, known: Sequence[str]) -> None:
        if name in known:
            return
        written = self.written.get(name)
        if written is not None and written.capabilities:
            raise UsageError(
                f"mapping {name} is not in use: it depends on {', '.join(sorted(written.capabilities))}",
                remedy="`syncengine check` says how it works here.",
            )
        raise UsageError(f"there is no mapping {name!r}", remedy=f"The mappings are: {', '.join(known)}.")

    def require_secrets(self) -> None:
        """Raises ConfigurationError where a secret that is referred to cannot be read."""
        configuration = self.loaded.configuration
        self._auth(configuration.sales.auth, "[sales.auth]")
        self._auth(configuration.back_office.auth, "[back_office.auth]")
        for side in SIDES:
            self.webhook_secret(side)

    def webhook_secret(self, side: Side) -> str:
        """Empty where none is configured: then nothing that comes in is genuine. Raises ConfigurationError."""
        part = self.loaded.configuration.webhooks
        value = part.sales_secret if side == "sales" else part.back_office_secret
        return secret(self.loaded, value, f"[webhooks] {side}_secret")

    def _order_rules(self, settings: dict[str, Any]) -> OrderRules:
        if self.mode != "one-way":
            return OrderRules(settings)
        return OneWayRules(settings | {"integration_user": self.sales.integration_user()})

    def require_mode(self) -> Mode:
        """Raises ConfigurationError where nobody has chosen: both modes write, and they exclude each other."""
        if self.mode is None:
            raise ConfigurationError(
                "[integration] mode is not set, so orders are not touched",
                remedy='Choose mode = "bidirectional" or mode = "one-way"; the README says what each does.',
            )
        return self.mode


class PrefixedCache(StoreCache):
    """Entries belong to one URL."""

    def __init__(self, engine: Engine, company: str, clock: Clock, url: str) -> None:
        super().__init__(engine, company, clock)
        self.url = url

    def get(self, name: str, max_age_s: float | None = None) -> object:
        kept = super().get(name, max_age_s)
        return kept["value"] if isinstance(kept, dict) and kept.get("url") == self.url else None

    def put(self, name: str, value: object) -> None:
        super().put(name, {"url": self.url, "value": value})


@dataclass(frozen=True)
class Live:
    mappings: dict[str, TableMapping]
    rules: Mapping[str, Rules]
    facts: Facts
    digests: Mapping[str, str]


def company(loaded: Loaded, name: str | None = None) -> Company:
    """The company of this name, or the only one. Raises UsageError."""
    found = companies(loaded, name)
    if len(found) > 1:
        names = ", ".join(one.name for one in found)
        raise UsageError("several companies are configured", remedy=f"Name one with --company: {names}.")
    return found[0]


def companies(loaded: Loaded, name: str | None = None) -> list[Company]:
    """All companies of the configuration, or the one of this name. Raises UsageError."""
    configuration = loaded.configuration
    parts = list(configuration.companies) or [
        CompanyPart(name=configuration.back_office.company, back_office_company=configuration.back_office.company)
    ]
    chosen = [part for part in parts if name in (None, part.name)]
    if not chosen:
        raise UsageError(
            f"there is no company {name!r} in the configuration",
            remedy=f"There is: {', '.join(part.name for part in parts)}.",
        )
    return [Company(loaded, part) for part in chosen]
