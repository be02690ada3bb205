// Curves and regions in a plane that diffcli has found: pan, zoom, and the nearest of their points.

const ZOOM = 1.2, NEAR = 60, SHADE = 0.18, STRICT = [6, 4], MARGINS = { left: 64, right: 16, top: 12, bottom: 36 };

const box = byId("chart");
const canvas = document.createElement("canvas");
const ctx = canvas.getContext("2d");
box.append(canvas);
const view = { x: [...plot.x], y: [...plot.y] };
const hidden = new Set();
// Every point of every line, in order: its line, and its numbers, which begin with the coordinates.
const points = plot.lines.flatMap((line, place) =>
  [...line.paths, ...line.strict, line.dots].flatMap((path) => path.map((numbers) => ({ place, numbers }))));
let crosshair = null;

const at = (point) => point.numbers.slice(0, 2);

// The part of the box that the curves have; with equal axes the view is widened to fill it.
function frame() {
  const [width, height] = [box.clientWidth - MARGINS.left - MARGINS.right,
    box.clientHeight - MARGINS.top - MARGINS.bottom];
  const [x, y] = [view.x, view.y].map((ends) => [...ends]);
  if (plot.equal) {
    const scale = Math.max((x[1] - x[0]) / width, (y[1] - y[0]) / height);
    for (const [ends, size] of [[x, width], [y, height]]) {
      const more = (scale * size - (ends[1] - ends[0])) / 2;
      ends[0] -= more;
      ends[1] += more;
    }
  }
  return { x, y, width, height };
}

const across = (x, seen) => MARGINS.left + seen.width * (x - seen.x[0]) / (seen.x[1] - seen.x[0]);
const down = (y, seen) => MARGINS.top + seen.height * (1 - (y - seen.y[0]) / (seen.y[1] - seen.y[0]));
const ink = (line) => inks()[line.colour % inks().length];

function trace(path, style) {
  ctx.beginPath();
  path.forEach((place) => ctx.lineTo(...place));
  Object.assign(ctx, style);
  ctx.stroke();
}

function dot(x, y, seen, fillStyle, strokeStyle, size = 4.5) {
  ctx.beginPath();
  ctx.arc(across(x, seen), down(y, seen), size, 0, 2 * Math.PI);
  Object.assign(ctx, { fillStyle, strokeStyle, lineWidth: 1.5 });
  ctx.fill();
  ctx.stroke();
}

// What lies outside the range in which an equation was decided is greyed: nothing is known of it.
function drawGround(seen) {
  const [left, right] = plot.x.map((x) => across(x, seen)), [bottom, top] = plot.y.map((y) => down(y, seen));
  ctx.fillStyle = colour("field");
  ctx.fillRect(MARGINS.left, MARGINS.top, seen.width, seen.height);
  ctx.save();
  ctx.beginPath();
  ctx.rect(MARGINS.left, MARGINS.top, seen.width, seen.height);
  ctx.clip();
  ctx.fillStyle = colour("ground");
  ctx.fillRect(left, top, right - left, bottom - top);
  ctx.restore();
}

// Cells as an image of one pixel each, in a colour: runs outside and inside take turns.
function imageOf(cells, fillStyle) {
  const image = document.createElement("canvas"), { columns, runs } = cells;
  image.width = columns;
  image.height = runs.reduce((sum, run) => sum + run, 0) / columns;
  const pen = image.getContext("2d");
  pen.fillStyle = fillStyle;
  let first = 0;
  runs.forEach((run, place) => {
    for (let left = place % 2 ? run : 0; left > 0;) {
      const column = first % columns, length = Math.min(left, columns - column);
      // The lowest row of cells is the last of the image.
      pen.fillRect(column, image.height - 1 - Math.floor(first / columns), length, 1);
      first += length;
      left -= length;
    }
    if (place % 2 === 0) first += run;
  });
  return image;
}

const images = new Map();
function drawCells(cells, name, fillStyle, seen) {
  if (!cells) return;
  const key = `${name} ${fillStyle}`;
  if (!images.has(key)) images.set(key, imageOf(cells, fillStyle));
  const [left, right] = plot.x.map((x) => across(x, seen)), [bottom, top] = plot.y.map((y) => down(y, seen));
  ctx.imageSmoothingEnabled = false;
  ctx.drawImage(images.get(key), left, top, right - left, bottom - top);
}

function drawAxes(seen) {
  Object.assign(ctx, { font: "14px system-ui, sans-serif", fillStyle: colour("ink") });
  const [left, bottom] = [MARGINS.left, MARGINS.top + seen.height];
  for (const tick of ticks(seen.x)) {
    const x = across(tick, seen), strokeStyle = colour(tick === 0 ? "faint" : "grid");
    trace([[x, MARGINS.top], [x, bottom]], { strokeStyle, lineWidth: 1 });
    ctx.textAlign = "center";
    ctx.fillText(shown(tick, 6), x, bottom + 18);
  }
  for (const tick of ticks(seen.y)) {
    const y = down(tick, seen), strokeStyle = colour(tick === 0 ? "faint" : "grid");
    trace([[left, y], [left + seen.width, y]], { strokeStyle, lineWidth: 1 });
    ctx.textAlign = "right";
    ctx.fillText(shown(tick, 6), left - 8, y + 5);
  }
  ctx.font = "italic 16px serif";
  ctx.fillText(plot.axes[0], left + seen.width, bottom + 32);
  ctx.fillText(plot.axes[1], 14, MARGINS.top + 10);
}

