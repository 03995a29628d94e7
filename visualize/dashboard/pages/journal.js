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

  // What was before all that is here.
  prepend(turns) {
    const seen = this.turns;
    const at = this.turns[this.at];
    this.turns = [...turns];
    this.rows = [];
    this.body.replaceChildren();
    for (const turn of turns) this.#append(turn);
    for (const turn of seen) { this.turns.push(turn); this.#append(turn); }
    this.to(Math.max(this.turns.indexOf(at), 0));
  }

  #append(turn) {
    const seq = h("button", { type: "button", class: "seq", "aria-expanded": "false", "aria-label": `Turn ${turn.seq}: details`, onclick: () => this.#toggle(row, turn) }, String(turn.seq));
    const row = h("tr", {}, h("td", { class: "number" }, seq), h("td", { title: exact(turn.at) }, since(turn.at)), h("td", { title: turn.event }, said(turn.event)),
      h("td", {}, turn.transitions.join(", ")), h("td", { class: "states" }, turn.configuration.join(", ")),
      h("td", {}, turn.calls.map((call) => h("span", { class: call.ok ? "call" : "call bad" }, call.method, call.attempt > 1 ? ` ×${call.attempt}` : "", " "))),
      h("td", { class: "number" }, span(turn.seconds)));
    this.rows.push(row);
    this.body.prepend(row); // the latest first
  }

  #toggle(row, turn) {
    const open = row.nextElementSibling?.classList.contains("details");
    row.querySelector(".seq").setAttribute("aria-expanded", String(!open));
    if (open) {
      row.nextElementSibling.remove();
      return;
    }
    const part = (title, content) => h("section", {}, h("h3", {}, title), content);
    const calls = turn.calls.map((call) => part(`${call.method} · ${call.ok ? "answered" : "failed"} after ${span(call.seconds)}, attempt ${call.attempt}`,
      [call.arguments === null ? null : json(call.arguments), h("div", { class: call.ok ? "" : "bad" }, json(call.answer)), call.attempts.length > 1 ? attempts(call.attempts) : null]));
    row.after(h("tr", { class: "details" }, h("td", { colspan: "7" }, h("div", { class: "inner" },
      part("Payload", turn.payload === null ? h("p", { class: "muted" }, "not shown") : json(turn.payload)),
      part("Left and entered", h("p", {}, h("span", { class: "muted" }, turn.exited.join(", ") || "nothing"), " → ", turn.entered.join(", ") || "nothing")),
      part("Cause", [h("code", {}, turn.cause), turn.actor ? h("p", {}, `by ${turn.actor}`, turn.reason ? `: ${turn.reason}` : "") : null]),
      turn.guards.length ? part("Guards", h("ul", { class: "plain" }, turn.guards.map((guard) => h("li", {}, h("span", { class: guard.answer ? "yes" : "no" }, guard.answer ? "yes" : "no"), ` ${guard.transition}`)))) : "",
      ...calls))));
    this.to(this.turns.indexOf(turn));
  }
}

// Every attempt of a call under a policy: what was asked, why once more, and what came of it.
function attempts(all) {
  return h("ol", { class: "attempts" }, all.map((one) => h("li", {}, h("code", {}, one.called), one.reason ? ` after ${one.reason}` : "",
    h("span", { class: one.ok === false ? "bad" : "muted" }, one.ok === null ? " under way" : one.ok ? " answered" : ` failed: ${one.outcome?.kind ?? ""} ${one.outcome?.message ?? ""}`),
    one.runs > 1 ? h("span", { class: "muted" }, `, begun ${one.runs} times`) : "", one.late ? h("span", { class: "muted" }, ", answered too late") : "",
    one.parameters === null ? "" : json(one.parameters))));
}
