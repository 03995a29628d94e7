// The API, as the page asks it. What is refused becomes a Refusal with the words of the server.

export class Refusal extends Error {
  constructor(status, detail) {
    super(detail);
    this.status = status;
  }
}

let csrf = "";

async function ask(path, options = {}) {
  const answer = await fetch(`api/${path}`, { credentials: "same-origin", ...options });
  if (answer.ok) return answer;
  let detail = `${answer.status} ${answer.statusText}`;
  try {
    detail = (await answer.json()).detail;
  } catch {
    // an answer of something between us and the server
  }
  throw new Refusal(answer.status, detail);
}

export function query(path, values = {}) {
  const given = new URLSearchParams();
  for (const [name, value] of Object.entries(values)) {
    for (const one of [value].flat()) if (one !== "" && one !== null && one !== undefined) given.append(name, one);
  }
  const text = given.toString();
  return text ? `${path}?${text}` : path;
}

export const get = async (path, values, signal) => (await ask(query(path, values), { signal })).json();
export const getText = async (path, values, signal) => (await ask(query(path, values), { signal })).text();

async function change(method, path, data) {
  const headers = { "content-type": "application/json", "x-csrf-token": csrf };
  return ask(path, { method, headers, body: data === undefined ? undefined : JSON.stringify(data) });
}

export const post = async (path, data) => (await change("POST", path, data)).json();
export const signIn = (token) => change("POST", "session", { token });
export const signOut = () => change("DELETE", "session");

export async function session() {
  const found = await get("session");
  csrf = found.csrf;
  return found;
}

// A feed that begins again by itself; `events` maps names to what is done with their data.
export function feed(values, events, live) {
  const source = new EventSource(`api/${query("feed", values)}`);
  source.onopen = () => live("live");
  source.onerror = () => live(source.readyState === EventSource.CLOSED ? "stopped" : "connecting");
  for (const [name, act] of Object.entries(events)) {
    source.addEventListener(name, (message) => act(JSON.parse(message.data)));
  }
  return source;
}
