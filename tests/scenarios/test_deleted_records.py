"""A record without states is deleted on one side: the mapping says whether a person is asked or it is let go."""

from __future__ import annotations

import pytest

from syncengine.config.mapping_files import shipped_folder
from syncengine.errors import FailureClass
from syncengine.store.queries import couplings
from syncengine.store.queries import parked
from tests.bench.bench import Bench

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("policy", ["ask", "uncouple"])
def test_a_deleted_customer(bench: Bench, policy: str) -> None:
    folder = bench.folder / "ours"
    folder.mkdir()
    (folder / "overlay.yaml").write_text(f"name: CUSTOMER\ncreate: both\ndeleted: {{in_sales: {policy}}}\n")
    bench.configure(mappings={"paths": [str(shipped_folder()), str(folder)]})
    bench.sync()
    one = bench.running.world.customers[2]
    bench.admin.person.request("DELETE", f"accounts({one.sales_id})")
    bench.mark()
    bench.sync(expect=1 if policy == "ask" else 0)
    with bench.company.session() as session:
        codes = [row["code"] for row in parked(session, [FailureClass.PERSON])]
        status = next(row["status"] for row in couplings(session, mapping="CUSTOMER") if row["sales"] == one.sales_id)
    assert (codes, status) == ((["deleted-in-sales"], "coupled") if policy == "ask" else ([], "uncoupled"))
    bench.sync(expect=None)
    assert bench.writes() == []  # once coupled, the survivor is never new again


def test_a_customer_that_was_deleted_in_the_back_office(bench: Bench) -> None:
    """A person is asked by name; entered there again, it is coupled by hand."""
    bench.sync()
    one = bench.running.world.customers[2]
    path = bench.clerk._path(f"customers({one.back_office_id})")
    bench.clerk.person.request("DELETE", path, if_match="*")
    bench.admin.person.request("PATCH", f"accounts({one.sales_id})", {"telephone1": "555 0100"})
    bench.mark()
    result = bench.sync(expect=1)
    assert [(error["code"], error["side"]) for error in result["errors"]] == [("deleted-in-back-office", "back_office")]
    assert "Uncouple it" in result["errors"][0]["remedy"]
    assert bench.writes() == []
