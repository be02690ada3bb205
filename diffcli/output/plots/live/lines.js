// Lines: pan, zoom, a crosshair with the tangent, a legend that hides, drawn by uPlot.

const DASHES = [[], [7, 4], [7, 4, 2, 4], [2, 3]];
const FAR = 2, ZOOM = 1.2, KEY_STEPS = 100;

const chartBox = byId("chart");
const variable = plot.coordinates[0];
const whole = { x: [...plot.x], y: [...plot.y] };
const view = { x: [...plot.x], y: [...plot.y] };
let crosshair = null, poles = [];
const keepPlace = () => keepAddress(crosshair === null ? null : [crosshair]);

// A logarithmic axis pans and zooms by its exponents.
const onScale = { x: (v) => v, y: plot.log ? Math.log10 : (v) => v };
const offScale = { x: (v) => v, y: plot.log ? (v) => 10 ** v : (v) => v };

const ink = (line) => inks()[line.colour % inks().length];
const entriesAt = (x) => numbersAt([x]);

// Return what uPlot draws: the points, and each line's numbers; null is a gap.
function columnsOfView(effort) {
  const [bottom, top] = view.y.map(onScale.y);
  const evaluate = (x) => {
    const row = entriesAt(x);
    return plot.lines.map((line) => onScale.y(row[line.entry]));
  };
  const found = sampled(evaluate, ...view.x, [bottom, top], effort);
  poles = found.poles;
  const reach = FAR * (top - bottom);
  const drawn = (y) => Number.isFinite(y)
    ? offScale.y(Math.min(Math.max(y, bottom - reach), top + reach)) : null;
  return [found.points.map((each) => each.x),
    ...plot.lines.map((_, line) => found.points.map((each) => drawn(each.row[line])))];
}

function axis(scale) {
  return {
    scale, stroke: () => colour("ink"), font: "14px system-ui, sans-serif",
    size: scale === "y" ? 64 : 40,
    grid: { stroke: () => colour("grid"), width: 1 },
    ticks: { stroke: () => colour("grid"), width: 1 },
    values: (_, ticks) => ticks.map((tick) => tick === null ? null : shown(tick, 6)),
  };
}

// A line as uPlot strokes it, ended at every gap: its own paths cross gaps narrower than a pixel.
function pathOf(u, place, first, last) {
  const stroke = new Path2D(), [xs, ys] = [u.data[0], u.data[place]];
  let isOpen = false;
  for (let k = Math.max(first - 1, 0); k <= Math.min(last + 1, xs.length - 1); k++) {
    if (ys[k] === null) {
      isOpen = false;
      continue;
    }
    const at = [u.valToPos(xs[k], "x", true), u.valToPos(ys[k], "y", true)];
    if (isOpen) stroke.lineTo(...at); else stroke.moveTo(...at);
    isOpen = true;
  }
  return { stroke, fill: null, clip: null, band: null, gaps: null, flags: 0 };
}

function strokePath(u, style, trace) {
  const { ctx, bbox } = u;
  ctx.save();
  ctx.beginPath();
  ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
  ctx.clip();
  ctx.beginPath();
  Object.assign(ctx, { lineWidth: devicePixelRatio, ...style });
  ctx.setLineDash((style.dash ?? []).map((length) => length * devicePixelRatio));
  trace(ctx);
  ctx.stroke();
  if (style.fillStyle) ctx.fill();
  ctx.restore();
}

function upright(u, x, style) {
  const across = u.valToPos(x, "x", true), { top, height } = u.bbox;
  strokePath(u, style, (ctx) => {
    ctx.moveTo(across, top);
    ctx.lineTo(across, top + height);
  });
}

function drawBehind(u) {
  const faint = { strokeStyle: colour("faint") };
  upright(u, 0, faint);
  if (!plot.log) {
    const up = u.valToPos(0, "y", true), { left, width } = u.bbox;
    strokePath(u, faint, (ctx) => {
      ctx.moveTo(left, up);
      ctx.lineTo(left + width, up);
    });
  }
  for (const pole of poles) upright(u, pole, { ...faint, dash: [4, 3] });
}

// A straight line through a point; a logarithm bends it, so it is drawn in pieces.
function drawStraight(u, x, y, slope, style) {
  if (slope === null) {
    upright(u, x, style);
    return;
  }
  strokePath(u, style, (ctx) => {
    for (let piece = 0; piece <= 100; piece++) {
      const t = view.x[0] + (view.x[1] - view.x[0]) * (piece / 100);
      const height = y + slope * (t - x);
      if (!plot.log || height > 0) ctx.lineTo(u.valToPos(t, "x", true), u.valToPos(height, "y", true));
    }
  });
}

