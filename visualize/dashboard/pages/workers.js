// The workers: who runs what, and who has fallen silent.

import { get } from "./api.js";
import { empty, h } from "./dom.js";
import { span } from "./time.js";

const EVERY_MS = 2000;

export async function workers({ main, fail }) {
  const body = h("div", { class: "panel flush scroll", role: "region", tabindex: "0", "aria-label": "Workers, scrolls sideways" });
  main.replaceChildren(h("header", { class: "head" }, h("h1", {}, "Workers")), body);
  async function load() {
    try {
      const found = await get("workers");
      body.replaceChildren(found.length ? table(found) : empty("Nobody runs instances", "Start a worker: fsm run MODULE:Class"));
    } catch (problem) {
      fail(problem);
    }
  }
  await load();
  const timer = setInterval(load, EVERY_MS);
  return { title: "Workers", end: () => clearInterval(timer) };
}

function table(found) {
  return h("table", {}, h("thead", {}, h("tr", {}, h("th", { scope: "col" }, "Worker"), h("th", { scope: "col" }, "State"),
    h("th", { scope: "col", class: "number" }, "Instances"), h("th", { scope: "col" }, "Last heard of"), h("th", { scope: "col" }, "Lease"))),
  h("tbody", {}, found.map((one) => h("tr", {}, h("td", { class: "id" }, one.id),
    h("td", {}, h("span", { class: `status ${one.alive ? "running" : "failed"}` }, one.alive ? "alive" : "silent")),
    h("td", { class: "number" }, one.claims.toLocaleString()), h("td", {}, `${span(one.silent)} ago`), h("td", {}, span(one.lease))))));
}
