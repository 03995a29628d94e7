// A form made of a JSON Schema: a field for each property that people can fill in, JSON for the rest.

import { h } from "./dom.js";

let number = 0;

// The fields of an object, and what they say: `read()` gives the value, or marks what is wrong and throws.
export function fieldsOf(schema) {
  const parts = schema?.$defs ?? {};
  if (!schema) return anything();
  const made = Object.entries(schema.properties ?? {}).map(([name, property]) =>
    field(name, resolved(property, parts), (schema.required ?? []).includes(name), parts));
  const elements = made.map((one) => one.element);
  return {
    elements,
    read() {
      const value = {};
      for (const one of made) {
        const given = one.read();
        if (given !== undefined) value[one.name] = given;
      }
      return value;
    },
  };
}

function anything() {
  const area = h("textarea", { id: `field-${(number += 1)}`, rows: "3", spellcheck: "false" });
  area.value = "{}";
  return {
    elements: [h("div", { class: "field" }, h("label", { for: area.id }, "Payload ", h("em", {}, "JSON object")), area)],
    read: () => parsed(area, "payload"),
  };
}

function resolved(schema, parts) {
  const reference = schema.$ref?.split("/").pop();
  const found = reference ? { ...parts[reference], ...schema } : schema;
  const ways = (found.anyOf ?? found.oneOf ?? []).filter((way) => way.type !== "null");
  const optional = (found.anyOf ?? []).length > ways.length;
  if (ways.length === 1) return { ...resolved(ways[0], parts), ...without(found), optional };
  if (found.allOf?.length === 1) return { ...resolved(found.allOf[0], parts), ...without(found) };
  return found;
}

function without({ anyOf, oneOf, allOf, ...rest }) {
  return rest;
}

function field(name, schema, required, parts) {
  const id = `field-${(number += 1)}`;
  const control = controlOf(schema, id, required, parts);
  const hints = [schema.description, schema.type && !schema.enum ? described(schema) : ""].filter(Boolean);
  const check = control.input.type === "checkbox";
  const label = h("label", { for: id }, schema.title && schema.title.toLowerCase() !== name.replaceAll("_", " ") ? schema.title : name,
    required ? "" : h("em", {}, " optional"));
  const hint = hints.length ? h("p", { class: "hint", id: `${id}-hint` }, hints.join(" · ")) : null;
  if (hint) control.input.setAttribute("aria-describedby", hint.id);
  const parts2 = check ? [h("div", { class: "check" }, control.input, label)] : [label, control.input];
  return { name, element: h("div", { class: "field" }, parts2, hint), read: control.read };
}

function described(schema) {
  const bounds = [];
  if (schema.minimum !== undefined) bounds.push(`at least ${schema.minimum}`);
  if (schema.maximum !== undefined) bounds.push(`at most ${schema.maximum}`);
  if (schema.exclusiveMinimum !== undefined) bounds.push(`more than ${schema.exclusiveMinimum}`);
  if (schema.exclusiveMaximum !== undefined) bounds.push(`less than ${schema.exclusiveMaximum}`);
  if (schema.type === "array" && simple(schema.items)) bounds.push("one on each line");
  else if (schema.type === "array" || schema.type === "object") bounds.push("JSON");
  return bounds.join(", ");
}

const simple = (schema) => schema && ["string", "integer", "number"].includes(schema.type) && !schema.enum;

function controlOf(schema, id, required, parts) {
  const choices = schema.enum ?? (schema.const !== undefined ? [schema.const] : null);
  if (choices) return choice(choices, schema, id, required);
  switch (schema.type) {
    case "boolean": {
      const input = h("input", { id, type: "checkbox" });
      input.checked = schema.default === true;
      return { input, read: () => input.checked };
    }
    case "integer":
    case "number": {
      const step = schema.multipleOf ?? (schema.type === "integer" ? 1 : "any");
      const input = h("input", { id, type: "number", step: String(step), required, inputmode: "decimal" });
      for (const [bound, name] of [["minimum", "min"], ["maximum", "max"]]) {
        if (schema[bound] !== undefined) input.setAttribute(name, schema[bound]);
      }
      if (schema.default !== undefined && schema.default !== null) input.value = schema.default;
      return { input, read: () => (input.value === "" ? undefined : Number(input.value)) };
    }
    case "string": {
      const kinds = { date: "date", "date-time": "datetime-local", email: "email", uri: "url", password: "password" };
      const type = schema.writeOnly ? "password" : kinds[schema.format] ?? "text";
      const input = h("input", { id, type, required, autocomplete: "off", maxlength: schema.maxLength?.toString(),
        minlength: schema.minLength?.toString(), step: type === "datetime-local" ? "1" : undefined });
      if (typeof schema.default === "string") input.value = schema.default;
      const empty = schema.default === "" || required ? "" : undefined;
      const read = () => (input.value === "" ? empty : type === "datetime-local" ? `${input.value}Z` : input.value);
      return { input, read };
    }
    case "array":
      if (simple(resolved(schema.items ?? {}, parts))) return lines(schema, id);
    // falls through
    default: {
      const input = h("textarea", { id, rows: "3", required, spellcheck: "false" });
      if (schema.default !== undefined && schema.default !== null) input.value = JSON.stringify(schema.default, null, 1);
      return { input, read: () => (input.value.trim() === "" ? undefined : parsed(input, "value")) };
    }
  }
}

function choice(choices, schema, id, required) {
  const input = h("select", { id, required }, required ? null : h("option", { value: "" }, "—"),
    choices.map((one, index) => h("option", { value: String(index) }, String(one))));
  const given = choices.indexOf(schema.default);
  if (given >= 0) input.value = String(given);
  return { input, read: () => (input.value === "" ? undefined : choices[Number(input.value)]) };
}

function lines(schema, id) {
  const input = h("textarea", { id, rows: "2" });
  if (Array.isArray(schema.default)) input.value = schema.default.join("\n");
  const text = schema.items.type === "string";
  return { input, read: () => input.value.split("\n").filter((line) => line !== "").map((line) => (text ? line : Number(line))) };
}

export function parsed(area, what) {
  area.setCustomValidity("");
  try {
    return JSON.parse(area.value);
  } catch (problem) {
    area.setCustomValidity(`This ${what} is no JSON: ${problem.message}`);
    area.reportValidity();
    area.addEventListener("input", () => area.setCustomValidity(""), { once: true });
    throw problem;
  }
}
