// The machines: where all instances stand, counted and drawn.

import { get } from "./api.js";
import { Diagram, chartOf } from "./diagram.js";
import { empty, h } from "./dom.js";

const ORDER = ["parked", "running", "paused", "done", "failed", "cancelled"];

export async function machines({ main }) {
  const grid = h("div", { class: "cards" });
  const cards = new Map();
  main.replaceChildren(h("h1", { class: "sr" }, "Machines"), grid);

  function show(overview) {
    if (!overview.machines.length) {
      grid.replaceChildren(empty("Nothing runs here yet", "Start an instance, and its machine appears."));
    }
    for (const counted of overview.machines) {
      if (!cards.has(counted.name)) {
        if (!cards.size) grid.replaceChildren();
        cards.set(counted.name, card(counted));
        grid.append(cards.get(counted.name).element);
      }
      cards.get(counted.name).show(counted);
    }
  }
  show(await get("overview"));
  return { title: "Machines", overview: show };
}

function card(counted) {
  const picture = h("div", { class: "thumb" });
  const counts = h("div", { class: "counts" });
  const bar = h("div", { class: "bar-of-counts", role: "presentation" });
  const total = h("span", { class: "total" });
  const element = h("article", { class: "card panel" },
    h("header", {}, h("h2", {}, h("a", { href: `#/machine/${encodeURIComponent(counted.name)}` }, counted.name)),
      counted.version ? h("span", { class: "version" }, `v${counted.version}`) : null, total),
    h("p", { class: "doc" }, counted.doc || (counted.known ? "" : "Its class is not known to this page.")),
    bar, counts, picture);
  let diagram = null;
  let latest = counted;
  if (counted.known) {
    chartOf(counted.name).then((chart) => {
      diagram = new Diagram(chart, { label: `${counted.name}: where its instances stand`, interactive: false });
      diagram.crowd(latest.here);
      picture.replaceChildren(diagram.element);
    }).catch((refusal) => picture.replaceChildren(h("p", { class: "muted" }, refusal.message)));
  }
  return {
    element,
    show(found) {
      latest = found;
      const all = Object.values(found.statuses).reduce((a, b) => a + b, 0);
      total.textContent = `${all.toLocaleString()} ${all === 1 ? "instance" : "instances"}`;
      counts.replaceChildren(...countsOf(found));
      bar.replaceChildren(...ORDER.filter((name) => found.statuses[name]).map((name) => {
        const part = h("span", { class: `part ${name}` });
        part.style.flexGrow = String(found.statuses[name]);
        return part;
      }));
      diagram?.crowd(found.here);
    },
  };
}

function countsOf(found) {
  return ORDER.filter((name) => found.statuses[name]).map((name) =>
    h("a", { class: `status ${name}`, href: `#/instances?machine=${encodeURIComponent(found.name)}&status=${name}` },
      h("b", {}, found.statuses[name].toLocaleString()), ` ${name}`));
}

export async function machine({ main, name }) {
  const overview = await get("overview");
  const counted = overview.machines.find((one) => one.name === name);
  if (!counted) throw new Error(`There is no machine ${name}.`);
  const chart = await chartOf(name);
  const diagram = new Diagram(chart, { label: `${name}: where its instances stand` });
  const counts = h("div", { class: "counts" });
  const states = h("tbody");
  main.replaceChildren(
    h("header", { class: "head" }, h("div", {}, h("p", { class: "crumb" }, h("a", { href: "#/" }, "Machines")),
      h("h1", {}, name, " ", h("span", { class: "version" }, `v${chart.version}`)), h("p", { class: "doc" }, chart.doc)), counts),
    h("div", { class: "split" }, h("section", { class: "panel stage", "aria-label": "Diagram" }, diagram.element),
      h("section", { class: "panel", "aria-label": "States" }, h("h2", {}, "Where they stand"),
        h("table", {}, h("thead", {}, h("tr", {}, h("th", {}, "State"), h("th", { class: "number" }, "Instances"))), states))));
  function show(all) {
    const found = all.machines.find((one) => one.name === name);
    if (!found) return;
    counts.replaceChildren(...countsOf(found));
    diagram.crowd(found.here);
    const here = Object.entries(found.here).sort((a, b) => b[1] - a[1]);
    states.replaceChildren(...(here.length ? here : [["none go on", 0]]).map(([state, count]) => h("tr", {},
      h("td", {}, count ? h("a", { class: "id", href: `#/instances?machine=${encodeURIComponent(name)}&state=${encodeURIComponent(state)}` }, state) : state),
      h("td", { class: "number" }, count ? count.toLocaleString() : ""))));
  }
  show(overview);
  return { title: name, overview: show };
}
