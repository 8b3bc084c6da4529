"""A believable company in both systems: customers, products in several units, three currencies, orders.

Sales holds most of the orders, the back office some; a share of them are the same orders, entered on both sides
before anything was in step. Everything follows from the seed.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from dataclasses import field
from dataclasses import replace
from datetime import UTC
from datetime import date
from datetime import datetime
from datetime import timedelta
from decimal import Decimal
from typing import Any
from typing import Final

from syncengine.sandbox.back_office import BusinessCentral
from syncengine.sandbox.back_office.clerk import Clerk
from syncengine.sandbox.sales import Dataverse

CUSTOMERS: Final = 40
PRODUCTS: Final = 60
CURRENCIES: Final = (
    ("USD", "US Dollar", "$", "1"),
    ("EUR", "Euro", "€", "0.92"),
    ("GBP", "Pound Sterling", "£", "0.79"),
)
TERMS: Final = (("30 DAYS", "Net 30", "30D"), ("45 DAYS", "Net 45", "45D"), ("60 DAYS", "Net 60", "60D"))
TERMS_OPTIONS: Final = {"30 DAYS": 1, "45 DAYS": 3, "60 DAYS": 4}  # the choice in Sales that means the same
METHODS: Final = (("FOB", "Free on Board"), ("EXW", "Ex Warehouse"))
GROUPS: Final = (
    ("Pieces", (("PCS", "1"), ("BOX", "12"), ("PALLET", "240"))),
    ("Weight", (("KG", "1"), ("BAG", "25"))),
    ("Length", (("M", "1"), ("ROLL", "50"))),
)
UNIT_NAMES: Final = {
    "PCS": "Piece", "BOX": "Box", "PALLET": "Pallet", "KG": "Kilogram", "BAG": "Bag", "M": "Meter", "ROLL": "Roll",
}  # fmt: skip
FREIGHT_ACCOUNT: Final = "40400"
OTHER_ACCOUNT: Final = "40500"
WRITE_IN: Final = "WRITE-IN"
FIRST_WORDS: Final = (
    "Adventure", "Alpine", "Blue Yonder", "City Power", "Coho", "Contoso", "Fabrikam", "Fourth", "Graphic", "Lamna",
    "Litware", "Lucerne", "Margie's", "Northwind", "Proseware", "Relecloud", "School of", "Southridge", "Tailspin",
    "Trey", "VanArsdel", "Wide World", "Wingtip", "Woodgrove",
)  # fmt: skip
LAST_WORDS: Final = (
    "Traders",
    "Sports",
    "Works",
    "Research",
    "Winery",
    "Publishing",
    "Airlines",
    "Coffee",
    "Toys",
    "Foods",
)
THINGS: Final = (
    "Desk", "Lamp", "Guest Chair", "Swivel Chair", "Conference Table", "Whiteboard", "Filing Cabinet", "Bookcase",
    "Coffee Table", "Storage Unit", "Screen", "Reception Counter", "Bench", "Stool", "Locker",
)  # fmt: skip
PLACES: Final = ("ATHENS", "BERLIN", "PARIS", "ROME", "OSLO", "LISBON")
CITIES: Final = (
    ("Atlanta", "31772", "GA", "US"), ("Chicago", "61236", "IL", "US"), ("Miami", "37125", "FL", "US"),
    ("Seattle", "98101", "WA", "US"), ("Boston", "02108", "MA", "US"),
)  # fmt: skip


@dataclass(frozen=True)
class Unit:
    code: str
    sales_id: str
    back_office_id: str
    size: Decimal


@dataclass(frozen=True)
class Product:
    number: str
    name: str
    price: Decimal
    sales_id: str
    back_office_id: str
    units: tuple[Unit, ...]


@dataclass(frozen=True)
class Customer:
    number: str
    name: str
    sales_id: str
    back_office_id: str


@dataclass
class World:
    """What was seeded, for stories and tests that go on from there."""

    company: Any
    customers: list[Customer] = field(default_factory=list)
    products: list[Product] = field(default_factory=list)
    currencies: dict[str, str] = field(default_factory=dict)  # code -> Sales id
    price_lists: dict[str, str] = field(default_factory=dict)  # code -> Sales id
    terms: dict[str, str] = field(default_factory=dict)  # code -> back-office id
    sales_orders: list[str] = field(default_factory=list)
    back_office_orders: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Line:
    product: Product
    unit: Unit
    quantity: Decimal
    price: Decimal
    discount: Decimal


def seed(
    sales: Dataverse,
    back_office: BusinessCentral,
    *,
    number: int = 1,
    orders: int = 200,
    customers: int = CUSTOMERS,
    products: int = PRODUCTS,
    today: date | None = None,
) -> World:
    """Fill both. `orders` in Sales; three tenths of that in the back office, half of which are the same orders."""
    dice = random.Random(number)  # noqa: S311  reproducible on purpose
    company = next(iter(back_office.environment.companies.values()))
    world = World(company)
    _currencies(sales, back_office, world)
    _terms(back_office, world)
    units = _units(sales, back_office, world)
    _accounts(back_office, world)
    _products(sales, back_office, world, units, products, dice)
    _customers(sales, back_office, world, customers, dice)
    _orders(sales, back_office, world, orders, dice, today or datetime.now(UTC).date())
    return world


def second_company(back_office: BusinessCentral, world: World, name: str) -> World:
    """Another company beside the first, with the same master data under ids of its own; its Sales is the same."""
    made = World(back_office.create_company(name), currencies=world.currencies, price_lists=world.price_lists)
    for code, words, symbol, rate in CURRENCIES:
        if code != "USD":
            back_office.insert(made.company, "currencies", {"code": code, "displayName": words, "symbol": symbol})
            back_office.add_exchange_rate(made.company, code, date(2020, 1, 1), Decimal(rate))
    _terms(back_office, made)
    _accounts(back_office, made)
    codes = {unit.code for product in world.products for unit in product.units}
    there = {
        code: back_office.insert(made.company, "unitsOfMeasure", {"code": code, "displayName": UNIT_NAMES[code]})
        for code in sorted(codes)
    }
    for one in world.products:
        values = {
            "number": one.number,
            "displayName": one.name,
            "type": "Inventory",
            "unitPrice": one.price,
            "baseUnitOfMeasureCode": one.units[0].code,
        }
        item = back_office.insert(made.company, "items", values)
        for unit in one.units[1:]:
            back_office.add_item_unit(made.company, one.number, unit.code, unit.size)
        units = tuple(replace(unit, back_office_id=there[unit.code]) for unit in one.units)
        made.products.append(replace(one, back_office_id=item, units=units))
    for customer in world.customers:
        values = {"number": customer.number, "displayName": customer.name}
        made.customers.append(replace(customer, back_office_id=back_office.insert(made.company, "customers", values)))
    return made


def _currencies(sales: Dataverse, back_office: BusinessCentral, world: World) -> None:
    known = {row["isocurrencycode"]: row["transactioncurrencyid"] for row in sales.rows("transactioncurrency")}
    for code, name, symbol, rate in CURRENCIES:
        world.currencies[code] = known.get(code) or sales.insert(
            "transactioncurrency",
            {
                "isocurrencycode": code,
                "currencyname": name,
                "currencysymbol": symbol,
                "currencyprecision": 2,
                "exchangerate": Decimal(rate),
            },
        )
        world.price_lists[code] = sales.insert(
            "pricelevel", {"name": f"Standard {code}", "transactioncurrencyid": world.currencies[code]}
        )
        if code != "USD":
            back_office.insert(world.company, "currencies", {"code": code, "displayName": name, "symbol": symbol})
            back_office.add_exchange_rate(world.company, code, date(2020, 1, 1), Decimal(rate))


def _terms(back_office: BusinessCentral, world: World) -> None:
    for code, name, due in TERMS:
        values = {"code": code, "displayName": name, "dueDateCalculation": due}
        world.terms[code] = back_office.insert(world.company, "paymentTerms", values)
    for code, name in METHODS:
        back_office.insert(world.company, "shipmentMethods", {"code": code, "displayName": name})


def _units(sales: Dataverse, back_office: BusinessCentral, world: World) -> dict[str, tuple[str, tuple[Unit, ...]]]:
    """Group name -> the Sales unit group's id and its units."""
    found = {}
    for group, units in GROUPS:
        schedule = sales.insert("uomschedule", {"name": group, "baseuomname": units[0][0]})
        made: dict[str, Unit] = {}
        for code, size in units:
            there = back_office.insert(world.company, "unitsOfMeasure", {"code": code, "displayName": UNIT_NAMES[code]})
            held = next(
                (row["uomid"] for row in sales.rows("uom") if row["uomscheduleid"] == schedule and row["name"] == code),
                None,
            )
            here = held or sales.insert(
                "uom",
                {
                    "name": code,
                    "quantity": Decimal(size),
                    "uomscheduleid": schedule,
                    "baseuom": next(iter(made.values())).sales_id,
                },
            )
            made[code] = Unit(code, here, there, Decimal(size))
        found[group] = (schedule, tuple(made.values()))
    return found


