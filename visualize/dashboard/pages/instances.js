// The instances: a list that can be narrowed, as long as one wants it.

import { get } from "./api.js";
import { chartOf } from "./diagram.js";
import { empty, h, link, status } from "./dom.js";
import { since } from "./time.js";

const STATUSES = ["running", "parked", "paused", "done", "failed", "cancelled"];
const AGES = [["", "any age"], ["younger=3600", "started within 1 h"], ["younger=86400", "started within 1 d"],
  ["older=3600", "older than 1 h"], ["older=86400", "older than 1 d"], ["older=604800", "older than 7 d"]];
const PAGE = 200;

export async function instances({ main, fail, limit = PAGE }) {
  const wish = new URLSearchParams(location.hash.split("?")[1] ?? "");
  const overview = await get("overview");
  const rows = h("tbody", { role: "rowgroup" }); // the roles, because as grids they would be no table for who listens
  const table = h("table", { class: "list", role: "table" }, h("thead", { role: "rowgroup" }, h("tr", { role: "row" },
    ["Id", "Machine", "Status", "States", "Turns", "Started", "Ended"].map((name) =>
      h("th", { scope: "col", role: "columnheader", class: name === "Turns" ? "number" : "" }, name)))), rows);
  const more = h("button", { type: "button", class: "more", hidden: true }, "Show more");
  const told = h("p", { class: "muted told", role: "status" });
  const none = h("div", { hidden: true }, empty("No instance fits", "Take a word out of the search, or a filter off."));
  let asked = null;
  let after = null;
  let shown = 0;

  const values = (extra) => ({ machine: wish.get("machine"), status: wish.getAll("status"), state: wish.get("state"),
    tag: wish.get("tag"), text: wish.get("text"), key: wish.get("key"), attribute: wish.getAll("attribute"), older: wish.get("older"), younger: wish.get("younger"), ...extra });

  async function load({ go = false, many = limit } = {}) {
    asked?.abort();
    asked = new AbortController();
    try {
      const page = await get("instances", values({ limit: many, after: go ? after : "" }), asked.signal);
      const lines = page.instances.map(line);
      if (go) rows.append(...lines);
      else patch(rows, lines);
      shown = go ? shown + lines.length : lines.length;
      after = page.after;
      more.hidden = after === null;
      none.hidden = shown > 0;
      table.hidden = shown === 0;
      told.textContent = after === null ? `${shown} shown` : `the first ${shown}`;
    } catch (problem) {
      if (problem.name !== "AbortError") fail(problem);
    }
  }
  more.addEventListener("click", () => load({ go: true }));

  function change() {
    history.replaceState(null, "", `#/instances${wish.size ? `?${wish}` : ""}`);
    load();
  }
  const put = (name, value) => { wish.delete(name); if (value) wish.set(name, value); change(); };

  main.replaceChildren(h("h1", { class: "sr" }, "Instances"), await filters(wish, overview, put, change),
    h("div", { class: "panel flush scroll", role: "region", tabindex: "0", "aria-label": "Instances, scrolls sideways" }, table, none), h("div", { class: "below" }, told, more));
  await load();
  dispatchEvent(new Event("shown"));
  let turns = sum(overview);
  let due = null;
  return {
    title: "Instances",
    overview(found) {
      if (sum(found) === turns) return;
      turns = sum(found);
      due ??= setTimeout(() => { due = null; load({ many: Math.min(Math.max(shown, limit), 1000) }); }, 300);
    },
    end() { asked?.abort(); clearTimeout(due); },
  };
}

// What changes with every turn and every instance.
const sum = (overview) => JSON.stringify(overview.machines.map((one) => [one.turns, one.statuses]));

function line(one) {
  const states = one.configuration.join(", ");
  const cell = (attributes, content) => h("td", { role: "cell", ...attributes }, content);
  const row = h("tr", { role: "row", data: { id: one.id } }, cell({}, link(one.id)), cell({}, one.machine), cell({}, status(one.status)),
    cell({ class: "states", title: states }, states), cell({ class: "number" }, String(one.seq)),
    cell({}, since(one.created)), cell({}, one.closed === null ? "" : since(one.closed)));
  row.said = JSON.stringify([one.status, one.configuration, one.seq]);
  return row;
}

