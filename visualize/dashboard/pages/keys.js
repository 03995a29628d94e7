// The keys: the same everywhere, and never while somebody writes.

import { h } from "./dom.js";

const LIST = [
  ["/", "look for an instance"],
  ["j  k", "the next, the previous line"],
  ["Enter", "open the line"],
  ["←  →", "the turn before, the turn after"],
  ["g m", "machines"],
  ["g i", "instances"],
  ["g t", "incidents"],
  ["g p", "tasks of people"],
  ["g s", "schedules"],
  ["g w", "workers"],
  ["?", "these keys"],
];
const PLACES = { m: "#/", i: "#/instances", t: "#/incidents", p: "#/tasks", s: "#/schedules", w: "#/workers" };

let going = false;

export function keys() {
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.target.closest("input, textarea, select, dialog")) {
      if (event.key === "Escape" && !event.target.closest("dialog")) event.target.blur();
      return;
    }
    if (going) {
      going = false;
      if (PLACES[event.key]) { location.hash = PLACES[event.key]; return; }
    }
    switch (event.key) {
      case "/": event.preventDefault(); find(); break;
      case "j": move(1); break;
      case "k": move(-1); break;
      case "g": going = true; break;
      case "?": showKeys(); break;
      case "ArrowLeft": case "ArrowRight": travel(event); break;
    }
  });
}

const LINES = "tbody :is(a.id, button), .tasks .line, .trouble > header a.id, .card h2 a";

// The lines of a list are reached with Tab as well: each has its link or its button.
function move(by) {
  const links = [...document.querySelectorAll(LINES)];
  const line = document.activeElement.closest("tr, li, article");
  const here = links.findIndex((link) => (line ? line.contains(link) : link.hasAttribute("aria-current")));
  const next = links[here < 0 ? (by > 0 ? 0 : links.length - 1) : here + by];
  next?.focus();
  next?.scrollIntoView({ block: "nearest" });
}

function find() {
  const field = document.querySelector("#search");
  if (field) { field.focus(); field.select(); return; }
  location.hash = "#/instances";
  addEventListener("shown", () => document.querySelector("#search")?.focus(), { once: true });
}

function travel(event) {
  if (event.target.closest("[data-scroll]")) return;
  document.querySelector(event.key === "ArrowLeft" ? "#earlier" : "#later")?.click();
}

export function showKeys() {
  const dialog = h("dialog", { class: "keys", "aria-labelledby": "keys-title" }, h("h2", { id: "keys-title" }, "Keys"),
    h("dl", {}, LIST.map(([key, what]) => [h("dt", {}, key.split("  ").map((one) => [h("kbd", {}, one), " "])), h("dd", {}, what)])),
    h("form", { method: "dialog" }, h("button", { class: "primary" }, "Close")));
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
}
