// An instance: where it stands, how it came there, and what can be done with it.

import { change, sendForm, steer, travel } from "./acts.js";
import { get, getText } from "./api.js";
import { Diagram, chartOf } from "./diagram.js";
import { h, link, note, status, svg } from "./dom.js";
import { trouble } from "./incidents.js";
import { json } from "./json.js";
import { Journal } from "./journal.js";
import { since } from "./time.js";
import { said } from "./words.js";

export async function instance({ main, name: id, person, fail }) {
  const first = await get("instance", { id });
  const past = await before(id, first.summary.seq);
  const chart = first.known ? await chartOf(first.summary.machine).catch((problem) => { note(problem.message, "bad"); return null; }) : null;
  const diagram = chart ? new Diagram(chart, { label: `Diagram of ${id}` }) : null;
  let standing = first;
  const parts = Object.fromEntries(["head", "banner", "accepts", "waiting", "tasks", "undoable", "context", "life", "acts", "travel"].map((name) => [name, h("div")]));
  const journal = new Journal(past, (at) => draw(at));
  const slider = journal.slider();
  const earlier = h("button", { type: "button", class: "more", onclick: async () => {
    earlier.disabled = true;
    try {
      journal.prepend(await before(id, journal.turns[0].seq - 1));
    } catch (problem) {
      fail(problem);
    }
    more();
  } }, "Show earlier turns");
  let oldest = 0;
  function more() {
    const seq = journal.turns[0]?.seq ?? 1;
    earlier.hidden = seq <= 1 || seq === oldest; // what is older is not kept any more
    earlier.disabled = false;
    oldest = seq;
  }
  more();

  function draw(at) {
    const seen = journal.turns.slice(0, at + 1);
    const turn = seen.at(-1);
    const now = at === journal.turns.length - 1;
    diagram?.stand({
      active: now ? standing.summary.configuration : turn?.configuration ?? [],
      visited: seen.flatMap((one) => one.entered),
      lines: seen.flatMap((one) => one.lines),
      last: turn?.lines ?? [],
      failed: now ? standing.failed : [],
    });
    parts.travel.replaceChildren(...(turn && !now ? travel(id, turn.seq, person, standing.summary.closed !== null) : []));
    if (now) { looked += 1; carry(); } else if (standing.known) carryOf(turn.seq);
  }

  // The context as it was after a turn, with what the turn changed.
  let looked = 0;
  async function carryOf(seq) {
    const mine = (looked += 1);
    try {
      const then = await get("moment", { id, seq });
      if (mine !== looked) return;
      const shown = (value) => (value === null ? "none" : JSON.stringify(value));
      const lines = { changed: (c) => `${c.path}: ${shown(c.old)} → ${shown(c.new)}`, added: (c) => `${c.path} = ${shown(c.new)}`, removed: (c) => `${c.path} is gone` };
      parts.context.replaceChildren(h("p", { class: "muted" }, `As it was after turn ${seq}.`), json(then.context),
        then.changes?.length ? h("div", {}, h("h3", {}, "Changed by this turn"), h("ul", { class: "plain changes" }, then.changes.map((c) => h("li", {}, h("code", {}, lines[c.kind](c)))))) : "");
    } catch (problem) {
      if (mine === looked) parts.context.replaceChildren(h("p", { class: "muted" }, problem.status === 404 ? "What it carried then is not known any more." : problem.message));
    }
  }

  function carry() {
    parts.context.replaceChildren(standing.known ? json(standing.context) : h("p", { class: "muted" },
      "Not shown: without its class nobody knows what of it is secret. Start the page with ", h("code", {}, `fsm serve MODULE:${standing.summary.machine} --no-work`), "."),
    standing.output === null ? "" : h("div", {}, h("h3", {}, "Output"), json(standing.output)));
  }

  function stand() {
    const one = standing.summary;
    parts.head.replaceChildren(h("header", { class: "head" },
      h("div", {}, h("p", { class: "crumb" }, h("a", { href: "#/instances" }, "Instances"), " / ",
        h("a", { href: `#/machine/${encodeURIComponent(one.machine)}` }, one.machine), one.parent ? [" / ", link(one.parent)] : null),
      h("h1", { class: "id" }, one.id), h("p", { class: "facts" }, status(one.status), h("span", {}, one.configuration.join(", ") || "ended"),
        h("span", {}, one.seq === 1 ? "1 turn" : `${one.seq} turns`), h("span", {}, "started ", since(one.created)),
        one.closed === null ? null : h("span", {}, "ended ", since(one.closed)), h("span", {}, `version ${one.version}`))),
      person.role === "operate" ? h("div", { class: "actions" }, standing.verbs.flatMap((verb) => (verb === "retry" ? [steer(id, verb), change(id)] : [steer(id, verb)]))) : null));
    parts.banner.replaceChildren(standing.incident ? trouble(standing.incident, null) : "");
    accepts(parts.accepts, standing, person, id);
    waiting(parts.waiting, standing);
    parts.undoable.replaceChildren(standing.undoable.length ? undoable(standing.undoable) : "");
    carry();
  }

  let asked = 0;
  async function live() {
    const mine = (asked += 1);
    try {
      const [picture, acts, open] = await Promise.all([getText("timeline", { id }), get("acts", { id }), get("tasks", { instance: id })]);
      if (mine !== asked) return;
      const life = svg(picture);
      life.setAttribute("aria-label", `Timeline of ${id}`);
      const box = h("div", { class: "life", data: { scroll: "" }, tabindex: "0", role: "region", "aria-label": "Timeline, scrolls sideways" }, life);
      const left = parts.life.firstChild?.scrollLeft ?? 0;
      parts.life.replaceChildren(box);
      box.scrollLeft = left;
      parts.tasks.replaceChildren(...open.map(question));
      parts.acts.replaceChildren(acts.length ? actsTable(acts) : h("p", { class: "muted" }, "Nobody has done anything by hand."));
    } catch (problem) {
      if (problem.status !== 409) fail(problem);
    }
  }

  const box = (title, content, extra = "") => h("section", { class: `panel ${extra}`, "aria-label": title }, h("h2", {}, title), content);
  main.replaceChildren(parts.head, parts.banner, h("div", { class: "split" },
    h("section", { class: "panel stage", "aria-label": "Diagram" }, diagram?.element ?? h("p", { class: "muted nothing" }, "No diagram: the class of this machine is not known here."), slider, parts.travel),
    h("div", { class: "side" }, box("Accepts now", parts.accepts), box("Waiting for", [parts.tasks, parts.waiting, parts.undoable]), box("Context", parts.context))),
  box("Timeline", parts.life, "wide"), box("Journal", [journal.element, h("div", { class: "below" }, earlier)], "wide flush"), box("Done by hand", parts.acts, "wide"));
  parts.tasks.className = "questions";
  parts.travel.className = "actions journey";
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

const TURNS = 500; // the page takes so many at once

// The turns up to one.
async function before(id, seq) {
  const page = await get("history", { id, after: Math.max(seq - TURNS, 0) || -1, limit: TURNS });
  return page.turns.filter((turn) => turn.seq <= seq);
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
    one.state === "deferred" ? " deferred" : "", one.progress ? progress(one.progress) : "", one.at === null ? "" : h("span", { class: "muted" }, " ", since(one.at)))))
    : h("p", { class: "muted idle" }, standing.summary.closed === null ? "Nothing." : "It has ended."));
}

