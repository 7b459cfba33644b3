// mrkdwn.js turns Slack's markup into nodes: links, mentions, dates, emoji,
// bold, italic, strike, code, preformatted text, quotes and lists.
import { el } from "./dom.js";

// A world tells the names of people, channels and user groups, and the
// characters of emoji.
export const emptyWorld = { user: () => "", channel: () => "", group: () => "", emoji: {} };

const entities = { "&lt;": "<", "&gt;": ">", "&amp;": "&" };
const unescape = (text) => text.replace(/&(?:lt|gt|amp);/g, (found) => entities[found]);

// mrkdwn returns the nodes of a text.
export function mrkdwn(text, world = emptyWorld) {
  const nodes = [];
  for (const [at, part] of text.split("```").entries()) {
    if (at % 2 === 1) {
      nodes.push(el("pre", {}, unescape(part.replace(/^\n|\n$/g, ""))));
    } else if (part) {
      nodes.push(...lines(part, world));
    }
  }
  return nodes;
}

// lines gathers quotes and list items, and leaves other lines as they are.
function lines(text, world) {
  const nodes = [];
  let open = null; // the quote or list that the last line belongs to
  const all = text.split("\n");
  for (const [at, line] of all.entries()) {
    const quote = line.match(/^(?:&gt;|>) ?(.*)$/);
    const item = line.match(/^(?:•|[-*](?= ))\s+(.*)$/);
    const tag = quote ? "blockquote" : item ? "ul" : "";
    if (!tag) {
      open = null;
      nodes.push(...inline(line, world));
      if (at < all.length - 1) nodes.push(el("br"));
      continue;
    }
    if (open?.localName !== tag) nodes.push((open = el(tag)));
    open.append(el(quote ? "div" : "li", {}, inline((quote ?? item)[1], world)));
  }
  return nodes;
}

// The marks that may stand in a line, the first that matches wins.
const marks = [
  { pattern: /`([^`]+)`/, draw: (found) => el("code", {}, unescape(found[1])) },
  { pattern: /<([^<>]+)>/, draw: (found, world) => reference(found[1], world) },
  { pattern: /:([a-z0-9_+'-]+)(?:::skin-tone-\d)?:/, draw: (found, world) => emoji(found, world) },
  { pattern: /(?<![\w*])\*(?=\S)([^*\n]*?\S)\*(?![\w*])/, draw: (found, world) => el("strong", {}, inline(found[1], world)) },
  { pattern: /(?<![\w_])_(?=\S)([^_\n]*?\S)_(?![\w_])/, draw: (found, world) => el("em", {}, inline(found[1], world)) },
  { pattern: /(?<![\w~])~(?=\S)([^~\n]*?\S)~(?![\w~])/, draw: (found, world) => el("s", {}, inline(found[1], world)) },
];

function inline(text, world) {
  const nodes = [];
  while (text) {
    let first = null;
    for (const mark of marks) {
      const found = mark.pattern.exec(text);
      if (found && (!first || found.index < first.found.index)) first = { mark, found };
    }
    if (!first) break;
    const { mark, found } = first;
    if (found.index > 0) nodes.push(unescape(text.slice(0, found.index)));
    nodes.push(mark.draw(found, world));
    text = text.slice(found.index + found[0].length);
  }
  if (text) nodes.push(unescape(text));
  return nodes;
}

// emoji draws an emoji by its name; an unknown name stays as it was typed.
function emoji(found, world) {
  const character = world.emoji[found[1]];
  if (!character) return document.createTextNode(found[0]);
  return el("span", { class: "emoji", role: "img", "aria-label": spoken(found[1]), title: `:${found[1]}:` }, character);
}

const spoken = (name) => name.replaceAll("_", " ");

// plain draws plain_text: emoji are names there too, and nothing else is.
export function plain(text, world = emptyWorld) {
  const nodes = [];
  let from = 0;
  for (const found of text.matchAll(/:([a-z0-9_+'-]+):/g)) {
    nodes.push(text.slice(from, found.index), emoji(found, world));
    from = found.index + found[0].length;
  }
  nodes.push(text.slice(from));
  return nodes.filter((node) => node !== "");
}

// reference draws what stands in <…>: a mention, a date, a link.
function reference(inner, world) {
  const [target, label] = cut(inner, "|");
  if (target.startsWith("@")) return mention("@", world.user(target.slice(1)) || label || target.slice(1));
  if (target.startsWith("#")) return mention("#", world.channel(target.slice(1)) || label || target.slice(1));
  if (target.startsWith("!subteam^")) {
    const name = world.group(target.slice(9)) || label || target.slice(9);
    return mention("@", name.replace(/^@/, ""));
  }
  if (target.startsWith("!date^")) return date(target, label);
  if (target.startsWith("!")) return mention("@", label || target.slice(1));
  return link(target, label);
}

const mention = (sign, name) => el("span", { class: "mention" }, sign + unescape(name));

// link draws an address of the web, and shows any other as text.
function link(target, label) {
  const address = unescape(target);
  if (!/^(https?|mailto):/.test(address)) return document.createTextNode(unescape(label || target));
  return el("a", { href: address, target: "_blank", rel: "noopener noreferrer" }, unescape(label || target));
}

// date draws <!date^seconds^format^link|fallback> in the reader's zone.
function date(target, fallback) {
  const [, seconds, format = ""] = target.split("^");
  const moment = new Date(Number(seconds) * 1000);
  if (Number.isNaN(moment.getTime())) return document.createTextNode(unescape(fallback ?? ""));
  const shown = format.replace(/\{(\w+)\}/g, (token, name) => dateToken(name, moment) ?? token);
  return el("time", { datetime: moment.toISOString(), title: moment.toLocaleString() }, shown);
}

const timeOf = (moment, more) => moment.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", ...more });

function dateToken(name, moment) {
  const day = (options) => moment.toLocaleDateString([], options);
  const long = { year: "numeric", month: "long", day: "numeric" };
  switch (name) {
    case "date_num": return moment.toLocaleDateString("sv");
    case "date": return day(long);
    case "date_short": return day({ ...long, month: "short" });
    case "date_long": return day({ ...long, weekday: "long" });
    case "date_pretty": return nearDay(moment) ?? day(long);
    case "date_short_pretty": return nearDay(moment) ?? day({ ...long, month: "short" });
    case "date_long_pretty": return nearDay(moment) ?? day({ ...long, weekday: "long" });
    case "time": return timeOf(moment);
    case "time_secs": return timeOf(moment, { second: "2-digit" });
    case "ago": return timeOf(moment);
    default: return undefined;
  }
}

// nearDay is the word for a day next to the page's today, which the sandbox may
// have put forward.
function nearDay(moment) {
  const start = (date) => new Date(date.getFullYear(), date.getMonth(), date.getDate()).getTime();
  const days = Math.round((start(moment) - start(now())) / 86400000);
  return { "-1": "yesterday", 0: "today", 1: "tomorrow" }[days];
}

let offset = 0; // of the sandbox's clock, in milliseconds

// setOffset tells how far the sandbox's clock is ahead.
export function setOffset(milliseconds) { offset = milliseconds; }

// now is the time in the sandbox.
export const now = () => new Date(Date.now() + offset);

function cut(text, separator) {
  const at = text.indexOf(separator);
  return at < 0 ? [text, ""] : [text.slice(0, at), text.slice(at + separator.length)];
}
