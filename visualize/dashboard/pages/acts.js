// What people do: an event with a form, or a verb with a reason; each is asked for in a dialog and told about afterwards.

import { post } from "./api.js";
import { h, note } from "./dom.js";
import { fieldsOf, parsed } from "./form.js";

const VERBS = {
  retry: ["Retry", "What failed is done again; what had succeeded is not."],
  skip: ["Skip", "It goes on without what failed: an event, a timer, an answer or an invoke is dropped."],
  pause: ["Pause", "It takes no more turns until it is resumed; events stay accepted."],
  resume: ["Resume", "It goes on with what came meanwhile."],
  cancel: ["Cancel", "It leaves every state in order and ends. This cannot be undone."],
};

export function steer(id, verb, done) {
  const [label, meaning] = VERBS[verb];
  const kind = verb === "cancel" ? "danger" : verb === "retry" || verb === "resume" ? "primary" : "";
  return h("button", { type: "button", class: kind, data: { verb }, onclick: () => {
    const reason = h("input", { id: "reason", required: true, minlength: "3", maxlength: "500", autocomplete: "off" });
    ask(`${label} ${id}`, [h("p", {}, meaning), h("div", { class: "field" }, h("label", { for: "reason" }, "Reason"), reason,
      h("p", { class: "hint" }, "It is kept with your name."))], label, kind, async () => {
      told(await post("controls", { id, verb, reason: reason.value.trim() }), `${label}: ${id}`);
      done?.();
    });
  } }, label);
}

// A retry with another context or another event: two JSON merge patches, shown as they will be sent.
export function change(id, done) {
  return h("button", { type: "button", data: { verb: "change" }, onclick: () => {
    const context = h("textarea", { id: "change", rows: "3", spellcheck: "false", placeholder: '{"limit": 100}' });
    const payload = h("textarea", { id: "payload", rows: "3", spellcheck: "false" });
    const reason = h("input", { id: "reason", required: true, minlength: "3", maxlength: "500", autocomplete: "off" });
    const field = (label, input, hint) => h("div", { class: "field" }, h("label", { for: input.id }, label), input, h("p", { class: "hint" }, hint));
    ask(`Change and retry ${id}`, [field("Context", context, "JSON: the fields that change; null removes one"),
      field("Event", payload, "JSON: the fields of what failed that change"), field("Reason", reason, "It is kept with your name, and with the change.")],
    "Change and retry", "primary", async () => {
      const wanted = { id, verb: "retry", reason: reason.value.trim() };
      for (const [name, area] of [["change", context], ["payload", payload]]) if (area.value.trim()) wanted[name] = parsed(area, name);
      told(await post("controls", wanted), `Change and retry: ${id}`);
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

function told(outcome, what) {
  const words = { waiting: "accepted; it waits for its turn", deferred: "accepted; it waits for a state that takes it", consumed: "done", refused: outcome.message || "refused" };
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
