/**
 * A notebook's page, and the index: its explorers; and what a prediction asks for opens once the reader has
 * written one down.
 */
import { mount } from "./explorer.js";
import { SCENES } from "./scenes.js";

/** The definitions of the explorers, in their order, and the models that they name. */
function notebookPage({ explorers, models }) {
  for (const form of document.querySelectorAll(".tinyvae-guess")) lock(form);
  explorers.forEach((definition, i) => {
    const named = Object.entries(definition.models).map(([name, key]) => [name, models[key]]);
    const own = { ...definition, models: Object.fromEntries(named) };
    mount(document.getElementById(`explorer.${i + 1}`), own, SCENES[definition.module]);
  });
}

/** The answer of one prediction stays shut until there is a guess; nothing of it is kept. */
function lock(form) {
  const guess = form.querySelector("input"), button = form.querySelector("button");
  const status = form.querySelector("[role=status]");
  const answer = document.getElementById(button.getAttribute("aria-controls"));
  let shut = true;
  const open = event => {
    if (!shut) return;
    event?.preventDefault();
    if (guess.value.trim()) {
      shut = false;
      answer.open = true;
      status.textContent = "The result stands below.";
    } else {
      status.textContent = "Write down a guess first; a word will do.";
      guess.focus();
    }
  };
  button.addEventListener("click", open);
  answer.querySelector("summary").addEventListener("click", open);
  guess.addEventListener("keydown", event => {
    if (event.key === "Enter") open(event);
  });
  // A search in the page may open it all the same.
  answer.addEventListener("toggle", () => { shut &&= !answer.open; });
  form.hidden = false;
}

export default notebookPage;
