"""What a journal row keeps of a text gives the text again, whatever it says."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fsm.core.past import DIFFERENCE, WHOLE, folded, read, texts, written

values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=40,
)
objects = st.dictionaries(st.text(), values, max_size=12).map(lambda v: json.dumps(v, ensure_ascii=False))
encodable = st.text(st.characters(codec="utf-8"))
lists = st.lists(st.sampled_from(["a", "bb", "", '"price":19.99', '"note":"deliver before noon"']), max_size=40)
tokens = lists.map(",".join)


def encoded(value: object) -> bytes:
    return json.dumps(value).encode()


@given(objects, objects)
def test_a_patch_gives_the_context_after_it(a: str, b: str) -> None:
    before, after = (text.encode(errors="replace") for text in (a, b))
    assert read(before, written(before, after)) == after


@given(encodable | tokens, encodable | tokens)
def test_a_patch_is_exact_whatever_the_texts_are(a: str, b: str) -> None:
    assert read(a.encode(), written(a.encode(), b.encode())) == b.encode()


@given(encodable | tokens, encodable | tokens, encodable | tokens)
def test_what_stands_behind_both_texts_need_not_be_looked_at(a: str, b: str, same: str) -> None:
    before, now = (a + same).encode(), (b + same).encode()
    assert read(before, written(a.encode(), b.encode(), same.encode())) == now
    assert read(None, written(None, b.encode(), same.encode())) == now


@given(st.lists(tokens, min_size=1, max_size=6))
def test_rows_give_their_texts_again_and_the_last_one_can_be_made_whole(contexts: list[str]) -> None:
    chain = [context.encode() for context in contexts]
    rows = [written(before, now) for before, now in zip([None, *chain], chain, strict=False)]
    assert texts(rows) == chain
    assert folded(rows) == WHOLE + contexts[-1]


def test_what_did_not_change_is_not_stored() -> None:
    text = encoded({"lines": ["a"] * 1000})
    assert len(written(text, text)) == len("~00000000[]")


def test_two_fields_far_apart_are_two_small_changes() -> None:
    lines = [{"sku": f"S{k}", "qty": k} for k in range(50)]
    before = encoded({"n": 5, "lines": lines, "total": 70, "gone": None})
    after = encoded({"n": 6, "lines": lines, "total": 71, "gone": None})
    assert len(written(before, after)) < 80
    assert read(before, written(before, after)) == after


def test_a_list_that_grew_and_a_sum_that_changed_are_small_changes() -> None:
    before = encoded({"log": ["begun"], "lines": list(range(100)), "sum": 1})
    after = encoded({"log": ["begun", "paid"], "lines": list(range(100)), "sum": 2})
    assert len(written(before, after)) < 80
    assert read(before, written(before, after)) == after


LARGE = [f'{{"sku":"S-{k}","quantity":{k % 9},"note":"größer"}}' for k in range(1_000)]
edits = st.lists(
    st.tuples(st.sampled_from(["put", "take", "change"]), st.integers(0, 999), st.text(max_size=30)), max_size=40
)


@given(edits)
def test_a_patch_of_a_large_text_is_exact_whatever_was_changed(edits: list[tuple[str, int, str]]) -> None:
    lines = list(LARGE)
    for kind, place, text in edits:
        at = place % len(lines)
        lines[at : at + (kind != "put")] = [] if kind == "take" else [text]
    before, after = (f'{{"n":{len(them)},"lines":[{",".join(them)}]}}'.encode() for them in (LARGE, lines))
    assert read(before, written(before, after)) == after


@pytest.mark.parametrize(
    "changed",
    [
        [*LARGE, '{"sku":"new"}'],
        ['{"sku":"new"}', *LARGE],
        [*LARGE[:500], '{"sku":"new"}', *LARGE[500:]],
        LARGE[1:],
        LARGE[:-1],
        [*LARGE[1:], '{"sku":"new"}'],
        ["{}" if k in (3, 500, 997) else line for k, line in enumerate(LARGE)],
    ],
)
def test_a_few_changes_of_a_large_text_are_kept_small(changed: list[str]) -> None:
    before, after = (
        f'{{"n":{n},"lines":[{",".join(lines)}],"total":{n * 7},"open":true}}'.encode()
        for n, lines in ((9, LARGE), (10, changed))
    )
    kept = written(before, after)
    assert len(kept) < 1_000
    assert read(before, kept) == after


def test_a_field_of_each_line_of_a_large_text_is_kept_without_the_lines() -> None:
    before = ",".join(LARGE).encode()
    after = before.replace(b'"quantity":8', b'"quantity":18').replace(b'"quantity":7', b'"quantity":6')
    kept = written(before, after)
    assert len(kept) < len(after) / 5
    assert read(before, kept) == after


def test_a_difference_that_is_longer_than_the_text_is_the_text() -> None:
    assert written(b"abc", b"x") == "=x"


def test_a_difference_of_another_text_is_refused() -> None:
    kept = written(b"a," * 90 + b"1", b"a," * 90 + b"2")
    assert kept.startswith(DIFFERENCE)
    for before in (None, b"a," * 90 + b"3"):
        with pytest.raises(ValueError, match="missing or another"):
            read(before, kept)


def test_after_a_row_that_kept_nothing_the_texts_begin_again_with_a_whole_one() -> None:
    assert texts(["~00000000[]", "=a", "", "~00000000[]", "=b"]) == [None, b"a", None, None, b"b"]
    assert folded(["", "~00000000[]"]) == "~00000000[]"


def test_large_texts_are_not_cut_into_fields() -> None:
    before, after = (encoded({"n": n, "lines": list(range(9000)), "end": n}) for n in (5, 6))
    assert read(before, written(before, after)) == after
    one = before.replace(b"4500, ", b"45001, ")
    assert len(written(before, one)) < 40
    assert read(before, written(before, one)) == one
