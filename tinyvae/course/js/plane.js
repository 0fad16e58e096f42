// plane() is given numbers and gives a point back through moved(); it knows no notebook.
function plane(canvas, { cloud, rgb, extent, labels, marks, point, start }, moved) {
  const side = 280, left = 48, top = 8, ratio = window.devicePixelRatio || 1;
  const [width, height] = [left + side + 12, top + side + 44];
  canvas.width = width * ratio; canvas.height = height * ratio;
  canvas.style.width = width + "px"; canvas.style.height = height + "px";
  const px = x => left + (x + extent) / (2 * extent) * side;
  const py = y => top + (extent - y) / (2 * extent) * side;
  const inside = t => Math.max(-extent, Math.min(extent, t));
  const dot = (g, x, y, r) => { g.beginPath(); g.arc(px(x), py(y), r, 0, 7); g.fill(); };
  const rule = (g, x0, y0, x1, y1) => {
    g.beginPath(); g.moveTo(px(x0), py(y0)); g.lineTo(px(x1), py(y1)); g.stroke();
  };

  function background() {
    const sheet = document.createElement("canvas"), g = sheet.getContext("2d");
    sheet.width = canvas.width; sheet.height = canvas.height;
    g.scale(ratio, ratio);
    g.fillStyle = "white"; g.fillRect(0, 0, width, height);
    g.strokeStyle = "#cccccc"; g.fillStyle = "#333333"; g.font = "12px sans-serif";
    const step = [0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50].find(s => extent / s <= 4) ?? extent;
    for (let k = -Math.floor(extent / step); k <= extent / step; k++) {
      const t = k * step, words = String(+t.toFixed(2)).replace("-", "\u2212");
      rule(g, t, -extent, t, extent); rule(g, -extent, t, extent, t);
      g.textAlign = "center"; g.fillText(words, px(t), top + side + 16);
      g.textAlign = "right"; g.fillText(words, left - 6, py(t) + 4);
    }
    g.save();
    g.beginPath(); g.rect(left, top, side, side); g.clip();
    for (let i = 0; 2 * i < cloud.length; i++) {
      g.fillStyle = `rgb(${rgb[3 * i]}, ${rgb[3 * i + 1]}, ${rgb[3 * i + 2]})`;
      dot(g, cloud[2 * i], cloud[2 * i + 1], 2);
    }
    g.font = "bold 12px sans-serif"; g.textAlign = "center"; g.lineWidth = 2;
    for (const [numeral, x, y, colour] of marks) {  // a disc at the middle of each class
      g.fillStyle = "white"; dot(g, x, y, 9);
      g.strokeStyle = colour; g.stroke();
      g.fillStyle = "black"; g.fillText(numeral, px(x), py(y) + 4);
    }
    g.restore();
    g.strokeStyle = "#333333"; g.strokeRect(left, top, side, side);
    g.font = "14px sans-serif"; g.textAlign = "center"; g.fillStyle = "black";
    g.fillText(labels[0], left + side / 2, height - 8);
    g.translate(17, top + side / 2); g.rotate(-Math.PI / 2);
    g.fillText(labels[1], 0, 0);
    return sheet;
  }

  const sheet = background(), g = canvas.getContext("2d");
  function draw() {
    const [x, y] = point.map(inside);
    g.setTransform(1, 0, 0, 1, 0, 0); g.drawImage(sheet, 0, 0);
    g.scale(ratio, ratio);
    g.strokeStyle = "#00000080"; rule(g, x, -extent, x, extent);
    rule(g, -extent, y, extent, y);
    for (const [colour, r] of [["black", 9], ["white", 8], ["#D55E00", 6]]) {
      g.fillStyle = colour; dot(g, x, y, r);
    }
    const at = point.map(t => t.toFixed(2)).join(", ");
    canvas.setAttribute("aria-label", `Map of ${labels.join(" and ")}. The point is at ` +
      `${at}. The arrow keys move it, with Shift by five steps; Home leads back to the start.`);
  }
  function move(x, y) {
    point = [x, y].map(t => inside(+t.toFixed(3)));
    draw(); moved(point);
  }
  function drag(event) {
    const box = canvas.getBoundingClientRect();
    move(((event.clientX - box.left - left) / side * 2 - 1) * extent,
         (1 - (event.clientY - box.top - top) / side * 2) * extent);
  }
  const ways = {
    ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1],
  };
  canvas.onpointerdown = event => {
    canvas.setPointerCapture(event.pointerId);
    drag(event);
  };
  canvas.onpointermove = event => {
    if (canvas.hasPointerCapture(event.pointerId)) drag(event);
  };
  canvas.onkeydown = event => {
    if (!(event.key in ways) && event.key != "Home") return;
    event.preventDefault(); event.stopPropagation();
    if (event.key == "Home") return move(...start);
    const step = extent / 30 * (event.shiftKey ? 5 : 1);
    move(point[0] + step * ways[event.key][0], point[1] + step * ways[event.key][1]);
  };
  draw();
  return at => { point = at; draw(); };
}

export default { render({ model, el }) {
  el.classList.add("tinyvae-plane");
  const canvas = document.createElement("canvas");
  canvas.tabIndex = 0; canvas.setAttribute("role", "application");
  el.append(canvas);
  const bytes = name => {
    const { buffer, byteOffset, byteLength } = model.get(name);
    return buffer.slice(byteOffset, byteOffset + byteLength);
  };
  const given = {
    cloud: new Float32Array(bytes("cloud")), rgb: new Uint8Array(bytes("rgb")),
    extent: model.get("extent"), labels: model.get("labels"), marks: model.get("marks"),
    point: model.get("point"), start: model.get("start"),
  };
  const moved = point => { model.set("point", point); model.save_changes(); };
  const put = plane(canvas, given, moved);
  const changed = () => put(model.get("point"));
  model.on("change:point", changed);
  return () => model.off("change:point", changed);
} };
