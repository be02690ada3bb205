// What every page has: its numbers as text, the sliders, the address that keeps them, the colours.

const plot = JSON.parse(document.getElementById("plot").textContent);
const byId = (id) => document.getElementById(id);
const DIGITS = 10, STEPS = 200, TICKS = 5;

// A number as it is read: its digits, and a minus that is as wide as a plus.
function shown(number, digits = DIGITS) {
  return Number.isFinite(number) ? String(+number.toPrecision(digits)).replace("-", "−") : "no value";
}

// A name and its number; the element keeps all digits.
function named(name, number) {
  const data = document.createElement("data");
  data.value = String(number);
  data.textContent = shown(number);
  const span = document.createElement("span");
  span.append(`${name} = `, data);
  return span;
}

// The arguments of the exported functions, in their order: coordinates and parameters.
const places = Object.fromEntries(plot.arguments.map((name, place) => [name, place]));
const values = plot.arguments.map(() => 0);
for (const each of plot.parameters) values[places[each.name]] = each.start;

// Return the numbers of all lines where the coordinates have these values.
function numbersAt(coordinates) {
  plot.coordinates.forEach((name, place) => {
    if (name in places) values[places[name]] = coordinates[place];
  });
  return computed.numbers(...values);
}

const isAtStart = () => plot.parameters.every((each) => values[places[each.name]] === each.start);

// The address after its #: x=1.5&a=0.7 puts the crosshair and the sliders there.
const address = new Map(new URLSearchParams(location.hash.slice(1)));
const given = (name) => address.has(name) && Number.isFinite(Number(address.get(name)))
  ? Number(address.get(name)) : null;

function keepAddress(crosshair) {
  const kept = [...(crosshair ?? []).map((value, place) => [plot.coordinates[place], value]),
    ...plot.parameters.map((each) => [each.name, values[places[each.name]]])];
  history.replaceState(null, "", `#${new URLSearchParams(kept)}`);
}

// Make the sliders; `changed` is called when one has moved, `settled` when it rests.
function makeSliders(changed, settled) {
  for (const each of plot.parameters) {
    const start = given(each.name) ?? each.start;
    values[places[each.name]] = start;
    const label = document.createElement("label");
    const input = document.createElement("input");
    const number = document.createElement("output");
    Object.assign(input, { type: "range", min: each.low, max: each.high });
    input.id = `slider-${each.name}`;
    // A round step, on which round numbers stand.
    input.step = 10 ** Math.floor(Math.log10((each.high - each.low) / STEPS));
    input.value = start;
    number.textContent = shown(start, 4);
    label.append(each.name, input, number);
    input.addEventListener("input", () => {
      values[places[each.name]] = Number(input.value);
      number.textContent = shown(Number(input.value), 4);
      changed();
    });
    input.addEventListener("change", settled);
    byId("sliders").append(label);
  }
}

// Give the fields of the coordinates their numbers, or read them.
function writeFields(coordinates) {
  plot.coordinates.forEach((name, place) => {
    byId(`at-${name}`).value = coordinates ? coordinates[place] : "";
  });
}

function readFields() {
  const texts = plot.coordinates.map((name) => byId(`at-${name}`).value);
  const numbers = texts.map(Number);
  return texts.every((text) => text.trim()) && numbers.every(Number.isFinite) ? numbers : null;
}

// Dark where the reader's screen is, unless the page says which.
const prefersDark = matchMedia("(prefers-color-scheme: dark)");
function applyTheme() {
  document.documentElement.classList.toggle("dark", plot.dark ?? prefersDark.matches);
}
applyTheme();

// A colour of the style sheet, and those of the lines in turn.
const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
const inks = () => colour("colours").split(/\s+/);

// Round numbers of an axis.
function ticks([low, high]) {
  const rough = (high - low) / TICKS, unit = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((each) => each * unit).find((each) => each >= rough);
  const first = Math.ceil(low / step - 1e-9), last = Math.floor(high / step + 1e-9);
  return Array.from({ length: last - first + 1 }, (_, place) =>
    Number(((first + place) * step).toPrecision(12)));
}

// Call a function when an element's size changes, with its width and height.
function onResize(element, resized) {
  new ResizeObserver(() => resized(element.clientWidth, element.clientHeight)).observe(element);
}

// Call what each key does when it is pressed on an element.
function onKeys(element, keys) {
  element.addEventListener("keydown", (event) => {
    if (!(event.key in keys)) return;
    event.preventDefault();
    keys[event.key](event);
  });
}

// The keys of a chart in a plane: its crosshair goes along the line, its view is moved and zoomed.
function onChartKeys(element, { along, pan, zoom, showWhole, leave }) {
  onKeys(element, {
    ArrowLeft: (event) => along(event.shiftKey ? -10 : -1),
    ArrowRight: (event) => along(event.shiftKey ? 10 : 1),
    ArrowUp: () => pan(0, 0.1),
    ArrowDown: () => pan(0, -0.1),
    "+": () => zoom(1 / ZOOM),
    "-": () => zoom(ZOOM),
    Home: showWhole,
    Escape: leave,
  });
}
