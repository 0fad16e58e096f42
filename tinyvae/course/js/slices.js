/** Long work in short slices, so that keys, sliders and painting come between. */

/**
 * Call `work` again and again until it returns false: for some ms, then a pause for the page.
 *
 * Returns a function that ends it. A message in place of setTimeout(0), which browsers stretch
 * to 4 ms.
 */
export function inSlices(work, ms = 5) {
  const { port1, port2 } = new MessageChannel();
  let going = true;
  port1.onmessage = () => {
    const end = performance.now() + ms;
    do going = going && work(); while (going && performance.now() < end);
    if (going) port2.postMessage(0);
    else port1.close();
  };
  port2.postMessage(0);
  return () => {
    going = false;
  };
}

/** `draw`, once before the next frame, however often it is asked for until then. */
export function oncePerFrame(draw) {
  let asked = false;
  return () => {
    if (asked) return;
    asked = true;
    requestAnimationFrame(() => {
      asked = false;
      draw();
    });
  };
}