def _accounts(back_office: BusinessCentral, world: World) -> None:
    back_office.add_account(world.company, FREIGHT_ACCOUNT, "Freight Income")
    back_office.add_account(world.company, OTHER_ACCOUNT, "Assembly Fees")
    for code, name in (("MAIN", "Main Warehouse"), ("EAST", "East Warehouse")):
        back_office.insert(world.company, "locations", {"code": code, "displayName": name})


def _products(
    sales: Dataverse,
    back_office: BusinessCentral,
    world: World,
    groups: dict[str, tuple[str, tuple[Unit, ...]]],
    count: int,
    dice: random.Random,
) -> None:
    for place in range(count):
        number = f"{1896 + place * 4}-S"
        name = f"{PLACES[place % len(PLACES)]} {THINGS[place % len(THINGS)]}"
        group = GROUPS[0][0] if place % 6 else GROUPS[1 + place // 6 % 2][0]
        schedule, units = groups[group]
        price = Decimal(dice.randrange(500, 120_000)) / 100
        there = back_office.insert(
            world.company,
            "items",
            {
                "number": number,
                "displayName": name,
                "type": "Inventory",
                "unitPrice": price,
                "baseUnitOfMeasureCode": units[0].code,
            },
        )
        for unit in units[1:]:
            back_office.add_item_unit(world.company, number, unit.code, unit.size)
        here = sales.insert(
            "product",
            {
                "productnumber": number,
                "name": name,
                "defaultuomscheduleid": schedule,
                "defaultuomid": units[0].sales_id,
                "quantitydecimal": 2,
                "price": price,
            },
        )
        _prices(sales, world, here, units, price)
        sales.patch("product", here, {"statecode": 0, "statuscode": 1})
        world.products.append(Product(number, name, price, here, there, units))
    back_office.insert(
        world.company,
        "items",
        {
            "number": WRITE_IN,
            "displayName": "Write-in",
            "type": "Service",
            "unitPrice": 0,
            "baseUnitOfMeasureCode": "PCS",
        },
    )


def _prices(sales: Dataverse, world: World, product: str, units: tuple[Unit, ...], price: Decimal) -> None:
    rates = {code: Decimal(rate) for code, _, _, rate in CURRENCIES}
    for code, price_list in world.price_lists.items():
        for unit in units:
            sales.insert(
                "productpricelevel",
                {
                    "pricelevelid": price_list,
                    "productid": product,
                    "uomid": unit.sales_id,
                    "pricingmethodcode": 1,
                    "amount": (price * unit.size * rates[code]).quantize(Decimal("0.01")),
                },
            )


def _customers(sales: Dataverse, back_office: BusinessCentral, world: World, count: int, dice: random.Random) -> None:
    for place in range(count):
        number = str(10_000 + place * 500)
        name = f"{FIRST_WORDS[place % len(FIRST_WORDS)]} {LAST_WORDS[place % len(LAST_WORDS)]}"
        if place == 7:
            name = "O'Brien & Sons <x>"
        city, post_code, state, country = CITIES[place % len(CITIES)]
        street = f"{dice.randrange(1, 999)} {('Main', 'Oak', 'Station', 'Harbor')[place % 4]} Street"
        terms = TERMS[place % len(TERMS)][0]
        there = back_office.insert(
            world.company,
            "customers",
            {
                "number": number,
                "displayName": name,
                "addressLine1": street,
                "city": city,
                "postalCode": post_code,
                "state": state,
                "country": country,
                "paymentTermsId": world.terms[terms],
            },
        )
        here = sales.insert(
            "account",
            {
                "accountnumber": number,
                "name": name,
                "address1_line1": street,
                "address1_city": city,
                "address1_postalcode": post_code,
                "address1_stateorprovince": state,
                "address1_country": country,
                "transactioncurrencyid": world.currencies["USD"],
                "paymenttermscode": TERMS_OPTIONS[terms],
            },
        )
        world.customers.append(Customer(number, name, here, there))


def _orders(
    sales: Dataverse, back_office: BusinessCentral, world: World, orders: int, dice: random.Random, today: date
) -> None:
    both = orders * 15 // 100
    clerk = Clerk(back_office.environment)
    for place in range(orders):
        lines, customer, currency = _lines(world, dice), dice.choice(world.customers), _currency(dice)
        wanted = today + timedelta(days=dice.randrange(5, 60))
        order = sales_order(sales, world, customer, currency, lines, wanted, role="seller")
        world.sales_orders.append(order)
        if place < both:
            number = str(sales.row("salesorder", order)["ordernumber"])
            there = back_office_order(back_office, world, customer, currency, lines, wanted, external=number)
            world.back_office_orders.append(there)
    for place in range(orders * 30 // 100 - both):
        lines, customer, currency = _lines(world, dice), dice.choice(world.customers), _currency(dice)
        wanted = today + timedelta(days=dice.randrange(5, 60))
        external = f"PO-{5100 + place}" if place % 3 else ""
        there = back_office_order(back_office, world, customer, currency, lines, wanted, external=external)
        clerk.act(there, "release", {})
        world.back_office_orders.append(there)


def _currency(dice: random.Random) -> str:
    return dice.choices(("USD", "EUR", "GBP"), (8, 1, 1))[0]


def _lines(world: World, dice: random.Random) -> list[Line]:
    found = []
    for product in dice.sample(world.products, dice.randrange(1, 13)):
        unit = product.units[0] if dice.random() < 0.8 else dice.choice(product.units)
        price = (product.price * unit.size).quantize(Decimal("0.01"))
        if dice.random() < 0.3:
            price = (price * Decimal("0.95")).quantize(Decimal("0.01"))  # negotiated
        quantity = Decimal(dice.randrange(1, 25))
        discount = Decimal(0) if dice.random() < 0.8 else (price * quantity / 20).quantize(Decimal("0.01"))
        found.append(Line(product, unit, quantity, price, discount))
    return found


def sales_order(
    sales: Dataverse,
    world: World,
    customer: Customer,
    currency: str,
    lines: list[Line],
    wanted: date,
    *,
    role: str,
    submitted: bool = True,
) -> str:
    """An order as a seller enters and submits it."""
    order = sales.insert(
        "salesorder",
        {
            "name": f"Order of {customer.name}",
            "customerid": ("account", customer.sales_id),
            "transactioncurrencyid": world.currencies[currency],
            "pricelevelid": world.price_lists[currency],
            "requestdeliveryby": datetime(wanted.year, wanted.month, wanted.day, 12, tzinfo=UTC),
            "order_details": [
                {
                    "productid": line.product.sales_id,
                    "uomid": line.unit.sales_id,
                    "quantity": line.quantity,
                    "ispriceoverridden": True,
                    "priceperunit": line.price,
                    "manualdiscountamount": line.discount,
                    "lineitemnumber": place,
                }
                for place, line in enumerate(lines, start=1)
            ],
        },
        as_role=role,
    )
    if submitted:
        sales.patch("salesorder", order, {"statecode": 1, "statuscode": 3}, as_role=role)
    return order


def back_office_order(
    back_office: BusinessCentral,
    world: World,
    customer: Customer,
    currency: str,
    lines: list[Line],
    wanted: date,
    *,
    external: str,
) -> str:
    """An order as a clerk enters it."""
    return back_office.insert(
        world.company,
        "salesOrders",
        {
            "customerId": customer.back_office_id,
            "externalDocumentNumber": external,
            "currencyCode": currency,
            "requestedDeliveryDate": wanted,
            "salesOrderLines": [
                {
                    "lineType": "Item",
                    "itemId": line.product.back_office_id,
                    "unitOfMeasureId": line.unit.back_office_id,
                    "quantity": line.quantity,
                    "unitPrice": line.price,
                    "discountAmount": line.discount,
                }
                for line in lines
            ],
        },
    )
