// Times: how long ago, how long it took, and exactly when.

const UNITS = [[86400, "d"], [3600, "h"], [60, "m"], [1, "s"]];

export function span(seconds) {
  if (seconds < 0.001) return `${Math.max(1, Math.round(seconds * 1e6))}µs`;
  if (seconds < 1) return `${Math.round(seconds * 1000)}ms`;
  const at = UNITS.findIndex(([size]) => seconds >= size);
  const [size, unit] = UNITS[at];
  const count = Math.floor(seconds / size);
  const [less, smaller] = UNITS[at + 1] ?? [];
  const rest = less && count < 10 ? Math.floor((seconds % size) / less) : 0;
  return rest ? `${count}${unit} ${rest}${smaller}` : `${count}${unit}`;
}

export function ago(moment, now = Date.now() / 1000) {
  const distance = now - moment;
  if (Math.abs(distance) < 1) return "now";
  return distance > 0 ? `${span(distance)} ago` : `in ${span(-distance)}`;
}

export function exact(moment) {
  return new Date(moment * 1000).toISOString().replace("T", " ").replace("Z", " UTC");
}

// An element that says how long ago something was, and goes on saying so.
export function since(moment) {
  const element = document.createElement("time");
  element.dateTime = new Date(moment * 1000).toISOString();
  element.title = exact(moment);
  element.dataset.moment = moment;
  element.textContent = ago(moment);
  return element;
}

setInterval(() => {
  const now = Date.now() / 1000;
  for (const element of document.querySelectorAll("time[data-moment]")) {
    const text = ago(Number(element.dataset.moment), now);
    if (element.textContent !== text) element.textContent = text;
  }
}, 1000);
