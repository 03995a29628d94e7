"""URLs of Restate engines."""

from __future__ import annotations

import pytest

from fsm.engines.restate.url import parse
from fsm.errors import StoreUrlInvalid

VIEW = "view=sqlite:///v.db"


def test_everything_can_be_said() -> None:
    named = parse(f"restate+https://r:8443?{VIEW}&admin=http://a:1/&name=shop&listen=0.0.0.0:9080&public=http://w:9080")
    assert (named.ingress, named.admin, named.view) == ("https://r:8443", "http://a:1", "sqlite:///v.db")
    assert (named.name, named.listen, named.public) == ("shop", "0.0.0.0:9080", "http://w:9080")


def test_what_is_not_said_is_what_a_server_does_by_itself() -> None:
    named = parse(f"restate+http://r:8080?{VIEW}&listen=h:1")
    assert (named.admin, named.name, named.public) == ("http://r:9070", "fsm", "http://h:1")
    assert parse(f"restate+http://r:8080?{VIEW}").listen == ""
    assert parse(f"restate+http://[::1]:8080?{VIEW}").admin == "http://[::1]:9070"


def test_the_view_may_be_any_store() -> None:
    assert parse("restate+http://r:8080?view=postgresql+psycopg://a:b%2B@db/v&listen=h:1").view == (
        "postgresql+psycopg://a:b+@db/v"
    )
    assert parse("restate+http://r:8080?view=sqlite:///v.db?synchronous=NORMAL").view.endswith("?synchronous=NORMAL")


@pytest.mark.parametrize(
    "url",
    [
        "restate://r?view=x",
        "restate+http://?view=x",
        "restate+http://r:8080",
        f"restate+http://r:8080?{VIEW}&lisen=1",
        f"restate+http://r:8080?{VIEW}&listen=here",
        f"restate+http://r:8080?{VIEW}&listen=r:99999",
        f"restate+http://r:8080?{VIEW}&name=a.b",
        f"restate+http://r:8080?{VIEW}&admin=r:9070",
        f"restate+http://r:8080?{VIEW}&public=r",
        f"restate+http://r:eighty?{VIEW}",
        f"restate+http://r:99999?{VIEW}",
        f"restate+http://[::1?{VIEW}",
    ],
)
def test_what_cannot_be_meant_is_refused_with_what_would_be_possible(url: str) -> None:
    with pytest.raises(StoreUrlInvalid, match="restate\\+http://HOST"):
        parse(url)
