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
