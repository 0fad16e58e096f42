/** What every page does: a box that scrolls sideways can be reached and scrolled by keys. */

const BOXES = "main :is(pre, table, p, ul, ol, .tinyvae-formula)";

function frame() {
  mark();
  addEventListener("resize", mark);
  addEventListener("toggle", mark, true); // what lies in closed <details> has no width
}

function mark() {
  for (const box of document.querySelectorAll(BOXES)) {
    if (box.scrollWidth > box.clientWidth + 1 && box.clientWidth) box.tabIndex = 0;
    else box.removeAttribute("tabindex");
  }
}

export default frame;
