"""PDF: written by ourselves from the drawing operations of the layout, for engines that write none.

The text is set in Helvetica, which every reader has and which is as wide as the Arial of the layout, so nothing is
embedded. The few signs that it lacks come from the fonts Symbol and ZapfDingbats; other letters are refused.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from fsm.errors import DrawingError

FONTS = ("Helvetica", "Helvetica-Bold", "Helvetica-Oblique", "Helvetica-BoldOblique", "Symbol", "ZapfDingbats")
SYMBOL, DINGBATS = 4, 5
SIGNS: Mapping[str, tuple[int, bytes]] = {
    "●": (DINGBATS, b"l"),
    "√": (SYMBOL, b"\xd6"),
    "≤": (SYMBOL, b"\xa3"),
    "≥": (SYMBOL, b"\xb3"),
    "→": (SYMBOL, b"\xae"),
    "×": (SYMBOL, b"\xb4"),
}
ROUND = 0.5523
"""How far the control points of a quarter circle lie from its ends, in radii."""


def pdf_document(layout: bytes) -> bytes:
    """One page from the JSON of an engine. Raises DrawingError for letters that Helvetica does not have."""
    data = json.loads(layout)
    left, low, right, high = (float(x) for x in data["bb"].split(","))
    pad = 18
    page = f"[{left - pad:.2f} {low - pad:.2f} {right + pad:.2f} {high + pad:.2f}]"
    parts = [data, *data.get("objects", []), *data.get("edges", [])]
    paper = data.get("bgcolor", "#FFFFFF")
    body = [f"{_colour(paper)} rg {left - pad:.2f} {low - pad:.2f} {right - left + 2 * pad:.2f}"
            f" {high - low + 2 * pad:.2f} re f".encode()]  # fmt: skip
    for part in parts:
        for name in ("_draw_", "_ldraw_", "_hdraw_", "_tdraw_", "_hldraw_", "_tldraw_"):
            if name in part and part.get("style") != "invis":
                body += [b"q", *_operations(part[name]), b"Q"]
    stream = zlib.compress(b"\n".join(body), 9)
    fonts = " ".join(f"/F{i} {i + 5} 0 R" for i in range(len(FONTS)))
    objects = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        f"<</Type/Page/Parent 2 0 R/MediaBox{page}/Contents 4 0 R/Resources<</Font<<{fonts}>>>>>>".encode(),
        f"<</Length {len(stream)}/Filter/FlateDecode>>\nstream\n".encode() + stream + b"\nendstream",
        *(_font(i).encode() for i in range(len(FONTS))),
    ]
    return _file(objects)


def _font(number: int) -> str:
    coding = "" if number in (SYMBOL, DINGBATS) else "/Encoding/WinAnsiEncoding"
    return f"<</Type/Font/Subtype/Type1/BaseFont/{FONTS[number]}{coding}>>"


def _file(objects: list[bytes]) -> bytes:
    """The objects with the table of their places, as PDF 1.4 has it."""
    out = bytearray(b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n")
    places = []
    for number, thing in enumerate(objects, 1):
        places.append(len(out))
        out += f"{number} 0 obj\n".encode() + thing + b"\nendobj\n"
    table = len(out)
    out += f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n".encode()
    out += b"".join(f"{place:010d} 00000 n \n".encode() for place in places)
    out += f"trailer\n<</Size {len(objects) + 1}/Root 1 0 R>>\nstartxref\n{table}\n%%EOF\n".encode()
    return bytes(out)


def _operations(drawn: Iterable[Mapping[str, Any]]) -> Iterator[bytes]:
    """Graphviz' operations in the words of PDF; both count from the lower left corner."""
    pen, fill, size, bold = "0 0 0", "", 14.0, 0
    for step in drawn:
        match step["op"]:
            case "c":
                pen = _colour(step["color"])
            case "C":
                fill = _colour(step["color"])
            case "S":
                yield from _style(step["style"])
            case "F":
                size = float(step["size"])
            case "t":
                bold = int(step["fontchar"]) & 3
            case "T":
                if pen:
                    yield from _text(step, size, bold, pen)
            case "p" | "P" | "L" | "b" | "B" | "e" | "E" as kind:
                yield from _shape(kind, step, pen, fill)


