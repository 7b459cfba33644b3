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

// follow calls show with each new snapshot, and online with whether the stream
// is open.
export function follow(show, online) {
  let reading = false;
  let stale = false;
  let timer;
  const read = async () => {
    if (reading) { stale = true; return; }
    reading = true;
    stale = false;
    const state = await get("state");
    reading = false;
    if (!state.error) show(state);
    if (stale) read();
  };
  const soon = () => { clearTimeout(timer); timer = setTimeout(read, calm); };
  const stream = new EventSource("/api/events");
  stream.onopen = () => { online(true); soon(); };
  stream.onerror = () => online(false);
  stream.onmessage = soon;
  read();
  return read;
}
