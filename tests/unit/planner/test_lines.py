"""Which line is which: never by position, always uniquely, and lines that only changed their ids are the same lines."""

from __future__ import annotations

from decimal import Decimal

from syncengine.planner.lines import VANISHED
from syncengine.planner.lines import Pairing
from syncengine.planner.lines import pair_lines
from syncengine.records.record import LinePair
from syncengine.records.record import LineRecord
from syncengine.records.values import Ref

PAIR_BY = [["product", "quantity"], ["product"]]
NO_LINES: dict[str, LineRecord] = {}


def lines(**held: tuple[int, int]) -> dict[str, LineRecord]:
    """Line id -> (product, quantity)."""
    return {
        line_id: LineRecord(line_id, None, {"product": Ref("ITEM", product), "quantity": Decimal(quantity)})
        for line_id, (product, quantity) in held.items()
    }


def paired(pairing: Pairing) -> set[tuple[str, str]]:
    return {(one.sales, one.back_office) for one in pairing.pairs}


def test_coupled_lines_stay_coupled_whatever_they_hold_and_wherever_they_stand() -> None:
    known = [LinePair(1, "a", "x"), LinePair(2, "b", "y")]
    sales, back_office = lines(b=(2, 5), a=(1, 1)), lines(x=(9, 9), y=(8, 8))
    pairing = pair_lines(known, sales, back_office, sales, back_office, PAIR_BY, has_base=True)
    assert paired(pairing) == {("a", "x"), ("b", "y")}
    assert pairing.new == {"sales": (), "back_office": ()}


def test_lines_that_all_got_new_ids_are_the_same_lines() -> None:
    """Business Central recreates every line when the customer changes: nothing is removed, nothing added."""
    known = [LinePair(1, "a", "x"), LinePair(2, "b", "y")]
    sales, was = lines(a=(1, 2), b=(2, 3)), lines(x=(1, 2), y=(2, 3))
    now = lines(n1=(2, 3), n2=(1, 2))
    pairing = pair_lines(known, sales, now, sales, was, PAIR_BY, has_base=True)
    assert {(one.coupling, one.back_office) for one in pairing.pairs} == {(1, "n2"), (2, "n1")}
    assert pairing.new == {"sales": (), "back_office": ()}


def test_a_vanished_line_is_found_again_by_its_product_when_the_quantity_changed_too() -> None:
    known = [LinePair(1, "a", "x")]
    pairing = pair_lines(
        known, lines(a=(1, 2)), lines(n=(1, 7)), lines(a=(1, 2)), lines(x=(1, 2)), PAIR_BY, has_base=True
    )
    assert paired(pairing) == {("a", "n")}


def test_two_candidates_for_a_vanished_line_are_not_guessed_between() -> None:
    """It counts as removed, and both of the others as added: a person can see that, and nothing is lost."""
    known = [LinePair(1, "a", "x")]
    now = lines(n1=(1, 7), n2=(1, 8))
    pairing = pair_lines(known, lines(a=(1, 2)), now, lines(a=(1, 2)), lines(x=(1, 2)), PAIR_BY, has_base=True)
    assert paired(pairing) == {("a", "x")}
    assert pairing.new["back_office"] == ("n1", "n2")


def test_a_line_of_another_product_is_a_removal_and_an_addition() -> None:
    known = [LinePair(1, "a", "x")]
    pairing = pair_lines(
        known, lines(a=(1, 2)), lines(n=(2, 2)), lines(a=(1, 2)), lines(x=(1, 2)), PAIR_BY, has_base=True
    )
    assert paired(pairing) == {("a", "x")}
    assert pairing.new["back_office"] == ("n",)


def test_without_a_base_lines_pair_by_the_finest_group_then_by_the_next() -> None:
    sales, back_office = lines(a=(1, 2), b=(2, 3)), lines(x=(2, 9), y=(1, 2))
    pairing = pair_lines([], sales, back_office, NO_LINES, NO_LINES, PAIR_BY, has_base=False)
    assert paired(pairing) == {("a", "y"), ("b", "x")}
    assert all(one.coupling < 0 for one in pairing.pairs)  # found now; the store numbers them


def test_equally_many_equal_lines_pair_in_their_order() -> None:
    """Two lines of one chair each on both sides: which of them is which changes nothing."""
    pairing = pair_lines(
        [], lines(a=(1, 1), b=(1, 1)), lines(x=(1, 1), y=(1, 1)), NO_LINES, NO_LINES, PAIR_BY, has_base=False
    )
    assert paired(pairing) == {("a", "x"), ("b", "y")}


def test_unequally_many_equal_lines_are_not_paired() -> None:
    pairing = pair_lines([], lines(a=(1, 1)), lines(x=(1, 1), y=(1, 1)), NO_LINES, NO_LINES, PAIR_BY, has_base=False)
    assert pairing.pairs == ()
    assert pairing.new == {"sales": ("a",), "back_office": ("x", "y")}


def test_with_a_base_two_new_lines_are_one_only_where_all_that_tells_them_apart_agrees() -> None:
    """Both sides add 3 tables: one line. Both add tables, 3 and 4: two lines."""
    same = pair_lines([], lines(a=(1, 3)), lines(x=(1, 3)), NO_LINES, NO_LINES, PAIR_BY, has_base=True)
    assert paired(same) == {("a", "x")}
    unlike = pair_lines([], lines(a=(1, 3)), lines(x=(1, 4)), NO_LINES, NO_LINES, PAIR_BY, has_base=True)
    assert unlike.new == {"sales": ("a",), "back_office": ("x",)}


def test_lines_that_say_nothing_of_themselves_are_never_alike() -> None:
    blank = {"a": LineRecord("a", None, {})}, {"x": LineRecord("x", None, {})}
    pairing = pair_lines([], *blank, NO_LINES, NO_LINES, PAIR_BY, has_base=False)
    assert pairing.pairs == ()


def test_a_line_that_became_a_text_or_ceased_to_be_one_is_another_line() -> None:
    """Under the same id; another product is not: that is changed in place."""
    known = [LinePair(1, "a", "x"), LinePair(2, "b", "y")]
    sales, was, now = lines(a=(1, 2), b=(2, 3)), lines(x=(1, 2), y=(2, 3)), lines(x=(1, 2), y=(7, 3))
    told = LineRecord("x", None, {"product": "Lump sum", "quantity": Decimal(2)})
    for one, two in ((was, {**now, "x": told}), ({**was, "x": told}, now)):
        pairing = pair_lines(known, sales, two, sales, one, PAIR_BY, has_base=True, told_by=["product"])
        assert paired(pairing) == {("a", VANISHED), ("b", "y")}
        assert pairing.new == {"sales": (), "back_office": ("x",)}
