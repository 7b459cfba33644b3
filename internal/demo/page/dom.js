// dom.js builds nodes. Text from outside becomes text nodes, never markup.

// el makes an element. Properties that start with "on" become listeners,
// "class" and names with a dash become attributes.
export function el(tag, properties = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) setProperty(node, name, value);
  node.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  return node;
}

function setProperty(node, name, value) {
  if (value === undefined || value === null || value === false) return;
  if (name.startsWith("on")) {
    node.addEventListener(name.slice(2), value);
  } else if (name === "dataset") {
    Object.assign(node.dataset, value);
  } else {
    node.setAttribute(name, value === true ? "" : value);
  }
}

// byId finds an element of the page.
export const byId = (id) => document.getElementById(id);

// keyed shows a list and touches only what changed: an item keeps its node for
// as long as its key and its JSON stay the same. A node with the focus is put
// back in focus when it is drawn anew.
export function keyed(list, items, key, draw) {
  const old = list.keyedNodes ?? new Map();
  const now = new Map();
  let place = list.firstChild;
  for (const item of items) {
    const id = String(key(item));
    const print = JSON.stringify(item);
    let entry = old.get(id);
    if (!entry || entry.print !== print) {
      const node = draw(item);
      if (entry) {
        if (place === entry.node) place = entry.node.nextSibling;
        replaceKeepingFocus(entry.node, node);
      }
      entry = { print, node };
    }
    if (entry.node !== place || !entry.node.parentNode) {
      list.insertBefore(entry.node, place);
    } else {
      place = place.nextSibling;
    }
    if (place === entry.node) place = entry.node.nextSibling;
    now.set(id, entry);
    old.delete(id);
  }
  for (const { node } of old.values()) node.remove();
  list.keyedNodes = now;
}

function replaceKeepingFocus(before, after) {
  const active = before.contains(document.activeElement) ? document.activeElement : undefined;
  const held = active?.dataset.focusKey;
  const caret = active?.selectionStart;
  if (before.parentNode) before.replaceWith(after);
  const next = held && after.querySelector(`[data-focus-key="${CSS.escape(held)}"]`);
  next?.focus();
  if (next && Number.isInteger(caret)) next.setSelectionRange(caret, caret);
}

// replace shows new children only if they say something new.
export function replace(node, print, draw) {
  const text = JSON.stringify(print);
  if (node.dataset.print === text) return;
  node.dataset.print = text;
  node.replaceChildren(...[draw()].flat().filter(Boolean));
}

// setText and setHidden leave a node alone that is so already: a browser counts, and
// tells those who watch it, each assignment.
export function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

export function setHidden(node, hidden) {
  if (node.hidden !== hidden) node.hidden = hidden;
}

// announce tells a screen reader something, once.
export function announce(text) {
  const live = byId("announcer");
  live.append(el("p", {}, text));
  while (live.children.length > 3) live.firstChild.remove();
}
