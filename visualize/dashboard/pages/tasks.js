// The tasks: what waits for people, and the form in which one after the other is answered.

import { get, post } from "./api.js";
import { ask } from "./acts.js";
import { empty, h, link, note } from "./dom.js";
import { fieldsOf } from "./form.js";
import { since } from "./time.js";

const EVERY_MS = 3000; // what people claim and give back is no turn, of which the feed would tell

export async function tasks({ main, person, fail }) {
  const list = h("ul", { class: "tasks", "aria-label": "Tasks" });
  const detail = h("section", { class: "panel task", "aria-label": "Task" });
  const wish = new URLSearchParams(location.hash.split("?")[1] ?? "");
  const mine = h("input", { type: "checkbox", id: "mine", onchange: () => load() });
  const closed = h("input", { type: "checkbox", id: "closed", onchange: () => load() });
  const assignee = h("input", { id: "assignee", type: "search", autocomplete: "off", oninput: () => load() });
  main.replaceChildren(h("header", { class: "head" }, h("h1", {}, "Tasks", wish.get("instance") ? [" of ", link(wish.get("instance"))] : null), h("div", { class: "sieve" },
    h("div", { class: "field inline" }, h("label", { for: "assignee" }, "For"), assignee),
    h("div", { class: "check" }, mine, h("label", { for: "mine" }, "claimed by me")),
    h("div", { class: "check" }, closed, h("label", { for: "closed" }, "done or withdrawn")))),
  h("div", { class: "inbox" }, list, detail));
  let found = [];
  let open = null;

  async function load({ later = false } = {}) {
    try {
      found = await get("tasks", { assignee: assignee.value.trim(), claimed_by: mine.checked ? person.actor : "", closed: closed.checked, instance: wish.get("instance") });
    } catch (problem) {
      return fail(problem);
    }
    const focused = list.contains(document.activeElement) ? document.activeElement.dataset.task : null;
    list.replaceChildren(...(found.length ? found.map(line)
      : [h("li", {}, empty("Nothing waits for people", "A state that asks a person puts a task here."))]));
    if (focused) [...list.querySelectorAll("button[data-task]")].find((button) => button.dataset.task === focused)?.focus({ preventScroll: true });
    const shown = found.find((task) => task.id === open?.id);
    if (later && open && !shown) note(`${open.name} of ${open.instance}: somebody else has done it, or it was withdrawn`);
    if (!shown || shown.status !== open.status || shown.claimed_by !== open.claimed_by) show(shown ?? found[0] ?? null);
    mark();
  }

  function line(task) {
    const name = h("button", { type: "button", class: "line", data: { task: task.id }, onclick: () => { show(task); mark(); detail.querySelector("input, select, textarea, button")?.focus(); } },
      h("b", {}, task.text.split("\n")[0] || task.name), h("span", { class: "muted" }, `${task.machine} ${task.instance} · ${task.assignee || "anybody"} · `, since(task.opened)));
    return h("li", { class: task.overdue ? "overdue" : "" }, name, badge(task));
  }

  function mark() {
    for (const button of list.querySelectorAll("button[data-task]")) {
      if (button.dataset.task === open?.id) button.setAttribute("aria-current", "true");
      else button.removeAttribute("aria-current");
    }
  }

  function show(task) {
    open = task;
    detail.replaceChildren(...(task ? card(task, person, done) : [empty("No task", "Choose one from the list.")]));
  }

  async function done(task) {
    const next = found[found.findIndex((one) => one.id === task.id) + 1];
    if (task.status === "completed") open = next ?? null; // the next one, as in a queue
    else open = null;
    await load();
    if (task.status === "completed" && next) { show(found.find((one) => one.id === next.id) ?? found[0] ?? null); mark(); }
    detail.querySelector("input, select, textarea, button")?.focus();
  }

  await load();
  const timer = setInterval(() => load({ later: true }), EVERY_MS);
  return { title: "Tasks", overview: () => load({ later: true }), end: () => clearInterval(timer) };
}

function badge(task) {
  const kind = task.overdue ? "parked" : { open: "paused", claimed: "running", completed: "done", withdrawn: "cancelled" }[task.status];
  return h("span", { class: `status ${kind}` }, task.overdue ? "overdue" : task.status);
}

function card(task, person, done) {
  const may = person.role === "operate" && (task.status === "open" || task.status === "claimed");
  return [h("header", {}, h("h2", {}, task.name), link(task.instance), badge(task)),
    h("p", { class: "message" }, task.text),
    h("dl", { class: "facts" }, fact("For", task.assignee || "anybody"), fact("State", task.state), fact("Opened", since(task.opened)),
      task.due === null ? null : fact("Due", since(task.due)), task.claimed_by ? fact("Claimed by", task.claimed_by) : null,
      task.by ? fact("Completed by", task.by) : null),
    may ? answer(task, person, done) : null,
    task.deeds.length ? h("ol", { class: "deeds" }, task.deeds.map((deed) => h("li", {}, `${deed.verb} by ${deed.by}`, deed.to ? ` to ${deed.to}` : "", deed.reason ? `: ${deed.reason}` : "", " ", since(deed.at)))) : null].filter(Boolean);
}

function fact(name, value) {
  return h("div", {}, h("dt", {}, name), h("dd", {}, value));
}

function answer(task, person, done) {
  const fields = fieldsOf(task.form);
  const problem = h("p", { class: "problem", role: "alert" });
  const reason = h("input", { id: "task-reason", maxlength: "500", autocomplete: "off" });
  const go = h("button", { class: "primary" }, "Complete");
  return h("form", { onsubmit: async (event) => {
    event.preventDefault();
    go.disabled = true;
    problem.textContent = "";
    try {
      const made = await post("tasks", { id: task.id, deed: "complete", answer: fields.read(), reason: reason.value.trim() });
      note(`${task.name} of ${task.instance}: completed`, "good");
      await done(made);
    } catch (refusal) {
      if (!(refusal instanceof SyntaxError)) problem.textContent = refusal.message;
    }
    go.disabled = false;
  } }, ...fields.elements, h("div", { class: "field" }, h("label", { for: "task-reason" }, "Reason ", h("em", {}, "optional")), reason), problem,
  h("div", { class: "actions" }, others(task, person, done), h("span", { class: "grow" }), go));
}

function others(task, person, done) {
  const act = (deed, more = {}) => post("tasks", { id: task.id, deed, ...more }).then(done, (refusal) => note(refusal.message, "bad"));
  const claimed = task.claimed_by === person.actor;
  return [claimed ? h("button", { type: "button", onclick: () => act("release") }, "Release") : null,
    task.status === "open" ? h("button", { type: "button", onclick: () => act("claim") }, "Claim") : null,
    h("button", { type: "button", onclick: () => {
      const to = h("input", { id: "to", required: true, maxlength: "200", autocomplete: "off" });
      const reason = h("input", { id: "reason", required: true, minlength: "3", maxlength: "500", autocomplete: "off" });
      ask(`Reassign ${task.name}`, [h("div", { class: "field" }, h("label", { for: "to" }, "To"), to), h("div", { class: "field" }, h("label", { for: "reason" }, "Reason"), reason)],
        "Reassign", "primary", async () => done(await post("tasks", { id: task.id, deed: "reassign", to: to.value.trim(), reason: reason.value.trim() })));
    } }, "Reassign")];
}