function drawDot(u, x, y, stroke, fill, size = 4) {
  if (!Number.isFinite(y) || (plot.log && y <= 0)) return;
  const style = { strokeStyle: stroke, fillStyle: fill, lineWidth: 1.5 * devicePixelRatio };
  strokePath(u, style, (ctx) => ctx.arc(
    u.valToPos(x, "x", true), u.valToPos(y, "y", true), size * devicePixelRatio, 0, 2 * Math.PI));
}

function isHidden(place) {
  return !chart.series[place + 1].show;
}

function drawBefore(u) {
  if (isAtStart()) {
    for (const each of plot.straights) {
      drawStraight(u, each.x, each.y, each.slope, { strokeStyle: colour("ink"), dash: [2, 2] });
    }
    for (const each of plot.marks) drawDot(u, each.x, each.y, colour("ink"), colour("ground"));
  }
  if (crosshair === null) return;
  upright(u, crosshair, { strokeStyle: colour("faint") });
  const row = entriesAt(crosshair);
  plot.lines.forEach((line, place) => {
    if (isHidden(place)) return;
    if (line.slope !== null) {
      const style = { strokeStyle: ink(line), lineWidth: devicePixelRatio, dash: [3, 3] };
      if (Number.isFinite(row[line.slope])) {
        drawStraight(u, crosshair, row[line.entry], row[line.slope], style);
      }
    }
    drawDot(u, crosshair, row[line.entry], colour("ground"), ink(line));
  });
}

makeSliders(() => redrawSoon(), keepPlace);

const chart = new uPlot({
  width: chartBox.clientWidth,
  height: chartBox.clientHeight,
  legend: { show: false },
  cursor: { show: false },
  scales: {
    x: { time: false, auto: false, range: () => view.x },
    y: { auto: false, range: () => view.y, distr: plot.log ? 3 : 1 },
  },
  axes: [axis("x"), axis("y")],
  series: [{}, ...plot.lines.map((line) => ({
    label: line.name, scale: "y", stroke: () => ink(line), width: line.order ? 1.6 : 2.2,
    dash: DASHES[line.order % DASHES.length], paths: pathOf, points: { show: false },
  }))],
  hooks: { drawAxes: [drawBehind], draw: [drawBefore] },
}, columnsOfView(), chartBox);

function redraw(effort) {
  chart.batch(() => {
    chart.setData(columnsOfView(effort), false);
    chart.setScale("x", { min: view.x[0], max: view.x[1] });
    chart.setScale("y", { min: view.y[0], max: view.y[1] });
  });
  writeNumbers();
}
const redrawSoon = coarseThenFine(QUICK.length, (level) => redraw(QUICK[level] ?? FULL));
const retraceSoon = oncePerFrame(() => {
  chart.redraw(false, false);
  writeNumbers();
});

// -- the crosshair -----------------------------------------------------------------------------

function tangentOf(line, row) {
  const slope = row[line.slope], rise = row[line.entry] - slope * crosshair;
  return `tangent y = ${shown(slope, 6)}${variable} ${rise < 0 ? "−" : "+"} ${shown(Math.abs(rise), 6)}`;
}

function writeNumbers() {
  const box = byId("numbers");
  if (crosshair === null) {
    box.replaceChildren();
    return;
  }
  const row = entriesAt(crosshair);
  const spans = plot.lines.flatMap((line, place) => isHidden(place) ? [] : [named(line.name, row[line.entry])]);
  const tangents = plot.lines.flatMap((line, place) =>
    isHidden(place) || line.slope === null || !Number.isFinite(row[line.slope]) ? [] : [tangentOf(line, row)]);
  box.replaceChildren(...spans, ...tangents.map((text) => {
    const span = document.createElement("span");
    span.textContent = text;
    return span;
  }));
}

function moveTo(x) {
  crosshair = x;
  writeFields(x === null ? null : [x]);
  retraceSoon();
}

// The shortest number within half a pixel.
function roundedAt(pixel) {
  const x = chart.posToVal(pixel, "x");
  const width = (view.x[1] - view.x[0]) / chart.over.clientWidth;
  const unit = 10 ** Math.floor(Math.log10(width));
  return Number((Math.round(x / unit) * unit).toPrecision(12));
}

// -- pan and zoom ------------------------------------------------------------------------------

function zoom(factor, axes = ["x", "y"], share = { x: 0.5, y: 0.5 }) {
  for (const name of axes) {
    const [low, high] = view[name].map(onScale[name]);
    const fixed = low + (high - low) * share[name];
    const ends = [fixed + (low - fixed) * factor, fixed + (high - fixed) * factor].map(offScale[name]);
    if (ends.every(Number.isFinite) && ends[1] - ends[0] > 1e-12 * Math.max(...ends.map(Math.abs))) {
      view[name] = ends;
    }
  }
  redrawSoon();
}

