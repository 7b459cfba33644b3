// slack.js is the Slack pane: who you are, the channels, the messages, the
// composer and the App Home.
import { post } from "./api.js";
import { drawBlocks, slackError } from "./blocks.js";
import { confirmDialog, showModal } from "./dialogs.js";
import { announce, byId, el, keyed, replace, setHidden, setText } from "./dom.js";
import { mrkdwn } from "./mrkdwn.js";
import { drawThread, printOf, replyButton } from "./threads.js";

const view = { person: "", place: "", folded: new Set(), seen: new Map(), sending: [] };
let state = null;
let world = null;

// person is who the page's user is at the moment.
export const person = () => view.person;

// showSlack shows a snapshot.
export function showSlack(next) {
  state = next;
  world = makeWorld(next);
  if (!view.person) choosePerson(humans()[0].id);
  if (!view.place) view.place = firstPlace();
  drawPeople();
  drawPlaces();
  drawPlace();
  drawRefusals();
  showModal(openView(), formContext());
}

// nameOf is the name of a person, or what was given.
export const nameOf = (id) => world?.user(id) ?? id;

// goTo makes the page show a place as a person. Stories use it.
export function goTo(who, place) {
  if (who) choosePerson(who);
  view.place = place ?? firstPlace();
  showSlack(state);
}

const firstPlace = () => state.slack.channels.find((channel) => channel.name === "licenses")?.id ?? state.slack.channels[0].id;

function makeWorld(next) {
  const people = new Map(next.slack.people.map((one) => [one.id, one.name]));
  people.set(next.slack.bot.id, next.slack.bot.name);
  const channels = new Map(next.slack.channels.map((one) => [one.id, one.name]));
  const groups = new Map((next.slack.groups ?? []).map((one) => [one.id, one.handle ?? one.name]));
  return {
    user: (id) => people.get(id), channel: (id) => channels.get(id), group: (id) => groups.get(id), emoji: next.emoji,
  };
}

// ── People ──────────────────────────────────────────────────────────────────

const humans = () => state.slack.people.filter((one) => one.role !== "bot");

function drawPeople() {
  replace(byId("people"), [view.person, state.slack.people], () => humans().map((one) => {
    const chosen = one.id === view.person;
    return el("button", {
      type: "button", role: "radio", "aria-checked": String(chosen), tabindex: chosen ? "0" : "-1", class: "person",
      "data-person": one.id, onclick: () => { goTo(one.id, keepPlace(one.id)); focusPerson(one.id); }, onkeydown: steerPeople,
    }, avatar(one), el("span", { class: "person-name" }, one.name), el("small", {}, one.role));
  }));
}

// keepPlace is the place to show to a person: the same one if they may see it.
function keepPlace(id) {
  const channel = state.slack.channels.find((one) => one.id === view.place);
  return !channel || channel.members.includes(id) ? view.place : state.slack.channels.find((one) => one.members.includes(id))?.id;
}

const focusPerson = (id) => document.querySelector(`[data-person="${CSS.escape(id)}"]`)?.focus();

function steerPeople(event) {
  const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
  if (!step) return;
  event.preventDefault();
  const people = humans();
  const at = people.findIndex((one) => one.id === view.person);
  const next = people[(at + step + people.length) % people.length];
  goTo(next.id, keepPlace(next.id));
  focusPerson(next.id);
}

function choosePerson(id) { view.person = id; }

function avatar(one) {
  const hue = [...one.name].reduce((sum, letter) => sum + letter.codePointAt(0), 0) % 6;
  return el("span", { class: `avatar hue-${one.id === state.slack.bot.id ? "bot" : hue}`, "aria-hidden": "true" },
    one.id === state.slack.bot.id ? "🤖" : one.name[0]);
}

// ── Places: channels, the direct messages with the bot, the App Home ────────

const isBot = (id) => !id || id === state.slack.bot.id;

const directPlace = () => `D:${view.person}`;

function places() {
  const channels = state.slack.channels.filter((one) => one.members.includes(view.person));
  return [
    ...channels.map((one) => ({ id: one.id, name: one.name, sign: "#" })),
    { id: directPlace(), name: "licensebot", sign: "✉", title: "Direct messages" },
    { id: "home", name: "App Home", sign: "⌂" },
  ];
}

