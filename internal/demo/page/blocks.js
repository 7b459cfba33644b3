// blocks.js draws Block Kit. A block that it does not know is shown as Slack's
// error, so a mistake is seen.
import { el } from "./dom.js";
import { mrkdwn, plain } from "./mrkdwn.js";
import { inputField } from "./inputs.js";

// textNodes are the nodes of a text object.
export function textNodes(text, world) {
  if (!text) return [];
  return text.type === "mrkdwn" ? mrkdwn(text.text, world) : plain(text.text, world);
}

const drawers = {
  header: (block, surface) => el("h3", { class: "block header" }, textNodes(block.text, surface.world)),
  section: drawSection,
  context: (block, surface) => el("div", { class: "block context" },
    block.elements.map((element) => el("span", { class: "context-item" }, contextElement(element, surface)))),
  divider: () => el("hr", { class: "block divider" }),
  actions: (block, surface) => el("div", { class: "block actions" },
    block.elements.map((element) => control(element, block, surface))),
  input: (block, surface) => inputField(block, surface),
  image: (block, surface) => el("figure", { class: "block image" }, el("figcaption", {}, textNodes(block.title, surface.world), ` ${block.alt_text}`)),
  markdown: (block, surface) => el("div", { class: "block section" }, mrkdwn(block.text, surface.world)),
};

// drawBlocks draws blocks on a surface. A surface has the world, act(element,
// block, choice) for clicks, and for forms the answers and their errors.
export function drawBlocks(blocks, surface) {
  return (blocks ?? []).map((block) => {
    const draw = drawers[block.type];
    return draw ? draw(block, surface) : slackError(`invalid_blocks: unsupported type: ${block.type}`);
  });
}

// slackError shows an error in Slack's words.
export const slackError = (text) => el("p", { class: "slack-error", role: "alert" }, text);

function drawSection(block, surface) {
  const body = el("div", { class: "section-body" });
  if (block.text) body.append(el("div", { class: "section-text" }, textNodes(block.text, surface.world)));
  if (block.fields) {
    body.append(el("div", { class: "fields" },
      block.fields.map((field) => el("div", { class: "field" }, textNodes(field, surface.world)))));
  }
  const section = el("div", { class: "block section" }, body);
  if (block.accessory) section.append(el("div", { class: "accessory" }, control(block.accessory, block, surface)));
  return section;
}

function contextElement(element, surface) {
  return element.type === "image" ? element.alt_text : textNodes(element, surface.world);
}

// control draws an interactive element.
function control(element, block, surface) {
  switch (element.type) {
    case "button": return button(element, block, surface);
    case "static_select": return select(element, block, surface, element.placeholder?.text ?? "Choose");
    case "overflow": return select(element, block, surface, "⋯");
    default: return slackError(`invalid_blocks: unsupported element: ${element.type}`);
  }
}

function button(element, block, surface) {
  const style = element.style ? ` ${element.style}` : "";
  const node = el("button", {
    type: "button", class: `slack-button${style}`, "aria-label": element.accessibility_label,
    "data-focus-key": `${block.block_id ?? ""}/${element.action_id ?? ""}`,
    "data-action": element.action_id,
    onclick: () => press(node, element, block, surface, undefined),
  }, textNodes(element.text, surface.world));
  return node;
}

function select(element, block, surface, placeholder) {
  const options = element.options ?? element.option_groups.flatMap((group) => group.options);
  const node = el("select", {
    class: "slack-select", "aria-label": placeholder, "data-action": element.action_id,
    onchange: () => {
      const chosen = options[node.selectedIndex - 1];
      if (chosen) press(node, element, block, surface, chosen.value);
    },
  }, el("option", { value: "" }, placeholder),
  options.map((option) => el("option", { value: option.value }, option.text.text)));
  return node;
}

// press asks for a confirmation if the element wants one, and then acts. The
// element shows that it is at work.
async function press(node, element, block, surface, value) {
  if (element.confirm && !(await surface.confirm(element.confirm))) {
    if (node.localName === "select") node.selectedIndex = 0;
    return;
  }
  node.setAttribute("aria-busy", "true");
  node.disabled = true;
  try {
    await surface.act(element, block, value);
  } finally {
    node.removeAttribute("aria-busy");
    node.disabled = false;
    if (node.localName === "select") node.selectedIndex = 0;
  }
}
