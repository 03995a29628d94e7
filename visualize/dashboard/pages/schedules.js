// The schedules: what the clock starts and sends, and when next.

import { get, post } from "./api.js";
import { empty, h } from "./dom.js";
import { since } from "./time.js";

const EVERY_MS = 3000;

export async function schedules({ main, person, fail }) {
  const body = h("div", { class: "panel flush scroll", role: "region", tabindex: "0", "aria-label": "Schedules, scrolls sideways" });
  main.replaceChildren(h("header", { class: "head" }, h("h1", {}, "Schedules")), body);
  const show = (found) => body.replaceChildren(found.length ? table(found) : empty("Nothing is scheduled", "Give an orchestrator schedules=[Schedule(…)], or fsm run --schedules."));
  const act = (one) => post("schedules", { name: one.name, deed: one.paused ? "resume" : "pause" }).then(show, fail);
  const load = () => get("schedules").then(show, fail);

  function table(found) {
    const head = ["Schedule", "When", "What", "Next", "Last", "What came of it", h("span", { class: "sr" }, "Pause or resume")];
    return h("table", {}, h("thead", {}, h("tr", {}, head.map((name) => h("th", { scope: "col" }, name)))),
      h("tbody", {}, found.map((one) => h("tr", {}, h("td", { class: "id" }, one.name), h("td", {}, h("code", {}, one.rhythm)), h("td", {}, one.does),
        h("td", {}, one.paused ? h("span", { class: "status paused" }, "paused") : since(one.next)), h("td", {}, one.last === null ? "–" : since(one.last)), h("td", {}, one.said || "–"),
        h("td", {}, person.role === "operate" ? h("button", { type: "button", "aria-label": `${one.paused ? "Resume" : "Pause"} ${one.name}`, onclick: () => act(one) }, one.paused ? "Resume" : "Pause") : null)))));
  }

  await load();
  const timer = setInterval(load, EVERY_MS);
  return { title: "Schedules", end: () => clearInterval(timer) };
}
