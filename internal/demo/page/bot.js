// bot.js is the bot's pane: is it up, is it well, what it owes and logs, and
// its policy file.
import { get, post, put } from "./api.js";
import { byId, el, keyed, replace, setHidden, setText } from "./dom.js";
import { nameOf, toast } from "./slack.js";
import { offer } from "./weather.js";

const words = {
  running: "running", starting: "starting…", stopped: "stopped", killed: "killed", ended: "ended", external: "your own",
};

// showBot shows a snapshot.
export function showBot({ bot, now }) {
  drawState(bot);
  const jobs = bot.jobs ?? [];
  setHidden(byId("no-jobs"), jobs.length > 0);
  keyed(byId("jobs"), jobs, (one) => `${one.kind} ${one.request} ${one.due}`, (one) => drawJob(one, now));
  drawJournalOf(bot);
  drawLog(bot.log ?? []);
}

// drawJournalOf shows the journal of the chosen request, or of the newest.
function drawJournalOf(bot) {
  const menu = byId("journal-request");
  const requests = bot.requests ?? [];
  const kept = requests.some((one) => one.id === menu.value) && menu.dataset.chosen === "true" ? menu.value : "";
  const newest = requests.toSorted((one, other) => Date.parse(other.filed_at) - Date.parse(one.filed_at))[0];
  replace(menu, requests, () => requests.map((one) => el("option", { value: one.id }, `${one.id} · ${one.state}`)));
  setHidden(menu, requests.length === 0);
  const id = kept || newest?.id;
  if (id) menu.value = id;
  const journal = (bot.journal ?? []).filter((one) => one.request === id);
  setHidden(byId("no-journal"), journal.length > 0);
  keyed(byId("journal"), journal.map((one, at) => ({ ...one, at_line: at })), (one) => `${id} ${one.at_line}`, drawJournal);
  last = bot;
}

let last = null;

function drawState(bot) {
  const up = bot.process === "running";
  byId("bot-state").dataset.state = up ? (bot.ready ? "well" : "unwell") : "down";
  setText(byId("bot-state"), up ? (bot.ready ? "up and well" : "up, not ready") : words[bot.process] ?? bot.process);
  for (const name of ["kill", "stop"]) byId(`bot-${name}`).disabled = !up && bot.process !== "starting";
  offer("bot", ["killed", "stopped", "ended"].includes(bot.process));
  byId("bot-start").disabled = up || bot.process === "starting" || bot.process === "external";
  const problems = (bot.checks ?? []).filter((check) => check.status !== "ok").length;
  setText(byId("bot-checked"), problems ? `${problems} of its checks found a problem`
    : bot.checks?.length ? `All ${bot.checks.length} checks are well` : "Its checks have not run yet");
  replace(byId("bot-checks"), bot.checks, () => (bot.checks ?? []).map((check) => el("li", { class: check.status === "ok" ? "ok" : "not-ok" },
    el("span", { "aria-hidden": "true" }, check.status === "ok" ? "✓ " : "✗ "), check.name, check.detail ? el("small", {}, ` ${check.detail}`) : null)));
}

function drawJob(job, now) {
  const due = job.due ? Math.round((Date.parse(job.due) - Date.parse(now)) / 1000) : 0;
  return el("li", {}, el("strong", {}, readable(job.kind)), job.request ? el("code", {}, job.request) : null,
    el("small", {}, [job.leased ? "at work" : due > 0 ? `due in ${span(due)}` : "now", job.attempt > 1 ? `tried ${job.attempt}×` : ""].filter(Boolean).join(" · ")));
}

const readable = (kind) => kind.replaceAll("_", " ");

const span = (seconds) => (seconds < 120 ? `${seconds} s` : seconds < 7200 ? `${Math.round(seconds / 60)} min` : `${Math.round(seconds / 3600)} h`);

function drawJournal(line) {
  return el("li", {}, el("time", {}, new Date(line.at).toLocaleTimeString()), el("span", {}, readable(line.kind)),
    line.detail ? el("small", {}, nameOf(line.detail)) : null);
}

function drawLog(lines) {
  const box = byId("log");
  const atEnd = box.scrollHeight - box.scrollTop - box.clientHeight < 40;
  keyed(byId("log-lines"), lines, (one) => one.n, (one) => drawLine(one.line));
  if (atEnd) box.scrollTop = box.scrollHeight;
}

// drawLine shows a JSON line of the log as level, message and fields.
function drawLine(line) {
  let fields;
  try {
    fields = JSON.parse(line);
  } catch {
    return el("li", {}, line);
  }
  const { level = "", time, message = "", ...rest } = fields;
  const more = Object.entries(rest).map(([name, value]) => `${name}=${typeof value === "string" ? value : JSON.stringify(value)}`).join(" ");
  return el("li", { class: `log-${level}` }, el("time", {}, time ? new Date(time).toLocaleTimeString() : ""),
    el("span", { class: "level" }, level), el("span", {}, message), el("small", {}, more));
}

// startBot makes the buttons and the editor work.
export function startBot() {
  for (const name of ["kill", "stop", "start"]) byId(`bot-${name}`).addEventListener("click", () => steer(name));
  byId("mend-bot").addEventListener("click", () => steer("start"));
  byId("journal-request").addEventListener("change", (event) => {
    event.target.dataset.chosen = "true";
    drawJournalOf(last);
  });
  startEditor();
}

async function steer(what) {
  const answer = await post(`bot/${what}`);
  if (answer.error) toast(answer.error);
}

// ── The policy file ─────────────────────────────────────────────────────────

async function startEditor() {
  const text = byId("policy-text");
  const said = byId("policy-said");
  text.addEventListener("input", () => { drawNumbers(text, []); said.textContent = "Not saved yet."; });
  text.addEventListener("scroll", () => { byId("policy-lines").scrollTop = text.scrollTop; });
  text.addEventListener("keydown", (event) => {
    if ((event.ctrlKey || event.metaKey) && event.key === "s") { event.preventDefault(); save(text); }
  });
  byId("policy-save").addEventListener("click", () => save(text));
  const answer = await get("policy");
  text.value = answer.text ?? "";
  drawNumbers(text, []);
  if (answer.problems?.length) showErrors(text, answer);
}

async function save(text) {
  const answer = await put("policy", { text: text.value });
  showErrors(text, answer);
}

function showErrors(text, answer) {
  const errors = answer.error ? [{ line: 0, text: answer.error }] : answer.problems ?? [];
  drawNumbers(text, errors);
  byId("policy-said").textContent = errors.length ? "" : "Saved. The bot uses it from now on.";
  byId("policy-errors").replaceChildren(...errors.map((one) => el("li", {},
    one.line ? el("button", { type: "button", class: "link", onclick: () => goToLine(text, one.line) }, `line ${one.line}`) : null, ` ${one.text}`)));
}

function drawNumbers(text, errors) {
  const wrong = new Set(errors.map((one) => one.line));
  const count = text.value.split("\n").length;
  const list = byId("policy-lines");
  replace(list, [count, [...wrong]], () => Array.from({ length: count }, (_, at) =>
    el("li", { class: wrong.has(at + 1) ? "wrong" : undefined }, String(at + 1))));
  list.scrollTop = text.scrollTop;
}

function goToLine(text, line) {
  const lines = text.value.split("\n");
  const start = lines.slice(0, line - 1).reduce((sum, one) => sum + one.length + 1, 0);
  text.focus();
  text.setSelectionRange(start, start + lines[line - 1].length);
}
