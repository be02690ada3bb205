// A surface that turns, with the tangent plane at a point.

// The sides of the grid of facets, multiples of the wires: at rest, and while a slider moves.
const WIRES = 8, FINE = 56, COARSER = [24, 16, 8];
const HEIGHT = 0.65, PATCH = 0.22;
const TURN = 0.008, KEY_TURN = 0.1, ZOOM = 1.15, STEEPEST = Math.PI / 2;
// How much larger than it is a facet is drawn, in pixels from its middle.
const SEAM = 0.7;
// Colours from low to high, of matplotlib's viridis.
const SHADES = [[68, 1, 84], [71, 44, 122], [59, 81, 139], [44, 113, 142], [33, 144, 141],
  [39, 173, 129], [92, 200, 99], [170, 220, 50], [253, 231, 37]];

const box = byId("chart");
const canvas = document.createElement("canvas");
const ctx = canvas.getContext("2d");
box.append(canvas);
const start = { turn: -1.01, tilt: 0.49, zoom: 1 };
const seen = { ...start };
// What is drawn: the sides of the grid, the number at each of its points, row by row.
let side = FINE, heights = new Float64Array(0);
let crosshair = null;

const keepPlace = () => keepAddress(crosshair);
makeSliders(() => resample(), keepPlace);

const stepOf = ([low, high], place) => low + (high - low) * (place / side);
// Where a number lies between the ends of its axis, from −1 to 1.
const within = (value, [low, high]) => (2 * (value - low)) / (high - low) - 1;

function sampleHeights() {
  heights = new Float64Array((side + 1) ** 2);
  for (let row = 0, place = 0; row <= side; row++) {
    for (let column = 0; column <= side; column++, place++) {
      [heights[place]] = numbersAt([stepOf(plot.x, column), stepOf(plot.y, row)]);
    }
  }
}

// Return where a point of the box −1 … 1 is seen, and how far away.
function project([x, y, z]) {
  const across = x * Math.cos(seen.turn) - y * Math.sin(seen.turn);
  const away = x * Math.sin(seen.turn) + y * Math.cos(seen.turn);
  const up = z * HEIGHT * Math.cos(seen.tilt) + away * Math.sin(seen.tilt);
  const far = away * Math.cos(seen.tilt) - z * HEIGHT * Math.sin(seen.tilt);
  const scale = seen.zoom * Math.min(box.clientWidth, 1.35 * box.clientHeight) / (3.7 + 0.35 * far);
  return [box.clientWidth / 2 + scale * across, 0.47 * box.clientHeight - scale * up, far];
}

const spot = (x, y, z) =>
  project([within(x, plot.x), within(y, plot.y), Math.max(-1, Math.min(1, within(z, plot.z)))]);

// The colours of heights from low to high.
const PALETTE = Array.from({ length: 128 }, (_, place) => {
  const share = (place / 127) * (SHADES.length - 1);
  const first = Math.min(Math.floor(share), SHADES.length - 2);
  const parts = SHADES[first].map((part, index) =>
    Math.round(part + (share - first) * (SHADES[first + 1][index] - part)));
  return `rgb(${parts.join(" ")})`;
});
const shade = (z) => PALETTE[Math.round(127 * Math.max(0, Math.min(1, (within(z, plot.z) + 1) / 2)))];

function polygon(points, style) {
  ctx.beginPath();
  for (const [x, y] of points) ctx.lineTo(x, y);
  ctx.closePath();
  Object.assign(ctx, style);
  if (style.fillStyle) ctx.fill();
  if (style.strokeStyle) ctx.stroke();
}