function draw() {
  const ratio = devicePixelRatio || 1, seen = frame();
  Object.assign(canvas, { width: box.clientWidth * ratio, height: box.clientHeight * ratio });
  Object.assign(canvas.style, { width: `${box.clientWidth}px`, height: `${box.clientHeight}px` });
  ctx.setTransform(ratio, 0, 0, ratio, 0, 0);
  if (plot.decided) drawGround(seen);
  drawAxes(seen);
  ctx.save();
  ctx.beginPath();
  ctx.rect(MARGINS.left, MARGINS.top, seen.width, seen.height);
  ctx.clip();
  Object.assign(ctx, { lineJoin: "round", lineCap: "round" });
  for (const each of plot.straights) {
    const [[low, high], [bottom, top]] = [seen.x, seen.y];
    const ends = each.slope === null ? [[each.x, bottom], [each.x, top]]
      : [low, high].map((x) => [x, each.y + each.slope * (x - each.x)]);
    trace(ends.map(([x, y]) => [across(x, seen), down(y, seen)]), { strokeStyle: colour("ink"), lineWidth: 1 });
    dot(each.x, each.y, seen, colour("ink"), colour("ink"), 3.5);
  }
  plot.lines.forEach((line, place) => {
    if (hidden.has(place)) return;
    ctx.globalAlpha = SHADE;
    drawCells(line.inside, place, ink(line), seen);
    ctx.globalAlpha = 1;
    for (const [paths, dashes] of [[line.paths, []], [line.strict, STRICT]]) {
      ctx.setLineDash(dashes);
      for (const path of paths) {
        trace(path.map(([x, y]) => [across(x, seen), down(y, seen)]), { strokeStyle: ink(line), lineWidth: 2.2 });
      }
    }
    ctx.setLineDash([]);
    for (const [x, y] of line.dots) dot(x, y, seen, ink(line), ink(line), 3);
    for (const [x, y] of line.holes) dot(x, y, seen, colour("ground"), ink(line), 3.5);
  });
  drawCells(plot.undecided, "undecided", colour("undecided"), seen);
  for (const each of plot.marks) dot(each.x, each.y, seen, colour("ground"), colour("ink"));
  if (crosshair) dot(...at(crosshair), seen, ink(plot.lines[crosshair.place]), colour("ground"), 5.5);
  ctx.restore();
}
const drawSoon = oncePerFrame(draw);

function moveTo(point) {
  crosshair = point;
  byId("numbers").replaceChildren(...(point ? point.numbers : []).flatMap((number, place) =>
    number === null ? [] : [named(plot.names[place], number)]));
  drawSoon();
}

// The point of a line that is seen nearest to a place of the screen.
function pick(event) {
  const seen = frame(), { left, top } = box.getBoundingClientRect();
  let nearest = null, least = NEAR ** 2;
  for (const point of points) {
    const [x, y] = at(point);
    const off = (across(x, seen) + left - event.clientX) ** 2 + (down(y, seen) + top - event.clientY) ** 2;
    if (off < least && !hidden.has(point.place)) [nearest, least] = [point, off];
  }
  moveTo(nearest);
}

function along(steps) {
  if (!points.length) return;
  const place = crosshair ? points.indexOf(crosshair) + steps : 0;
  moveTo(points[Math.min(Math.max(place, 0), points.length - 1)]);
}

// -- pan and zoom ------------------------------------------------------------------------------

function zoom(factor, share = { x: 0.5, y: 0.5 }) {
  const seen = frame();
  for (const name of ["x", "y"]) {
    const [low, high] = seen[name], fixed = low + (high - low) * share[name];
    view[name] = [fixed + (low - fixed) * factor, fixed + (high - fixed) * factor];
  }
  drawSoon();
}

function pan(right, up) {
  const seen = frame();
  for (const [name, share] of [["x", right], ["y", up]]) {
    view[name] = seen[name].map((end) => end + share * (seen[name][1] - seen[name][0]));
  }
  drawSoon();
}

function showWhole() {
  Object.assign(view, { x: [...plot.x], y: [...plot.y] });
  drawSoon();
}

let pressed = null;
box.addEventListener("pointerdown", (event) => {
  pressed = event;
  box.setPointerCapture(event.pointerId);
});
box.addEventListener("pointermove", (event) => {
  if (!pressed) {
    pick(event);
    return;
  }
  const { width, height } = frame();
  pan((pressed.clientX - event.clientX) / width, (event.clientY - pressed.clientY) / height);
  pressed = event;
});
for (const name of ["pointerup", "pointercancel"]) box.addEventListener(name, () => { pressed = null; });
box.addEventListener("wheel", (event) => {
  event.preventDefault();
  const { left, top } = box.getBoundingClientRect(), { width, height } = frame();
  zoom(event.deltaY > 0 ? ZOOM : 1 / ZOOM, {
    x: (event.clientX - left - MARGINS.left) / width, y: 1 - (event.clientY - top - MARGINS.top) / height,
  });
}, { passive: false });
box.addEventListener("dblclick", showWhole);
onChartKeys(box, { along, pan, zoom, showWhole, leave: () => moveTo(null) });

byId("whole").addEventListener("click", showWhole);
document.querySelectorAll("#legend button").forEach((button, place) => {
  button.addEventListener("click", () => {
    const isShown = button.getAttribute("aria-pressed") !== "true";
    button.setAttribute("aria-pressed", String(isShown));
    if (isShown) hidden.delete(place); else hidden.add(place);
    moveTo(crosshair && hidden.has(crosshair.place) ? null : crosshair);
  });
});

function paintLegend() {
  document.querySelectorAll("#legend line").forEach((stroke, place) =>
    stroke.setAttribute("stroke", ink(plot.lines[place])));
}

paintLegend();
prefersDark.addEventListener("change", () => {
  applyTheme();
  paintLegend();
  draw();
});
onResize(box, draw);
draw();
