// The incidents: what has stopped, why, and the way on.

import { get } from "./api.js";
import { change, steer } from "./acts.js";
import { empty, h, link } from "./dom.js";
import { since } from "./time.js";
import { said } from "./words.js";

export async function incidents({ main, person, fail }) {
  const list = h("div", { class: "troubles" });
  const resolved = h("input", { type: "checkbox", id: "resolved", onchange: () => load() });
  main.replaceChildren(h("header", { class: "head" }, h("h1", {}, "Incidents"),
    h("div", { class: "check" }, resolved, h("label", { for: "resolved" }, "also those that are resolved"))), list);

  async function load() {
    try {
      const found = await get("incidents", { resolved: resolved.checked });
      list.replaceChildren(...(found.length ? found.map((one) => trouble(one, person, load))
        : [empty("Nothing has stopped", "An instance that cannot go on by itself appears here, with the reason.")]));
    } catch (problem) {
      fail(problem);
    }
  }
  await load();
  let open = null;
  return { title: "Incidents", overview(found) { if (open !== null && open !== found.incidents) load(); open = found.incidents; } };
}

export function trouble(one, person, done) {
  const may = one.resolved === null && person?.role === "operate";
  return h("article", { class: `panel trouble ${one.resolved === null ? "open" : ""}` },
    h("header", {}, h("h2", {}, one.kind), person ? link(one.instance) : null, h("span", { class: "muted" }, "on ", h("b", { title: one.event }, said(one.event)), " ", since(one.at))),
    h("p", { class: "message" }, one.message),
    one.resolved === null ? null : h("p", { class: "muted" }, `${one.resolution} `, since(one.resolved)),
    may ? h("div", { class: "actions" }, steer(one.instance, "retry", done), change(one.instance, done), ["skip", "resolve", "cancel"].map((verb) => steer(one.instance, verb, done))) : null);
}