// How far an invoke is: its items, or what it told.
function progress(one) {
  const ended = one.done + one.failed;
  const text = one.items === null ? one.text : [`${ended} of ${one.items}`, one.failed ? `, ${one.failed} failed` : "", one.text ? ` · ${one.text}` : ""].join("");
  const share = one.items === null ? one.value : one.items ? ended / one.items : 1;
  return h("span", { class: "progress" }, share !== null && share >= 0 && share <= 1 ? h("progress", { max: 1, value: share, "aria-label": "How far it is" }) : "", h("span", {}, text || String(one.value)));
}

function question(task) {
  return h("p", { class: "asked" }, h("span", { class: "kind" }, "person"), h("a", { href: `#/tasks?instance=${encodeURIComponent(task.instance)}` }, task.text.split("\n")[0] || task.name),
    h("span", { class: "muted" }, ` · ${task.claimed_by || task.assignee || "anybody"}`, task.due === null ? "" : [" · due ", since(task.due)]), task.overdue ? h("span", { class: "status parked" }, "overdue") : "");
}

function undoable(deeds) {
  return h("div", { class: "undoable" }, h("h3", {}, "Can be undone"), h("ol", {}, deeds.map((deed) => h("li", {}, h("code", {}, deed.name), deed.taken ? h("span", { class: "muted" }, ` · ${deed.taken} undoes it`) : ""))));
}

function actsTable(acts) {
  return h("table", {}, h("thead", {}, h("tr", {}, ["When", "Who", "What", "Reason", "Outcome"].map((name) => h("th", { scope: "col" }, name)))),
    h("tbody", {}, acts.map((one) => h("tr", {}, h("td", {}, since(one.at)), h("td", {}, one.actor), h("td", {}, h("code", {}, one.name)),
      h("td", {}, one.reason), h("td", { title: one.outcome?.message ?? "" }, one.outcome?.error ? `${one.state}: ${one.outcome.error}` : one.state)))));
}

