// The journal: a line for each turn, and the slider that goes back through them.

import { h } from "./dom.js";
import { json } from "./json.js";
import { exact, since, span } from "./time.js";
import { said } from "./words.js";

export class Journal {
  constructor(turns, show) {
    this.turns = turns;
    this.at = turns.length - 1;
    this.show = show;
    this.body = h("tbody");
    this.rows = [];
    this.element = h("div", { class: "scroll", data: { scroll: "" }, tabindex: "0", role: "region", "aria-label": "Journal, scrolls sideways" },
      h("table", { class: "journal" }, h("thead", {}, h("tr", {},
      h("th", { scope: "col", class: "number" }, "Turn"), ["When", "Event", "Transitions", "States", "Calls"].map((name) => h("th", { scope: "col" }, name)),
      h("th", { scope: "col", class: "number" }, "Took"))), this.body));
    for (const turn of turns) this.#append(turn);
  }

  slider() {
    this.range = h("input", { type: "range", id: "turn", min: "0", "aria-label": "Turn", oninput: () => this.to(Number(this.range.value)) });
    this.label = h("output", { for: "turn", class: "at" });
    const step = (id, label, text, by) => h("button", { type: "button", id, "aria-label": label, title: label,
      onclick: () => this.to(Math.min(Math.max(this.at + by(), 0), this.turns.length - 1)) }, text);
    return h("div", { class: "travel" }, step("first", "First turn", "⇤", () => -this.turns.length), step("earlier", "The turn before", "←", () => -1), this.range,
      step("later", "The turn after", "→", () => 1), step("now", "Now", "⇥", () => this.turns.length), this.label);
  }

  to(at) {
    this.at = at;
    this.redraw();
  }

  redraw() {
    const turn = this.turns[this.at];
    const now = this.at === this.turns.length - 1;
    this.range.max = String(Math.max(this.turns.length - 1, 0));
    this.range.value = String(this.at);
    this.range.disabled = this.turns.length < 2;
    if (turn) {
      this.label.replaceChildren(h("b", {}, now ? "now" : `turn ${turn.seq}`), ` · ${said(turn.event)} · `, since(turn.at));
      this.range.setAttribute("aria-valuetext", `turn ${turn.seq}, ${said(turn.event)}`);
    }
    this.rows.forEach((row, index) => row.classList.toggle("at", index === this.at && !now));
    this.show(this.at);
  }

  add(turn) {
    if (turn.seq <= (this.turns.at(-1)?.seq ?? -1)) return;
    const now = this.at === this.turns.length - 1;
    this.turns.push(turn);
    this.#append(turn);
    if (now) this.at = this.turns.length - 1; // whoever looks at the past stays there
    this.redraw();
  }

  #append(turn) {
    const index = this.rows.length;
    const seq = h("button", { type: "button", class: "seq", "aria-expanded": "false", "aria-label": `Turn ${turn.seq}: details`, onclick: () => this.#toggle(row, turn, index) }, String(turn.seq));
    const row = h("tr", {}, h("td", { class: "number" }, seq), h("td", { title: exact(turn.at) }, since(turn.at)), h("td", { title: turn.event }, said(turn.event)),
      h("td", {}, turn.transitions.join(", ")), h("td", { class: "states" }, turn.configuration.join(", ")),
      h("td", {}, turn.calls.map((call) => h("span", { class: call.ok ? "call" : "call bad" }, call.method, call.attempt > 1 ? ` ×${call.attempt}` : "", " "))),
      h("td", { class: "number" }, span(turn.seconds)));
    this.rows.push(row);
    this.body.prepend(row); // the latest first
  }

  #toggle(row, turn, index) {
    const open = row.nextElementSibling?.classList.contains("details");
    row.querySelector(".seq").setAttribute("aria-expanded", String(!open));
    if (open) {
      row.nextElementSibling.remove();
      return;
    }
    const part = (title, content) => h("section", {}, h("h3", {}, title), content);
    const calls = turn.calls.map((call) => part(`${call.method} · ${call.ok ? "answered" : "failed"} after ${span(call.seconds)}, attempt ${call.attempt}`,
      [call.arguments === null ? null : json(call.arguments), h("div", { class: call.ok ? "" : "bad" }, json(call.answer))]));
    row.after(h("tr", { class: "details" }, h("td", { colspan: "7" }, h("div", { class: "inner" },
      part("Payload", turn.payload === null ? h("p", { class: "muted" }, "not shown") : json(turn.payload)),
      part("Left and entered", h("p", {}, h("span", { class: "muted" }, turn.exited.join(", ") || "nothing"), " → ", turn.entered.join(", ") || "nothing")),
      part("Cause", h("code", {}, turn.cause)), ...calls))));
    this.to(index);
  }
}