function drawPlaces() {
  if (view.place.startsWith("D:")) view.place = directPlace();
  const list = places().map((place) => ({ ...place, news: newsOf(place.id), here: place.id === view.place }));
  replace(byId("places"), list, () => list.map((place) => el("button", {
    type: "button", class: "place", "aria-current": place.here ? "page" : undefined, "data-place": place.id, title: place.title,
    onclick: () => openPlace(place.id),
  }, el("span", { class: "sign", "aria-hidden": "true" }, place.sign), place.name,
  place.news ? el("span", { class: "badge" }, String(place.news), el("span", { class: "unseen" }, " new")) : null)));
}

function openPlace(id) {
  view.place = id;
  showSlack(state);
  if (id === "home") post("slack/open-home", { user: view.person });
  else byId("composer-text").focus();
}

// newsOf counts the messages of a place that the person has not seen.
function newsOf(id) {
  const key = `${view.person} ${id}`;
  const count = messagesOf(id).length;
  if (id === view.place || !view.seen.has(key)) view.seen.set(key, count);
  return Math.max(0, count - view.seen.get(key));
}

// ── Messages ────────────────────────────────────────────────────────────────

// messagesOf are the messages of a place in order: of the channel, and those
// for the person alone.
function messagesOf(place) {
  const all = state.slack.messages.filter((one) => one.channel === place);
  const own = state.slack.ephemerals.filter((one) => one.channel === place && one.user === view.person)
    .map((one) => ({ ...one, ts: one.ts ?? one.id, at: one.at, only: true, user: state.slack.bot.id }));
  return [...all, ...own].sort((one, other) => momentOf(one) - momentOf(other));
}

const momentOf = (message) => (message.at ? Date.parse(message.at) / 1000 : Number(message.ts));

function drawPlace() {
  const home = view.place === "home";
  setHidden(byId("messages"), home);
  setHidden(byId("composer"), home);
  setHidden(byId("home"), !home);
  const place = places().find((one) => one.id === view.place);
  setText(byId("place-name"), place ? `${place.sign === "#" ? "#" : ""}${place.name}` : "");
  if (home) drawHome();
  else drawMessages();
}

// drawRefusals shows what the bot sent that Slack did not take.
function drawRefusals() {
  const errors = state.slack.errors;
  setHidden(byId("refusals"), errors.length === 0);
  setText(byId("refusals-count"), errors.length === 1 ? "Slack refused one thing that the bot sent"
    : `Slack refused ${errors.length} things that the bot sent`);
  keyed(byId("refusals-list"), errors, (one) => `${one.at} ${one.method}`, (one) => el("li", {},
    slackError(`${one.method}: ${one.error}`), el("pre", {}, one.detail)));
}

function drawHome() {
  const home = state.slack.homes?.[view.person];
  replace(byId("home"), [home, view.person], () => (home
    ? drawBlocks(home.blocks, { ...surface(), act: (element, block, value) => clickView(home.id, element.action_id, value) })
    : el("p", { class: "empty" }, "licensebot has not drawn this tab yet. Open it again in a moment.")));
}

let drawn = "";

function drawMessages() {
  const box = byId("messages");
  const here = view.place + view.person;
  const atEnd = box.scrollHeight - box.scrollTop - box.clientHeight < 80 || drawn !== here;
  drawn = here;
  const all = messagesOf(view.place);
  const known = new Set(all.map((one) => one.ts));
  const replies = Map.groupBy(all.filter((one) => one.thread_ts && !one.broadcast), (one) => one.thread_ts);
  const top = all.filter((one) => !one.thread_ts || one.broadcast || !known.has(one.thread_ts));
  const items = top.map((message) => ({
    message, thread: replies.get(message.ts) ?? [], folded: view.folded.has(message.ts), writing: printOf(message.ts), me: view.person,
  }));
  for (const sending of view.sending.filter((one) => one.place === view.place && one.me === view.person)) items.push({ sending });
  setHidden(byId("no-messages"), items.length > 0);
  keyed(byId("message-list"), items, (item) => item.message?.id ?? item.message?.ts ?? item.sending.id, drawItem);
  if (atEnd) scrollToEnd(box);
  tellNew(all);
}

// scrollToEnd scrolls twice, because messages get their height only when they
// come into view.
function scrollToEnd(box) {
  box.scrollTop = box.scrollHeight;
  requestAnimationFrame(() => { box.scrollTop = box.scrollHeight; });
}

let told = new Set();
let toldPlace = "";

