"""What the store itself lists as under way: the half of "old, new, or listed as in progress"."""

from __future__ import annotations

from sqlalchemy import select

from syncengine.store import tables
from syncengine.store.queries import in_progress
from tests.bench.bench import Bench


def listed(bench: Bench) -> set[str]:
    """Remote ids of what is in progress or outstanding, by the store's own listings."""
    with bench.company.session() as session:
        work, held = tables.work.c, tables.couplings.c
        some = [(row["coupling"], row["remote_id"]) for row in in_progress(session)]
        some += session.run(select(work.coupling_id, work.remote_id).where(work.company == session.company)).all()
        ids = {coupling: {sales, back_office} for coupling, sales, back_office in session.run(
            select(held.id, held.sales_id, held.back_office_id).where(held.company == session.company))}  # fmt: skip
    return {one for coupling, remote in some for one in {remote, *ids.get(coupling, ())} if one}
