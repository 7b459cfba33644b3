// api.js speaks to the sandbox's server: one snapshot, a stream that says when
// it changed, and posts for what a person does.

// post sends what a person did, and returns the answer. A refusal becomes
// { error } too, so that the caller shows it.
export async function post(path, body = {}) {
  return send("POST", path, JSON.stringify(body), "application/json");
}

// put saves.
export const put = (path, body) => send("PUT", path, JSON.stringify(body), "application/json");

// get reads JSON.
export const get = (path) => send("GET", path);

async function send(method, path, body, type) {
  try {
    const answer = await fetch(`/api/${path}`, { method, body, headers: type ? { "Content-Type": type } : {} });
    const data = await answer.json().catch(() => ({}));
    if (data.message && data.error) data.error = data.message;
    if (!answer.ok && !data.error) data.error = `The sandbox answered ${answer.status}.`;
    return data;
  } catch {
    return { error: "The sandbox does not answer. Is it still running?" };
  }
}

const calm = 40; // milliseconds that changes gather before one read

const sections = ["slack", "uipath", "bot", "weather"];

// follow calls show with the newest state and the names of the sections that
// changed, and online with whether the stream is open. It reads only the
// sections that changed.
export function follow(show, online) {
  const wanted = new Set(sections);
  let state = {};
  let reading = false;
  let timer;
  const read = async () => {
    if (reading || wanted.size === 0) return;
    reading = true;
    const changed = [...wanted];
    wanted.clear();
    const next = await get(`state?sections=${changed}`);
    reading = false;
    if (next.error) {
      changed.forEach((section) => wanted.add(section));
      return;
    }
    state = { ...state, ...next };
    show(state, changed);
    if (wanted.size) soon();
  };
  const soon = () => { clearTimeout(timer); timer = setTimeout(read, calm); };
  const stream = new EventSource("/api/events");
  stream.onopen = () => online(true);
  stream.onerror = () => online(false);
  stream.onmessage = (event) => {
    JSON.parse(event.data).changed.forEach((section) => wanted.add(section));
    soon();
  };
  read();
}