// Draw the facets, the farthest first. Each is a little larger than it is, to leave no seams.
function drawFacets() {
  const wide = side + 1, wire = colour("wire"), every = side / WIRES;
  const across = new Float64Array(wide * wide), up = across.slice(), far = across.slice();
  heights.forEach((z, place) => {
    [across[place], up[place], far[place]] =
      spot(stepOf(plot.x, place % wide), stepOf(plot.y, Math.floor(place / wide)), z);
  });
  // A facet is named by its first corner; the others follow around it.
  const corners = (facet) => [facet, facet + 1, facet + wide + 1, facet + wide];
  const depth = new Float64Array(wide * wide), known = [];
  for (let facet = 0; facet < wide * side; facet++) {
    const around = corners(facet);
    if (facet % wide === side || !around.every((corner) => Number.isFinite(heights[corner]))) continue;
    depth[facet] = around.reduce((sum, corner) => sum + far[corner], 0);
    known.push(facet);
  }
  Object.assign(ctx, { strokeStyle: wire, lineWidth: 0.7 });
  for (const facet of Uint32Array.from(known).sort((a, b) => depth[b] - depth[a])) {
    const around = corners(facet), row = Math.floor(facet / wide), column = facet % wide;
    const middle = [across, up].map((side_) => around.reduce((sum, corner) => sum + side_[corner], 0) / 4);
    ctx.beginPath();
    for (const corner of around) {
      const [x, y] = [across[corner] - middle[0], up[corner] - middle[1]];
      const more = 1 + SEAM / Math.max(Math.hypot(x, y), SEAM);
      ctx.lineTo(middle[0] + more * x, middle[1] + more * y);
    }
    ctx.fillStyle = shade(around.reduce((sum, corner) => sum + heights[corner], 0) / 4);
    ctx.fill();
    // Every so manieth line of the grid is drawn, with the facets beside it.
    const edges = [[row, 0, 1], [row + 1, 3, 2], [column, 0, 3], [column + 1, 1, 2]]
      .filter(([line]) => line % every === 0);
    if (!edges.length) continue;
    ctx.beginPath();
    for (const [, from, to] of edges) {
      ctx.moveTo(across[around[from]], up[around[from]]);
      ctx.lineTo(across[around[to]], up[around[to]]);
    }
    ctx.stroke();
  }
}

// -- the box and its numbers -------------------------------------------------------------------

function segment(from, to, strokeStyle) {
  polygon([project(from), project(to)], { strokeStyle, lineWidth: 1, fillStyle: "" });
}

function drawBox() {
  const [x, y] = farCorner();
  const grid = colour("grid"), faint = colour("faint");
  for (const tick of ticks(plot.x).map((each) => within(each, plot.x))) {
    segment([tick, -1, -1], [tick, 1, -1], grid);
    segment([tick, y, -1], [tick, y, 1], grid);
  }
  for (const tick of ticks(plot.y).map((each) => within(each, plot.y))) {
    segment([-1, tick, -1], [1, tick, -1], grid);
    segment([x, tick, -1], [x, tick, 1], grid);
  }
  for (const tick of ticks(plot.z).map((each) => within(each, plot.z))) {
    segment([-1, y, tick], [1, y, tick], grid);
    segment([x, -1, tick], [x, 1, tick], grid);
  }
  for (const [a, b] of [[[-1, -y], [1, -y]], [[-x, -1], [-x, 1]]]) segment([...a, -1], [...b, -1], faint);
}

// The corner of the floor that is farthest away.
function farCorner() {
  return [[1, 1], [1, -1], [-1, 1], [-1, -1]]
    .reduce((a, b) => project([...a, 0])[2] > project([...b, 0])[2] ? a : b);
}

function write(text, [x, y], away) {
  const [middle, bottom] = [box.clientWidth / 2, y + 1];
  ctx.fillStyle = colour("ink");
  ctx.textAlign = away ?? (x < middle ? "right" : "left");
  ctx.fillText(text, x + (ctx.textAlign === "right" ? -6 : 6), bottom + 8);
}

function drawNumbers() {
  const [x, y] = farCorner();
  ctx.font = "13px system-ui, sans-serif";
  ctx.textBaseline = "middle";
  const [first, second] = plot.coordinates;
  for (const tick of ticks(plot.x)) write(shown(tick, 6), project([within(tick, plot.x), -y, -1]));
  for (const tick of ticks(plot.y)) write(shown(tick, 6), project([-x, within(tick, plot.y), -1]));
  // The upright edge at the side of the picture.
  const edge = [[x, -y], [-x, y]].reduce((a, b) => project([...a, 0])[0] < project([...b, 0])[0] ? a : b);
  for (const tick of ticks(plot.z)) write(shown(tick, 6), project([...edge, within(tick, plot.z)]), "right");
  ctx.font = "italic 16px serif";
  write(first, project([0, -y * 1.3, -1.05]));
  write(second, project([-x * 1.3, 0, -1.05]));
}

// -- the picture -------------------------------------------------------------------------------

function draw() {
  const ratio = devicePixelRatio || 1, { clientWidth: width, clientHeight: height } = box;
  if (canvas.width !== width * ratio || canvas.height !== height * ratio) {
    Object.assign(canvas, { width: width * ratio, height: height * ratio });
    Object.assign(canvas.style, { width: `${width}px`, height: `${height}px` });
  }
  ctx.setTransform(ratio, 0, 0, ratio, 0, 0);
  ctx.clearRect(0, 0, width, height);
  ctx.lineJoin = "round";
  drawBox();
  drawFacets();
  if (isAtStart()) for (const each of plot.marks) drawDot(each.x, each.y, numbersAt([each.x, each.y])[0], colour("ground"));
  if (crosshair) drawTangent();
  drawNumbers();
}
const drawSoon = oncePerFrame(draw);
const resample = coarseThenFine(COARSER.length, (level) => {
  side = level === null ? FINE : COARSER[level];
  sampleHeights();
  draw();
  writeNumbers();
});