// Only what has changed is put in, so that the line that has the focus keeps it.
function patch(body, lines) {
  const before = new Map([...body.children].map((row) => [row.dataset.id, row]));
  const kept = lines.map((row) => (before.get(row.dataset.id)?.said === row.said ? before.get(row.dataset.id) : row));
  const focused = document.activeElement?.closest?.("tr")?.dataset.id;
  if (kept.length !== body.children.length || kept.some((row, index) => row !== body.children[index])) {
    body.replaceChildren(...kept);
    if (focused) [...body.children].find((row) => row.dataset.id === focused)?.querySelector("a")?.focus();
  }
}

async function filters(wish, overview, put, change) {
  let timer = null;
  const typed = (name) => (event) => { clearTimeout(timer); timer = setTimeout(() => put(name, event.target.value.trim()), 150); };
  const search = h("input", { id: "search", type: "search", placeholder: "Id or business key", "aria-label": "Part of an id or business key", value: wish.get("text") ?? "", oninput: typed("text") });
  const key = h("input", { type: "search", placeholder: "Key of an event", "aria-label": "Key of an event", value: wish.get("key") ?? "", oninput: typed("key") });
  const attribute = h("input", { type: "search", placeholder: "name=value", "aria-label": "Attributes, as name=value", title: "What the class is searched by; several with commas", pattern: "[^=,]+=[^,]*(,[^=,]+=[^,]*)*", value: wish.getAll("attribute").join(", "), onchange: (event) => event.target.reportValidity(),
    oninput: (event) => { clearTimeout(timer); timer = setTimeout(() => {
      if (!event.target.validity.valid) return;
      wish.delete("attribute");
      for (const one of event.target.value.split(",")) if (one.trim()) wish.append("attribute", one.trim());
      change();
    }, 150); } });
  const pick = (label, name, options) => h("select", { "aria-label": label, onchange: (event) => put(name, event.target.value) },
    options.map(([value, text]) => h("option", { value, selected: (wish.get(name) ?? "") === value }, text)));
  const states = h("span", { class: "pair" });
  async function ofMachine() {
    const name = wish.get("machine");
    const known = overview.machines.find((one) => one.name === name)?.known;
    const chart = known ? await chartOf(name).catch(() => null) : null;
    const tags = Object.keys(chart?.tags ?? {});
    states.replaceChildren(
      pick("State", "state", [["", "any state"], ...(chart?.states ?? (wish.get("state") ? [wish.get("state")] : [])).map((id) => [id, id])]),
      ...(tags.length ? [pick("Tag", "tag", [["", "any tag"], ...tags.map((tag) => [tag, tag])])] : []));
  }
  await ofMachine();
  const machine = h("select", { "aria-label": "Machine", onchange: async (event) => {
    wish.delete("state");
    wish.delete("tag");
    put("machine", event.target.value);
    await ofMachine();
  } }, h("option", { value: "" }, "any machine"),
  overview.machines.map((one) => h("option", { value: one.name, selected: one.name === wish.get("machine") }, one.name)));
  const age = h("select", { "aria-label": "Age", onchange: (event) => {
    wish.delete("older");
    wish.delete("younger");
    const [name, seconds] = event.target.value.split("=");
    if (seconds) wish.set(name, seconds);
    change();
  } }, AGES.map(([value, text]) => h("option", { value, selected: value !== "" && wish.get(value.split("=")[0]) === value.split("=")[1] }, text)));
  const chips = h("div", { class: "chips", role: "group", "aria-label": "Status" }, STATUSES.map((name) =>
    h("button", { type: "button", class: `chip status ${name}`, "aria-pressed": String(wish.getAll("status").includes(name)), onclick: (event) => {
      const on = event.currentTarget.getAttribute("aria-pressed") !== "true";
      event.currentTarget.setAttribute("aria-pressed", String(on));
      const others = wish.getAll("status").filter((one) => one !== name);
      wish.delete("status");
      for (const one of on ? [...others, name] : others) wish.append("status", one);
      change();
    } }, name)));
  return h("form", { class: "filters", role: "search", onsubmit: (event) => event.preventDefault() }, search, machine, states, age, key, attribute, chips);
}
