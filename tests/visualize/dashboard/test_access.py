"""Who asks, and what they may do."""

from __future__ import annotations

import pytest

from visualize.dashboard.access import COOKIE, SESSION_SECONDS, Access, Person, Rules

ANNA = Person("anna.müller@example.org", "operate")


def test_signing_in_ends_by_itself() -> None:
    now = [1_000.0]
    access = Access(Rules({"t" * 24: ANNA}), clock=lambda: now[0])
    cookies = {COOKIE: access.cookie(ANNA)}
    visitor = access.visitor({}, cookies, "10.0.0.1")
    assert visitor is not None
    assert visitor.person == ANNA
    now[0] += SESSION_SECONDS + 1
    assert access.visitor({}, cookies, "10.0.0.1") is None


def test_another_process_signs_with_another_key() -> None:
    rules = Rules({"t" * 24: ANNA})
    assert Access(rules).visitor({}, {COOKIE: Access(rules).cookie(ANNA)}, "10.0.0.1") is None


def test_a_cookie_of_somebody_who_has_no_token_any_more_is_not_taken() -> None:
    access = Access(Rules({"t" * 24: ANNA}))
    assert access.visitor({}, {COOKIE: access.cookie(Person("bob", "operate"))}, "10.0.0.1") is None


@pytest.mark.parametrize("cookie", ["", ".", "a.b.c.d", "\ud800", "1.operate.zz.0"])
def test_nonsense_in_a_cookie_is_nobody(cookie: str) -> None:
    assert Access(Rules({"t" * 24: ANNA})).visitor({}, {COOKIE: cookie}, "10.0.0.1") is None


def test_changes_by_programs_need_no_further_token() -> None:
    access = Access(Rules({"t" * 24: ANNA}))
    visitor = access.visitor({"authorization": f"bearer {'t' * 24}"}, {}, "10.0.0.1")
    assert visitor is not None
    assert access.genuine(visitor, "")


def test_a_page_that_nobody_could_enter_is_not_made() -> None:
    with pytest.raises(AssertionError, match="nobody"):
        Rules()
    with pytest.raises(AssertionError, match="short"):
        Rules({"short": ANNA})
