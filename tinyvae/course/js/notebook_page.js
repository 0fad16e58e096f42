/** A notebook's page: what a prediction asks for opens once the reader has written one down. */

function notebookPage() {
  for (const form of document.querySelectorAll(".tinyvae-guess")) lock(form);
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
