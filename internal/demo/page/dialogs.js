// dialogs.js shows a view of Slack as a modal, and asks for confirmations. The
// browser's dialog element keeps the focus inside and gives it back.
import { drawBlocks, textNodes } from "./blocks.js";
import { el } from "./dom.js";

// confirmDialog asks what Slack's confirm object says. It resolves to true for
// yes.
export function confirmDialog(confirm, world) {
  return new Promise((resolve) => {
    const dialog = el("dialog", { class: "confirm", "aria-labelledby": "confirm-title" },
      el("h2", { id: "confirm-title" }, textNodes(confirm.title, world)),
      el("p", {}, textNodes(confirm.text, world)),
      el("form", { method: "dialog", class: "dialog-buttons" },
        el("button", { value: "no", class: "quiet" }, textNodes(confirm.deny, world)),
        el("button", { value: "yes", class: confirm.style ?? "primary" }, textNodes(confirm.confirm, world))));
    dialog.addEventListener("close", () => {
      resolve(dialog.returnValue === "yes");
      dialog.remove();
    });
    document.body.append(dialog);
    dialog.showModal();
  });
}

let shown = null; // the modal on the screen: { id, print, dialog, answers }

// showModal shows the newest open view of a person, or none.
export function showModal(view, context) {
  if (!view) return hideModal();
  const print = JSON.stringify([view.id, view.blocks]);
  if (shown?.id === view.id && shown.print === print) return;
  hideModal();
  openModal(view, print, context);
}

function hideModal() {
  const dialog = shown?.dialog;
  shown = null;
  dialog?.close();
  dialog?.remove();
}

function openModal(view, print, context) {
  const answers = new Map();
  const surface = { ...context, id: "form", answers, errors: view.errors, suggest: (action, query) => context.suggest(view.id, action, query),
    act: (element, block, value) => context.clickView(view.id, element.action_id, value) };
  const submit = view.submit ? el("button", { class: "primary", type: "submit" }, text(view.submit)) : null;
  const problem = el("p", { class: "slack-error", role: "alert", hidden: true });
  const form = el("form", { novalidate: true,
    onsubmit: (event) => { event.preventDefault(); send(view, answers, submit, problem, context); } },
  el("header", { class: "dialog-head" },
    el("h2", { id: "modal-title" }, text(view.title) || "Form"),
    el("button", { type: "button", class: "icon", "aria-label": "Close", onclick: () => context.closeView(view.id) }, "✕")),
  el("div", { class: "dialog-body" }, drawBlocks(view.blocks, surface), problem),
  el("footer", { class: "dialog-buttons" },
    el("button", { type: "button", class: "quiet", onclick: () => context.closeView(view.id) }, text(view.close) || "Close"), submit));
  const dialog = el("dialog", { class: "modal", "aria-labelledby": "modal-title",
    oncancel: (event) => { event.preventDefault(); context.closeView(view.id); } }, form);
  document.body.append(dialog);
  dialog.showModal();
  dialog.querySelector(".input input, .input textarea, .input select")?.focus();
  shown = { id: view.id, print, dialog, answers };
}

const text = (value) => (typeof value === "string" ? value : value?.text ?? "");

// send submits a form. What Slack's client would refuse is said under the
// field before the bot is asked.
async function send(view, answers, submit, problem, context) {
  const values = {};
  const errors = {};
  for (const [id, { block, read }] of answers) {
    const answer = read();
    if (answer === undefined && !block.optional) errors[id] = "Please complete this required field.";
    if (answer !== undefined) values[id] = { [block.element.action_id]: answer };
  }
  showErrors(errors);
  problem.hidden = true;
  if (Object.keys(errors).length) return;
  submit.disabled = true;
  submit.setAttribute("aria-busy", "true");
  const outcome = await context.submit(view.id, values);
  submit.disabled = false;
  submit.removeAttribute("aria-busy");
  if (outcome.errors) showErrors(outcome.errors);
  if (outcome.error) {
    problem.replaceWith(Object.assign(problem, { hidden: false, textContent: formError(outcome.error) }));
  }
}

const formError = (error) => `We had some trouble connecting. Try again? (${error})`;

// showErrors puts the errors under their fields and the focus into the first.
function showErrors(errors) {
  if (!shown) return;
  const print = JSON.stringify(errors);
  if (shown.errorsPrint === print) return;
  shown.errorsPrint = print;
  let first = true;
  for (const block of shown.dialog.querySelectorAll(".block.input")) {
    const error = errors[block.dataset.block] ?? "";
    const field = block.querySelector("[aria-describedby]");
    block.classList.toggle("wrong", error !== "");
    block.querySelector(".field-error").textContent = error;
    if (!error) { field.removeAttribute("aria-invalid"); continue; }
    field.setAttribute("aria-invalid", "true");
    if (first) field.focus();
    first = false;
  }
}