def _style(style: str) -> Iterator[bytes]:
    name, _, number = style.rstrip(")").partition("(")
    if name == "setlinewidth":
        yield f"{float(number):.2f} w".encode()
    elif name in ("dashed", "dotted", "solid"):
        yield {"dashed": b"[5 3] 0 d", "dotted": b"[1 4] 0 d", "solid": b"[] 0 d"}[name]


def _shape(kind: str, step: Mapping[str, Any], pen: str, fill: str) -> Iterator[bytes]:
    filled = kind in "PBE" and fill
    paint = {(True, True): "B", (True, False): "f", (False, True): "S"}.get((bool(filled), bool(pen)))
    if paint is None:
        return
    close = "h " if kind in "pP" else ""
    way = _ellipse(step["rect"]) if kind in "eE" else _way(step["points"], curved=kind in "bB")
    colours = (f"{pen} RG " if pen else "") + (f"{fill} rg " if filled else "")
    yield f"{colours}{way} {close}{paint}".encode()


def _way(points: list[list[float]], *, curved: bool) -> str:
    pairs = [f"{x:.2f} {y:.2f}" for x, y, *_ in points]
    if not curved:
        return f"{pairs[0]} m " + " ".join(f"{p} l" for p in pairs[1:])
    return f"{pairs[0]} m " + " ".join(f"{' '.join(pairs[i : i + 3])} c" for i in range(1, len(pairs) - 2, 3))


def _ellipse(rect: list[float]) -> str:
    x, y, a, b = rect
    u, v = a * ROUND, b * ROUND
    points = [
        (x + a, y), (x + a, y + v), (x + u, y + b), (x, y + b), (x - u, y + b), (x - a, y + v), (x - a, y),
        (x - a, y - v), (x - u, y - b), (x, y - b), (x + u, y - b), (x + a, y - v), (x + a, y),
    ]  # fmt: skip
    return _way([list(p) for p in points], curved=True)


def _text(step: Mapping[str, Any], size: float, style: int, pen: str) -> Iterator[bytes]:
    """One line of text, its runs in the fonts that have their letters."""
    x, y = step["pt"][0], step["pt"][1]
    x -= {"l": 0.0, "c": step["width"] / 2, "r": step["width"]}[step["align"]]
    runs: list[tuple[int, bytes]] = []
    for letter in step["text"]:
        font, code = SIGNS.get(letter, (style, b""))
        code = code or _letter(letter, step["text"])
        if runs and runs[-1][0] == font:
            runs[-1] = (font, runs[-1][1] + code)
        else:
            runs.append((font, code))
    yield f"BT {pen} rg {x:.2f} {y:.2f} Td".encode()
    for font, codes in runs:
        # the disc of ZapfDingbats is larger than the one that the layout made room for
        small, rise = (0.6, 0.1) if font == DINGBATS else (1.0, 0.0)
        yield f"/F{font} {size * small:.2f} Tf {size * rise:.2f} Ts <{codes.hex()}> Tj".encode()
    yield b"ET"


def _letter(letter: str, text: str) -> bytes:
    try:
        return letter.encode("cp1252")
    except UnicodeEncodeError:
        raise DrawingError(
            f"{letter!r} in {text!r}: PDF without a system's Graphviz has Western letters only."
            f" Draw SVG or PNG, or install one: apt-get install graphviz fonts-liberation."
        ) from None


def _colour(text: str) -> str:
    """Red, green and blue from 0 to 1; empty for what cannot be seen."""
    if not text.startswith("#") or text[7:9] == "00":
        return ""
    return " ".join(f"{int(text[i : i + 2], 16) / 255:.3f}" for i in (1, 3, 5))
