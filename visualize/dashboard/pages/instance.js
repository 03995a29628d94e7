// An instance: where it stands, how it came there, and what can be done with it.

import { sendForm, steer } from "./acts.js";
import { get, getText } from "./api.js";
import { Diagram, chartOf } from "./diagram.js";
import { h, link, note, status, svg } from "./dom.js";
import { trouble } from "./incidents.js";
import { json } from "./json.js";
import { Journal } from "./journal.js";
import { since } from "./time.js";
import { said } from "./words.js";

export async function instance({ main, name: id, person, fail }) {
  const [first, past] = await Promise.all([get("instance", { id }), whole(id)]);
  const chart = first.known ? await chartOf(first.summary.machine).catch((problem) => { note(problem.message, "bad"); return null; }) : null;
  const diagram = chart ? new Diagram(chart, { label: `Diagram of ${id}` }) : null;
  let standing = first;
  const parts = Object.fromEntries(["head", "banner", "accepts", "waiting", "context", "life", "acts"].map((name) => [name, h("div")]));
  const journal = new Journal(past, (at) => draw(at));
  const slider = journal.slider();

  function draw(at) {
    const seen = journal.turns.slice(0, at + 1);
    const turn = seen.at(-1);
    const now = at === journal.turns.length - 1;
    diagram?.stand({
      active: now ? standing.summary.configuration : turn?.configuration ?? [],
      visited: seen.flatMap((one) => one.entered),
      lines: seen.flatMap((one) => one.lines),
      last: turn?.lines ?? [],
      failed: now && ["parked", "failed"].includes(standing.summary.status),
    });
  }

  function stand() {
    const one = standing.summary;
    parts.head.replaceChildren(h("header", { class: "head" },
      h("div", {}, h("p", { class: "crumb" }, h("a", { href: "#/instances" }, "Instances"), " / ",
        h("a", { href: `#/machine/${encodeURIComponent(one.machine)}` }, one.machine), one.parent ? [" / ", link(one.parent)] : null),
      h("h1", { class: "id" }, one.id), h("p", { class: "facts" }, status(one.status), h("span", {}, one.configuration.join(", ") || "ended"),
        h("span", {}, one.seq === 1 ? "1 turn" : `${one.seq} turns`), h("span", {}, "started ", since(one.created)),
        one.closed === null ? null : h("span", {}, "ended ", since(one.closed)), h("span", {}, `version ${one.version}`))),
      person.role === "operate" ? h("div", { class: "actions" }, standing.verbs.map((verb) => steer(id, verb))) : null));
    parts.banner.replaceChildren(standing.incident ? trouble(standing.incident, null) : "");
    accepts(parts.accepts, standing, person, id);
    waiting(parts.waiting, standing);
    parts.context.replaceChildren(standing.known ? json(standing.context) : h("p", { class: "muted" },
      "Not shown: without its class nobody knows what of it is secret. Start the page with ", h("code", {}, `fsm serve MODULE:${one.machine} --no-work`), "."),
    standing.output === null ? "" : h("div", {}, h("h3", {}, "Output"), json(standing.output)));
  }

  let asked = 0;
  async function live() {
    const mine = (asked += 1);
    try {
      const [picture, acts] = await Promise.all([getText("timeline", { id }), get("acts", { id })]);
      if (mine !== asked) return;
      const life = svg(picture);
      life.setAttribute("aria-label", `Timeline of ${id}`);
      const box = h("div", { class: "life", data: { scroll: "" }, tabindex: "0", role: "region", "aria-label": "Timeline, scrolls sideways" }, life);
      const left = parts.life.firstChild?.scrollLeft ?? 0;
      parts.life.replaceChildren(box);
      box.scrollLeft = left;
      parts.acts.replaceChildren(acts.length ? actsTable(acts) : h("p", { class: "muted" }, "Nobody has done anything by hand."));
    } catch (problem) {
      if (problem.status !== 409) fail(problem);
    }
  }

  const box = (title, content, extra = "") => h("section", { class: `panel ${extra}`, "aria-label": title }, h("h2", {}, title), content);
  main.replaceChildren(parts.head, parts.banner, h("div", { class: "split" },
    h("section", { class: "panel stage", "aria-label": "Diagram" }, diagram?.element ?? h("p", { class: "muted nothing" }, "No diagram: the class of this machine is not known here."), slider),
    h("div", { class: "side" }, box("Accepts now", parts.accepts), box("Waiting for", parts.waiting), box("Context", parts.context))),
  box("Timeline", parts.life, "wide"), box("Journal", journal.element, "wide flush"), box("Done by hand", parts.acts, "wide"));
  stand();
  journal.to(journal.turns.length - 1);
  diagram?.look(standing.summary.configuration[0]);
  await live();
  let due = null;
  const later = () => { due ??= setTimeout(() => { due = null; live(); }, 250); };
  return {
    title: id,
    listens: { id, after: journal.turns.at(-1)?.seq ?? -1 },
    events: {
      turn(turn) { journal.add(turn); later(); },
      standing(found) { standing = found; stand(); journal.redraw(); later(); },
      trouble(problem) { note(problem.detail, "bad"); },
    },
    end() { clearTimeout(due); asked += 1; },
  };
}

// The journal, as much of its end as a page can show.
async function whole(id) {
  let turns = [];
  let after = -1;
  do {
    const page = await get("history", { id, after, limit: 1000 });
    turns = [...turns, ...page.turns].slice(-5000);
    after = page.after;
  } while (after !== null);
  return turns;
}

function accepts(place, standing, person, id) {
  if (place.said === JSON.stringify(standing.accepts)) return;
  place.said = JSON.stringify(standing.accepts);
  if (!standing.accepts.length) {
    place.replaceChildren(h("p", { class: "muted" }, standing.summary.closed === null ? "Nothing from outside." : "It has ended."));
  } else if (person.role === "operate") {
    place.replaceChildren(h("div", { class: "events" }, standing.accepts.map((form) => sendForm(id, form))));
  } else {
    place.replaceChildren(h("p", {}, standing.accepts.map((form) => h("code", {}, form.event, " "))));
  }
}

function waiting(place, standing) {
  const words = { timer: "timer", invoke: "working", event: "event", control: "order", result: "answer" };
  place.replaceChildren(standing.waiting.length ? h("ul", { class: "plain" }, standing.waiting.map((one) => h("li", {},
    h("span", { class: "kind" }, words[one.kind]), h("span", { title: one.name }, said(one.name)), one.attempt > 1 ? ` attempt ${one.attempt}` : "",
    one.state === "deferred" ? " deferred" : "", one.at === null ? "" : h("span", { class: "muted" }, " ", since(one.at)))))
    : h("p", { class: "muted" }, standing.summary.closed === null ? "Nothing." : "It has ended."));
}

function actsTable(acts) {
  return h("table", {}, h("thead", {}, h("tr", {}, ["When", "Who", "What", "Reason", "Outcome"].map((name) => h("th", { scope: "col" }, name)))),
    h("tbody", {}, acts.map((one) => h("tr", {}, h("td", {}, since(one.at)), h("td", {}, one.actor), h("td", {}, h("code", {}, one.name)),
      h("td", {}, one.reason), h("td", { title: one.outcome?.message ?? "" }, one.outcome?.error ? `${one.state}: ${one.outcome.error}` : one.state)))));
}

