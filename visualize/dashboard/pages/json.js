// JSON, as people read it: names in one colour, values in others, and what is long folds away.

import { h } from "./dom.js";

export function json(value) {
  return h("div", { class: "json" }, rows(value));
}

function rows(value) {
  if (value === null || typeof value !== "object") return leaf(value);
  const entries = Object.entries(value);
  if (!entries.length) return h("span", { class: "muted" }, Array.isArray(value) ? "empty list" : "empty");
  return h("dl", {}, entries.map(([name, inner]) => [h("dt", {}, name), h("dd", {}, nested(inner))]));
}

function nested(inner) {
  const size = inner !== null && typeof inner === "object" ? Object.keys(inner).length : 0;
  if (!size) return rows(inner);
  const words = Array.isArray(inner) ? `${size} in a list` : `${size} ${size === 1 ? "field" : "fields"}`;
  return h("details", { open: size <= 12 }, h("summary", {}, words), rows(inner));
}

function leaf(value) {
  if (value === "••••••") return h("span", { class: "secret", title: "marked as secret" }, value);
  if (value === "") return h("span", { class: "muted" }, "empty text");
  return h("span", { class: value === null ? "muted" : typeof value }, value === null ? "none" : String(value));
}
