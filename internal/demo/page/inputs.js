// inputs.js draws the fields of a form: text, selects, several choices, dates,
// and selects that ask the bot while a person types.
import { el } from "./dom.js";
import { plain } from "./mrkdwn.js";

// inputField draws an input block: its label, its field, its hint, its error.
// The surface's answers map has a function for each field that reads it.
export function inputField(block, surface) {
  const id = `${surface.id ?? "message"}-${block.block_id}`;
  const draw = fields[block.element.type];
  const label = plain(block.label.text, surface.world);
  const field = draw
    ? draw(block.element, surface, id)
    : { node: el("p", { class: "slack-error" }, `unsupported element: ${block.element.type}`), read: () => undefined };
  surface.answers?.set(block.block_id, { block, read: field.read });
  const error = surface.errors?.[block.block_id];
  const focusable = field.focusable ?? field.node;
  focusable.id = id;
  focusable.setAttribute("aria-describedby", `${id}-hint ${id}-error`);
  if (error) focusable.setAttribute("aria-invalid", "true");
  return el("div", { class: `block input${error ? " wrong" : ""}`, "data-block": block.block_id },
    el("label", { for: id }, label, block.optional ? el("span", { class: "optional" }, " (optional)") : null),
    field.node,
    el("p", { class: "hint", id: `${id}-hint` }, block.hint ? plain(block.hint.text, surface.world) : ""),
    el("p", { class: "field-error", id: `${id}-error` }, error ?? ""));
}

const fields = {
  plain_text_input: textInput,
  number_input: textInput,
  email_text_input: textInput,
  url_text_input: textInput,
  datepicker: dateInput,
  static_select: choiceOfOne,
  radio_buttons: choiceOfOne,
  multi_static_select: choiceOfSeveral,
  checkboxes: choiceOfSeveral,
  external_select: typeAhead,
};

function textInput(element) {
  const node = el(element.multiline ? "textarea" : "input", {
    placeholder: element.placeholder?.text, maxlength: element.max_length, autocomplete: "off",
    rows: element.multiline ? "3" : undefined, class: "text",
  });
  node.value = element.initial_value ?? "";
  return { node, read: () => node.value.trim() || undefined };
}

function dateInput(element) {
  const node = el("input", { type: "date", class: "text" });
  node.value = element.initial_date ?? "";
  return { node, read: () => node.value || undefined };
}

const optionsOf = (element) => element.options ?? (element.option_groups ?? []).flatMap((group) => group.options);

function choiceOfOne(element) {
  const node = el("select", { class: "text" },
    element.initial_option ? null : el("option", { value: "" }, element.placeholder?.text ?? "Choose"),
    optionsOf(element).map((option) => el("option", { value: option.value }, option.text.text)));
  if (element.initial_option) node.value = element.initial_option.value;
  return { node, read: () => node.value || undefined };
}

function choiceOfSeveral(element) {
  const initial = new Set((element.initial_options ?? []).map((option) => option.value));
  const boxes = [];
  const rows = optionsOf(element).map((option) => {
    const box = el("input", { type: "checkbox", value: option.value });
    box.checked = initial.has(option.value);
    boxes.push(box);
    return el("label", { class: "choice" }, box, el("span", {}, option.text.text),
      option.description ? el("small", {}, option.description.text) : null);
  });
  const node = el("div", { class: "choices", role: "group", tabindex: "-1", "aria-label": element.placeholder?.text ?? "Choose" }, rows);
  const read = () => {
    const chosen = boxes.filter((box) => box.checked).map((box) => box.value);
    return chosen.length ? chosen : undefined;
  };
  return { node, read };
}

const pause = 150; // milliseconds after the last key, before the bot is asked

// typeAhead is a combobox: what a person types goes to the bot, whose options
// are the list. Only an option from the list is an answer.
function typeAhead(element, surface, id) {
  const least = element.min_query_length ?? 3;
  let chosen = element.initial_option ?? null;
  let options = [];
  let active = -1;
  let timer;
  let asked = 0;
  const input = el("input", {
    class: "text", role: "combobox", "aria-autocomplete": "list", "aria-expanded": "false", autocomplete: "off",
    "aria-controls": `${id}-options`, placeholder: element.placeholder?.text,
    oninput: () => {
      chosen = null;
      clearTimeout(timer);
      timer = setTimeout(ask, pause);
    },
    onkeydown: steer,
    onblur: () => setTimeout(close, pause),
  });
  if (chosen) input.value = chosen.text;
  const list = el("ul", { class: "suggestions", role: "listbox", id: `${id}-options`, "aria-label": "Suggestions" });
  const note = el("p", { class: "suggest-note", "aria-live": "polite" });
  const node = el("div", { class: "combobox" }, input, list, note);
  close();

  async function ask() {
    const query = input.value.trim();
    if ([...query].length < least) {
      note.textContent = `Type ${least} letters or more.`;
      return close();
    }
    const mine = ++asked;
    note.textContent = "Asking the bot…";
    const answer = await surface.suggest(element.action_id, query);
    if (mine !== asked) return;
    options = answer.options ?? [];
    note.textContent = answer.error ? `Slack: ${answer.error}` : options.length ? "" : "No match.";
    show();
  }

  function show() {
    active = options.length ? 0 : -1;
    list.replaceChildren(...options.map((option, at) => el("li", {
      role: "option", id: `${id}-option-${at}`, "data-value": option.value,
      onmousedown: (event) => { event.preventDefault(); choose(at); },
    }, el("span", {}, option.text), option.description ? el("small", {}, option.description) : null)));
    list.hidden = !options.length;
    input.setAttribute("aria-expanded", String(!list.hidden));
    mark();
  }

  function mark() {
    for (const [at, row] of [...list.children].entries()) row.setAttribute("aria-selected", String(at === active));
    if (active >= 0) input.setAttribute("aria-activedescendant", `${id}-option-${active}`);
    else input.removeAttribute("aria-activedescendant");
    list.children[active]?.scrollIntoView({ block: "nearest" });
  }

  function choose(at) {
    chosen = options[at];
    input.value = chosen.text;
    close();
  }

  function close() {
    list.hidden = true;
    active = -1;
    input.setAttribute("aria-expanded", "false");
    mark();
  }

  function steer(event) {
    if (list.hidden) return;
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) {
      active = (active + step + options.length) % options.length;
      mark();
    } else if (event.key === "Enter" && active >= 0) {
      choose(active);
    } else if (event.key === "Escape") {
      close();
    } else {
      return;
    }
    event.preventDefault();
    event.stopPropagation();
  }

  return { node, focusable: input, read: () => chosen?.value };
}