// tellNew tells a screen reader each new message of the place in view.
function tellNew(all) {
  const here = view.place + view.person;
  const keys = all.map((one) => `${one.ts}${one.id ?? ""}`);
  if (here === toldPlace) {
    for (const [at, message] of all.entries()) {
      if (!told.has(keys[at])) announce(`${authorOf(message).name}: ${byText(message)}`);
    }
  }
  told = new Set(keys);
  toldPlace = here;
}

const byText = (message) => el("p", {}, mrkdwn(message.text ?? "", world)).textContent.slice(0, 200);

function authorOf(message) {
  if (isBot(message.user)) return state.slack.bot;
  return state.slack.people.find((one) => one.id === message.user) ?? { id: message.user, name: message.user };
}

function drawItem(item) {
  if (item.sending) return drawSending(item.sending);
  return el("li", { class: "message-item" }, drawMessage(item.message), drawThread(item, threadHooks));
}

function drawSending({ text, error, id }) {
  return el("li", { class: "message-item" }, el("article", { class: `message${error ? " failed" : " sending"}` },
    avatar(state.slack.people.find((one) => one.id === view.person)),
    el("div", { class: "message-body" },
      el("p", { class: "meta" }, el("strong", {}, world.user(view.person)), el("span", { class: "note" }, error ? "not sent" : "sending…")),
      el("p", {}, el("code", {}, text)),
      error ? slackError(error) : null,
      error ? el("button", { type: "button", class: "link", onclick: () => dismiss(id) }, "Dismiss") : null)));
}

function dismiss(id) {
  view.sending = view.sending.filter((one) => one.id !== id);
  showSlack(state);
}

function drawMessage(message) {
  const author = authorOf(message);
  const moment = new Date(momentOf(message) * 1000);
  return el("article", { class: `message${message.only ? " only" : ""}`, "data-ts": message.ts, "aria-label": `${author.name}: ${byText(message)}` },
    avatar(author),
    el("div", { class: "message-body" },
      message.only ? el("p", { class: "only-you" }, "👁 Only visible to you") : null,
      el("p", { class: "meta" }, el("strong", {}, author.name), isBot(author.id) ? el("span", { class: "app-tag" }, "APP") : null,
        el("time", { datetime: moment.toISOString(), title: moment.toLocaleString() }, clockTime(moment))),
      drawBody(message),
      message.error ? slackError(message.error) : null,
      message.edited ? el("span", { class: "edited" }, "(edited)") : null,
      message.only ? null : drawReactions(message)));
}

const clockTime = (moment) => moment.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });

function drawBody(message) {
  if (message.blocks?.length) return drawBlocks(message.blocks, { ...surface(), act: clickIn(message) });
  return el("div", { class: "block section" }, mrkdwn(message.text ?? "", world));
}

function clickIn(message) {
  return async (element, block, value) => {
    const answer = await post("slack/click", {
      user: view.person, channel: message.channel, ts: message.ts, action_id: element.action_id, value: value ?? "",
    });
    if (answer.error) toast(`Slack: ${answer.error}`);
  };
}

// ── Threads ─────────────────────────────────────────────────────────────────

const threadHooks = {
  drawMessage, redraw, send: sendReply,
  toggle: (ts) => { if (!view.folded.delete(ts)) view.folded.add(ts); redraw(); },
};

function redraw() { showSlack(state); }

// sendReply sends a reply. Slack takes no commands in threads.
function sendReply(message, text) {
  const [command] = text.split(" ");
  if (command.startsWith("/")) return { error: `${command} is not supported in threads. Sorry!` };
  return post("slack/message", { user: view.person, channel: message.channel, thread_ts: message.ts, text });
}

// ── Reactions ───────────────────────────────────────────────────────────────

const offered = ["white_check_mark", "x", "eyes"];

function drawReactions(message) {
  const given = message.reactions ?? [];
  const hasReactions = given.length > 0;
  const more = offered.filter((name) => !given.some((one) => one.name === name));
  const isReply = message.thread_ts && message.thread_ts !== message.ts;
  if (!hasReactions && isReply) return null;
  return el("div", { class: "reactions", role: "group", "aria-label": "Reactions" },
    given.map((one) => reactionButton(message, one)),
    more.map((name) => el("button", {
      type: "button", class: "reaction offer", "aria-label": `React with ${name.replaceAll("_", " ")}`, title: `React with :${name}:`,
      "data-focus-key": `offer-${name}`, onclick: () => react(message, name, true),
    }, state.emoji[name] ?? `:${name}:`)),
    isReply ? null : replyButton(message.ts, redraw));
}

