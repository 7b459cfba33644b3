// main.js starts the page: it follows the sandbox and hands each snapshot to
// the panes.
import { follow } from "./api.js";
import { showBot, startBot } from "./bot.js";
import { byId, setHidden, setText } from "./dom.js";
import { now, setOffset } from "./mrkdwn.js";
import { showSlack, startComposer, typeInto } from "./slack.js";
import { showUiPath } from "./uipath.js";
import { showWeather, startWeather } from "./weather.js";

const panes = { slack: showSlack, uipath: showUiPath, bot: showBot, weather: showWeather };

function show(state, changed) {
  setOffset(Date.parse(state.now) - Date.now());
  drawClock();
  showTrouble(state.trouble ?? "");
  for (const section of changed) panes[section](state);
  document.body.dataset.ready = "true";
}

// showTrouble shows that the sandbox cannot save its state.
function showTrouble(text) {
  const note = byId("trouble");
  setText(note, text);
  setHidden(note, text === "");
}

function drawClock() {
  setText(byId("clock"), now().toLocaleString([], { weekday: "short", day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" }));
}

// startTabs makes the panes tabs on a narrow page.
function startTabs() {
  for (const tab of document.querySelectorAll("[data-tab]")) {
    tab.addEventListener("click", () => openTab(tab.dataset.tab));
  }
  openTab("slack");
}

function openTab(name) {
  document.body.dataset.tab = name;
  for (const tab of document.querySelectorAll("[data-tab]")) {
    if (tab.dataset.tab === name) tab.setAttribute("aria-current", "true");
    else tab.removeAttribute("aria-current");
  }
}

startTabs();
startComposer();
startBot();
startWeather();
for (const hint of document.querySelectorAll("[data-type]")) {
  hint.addEventListener("click", () => { openTab("slack"); typeInto(hint.dataset.type); });
}
byId("slash-hint").addEventListener("mousedown", (event) => { event.preventDefault(); typeInto("/allocate "); });
setInterval(drawClock, 10000);
follow(show, (online) => { setHidden(byId("offline"), online); });
