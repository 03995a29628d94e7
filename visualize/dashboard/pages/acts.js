// What people do: an event with a form, or a verb with a reason; each is asked for in a dialog and told about afterwards.

import { post } from "./api.js";
import { h, note } from "./dom.js";
import { fieldsOf, parsed } from "./form.js";

const VERBS = {
  retry: ["Retry", "What failed is done again; what had succeeded is not.", "it is tried again"],
  skip: ["Skip", "It goes on without what failed: an event, a timer, an answer or an invoke is dropped.", "it goes on"],
  resolve: ["Resolve", "Somebody has done by hand what failed: it goes on, and what came of it is written into its context.", "it goes on"],
  pause: ["Pause", "It takes no more turns until it is resumed; events stay accepted.", "it is paused"],
  resume: ["Resume", "It goes on with what came meanwhile.", "it goes on"],
  cancel: ["Cancel", "It leaves every state in order and ends. This cannot be undone.", "it leaves its states"],
  terminate: ["Terminate", "It ends at once, by its rows alone: no exit action runs, and its children end as well. This cannot be undone.", "it has ended"],
};

export function steer(id, verb, done) {
  const [label, meaning, became] = VERBS[verb];
  const kind = verb === "cancel" || verb === "terminate" ? "danger" : verb === "retry" || verb === "resume" ? "primary" : "";
  return h("button", { type: "button", class: kind, data: { verb }, onclick: () => {
    const reason = h("input", { id: "reason", required: true, minlength: "3", maxlength: "500", autocomplete: "off" });
    const outcome = verb === "resolve" ? h("textarea", { id: "change", rows: "3", spellcheck: "false", placeholder: '{"receipt": "R-7"}' }) : null;
    ask(`${label} ${id}`, [h("p", {}, meaning), outcome ? field("Context", outcome, "JSON: the fields that change, if any") : null,
      field("Reason", reason, "It is kept with your name.")].filter(Boolean), label, kind, async () => {
      const wanted = { id, verb, reason: reason.value.trim() };
      if (outcome?.value.trim()) wanted.change = parsed(outcome, "change");
      told(await post("controls", wanted), `${label}: ${id}`, became);
      done?.();
    });
  } }, label);
}

// Back to a turn, or from a turn on under another id.
export function travel(id, seq, person, ended) {
  if (person.role !== "operate") return [];
  const reasoned = (label, meaning, more, act) => h("button", { type: "button", data: { verb: label }, onclick: () => {
    const reason = h("input", { id: "reason", required: true, minlength: "3", maxlength: "500", autocomplete: "off" });
    const extra = more();
    ask(`${label} turn ${seq}`, [h("p", {}, meaning), ...extra.map((input) => field("Id of the new instance", input, "As people will look for it.")),
      field("Reason", reason, "It is kept with your name.")], label, "primary", () => act(reason.value.trim(), ...extra.map((input) => input.value.trim())));
  } }, label);
  return [
    ended ? null : reasoned("Rewind to", `${id} goes back to what it was after this turn, by a turn of its own. What runs now is ended; what was sent stays sent.`, () => [],
      async (reason) => told(await post("rewind", { id, at: seq, reason }), `Rewind to turn ${seq}: ${id}`)),
    reasoned("Fork from", `Another instance begins from what ${id} was after this turn; ${id} is left as it is.`,
      () => [h("input", { id: "new", required: true, maxlength: "200", autocomplete: "off", value: `${id}-fork-${seq}` })],
      async (reason, name) => { await post("fork", { id, at: seq, new: name, reason }); location.hash = `#/instance/${encodeURIComponent(name)}`; }),
  ].filter(Boolean);
}

function field(label, input, hint) {
  return h("div", { class: "field" }, h("label", { for: input.id }, label), input, h("p", { class: "hint" }, hint));
}

// A retry with another context or another event: two JSON merge patches, shown as they will be sent.
export function change(id, done) {
  return h("button", { type: "button", data: { verb: "change" }, onclick: () => {
    const context = h("textarea", { id: "change", rows: "3", spellcheck: "false", placeholder: '{"limit": 100}' });
    const payload = h("textarea", { id: "payload", rows: "3", spellcheck: "false" });
    const reason = h("input", { id: "reason", required: true, minlength: "3", maxlength: "500", autocomplete: "off" });
    ask(`Change and retry ${id}`, [field("Context", context, "JSON: the fields that change; null removes one"),
      field("Event", payload, "JSON: the fields of what failed that change"), field("Reason", reason, "It is kept with your name, and with the change.")],
    "Change and retry", "primary", async () => {
      const wanted = { id, verb: "retry", reason: reason.value.trim() };
      for (const [name, area] of [["change", context], ["payload", payload]]) if (area.value.trim()) wanted[name] = parsed(area, name);
      told(await post("controls", wanted), `Change and retry: ${id}`, VERBS.retry[2]);
      done?.();
    });
  } }, "Change and retry");
}

export function sendForm(id, form, done) {
  return h("button", { type: "button", class: "event", onclick: () => {
    const fields = fieldsOf(form.form);
    const about = form.form?.description;
    const key = crypto.randomUUID?.() ?? String(Math.random()).slice(2); // pressed twice is sent once
    ask(`Send ${form.event}`, [about ? h("p", {}, about) : null, ...fields.elements], `Send ${form.event}`, "primary", async () => {
      told(await post("events", { id, event: form.event, payload: fields.read(), key }), form.event);
      done?.();
    });
  } }, form.event);
}

function told(outcome, what, done = "done") {
  const words = { waiting: "accepted; it waits for its turn", deferred: "accepted; it waits for a state that takes it", consumed: done, refused: outcome.message || "refused" };
  note(`${what}: ${words[outcome.state]}`, outcome.state === "refused" ? "bad" : "good");
}

export function ask(title, content, label, kind, act) {
  const problem = h("p", { class: "problem", role: "alert" });
  const go = h("button", { class: kind || "primary" }, label);
  const dialog = h("dialog", { "aria-labelledby": "dialog-title" }, h("form", { onsubmit: async (event) => {
    event.preventDefault();
    go.disabled = true;
    problem.textContent = "";
    try {
      await act();
      dialog.close();
    } catch (refusal) {
      if (!(refusal instanceof SyntaxError)) problem.textContent = refusal.message;
    }
    go.disabled = false;
  } }, h("h2", { id: "dialog-title" }, title), ...content, problem,
  h("div", { class: "actions end" }, h("button", { type: "button", onclick: () => dialog.close() }, "Not now"), go)));
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
  (dialog.querySelector("input, select, textarea") ?? go).focus();
}
