"""An earlier version of a document is brought back: as a new change, with the version of today kept."""

from __future__ import annotations

import pytest

from syncengine.errors import UsageError
from syncengine.service.decisions import restore
from syncengine.service.decisions import retry
from tests.bench.bench import Bench
from tests.scenarios.acts import add_sales_line
from tests.scenarios.acts import back_quantities
from tests.scenarios.acts import cancel
from tests.scenarios.acts import coupled
from tests.scenarios.acts import edit_line
from tests.scenarios.acts import history
from tests.scenarios.acts import listed
from tests.scenarios.acts import live
from tests.scenarios.acts import quantities
from tests.scenarios.acts import remove_sales_line
from tests.scenarios.acts import ship
from tests.scenarios.acts import versions
from tests.scenarios.scenario import scenario

pytestmark = pytest.mark.slow


@scenario(
    "an order that a seller changed from 2 to 9 pieces",
    "a person asks for version 1 again",
    "both systems hold 2 again; the document with 9 is kept as version 2",
    as_processes=True,
)
def test_restored(shop: Bench) -> None:
    number = coupled(shop)
    edit_line(shop, number, quantity=9)
    shop.sync()
    restore(shop.company, number, 1)
    shop.sync()
    assert (back_quantities(shop, number), quantities(shop, number)) == ([2, 3], [2, 3])
    assert [(one.version, one.document.lines[0].fields["quantity"]) for one in versions(shop, number)] == [
        (2, 9),
        (1, 2),
    ]
    assert len(shop.live_documents(number)) == 1
    assert history(shop, number, "restore-asked")
    shop.agreed()


@scenario(
    "an order from which a seller removed a line and to which another was added",
    "a person asks for version 1 again",
    "the removed line is back on both sides, the added one is gone",
)
def test_lines_restored(shop: Bench) -> None:
    number = coupled(shop)
    remove_sales_line(shop, number)
    add_sales_line(shop, number)
    shop.sync()
    assert back_quantities(shop, number) == [3, 4]
    restore(shop.company, number, 1)
    shop.sync()
    assert back_quantities(shop, number) == [2, 3]
    assert sorted(quantities(shop, number)) == [2, 3]
    shop.agreed()


@scenario(
    "an order of which goods have left since it was changed",
    "a person asks for version 1 again",
    "it is refused by its cause, and nothing is written; tried again, nobody asks for it any more",
)
def test_not_after_shipping(shop: Bench) -> None:
    number = coupled(shop)
    edit_line(shop, number, quantity=9)
    shop.sync()
    ship(shop, number, 1, 0)
    shop.sync()
    restore(shop.company, number, 1)
    shop.mark()
    shop.sync(expect=1)
    assert listed(shop) == ["not-restorable"]
    assert shop.writes("back_office") == []
    retry(shop.company, None)
    shop.sync()
    shop.agreed()


@scenario(
    "an order that was canceled and removed",
    "a person asks for its version again",
    "the command says that no document is there to be replaced",
)
def test_not_after_the_end(shop: Bench) -> None:
    number = coupled(shop)
    cancel(shop, number)
    shop.sync()
    with pytest.raises(UsageError, match="no document is there"):
        restore(shop.company, number, 1)
    shop.agreed()


@scenario("an order without versions", "a person asks for one", "the command says which there are")
def test_unknown_version(shop: Bench) -> None:
    number = coupled(shop)
    with pytest.raises(UsageError, match="there is no version 3"):
        restore(shop.company, number, 3)
    assert len(live(shop, number)) == 1
    shop.agreed()


@scenario(
    "a version that was asked for",
    "the answer to the successor's creation is lost",
    "the next run finds it: one document, restored once",
)
def test_restored_with_a_lost_answer(shop: Bench) -> None:
    number = coupled(shop)
    edit_line(shop, number, quantity=9)
    shop.sync()
    restore(shop.company, number, 1)
    shop.fault("back_office", kind="answer-lost", next=1, match={"path": r"^POST .*salesOrders"})
    shop.sync(expect=None)
    shop.calm()
    shop.sync()
    assert (back_quantities(shop, number), len(shop.live_documents(number))) == ([2, 3], 1)
    shop.agreed()
