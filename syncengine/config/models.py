"""The configuration's shape: every key, its type, its default. docs/reference/configuration.md explains them."""

from __future__ import annotations

from datetime import date
from typing import Annotated
from typing import Literal
from zoneinfo import ZoneInfo
from zoneinfo import ZoneInfoNotFoundError

from pydantic import BaseModel
from pydantic import ConfigDict
from pydantic import Field
from pydantic import field_validator
from pydantic import model_validator

Mode = Literal["bidirectional", "one-way"]


class Part(BaseModel):
    """A table of the file: an unknown key is an error, values are not converted from other types."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class EnvironmentSecret(Part):
    env: str


class FileSecret(Part):
    file: str


Secret = str | EnvironmentSecret | FileSecret


class AuthPart(Part):
    kind: Literal["client-credentials", "certificate", "managed-identity", "basic", "none"] = "client-credentials"
    token_url: str = ""
    client_id: str = ""
    client_secret: Secret = ""
    scope: str = ""
    user: str = ""
    password: Secret = ""
    certificate_file: str = ""
    certificate_password: Secret = ""
    expires_on: date | None = None

    @model_validator(mode="after")
    def complete(self) -> AuthPart:
        wanted = {
            "client-credentials": ("token_url", "client_id", "client_secret"),
            "certificate": ("token_url", "client_id", "certificate_file"),
            "managed-identity": ("scope",),
            "basic": ("user", "password"),
            "none": (),
        }[self.kind]
        missing = [name for name in wanted if not getattr(self, name)]
        if missing:
            raise ValueError(f'kind "{self.kind}" also needs {", ".join(missing)}')
        return self


Url = Annotated[str, Field(pattern=r"^https?://[^\s]+$")]


class StorePart(Part):
    url: str = "sqlite:///../state/syncengine.db"


class SalesPart(Part):
    connector: Literal["dynamics365-sales"] = "dynamics365-sales"
    url: Url
    time_zone: str = "UTC"
    price_lists: dict[str, str] = {}
    number_column: str = ""
    shipment_date_column: str = ""
    quote_number_column: str = ""
    quote_status_column: str = ""
    auth: AuthPart
    ca_file: str = ""
    proxy: str = ""

    @field_validator("time_zone")
    @classmethod
    def known_zone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (ZoneInfoNotFoundError, ValueError) as error:
            raise ValueError(f"{value!r} is no time zone; use a name like Europe/Berlin") from error
        return value


class WriteIn(Part):
    type: str = "Item"
    number: str = ""


class BackOfficePart(Part):
    connector: Literal["business-central"] = "business-central"
    url: Url
    company: str = ""
    correlation: str = "externalDocumentNumber"
    freight_account: str = ""
    freight_as: Literal["account", "write-in"] = "account"
    write_in: WriteIn = WriteIn()
    ignore_competitors: list[str] = []
    auth: AuthPart
    ca_file: str = ""
    proxy: str = ""


class CompanyPart(Part):
    name: str
    sales_company: str = ""
    back_office_company: str
    mappings: list[str] = []


class IntegrationPart(Part):
    mode: Mode | None = None
    sales_ready: list[Literal["submitted", "active"]] = ["submitted"]
    new_from_back_office: Literal["released", "any", "never"] = "released"
    start_date: date | None = None
    on_order_change: Literal["archive-and-recreate", "amend"] = "archive-and-recreate"
    recreate_released: bool = True
    archive_orders: bool = True
    max_destructive_share: Annotated[float, Field(ge=0, le=1)] = 0.2
    max_destructive_floor: Annotated[int, Field(ge=0)] = 10
    max_creates_first_run: Annotated[int, Field(ge=0)] = 0

    @model_validator(mode="after")
    def archived(self) -> IntegrationPart:
        if self.mode == "bidirectional" and not self.archive_orders:
            raise ValueError("archive_orders cannot be false in bidirectional mode: replaced orders are always kept")
        return self


class MappingsPart(Part):
    paths: list[str] = []


class SchedulePart(Part):
    incremental: str = "every 30s"
    sweep: str = "every 15m"
    full: str = ""
    verify: str = "0 3 * * *"
    jitter_s: Annotated[float, Field(ge=0)] = 2


class WebPart(Part):
    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65535)] = 8080
    public_url: str = ""


class WebhooksPart(Part):
    """Change notifications. Without a secret none is genuine, and all are refused."""

    sales_secret: Secret = ""
    back_office_secret: Secret = ""
    debounce_s: Annotated[float, Field(ge=0)] = 1
    min_interval_s: Annotated[float, Field(ge=0)] = 5
    max_body_kb: Annotated[int, Field(ge=1, le=10_240)] = 512


class AlertWebhook(Part):
    url: Secret
    kind: Literal["generic", "teams", "slack"] = "generic"
    secret: Secret = ""


class AlertEmail(Part):
    host: str
    port: Annotated[int, Field(ge=1, le=65535)] = 587
    security: Literal["starttls", "tls", "none"] = "starttls"
    user: str = ""
    password: Secret = ""
    sender: str
    recipients: list[str]


class AlertsPart(Part):
    """When somebody is told. 0 turns one off; nothing is sent where no webhook and no e-mail is configured."""

    webhooks: list[AlertWebhook] = []
    email: AlertEmail | None = None
    freshness_s: Annotated[float, Field(ge=0)] = 900
    failing_after_s: Annotated[float, Field(ge=0)] = 300
    failed_records: Annotated[int, Field(ge=0)] = 1
    conflicts_after_s: Annotated[float, Field(ge=0)] = 3600
    unexplained: Annotated[int, Field(ge=0)] = 1
    credentials_days: Annotated[int, Field(ge=0)] = 14
    silence_window_s: Annotated[float, Field(ge=0)] = 3600
    silence_changes: Annotated[int, Field(ge=1)] = 5


class TracesPart(Part):
    endpoint: str = ""


class RetentionPart(Part):
    """Days; 0 keeps for ever. Couplings and tombstones always stay: they keep an order from coming twice."""

    history_days: Annotated[int, Field(ge=0)] = 730
    archive_days: Annotated[int, Field(ge=0)] = 0
    operations_days: Annotated[int, Field(ge=0)] = 90
    runs_days: Annotated[int, Field(ge=0)] = 90


class LimitsPart(Part):
    """Seconds end in `_s`. See docs/reference/configuration.md for what each protects."""

    overlap_s: Annotated[float, Field(ge=0)] = 600
    settle_after_s: Annotated[float, Field(ge=0)] = 600
    gone_confirm_s: Annotated[float, Field(ge=0)] = 60
    quiet_s: Annotated[float, Field(ge=0)] = 0
    connect_timeout_s: Annotated[float, Field(gt=0)] = 10
    request_timeout_s: Annotated[float, Field(gt=0)] = 100
    shutdown_grace_s: Annotated[float, Field(ge=0)] = 20
    lease_s: Annotated[float, Field(ge=12)] = 30
    patience_s: Annotated[float, Field(ge=0)] = 30
    attempts: Annotated[int, Field(ge=1)] = 5
    concurrency: Annotated[int, Field(ge=1, le=50)] = 8
    max_body_mb: Annotated[int, Field(ge=1)] = 64
    batch: Annotated[int, Field(ge=1, le=100)] = 100
    page: Annotated[int, Field(ge=1, le=5000)] = 500
    page_with_lines: Annotated[int, Field(ge=1, le=5000)] = 100


class LogPart(Part):
    format: Literal["console", "json"] = "console"
    level: Literal["debug", "info", "warning", "error"] = "warning"


class Configuration(Part):
    store: StorePart = StorePart()
    sales: SalesPart
    back_office: BackOfficePart
    companies: list[CompanyPart] = []
    integration: IntegrationPart = IntegrationPart()
    mappings: MappingsPart = MappingsPart()
    schedule: SchedulePart = SchedulePart()
    web: WebPart = WebPart()
    webhooks: WebhooksPart = WebhooksPart()
    alerts: AlertsPart = AlertsPart()
    traces: TracesPart = TracesPart()
    limits: LimitsPart = LimitsPart()
    retention: RetentionPart = RetentionPart()
    log: LogPart = LogPart()

    @model_validator(mode="after")
    def named_company(self) -> Configuration:
        if not self.companies and not self.back_office.company:
            raise ValueError("[back_office] company is missing: the name or id of the company to keep in step")
        return self