function reactionButton(message, { name, users }) {
  const mine = users.includes(view.person);
  const who = users.map((id) => world.user(id) ?? id).join(", ");
  return el("button", {
    type: "button", class: `reaction${mine ? " mine" : ""}`, "aria-pressed": String(mine), title: `${who} reacted with :${name}:`,
    "aria-label": `${name.replaceAll("_", " ")}, ${users.length}: ${who}`, "data-reaction": name, "data-focus-key": `reaction-${name}`,
    onclick: () => react(message, name, !mine),
  }, state.emoji[name] ?? `:${name}:`, el("span", { class: "count" }, String(users.length)));
}

async function react(message, name, give) {
  const answer = await post(`slack/${give ? "react" : "unreact"}`, { user: view.person, channel: message.channel, ts: message.ts, name });
  if (answer.error) toast(`Slack: ${answer.error}`);
}

// ── Forms and clicks in views ───────────────────────────────────────────────

const surface = () => ({ world, confirm: (confirm) => confirmDialog(confirm, world) });

const openView = () => state.slack.views?.findLast((one) => one.user === view.person);

async function clickView(viewID, actionID, value) {
  const answer = await post("slack/click-view", { user: view.person, view_id: viewID, action_id: actionID, value: value ?? "" });
  if (answer.error) toast(`Slack: ${answer.error}`);
}

function formContext() {
  const me = view.person;
  return {
    ...surface(), clickView,
    submit: (id, values) => post("slack/submit", { user: me, view_id: id, values }),
    closeView: (id) => post("slack/close-view", { user: me, view_id: id }),
    suggest: (id, actionID, query) => post("slack/suggest", { user: me, view_id: id, action_id: actionID, query }),
  };
}

// toast shows a short message at the edge, for a moment.
export function toast(text) {
  const note = el("p", { class: "toast" }, text);
  byId("toasts").append(note);
  setTimeout(() => note.remove(), 8000);
}

// ── The composer ────────────────────────────────────────────────────────────

const history = [];
let historyAt = 0;
let sent = 0;

// startComposer makes the composer work.
export function startComposer() {
  const text = byId("composer-text");
  byId("composer").addEventListener("submit", (event) => { event.preventDefault(); sendTyped(text); });
  byId("shortcut").addEventListener("click", openShortcut);
  text.addEventListener("input", () => showHint(text.value));
  text.addEventListener("blur", () => { setHidden(byId("slash-hint"), true); });
  text.addEventListener("keydown", (event) => steerComposer(event, text));
}

function steerComposer(event, text) {
  const step = { ArrowUp: -1, ArrowDown: 1 }[event.key];
  if (event.key === "Tab" && !byId("slash-hint").hidden && text.value !== "/allocate ") {
    text.value = "/allocate ";
  } else if (step && history.length) {
    historyAt = Math.min(history.length, Math.max(0, historyAt + step));
    text.value = history[historyAt] ?? "";
  } else {
    return;
  }
  event.preventDefault();
  showHint(text.value);
}

function showHint(typed) {
  setHidden(byId("slash-hint"), !(typed.startsWith("/") && ("/allocate".startsWith(typed) || typed === "/allocate ")));
}

// typeInto puts a text into the composer, for the person to send.
export function typeInto(words) {
  const text = byId("composer-text");
  text.value = words;
  text.focus();
}

async function sendTyped(text) {
  const typed = text.value.trim();
  if (!typed) return;
  history.push(typed);
  historyAt = history.length;
  text.value = "";
  showHint("");
  const entry = { id: `sending-${++sent}`, place: view.place, me: view.person, text: typed };
  view.sending.push(entry);
  showSlack(state);
  scrollToEnd(byId("messages"));
  const answer = await deliver(typed);
  if (answer.error) entry.error = answer.error;
  else view.sending = view.sending.filter((one) => one !== entry);
  showSlack(state);
}

// deliver sends a message or the command. Slack itself refuses other commands.
function deliver(typed) {
  const at = { user: view.person, channel: view.place };
  if (!typed.startsWith("/")) return post("slack/message", { ...at, text: typed });
  const [command, ...rest] = typed.split(" ");
  if (command !== state.slack.command) return { error: `${command} is not a valid command.` };
  return post("slack/command", { ...at, text: rest.join(" ").trim() });
}

async function openShortcut() {
  const answer = await post("slack/shortcut", { user: view.person, callback_id: state.slack.shortcuts[0].callback_id });
  if (answer.error) toast(`Slack: ${answer.error}`);
}
