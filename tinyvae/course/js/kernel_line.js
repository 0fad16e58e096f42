export default { render({ model, el }) {
  el.classList.add("tinyvae-line");
  el.setAttribute("aria-live", "polite");
  const say = () => { el.textContent = model.get("text"); };
  model.on("change:text", say);
  say();
  let timer;
  const name = () => {  // the widgets around this one may come later than it does
    const box = el.closest(".tinyvae-live");
    const image = box?.querySelector(".tinyvae-picture");
    const handles = box?.querySelectorAll(".noUi-handle") ?? [];
    if (!image || handles.length < model.get("sliders"))
      return void (timer = setTimeout(name, 100));
    image.alt = model.get("alt");
    // In JupyterLab a key pressed in here is no command: "d d" would delete the cell. The mark
    // must be on what has the focus itself, as JupyterLab's rules begin there.
    box.addEventListener("focusin", event =>
      event.target.setAttribute("data-lm-suppress-shortcuts", "true"));
    box.addEventListener("keydown", event => {  // the way out
      if (event.key == "Escape") box.closest(".jp-Cell")?.focus();
    });
    for (const handle of handles) {
      const label = handle.closest(".widget-slider").querySelector("label");
      handle.setAttribute("aria-label", label.textContent);
    }
  };
  name();
  return () => { clearTimeout(timer); model.off("change:text", say); };
} };
