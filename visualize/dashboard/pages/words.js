// Words: the names of events as people say them; what the store calls them stands in the title.

export function said(event) {
  const after = /^after:(.+)#(.+)$/.exec(event);
  if (after) return `${after[2]}, after a while in ${after[1]}`;
  for (const [start, word] of [["done.invoke.", "answered"], ["error.invoke.", "failed"], ["done.state.", "is done"]]) {
    if (event.startsWith(start)) return `${event.slice(start.length)} ${word}`;
  }
  return event;
}