function pan(across, up) {
  for (const [name, share] of [["x", across], ["y", up]]) {
    const [low, high] = view[name].map(onScale[name]);
    const shift = (high - low) * share;
    const ends = [low + shift, high + shift].map(offScale[name]);
    if (ends.every(Number.isFinite) && ends[0] < ends[1]) view[name] = ends;
  }
  redrawSoon();
}

function showWhole() {
  Object.assign(view, { x: [...whole.x], y: [...whole.y] });
  redrawSoon();
}

// Show the bulk of the lines that are seen: what lies within the fences of their quartiles.
function fitHeight() {
  const numbers = chart.data.slice(1).flatMap((column, place) => isHidden(place) ? [] : column)
    .filter((y) => y !== null).sort((a, b) => a - b);
  if (!numbers.length) return;
  const at = (share) => numbers[Math.round(share * (numbers.length - 1))];
  const fence = 3 * (at(0.75) - at(0.25));
  const low = Math.max(numbers[0], at(0.25) - fence), high = Math.min(at(1), at(0.75) + fence);
  const margin = plot.log ? 0 : 0.05 * (high - low) || 1;
  if (low < high || !plot.log) view.y = [low - margin, high + margin];
  redrawSoon();
}

const shareOf = (event) => {
  const box = chart.over.getBoundingClientRect();
  return { x: (event.clientX - box.left) / box.width, y: 1 - (event.clientY - box.top) / box.height };
};

const pointers = new Map();

chart.over.addEventListener("pointerdown", (event) => {
  pointers.set(event.pointerId, event);
  chart.over.setPointerCapture(event.pointerId);
});
chart.over.addEventListener("pointermove", (event) => {
  const before = pointers.get(event.pointerId);
  if (!before) {
    moveTo(roundedAt(event.clientX - chart.over.getBoundingClientRect().left));
    return;
  }
  const box = chart.over.getBoundingClientRect();
  const [other] = [...pointers].filter(([id]) => id !== event.pointerId).map(([, each]) => each);
  if (other) {
    const length = (one) => Math.hypot(one.clientX - other.clientX, one.clientY - other.clientY);
    zoom(length(before) / Math.max(length(event), 1), ["x", "y"], shareOf(event));
  } else {
    pan((before.clientX - event.clientX) / box.width, (event.clientY - before.clientY) / box.height);
  }
  pointers.set(event.pointerId, event);
});
for (const name of ["pointerup", "pointercancel"]) {
  chart.over.addEventListener(name, (event) => {
    pointers.delete(event.pointerId);
    keepPlace();
  });
}
chart.over.addEventListener("wheel", (event) => {
  event.preventDefault();
  const axes = event.shiftKey ? ["x"] : event.altKey ? ["y"] : ["x", "y"];
  zoom(event.deltaY + event.deltaX > 0 ? ZOOM : 1 / ZOOM, axes, shareOf(event));
}, { passive: false });
chart.over.addEventListener("dblclick", showWhole);

const step = () => Number(((view.x[1] - view.x[0]) / KEY_STEPS).toPrecision(1));
const middle = () => Number(((view.x[0] + view.x[1]) / 2).toPrecision(3));
const along = (steps) => moveTo(crosshair === null
  ? middle() : Number((crosshair + steps * step()).toPrecision(12)));
onChartKeys(chartBox, { along, pan, zoom, showWhole, leave: () => moveTo(null) });

// -- what stands around it ---------------------------------------------------------------------

byId("whole").addEventListener("click", showWhole);
byId("fit").addEventListener("click", fitHeight);
byId(`at-${variable}`).addEventListener("input", () => {
  crosshair = readFields()?.[0] ?? null;
  retraceSoon();
});
byId(`at-${variable}`).addEventListener("change", keepPlace);

document.querySelectorAll("#legend button").forEach((button, place) => {
  button.addEventListener("click", () => {
    const isShown = button.getAttribute("aria-pressed") !== "true";
    button.setAttribute("aria-pressed", String(isShown));
    chart.setSeries(place + 1, { show: isShown });
    writeNumbers();
  });
});

function paintLegend() {
  document.querySelectorAll("#legend line").forEach((stroke, place) => {
    stroke.setAttribute("stroke", ink(plot.lines[place]));
    stroke.setAttribute("stroke-dasharray", DASHES[plot.lines[place].order % DASHES.length].join(" "));
  });
}

paintLegend();
prefersDark.addEventListener("change", () => {
  applyTheme();
  paintLegend();
  chart.redraw(true, true);
});
onResize(chartBox, (width, height) => chart.setSize({ width, height }));
redraw();
if (given(variable) !== null) moveTo(given(variable));
