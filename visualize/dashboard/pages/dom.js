// The document: elements as values, so that text is always text and never markup.

export function h(name, attributes = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value === undefined || value === null || value === false) continue;
    if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
    else if (key === "class") element.className = value;
    else if (key === "data") Object.assign(element.dataset, value);
    else if (key in element && typeof value !== "string") element[key] = value;
    else element.setAttribute(key, value === true ? "" : value);
  }
  element.append(...children.flat(3).filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

export const $ = (selector, within = document) => within.querySelector(selector);

// Markup of our own server, read as XML: it holds no script, and the page's policy would run none.
export function svg(text) {
  const read = new DOMParser().parseFromString(text, "image/svg+xml");
  return document.importNode(read.documentElement, true);
}

export function note(text, kind = "") {
  const element = h("div", { class: `note ${kind}` }, text);
  $("#notes").append(element);
  setTimeout(() => element.remove(), kind === "bad" ? 12000 : 5000);
}

export function status(name) {
  return h("span", { class: `status ${name}` }, name);
}

export function link(id, text = id) {
  return h("a", { href: `#/instance/${encodeURIComponent(id)}`, class: "id" }, text);
}

export function empty(title, text) {
  return h("div", { class: "empty" }, h("p", { class: "title" }, title), h("p", {}, text));
}
