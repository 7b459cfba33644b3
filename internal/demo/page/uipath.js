// uipath.js is the UiPath pane: groups and their allocations, seats, and the
// calls that the bot makes.
import { post } from "./api.js";
import { byId, el, keyed, setHidden } from "./dom.js";
import { toast } from "./slack.js";
import { goOn } from "./weather.js";

let state = null;

// showUiPath shows a snapshot.
export function showUiPath(next) {
  state = next.uipath;
  keyed(byId("groups"), state.groups.map((group) => ({ ...group, offer: spare(group) })), (one) => one.id, drawGroup);
  keyed(byId("licenses"), state.licenses, (one) => one.code, drawLicense);
  const calls = [...(state.calls ?? [])].reverse().slice(0, 100);
  keyed(byId("calls"), calls, (one) => one.seq, drawCall);
  setHidden(byId("no-calls"), calls.length > 0);
  if (calls.some((one) => one.method === "PUT" && one.operation !== "portal" && one.status < 300)) goOn();
}

const spare = (group) => state.licenses.map((one) => one.code).filter((code) => !(group.codes ?? []).includes(code));

function drawGroup(group) {
  const codes = group.codes ?? [];
  return el("li", { class: "group", "data-group": group.id },
    el("p", { class: "group-name" }, el("strong", {}, group.name), el("code", {}, group.id),
      group.external ? el("span", { class: "note" }, "external licenses too") : null),
    el("ul", { class: "codes", "aria-label": `Codes of ${group.name}` },
      codes.map((code) => drawCode(group, code)),
      codes.length ? null : el("li", { class: "empty" }, "no codes")),
    group.offer.length ? addMenu(group) : null);
}

// drawCode is one code of a group, with its quota and seats in use. The cross
// takes it out as an admin would in the portal.
function drawCode(group, code) {
  const quota = group.quotas?.[code];
  const used = group.usage?.[code];
  const detail = [quota !== undefined ? `at most ${quota}` : "", used ? `${used} in use` : ""].filter(Boolean).join(", ");
  return el("li", { class: "code" }, el("span", {}, code), detail ? el("small", {}, detail) : null,
    el("button", {
      type: "button", class: "icon small", "aria-label": `Remove ${code} in the portal`, title: "Remove in the portal, as a UiPath admin",
      "data-focus-key": `remove-${code}`, onclick: () => edit(group, (group.codes ?? []).filter((one) => one !== code)),
    }, "✕"));
}

function addMenu(group) {
  const menu = el("select", {
    class: "add-code", "aria-label": `Add a code to ${group.name} in the portal`, "data-focus-key": "add",
    onchange: () => menu.value && edit(group, [...(group.codes ?? []), menu.value]),
  }, el("option", { value: "" }, "Edit in the portal: add…"), group.offer.map((code) => el("option", { value: code }, code)));
  return menu;
}

async function edit(group, codes) {
  const answer = await post("uipath/edit", { group: group.id, codes });
  if (answer.error) toast(`UiPath: ${answer.error}`);
}

function drawLicense(license) {
  const free = license.owned - license.used;
  const meter = el("meter", { min: "0", max: String(Math.max(1, license.owned)), "aria-label": `${license.used} of ${license.owned} seats in use` });
  meter.value = license.used;
  return el("li", { class: "license", "data-code": license.code },
    el("span", { class: "license-name" }, el("strong", {}, license.code), el("small", {}, license.name)),
    meter,
    el("span", { class: "seats" }, `${free} of ${license.owned} free`),
    el("span", { class: "steps" },
      step(license, "owned", 5, "buy 5 seats", "buy 5"),
      step(license, "used", 1, "take 1 seat", "take 1"),
      step(license, "used", -1, "free 1 seat", "free 1")));
}

function step(license, what, by, label, shown) {
  return el("button", { type: "button", class: "tiny", "aria-label": `${label} of ${license.code}`, "data-focus-key": shown, onclick: async () => {
    const seats = { code: license.code, owned: license.owned, used: license.used };
    seats[what] += by;
    const answer = await post("uipath/seats", seats);
    if (answer.error) toast(`UiPath: ${answer.error}`);
  } }, shown);
}

function drawCall(call) {
  const failed = call.operation !== "portal" && (!call.status || call.status >= 400);
  const status = call.operation === "portal" ? "portal" : call.status ? String(call.status) : "cut";
  return el("li", { class: `call${call.method === "PUT" ? " write" : ""}`, "data-operation": call.operation }, el("details", {},
    el("summary", {},
      el("span", { class: "method" }, call.method), el("span", { class: "path" }, shortPath(call.path)),
      el("span", { class: `status ${failed ? "bad" : "good"}` }, status),
      el("time", {}, new Date(call.at).toLocaleTimeString())),
    el("p", { class: "full-path" }, `${call.method} ${call.path}${call.query ? `?${call.query}` : ""}`),
    call.body ? el("pre", {}, pretty(call.body)) : null,
    el("p", { class: "arrow" }, `→ ${status}${call.changed ? ", changed the group" : ""}`),
    call.answer ? el("pre", {}, pretty(call.answer)) : null));
}

// shortPath leaves the end of a path, which tells calls apart.
function shortPath(path) {
  const parts = path.split("/").filter(Boolean);
  return parts.length > 3 ? `…/${parts.slice(-3).join("/")}` : path;
}

function pretty(text) {
  try {
    return JSON.stringify(JSON.parse(text), null, 1);
  } catch {
    return text;
  }
}