function drawDot(x, y, z, fillStyle) {
  const [across, up] = spot(x, y, z);
  ctx.beginPath();
  ctx.arc(across, up, 4.5, 0, 2 * Math.PI);
  Object.assign(ctx, { fillStyle, strokeStyle: colour("ink"), lineWidth: 1.5 });
  ctx.fill();
  ctx.stroke();
}

// A piece of the plane that touches the surface.
function drawTangent() {
  const [x, y] = crosshair, [z, dx, dy] = numbersAt(crosshair);
  if (![z, dx, dy].every(Number.isFinite)) return;
  const [a, b] = [plot.x, plot.y].map(([low, high]) => PATCH * (high - low) / 2);
  const corners = [[-a, -b], [a, -b], [a, b], [-a, b]].map(([h, k]) =>
    project([within(x + h, plot.x), within(y + k, plot.y), within(z + dx * h + dy * k, plot.z)]));
  ctx.globalAlpha = 0.55;
  polygon(corners, { fillStyle: inks()[1], strokeStyle: colour("ink"), lineWidth: 1 });
  ctx.globalAlpha = 1;
  drawDot(x, y, z, inks()[1]);
}

function writeNumbers() {
  const numbers = crosshair ? numbersAt(crosshair) : [];
  byId("numbers").replaceChildren(...numbers.map((number, place) => named(plot.names[place], number)));
}

function moveTo(place) {
  crosshair = place;
  writeFields(place);
  writeNumbers();
  drawSoon();
}

// -- turning, zooming, picking -----------------------------------------------------------------

function turn(across, up) {
  seen.turn -= across;
  seen.tilt = Math.max(-STEEPEST, Math.min(STEEPEST, seen.tilt + up));
  drawSoon();
}

function zoom(factor) {
  seen.zoom = Math.max(0.2, Math.min(10, seen.zoom * factor));
  drawSoon();
}

function showWhole() {
  Object.assign(seen, start);
  drawSoon();
}

// Put the point on the surface's own point that is seen nearest to a place of the screen.
function pick(event) {
  const { left, top } = box.getBoundingClientRect();
  let nearest = null, least = 30 ** 2;
  heights.forEach((z, place) => {
    if (!Number.isFinite(z)) return;
    const x = stepOf(plot.x, place % (side + 1)), y = stepOf(plot.y, Math.floor(place / (side + 1)));
    const [across, up, far] = spot(x, y, z);
    const off = (across + left - event.clientX) ** 2 + (up + top - event.clientY) ** 2 + 10 * far;
    if (off < least) [nearest, least] = [[x, y].map((each) => Number(each.toPrecision(6))), off];
  });
  if (nearest) {
    moveTo(nearest);
    keepPlace();
  }
}

let pressed = null, isMoved = false;
box.addEventListener("pointerdown", (event) => {
  [pressed, isMoved] = [event, false];
  box.setPointerCapture(event.pointerId);
});
box.addEventListener("pointermove", (event) => {
  if (!pressed || event.pointerId !== pressed.pointerId) return;
  const [across, up] = [event.clientX - pressed.clientX, event.clientY - pressed.clientY];
  if (!isMoved && Math.hypot(across, up) < 3) return;
  isMoved = true;
  turn(across * TURN, up * TURN);
  pressed = event;
});
box.addEventListener("pointerup", (event) => {
  if (pressed && !isMoved) pick(event);
  pressed = null;
});
box.addEventListener("wheel", (event) => {
  event.preventDefault();
  zoom(event.deltaY > 0 ? 1 / ZOOM : ZOOM);
}, { passive: false });
box.addEventListener("dblclick", showWhole);
onKeys(box, {
  ArrowLeft: () => turn(-KEY_TURN, 0),
  ArrowRight: () => turn(KEY_TURN, 0),
  ArrowUp: () => turn(0, KEY_TURN),
  ArrowDown: () => turn(0, -KEY_TURN),
  "+": () => zoom(ZOOM),
  "-": () => zoom(1 / ZOOM),
  Home: showWhole,
  Escape: () => moveTo(null),
});

byId("whole").addEventListener("click", showWhole);
for (const name of plot.coordinates) {
  byId(`at-${name}`).addEventListener("input", () => {
    crosshair = readFields();
    writeNumbers();
    drawSoon();
  });
  byId(`at-${name}`).addEventListener("change", keepPlace);
}

prefersDark.addEventListener("change", () => {
  applyTheme();
  drawSoon();
});
onResize(box, drawSoon);
sampleHeights();
draw();
const there = plot.coordinates.map(given);
if (!there.includes(null)) moveTo(there);
