// The page: which view is shown, what is listened to, and the keys that work everywhere.

import { feed, session, signIn, signOut } from "./api.js";
import { $, h, note } from "./dom.js";
import { keys, showKeys } from "./keys.js";
import { incidents } from "./incidents.js";
import { instance } from "./instance.js";
import { instances } from "./instances.js";
import { machine, machines } from "./machines.js";
import { schedules } from "./schedules.js";
import { tasks } from "./tasks.js";
import { workers } from "./workers.js";

const views = [
  [/^\/$/, "machines", machines],
  [/^\/machine\/([^?]+)$/, "machines", machine],
  [/^\/instances(?:\?.*)?$/, "instances", instances],
  [/^\/instance\/([^?]+)$/, "instances", instance],
  [/^\/incidents$/, "incidents", incidents],
  [/^\/tasks$/, "tasks", tasks],
  [/^\/schedules$/, "schedules", schedules],
  [/^\/workers$/, "workers", workers],
];

const page = { person: null, overview: null, view: null, source: null };

async function begin() {
  try {
    page.person = await session();
  } catch (refusal) {
    if (refusal.status !== 401) return fail(refusal);
    return showSignIn();
  }
  $("#who").textContent = `${page.person.actor} · ${page.person.role}`;
  $("#leave").hidden = !page.person.leaves;
  window.addEventListener("hashchange", () => show());
  return show();
}

async function show() {
  const path = location.hash.slice(1) || "/";
  const [pattern, section, make] = views.find(([pattern]) => pattern.test(path)) ?? views[0];
  const found = pattern.exec(path)?.[1];
  for (const link of document.querySelectorAll("[data-nav]")) {
    if (link.dataset.nav === section) {
      link.setAttribute("aria-current", "page");
      link.scrollIntoView({ block: "nearest", inline: "center" }); // on a phone the bar scrolls sideways
    } else link.removeAttribute("aria-current");
  }
  page.view?.end?.();
  page.source?.close();
  page.view = null;
  const main = $("#main");
  const here = location.hash;
  try {
    const view = await make({ person: page.person, name: found && decodeURIComponent(found), main, fail });
    if (location.hash !== here) return view.end?.();
    page.view = view;
    document.title = `${view.title} · Orchestrator`;
    listen(view);
  } catch (refusal) {
    if (refusal.status === 401) return location.reload();
    main.replaceChildren(h("div", { class: "empty" }, h("p", { class: "title" }, "This cannot be shown"), h("p", {}, refusal.message),
      h("p", {}, h("a", { href: "#/" }, "Go to the machines"))));
    listen({});
  }
}

function listen(view) {
  const events = { overview: (found) => { page.overview = found; count(found.incidents); view.overview?.(found); } };
  Object.assign(events, view.events ?? {});
  page.source = feed(view.listens ?? {}, events, (state) => {
    const live = $("#live");
    live.textContent = state;
    live.className = `live ${state}`;
  });
}

export function count(open) {
  const element = $("#open");
  element.textContent = String(open);
  element.hidden = open === 0;
}

function showSignIn() {
  const input = h("input", { id: "token", type: "password", required: true, autocomplete: "current-password" });
  const form = h("form", { class: "signin panel", onsubmit: async (event) => {
    event.preventDefault();
    try {
      await signIn(input.value.trim());
      location.reload();
    } catch (refusal) {
      note(refusal.message, "bad");
      input.select();
    }
  } }, h("h1", {}, "Sign in"), h("p", {}, "Whoever started this page has a token for you."),
  h("div", { class: "field" }, h("label", { for: "token" }, "Token"), input), h("button", { class: "primary" }, "Sign in"));
  $("#main").replaceChildren(form);
  input.focus();
}

function fail(problem) {
  note(problem.message, "bad");
}

$("#leave").addEventListener("click", async () => { await signOut().catch(fail); location.reload(); });
$("#keys").addEventListener("click", showKeys);
$("#theme").addEventListener("click", () => {
  const root = document.documentElement;
  const dark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  root.dataset.theme = dark ? "light" : "dark";
  localStorage.setItem("theme", root.dataset.theme);
});
document.documentElement.dataset.theme = localStorage.getItem("theme") ?? "";
keys();
begin();
