// threads.js is a message's thread: its replies, and the composer for another.
import { slackError } from "./blocks.js";
import { byId, el } from "./dom.js";

// What the person is writing, by the timestamp of the parent. It outlives the
// nodes, because a thread is drawn anew when a reply arrives.
const drafts = new Map();

// isOpen tells whether a thread shows its composer.
const isOpen = (ts) => drafts.has(ts);

// printOf is what a thread shows beside its messages.
export const printOf = (ts) => {
  const draft = drafts.get(ts);
  return draft && [draft.sending, draft.error];
};

// drawThread draws the replies and, once the person wants to write, the
// composer. It returns null for a message without either. hooks has
// drawMessage, redraw, toggle and send.
export function drawThread({ message, thread, folded }, hooks) {
  if (!thread.length && !isOpen(message.ts)) return null;
  const id = `thread-${message.ts}`;
  const open = isOpen(message.ts);
  const label = `${thread.length} ${thread.length === 1 ? "reply" : "replies"}`;
  return el("section", { class: "thread", "aria-label": "Thread" },
    el("p", { class: "thread-head" },
      thread.length ? el("button", {
        type: "button", class: "thread-toggle", "aria-expanded": String(!folded), "aria-controls": id, "data-focus-key": "thread",
        onclick: () => hooks.toggle(message.ts),
      }, el("span", { class: "chevron", "aria-hidden": "true" }), label) : null,
      folded || open ? null : el("button", {
        type: "button", class: "thread-toggle", "data-reply": message.ts, onclick: () => openReply(message.ts, hooks.redraw),
      }, "Reply")),
    el("div", { class: "thread-replies", id, hidden: folded }, thread.map(hooks.drawMessage)),
    open && !folded ? drawComposer(message, hooks) : null);
}

// replyButton opens the composer of a message that has no replies yet.
export function replyButton(ts, redraw) {
  return el("button", {
    type: "button", class: "reaction offer", "aria-label": "Reply in a thread", title: "Reply in a thread", "data-reply": ts,
    onclick: () => openReply(ts, redraw),
  }, "💬");
}

function openReply(ts, redraw) {
  if (!isOpen(ts)) drafts.set(ts, { text: "", error: "", sending: false });
  redraw();
  byId(`reply-${ts}`)?.focus();
}

function drawComposer(message, hooks) {
  const draft = drafts.get(message.ts);
  const input = el("input", {
    id: `reply-${message.ts}`, "aria-label": "Reply in the thread", placeholder: "Reply…", maxlength: "3000",
    "data-focus-key": "reply", readonly: draft.sending, oninput: () => { draft.text = input.value; },
    onkeydown: (event) => { if (event.key === "Escape") closeReply(message.ts, hooks.redraw); },
  });
  input.value = draft.text;
  const form = el("form", {
    class: "composer", autocomplete: "off", onsubmit: (event) => { event.preventDefault(); sendReply(message, hooks); },
  }, input, draft.sending ? el("span", { class: "note" }, "sending…") : null,
  el("button", { type: "submit", class: "icon send", "aria-label": "Send the reply", disabled: draft.sending }, "➤"));
  return el("div", { class: "reply" }, form, draft.error ? slackError(draft.error) : null);
}

function closeReply(ts, redraw) {
  drafts.delete(ts);
  redraw();
}

async function sendReply(message, hooks) {
  const draft = drafts.get(message.ts);
  const text = draft.text.trim();
  if (!text || draft.sending) return;
  Object.assign(draft, { sending: true, error: "" });
  hooks.redraw();
  const answer = await hooks.send(message, text);
  Object.assign(draft, { sending: false, error: answer.error ?? "", text: answer.error ? text : "" });
  hooks.redraw();
}
