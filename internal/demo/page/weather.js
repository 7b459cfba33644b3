// weather.js is what goes wrong: switches, the clock, and stories that set a
// scene.
import { post } from "./api.js";
import { byId, el, keyed, setHidden, setText } from "./dom.js";
import { goTo, toast } from "./slack.js";

// showWeather shows a snapshot.
export function showWeather({ weather, stories, story }) {
  for (const side of ["slack", "uipath"]) {
    keyed(byId(`weather-${side}`), weather.filter((one) => one.side === side), (one) => one.name, drawSwitch);
  }
  keyed(byId("stories"), stories, (one) => one.name, drawStory);
  const bad = weather.filter((one) => one.on);
  const chip = byId("weather-now");
  chip.dataset.state = bad.length ? "unwell" : "well";
  setText(chip, bad.length ? bad.map((one) => one.title).join(", ") : "fair");
  setHidden(byId("weather-clear"), bad.length === 0);
  offer("weather", bad.length > 0);
  const title = stories.find((one) => one.name === story?.name)?.title;
  if (story?.error) tell(title, story.error);
  else if (story && story.name === told) setHidden(byId("guide-playing"), story.state !== "playing");
  for (const button of document.querySelectorAll("[data-story]")) {
    const playing = story?.name === button.dataset.story && story.state === "playing";
    button.toggleAttribute("data-playing", playing);
  }
}

function drawSwitch(one) {
  const box = el("input", {
    type: "checkbox", role: "switch", "data-focus-key": one.name, "data-weather": one.name,
    onchange: () => set(one.name, box.checked),
  });
  box.checked = one.on;
  return el("li", {}, el("label", { class: "switch" }, box, el("span", {}, one.title), one.detail ? el("small", {}, one.detail) : null));
}

async function set(name, on) {
  const answer = await post("weather", { name, on });
  if (answer.error) toast(answer.error);
}

function drawStory(one) {
  return el("li", {}, el("button", { type: "button", class: "story", "data-story": one.name, title: one.watch, onclick: () => play(one) }, one.title));
}

async function play(story) {
  tell(story.title, story.watch);
  told = story.name;
  const answer = await post(`stories/${story.name}`);
  if (answer.error) tell(story.title, answer.error);
  else goTo();
}

let told = ""; // the story that the guide is about

// tell shows what to watch for.
function tell(title, watch) {
  byId("guide").replaceChildren(el("strong", {}, `${title}. `), watch,
    el("span", { id: "guide-playing", class: "note", hidden: true }, " Setting the scene…"));
}

// goOn shows what to do after the first license was granted, unless a story is told.
export function goOn() {
  if (told !== "") return;
  told = "done";
  tell("Done", "What the thread says is what UiPath has. Now break something: click a story below, or a switch of the weather.");
}

// offer shows a button that mends the weather or the bot, where the eye is.
export function offer(what, is) {
  setHidden(byId(`mend-${what}`), !is);
  setHidden(byId("mend"), byId("mend-weather").hidden && byId("mend-bot").hidden);
}

// startWeather makes the clock's buttons work.
export function startWeather() {
  for (const button of document.querySelectorAll("[data-advance]")) {
    button.addEventListener("click", async () => {
      const answer = await post("clock", { advance_seconds: Number(button.dataset.advance) });
      if (answer.error) toast(answer.error);
    });
  }
  for (const id of ["weather-clear", "mend-weather"]) byId(id).addEventListener("click", () => set("all", false));
}
