// A diagram: laid out once by the server; what stands out is a matter of classes, so nothing moves but the colours.

import { h, svg } from "./dom.js";
import { get } from "./api.js";

const known = new Map();
const TALL = 820; // pixels that a diagram may take at most before it is made smaller
const SMALL = 0.4; // below this scale nobody can read a label
const LARGE = 1.2; // no picture is drawn larger than so many times
const NS = "http://www.w3.org/2000/svg";

export function chartOf(machine) {
  if (!known.has(machine)) {
    const asked = get("machine", { name: machine });
    known.set(machine, asked);
    asked.catch(() => known.delete(machine));
  }
  return known.get(machine);
}

export class Diagram {
  constructor(chart, { label, interactive = true }) {
    this.chart = chart;
    this.svg = svg(chart.svg);
    this.svg.setAttribute("aria-label", label);
    this.svg.removeAttribute("width");
    this.svg.removeAttribute("height");
    this.graph = this.svg.querySelector("g.graph");
    for (const part of this.graph.querySelectorAll(":scope > polygon, :scope > text")) part.remove(); // paper and title
    this.states = new Map();
    for (const id of chart.states) {
      const group = this.svg.getElementById(`state-${id}`);
      if (group) this.states.set(id, group);
    }
    this.box = this.svg.getAttribute("viewBox").split(/\s+/).map(Number);
    this.view = [...this.box];
    this.whole = true; // until somebody looks closer
    this.svg.style.maxWidth = interactive ? "" : `${this.box[2] * LARGE}px`;
    this.element = h("div", { class: interactive ? "diagram pan" : "diagram" }, this.svg);
    if (interactive) {
      this.element.style.minHeight = `${Math.min(Math.max(this.box[3], 320), TALL)}px`;
      this.#pan();
      this.sized = new ResizeObserver(() => { if (this.whole) this.#all(); });
      this.sized.observe(this.element);
    }
  }

  // Where an instance stands: the active leaves, what it has seen, and the lines of its last turn.
  stand({ active = [], visited = [], lines = [], last = [], failed = [] }) {
    const on = new Set();
    for (const leaf of active) {
      const parts = leaf.split(".");
      for (let n = 1; n <= parts.length; n += 1) on.add(parts.slice(0, n).join("."));
    }
    const leaves = new Set(active);
    const seen = new Set(visited);
    const bad = new Set(failed);
    for (const [id, group] of this.states) {
      const isOn = on.has(id) || leaves.has(id);
      group.classList.toggle("on", isOn && !bad.has(id));
      group.classList.toggle("failed", bad.has(id));
      group.classList.toggle("leaf", leaves.has(id));
      group.classList.toggle("seen", !isOn && seen.has(id));
      const atom = group.classList.contains("atomic") || group.classList.contains("final");
      const mark = leaves.has(id) ? (bad.has(id) ? "!" : "●") : seen.has(id) && atom ? "✓" : "";
      this.#badge(group, mark, `mark ${leaves.has(id) ? (bad.has(id) ? "bad" : "here") : "was"}`);
    }
    const taken = new Set(lines);
    const latest = new Set(last);
    for (const line of this.svg.querySelectorAll("g.transition")) {
      const number = Number(line.id.slice("edge-".length));
      line.classList.toggle("taken", taken.has(number));
      line.classList.toggle("last", latest.has(number));
    }
  }

  // A state in the middle, as large as it was drawn: of a large chart all at once would be too small to read.
  look(id) {
    const shape = this.states.get(id)?.querySelector("path, ellipse");
    const width = this.element.clientWidth;
    const height = this.element.clientHeight;
    if (!shape || !width || Math.min(width / this.box[2], height / this.box[3]) > SMALL) return;
    const [x, y] = /translate\(([-\d.]+)[ ,]+([-\d.]+)\)/.exec(this.graph.getAttribute("transform")).slice(1).map(Number);
    const { right, top } = extent(shape);
    this.#show([right + x - width / 2, top + y - height / 2, width, height]);
  }

  // Where many instances stand: a number on every state that has some.
  crowd(counts) {
    for (const [id, group] of this.states) {
      const count = counts[id] ?? 0;
      group.classList.toggle("on", count > 0);
      this.#badge(group, count ? String(count) : "", "mark here number");
    }
  }

  #badge(group, text, kind) {
    let badge = group.badge;
    if (!text) {
      badge?.remove();
      group.badge = undefined;
      return;
    }
    if (!badge) {
      const shapes = [...group.querySelectorAll("path, polygon, ellipse")];
      if (!shapes.length) return;
      const width = (ellipse) => Number(ellipse.getAttribute("rx") ?? 0);
      const shape = shapes.reduce((a, b) => (width(b) > width(a) ? b : a)); // of a bullseye the outer ring
      const points = extent(shape);
      badge = document.createElementNS(NS, "g");
      badge.append(document.createElementNS(NS, "rect"), document.createElementNS(NS, "text"));
      badge.place = [points.right, points.top];
      group.badge = badge;
      this.graph.append(badge);
    }
    const [x, y] = badge.place;
    const width = text.length > 1 ? 8 + text.length * 6 : 14;
    const [rect, label] = badge.children;
    for (const [name, value] of Object.entries({ x: x - width / 2 - 3, y: y - 7, width, height: 14, rx: 7 })) {
      rect.setAttribute(name, value);
    }
    label.setAttribute("x", x - 3);
    label.setAttribute("y", y + 3.4);
    label.textContent = text;
    badge.setAttribute("class", kind);
  }

  #pan() {
    let from = null;
    this.svg.setAttribute("preserveAspectRatio", "xMidYMid meet");
    this.element.addEventListener("pointerdown", (event) => {
      if (event.button !== 0) return;
      from = [event.clientX, event.clientY, ...this.view];
      this.element.setPointerCapture(event.pointerId);
    });
    this.element.addEventListener("pointermove", (event) => {
      if (!from) return;
      const ratio = Math.max(this.view[2] / this.svg.clientWidth, this.view[3] / this.svg.clientHeight);
      this.#show([from[2] - (event.clientX - from[0]) * ratio, from[3] - (event.clientY - from[1]) * ratio,
        this.view[2], this.view[3]]);
    });
    for (const name of ["pointerup", "pointercancel"]) this.element.addEventListener(name, () => { from = null; });
    this.element.addEventListener("wheel", (event) => {
      if (!event.ctrlKey && !event.metaKey) return; // the page scrolls as everywhere
      event.preventDefault();
      this.zoom(event.deltaY > 0 ? 1.12 : 1 / 1.12);
    }, { passive: false });
    const button = (text, label, act) => h("button", { type: "button", "aria-label": label, title: label, onclick: act }, text);
    this.element.append(h("div", { class: "zoom" },
      button("+", "Zoom in", () => this.zoom(1 / 1.25)),
      button("−", "Zoom out", () => this.zoom(1.25)),
      button("⤢", "Show all of it", () => this.#all())));
  }

  zoom(factor) {
    const [x, y, width, height] = this.view;
    const size = Math.min(Math.max(factor, (this.box[2] / 12) / width), (this.box[2] * 2) / width);
    this.#show([x + (width - width * size) / 2, y + (height - height * size) / 2, width * size, height * size]);
  }

  // All of it, as large as there is room, but a small one no larger than it can be read.
  #all() {
    const [x, y, width, height] = this.box;
    const room = Math.min(this.element.clientWidth / width, this.element.clientHeight / height) > LARGE;
    const [w, t] = room ? [this.element.clientWidth / LARGE, this.element.clientHeight / LARGE] : [width, height];
    this.#show([x - (w - width) / 2, y - (t - height) / 2, w, t]);
    this.whole = true;
  }

  #show(view) {
    this.whole = false;
    this.view = view;
    this.svg.setAttribute("viewBox", view.join(" "));
  }
}

// The upper right corner of a shape, read from its numbers: it may not be on the page yet.
function extent(shape) {
  if (shape.tagName === "ellipse") {
    const at = (name) => Number(shape.getAttribute(name));
    return { right: at("cx") + at("rx") * 0.8, top: at("cy") - at("ry") * 0.8 };
  }
  const numbers = (shape.getAttribute("d") ?? shape.getAttribute("points")).match(/-?\d+(\.\d+)?/g).map(Number);
  const xs = numbers.filter((_, i) => i % 2 === 0);
  const ys = numbers.filter((_, i) => i % 2 === 1);
  return { right: Math.max(...xs) - 4, top: Math.min(...ys) + 1 };
}
