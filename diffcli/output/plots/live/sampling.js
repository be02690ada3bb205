// Sampling: points along lines, closer where a line is steep, with a gap where it breaks.

// The effort: cells of the first grid, how often a steep one is halved, and then closed in on, and
// the most points that are evaluated.
const FULL = { cells: 600, halvings: 6, rounds: 60, most: 20000 };
// The efforts while a slider moves.
const QUICK = [
  { cells: 300, halvings: 4, rounds: 24, most: 4000 },
  { cells: 150, halvings: 4, rounds: 20, most: 1200 },
  { cells: 100, halvings: 2, rounds: 12, most: 400 },
];
// The narrowest bracket of a break, as a part of its place.
const NEAREST = 8 * Number.EPSILON;
// A cell that rises by this part of the view is steep; a gap that closes to this part is none.
const STEEP = 0.02, CLOSES = 1 / 8;

// Return the points of lines from low to high, with the numbers of every line at each, and the
// poles. `evaluate` gives the lines' numbers at a point, `view` is the range of numbers shown.
function sampled(evaluate, low, high, view, effort = FULL) {
  const height = view[1] - view[0];
  const points = [], poles = new Set();
  let left = effort.most - effort.cells;

  const pointAt = (x) => ({ x, row: evaluate(x) });
  const middleOf = (first, last) => pointAt(first.x + (last.x - first.x) / 2);

  function isSteep(a, b) {
    if (Number.isFinite(a) !== Number.isFinite(b)) return true;
    const outside = (a > view[1] + height && b > view[1] + height) ||
      (a < view[0] - height && b < view[0] - height);
    return Number.isFinite(a) && !outside && Math.abs(a - b) > STEEP * height;
  }

  function refine(first, last, halvings) {
    const steep = first.row.flatMap((a, line) => isSteep(a, last.row[line]) ? [line] : []);
    if (!steep.length) return;
    if (left <= 0) {
      // Nothing more is evaluated: what rises by the whole view may be a break, and is left open.
      const row = first.row.map((a, line) => Math.abs(last.row[line] - a) < height ? (a + last.row[line]) / 2 : NaN);
      points.push({ x: first.x + (last.x - first.x) / 2, row });
      return;
    }
    if (halvings > 0) {
      const middle = middleOf(first, last);
      left -= 1;
      refine(first, middle, halvings - 1);
      points.push(middle);
      refine(middle, last, halvings - 1);
      return;
    }
    const breaks = steep.map((line) => breakBetween(first, last, line)).filter((each) => each);
    const around = breaks.flatMap((each) => each.points).sort((a, b) => a.x - b.x);
    // Another line's break may lie within this one's.
    points.push(...around.map(({ x, row }) => ({
      x,
      row: row.map((y, line) => breaks.some((each) => each.line === line && each.low < x && x < each.high)
        ? NaN : y),
    })));
  }

  // Close in on the steepest place of a line: return what is around a break, nothing where the
  // line is but steep.
  function breakBetween(first, last, line) {
    const before = Math.abs(last.row[line] - first.row[line]);
    for (let round = 0; round < effort.rounds; round++) {
      // A point is left between the ends, for the gap.
      if (last.x - first.x <= NEAREST * Math.max(Math.abs(first.x), Math.abs(last.x))) break;
      const middle = middleOf(first, last);
      left -= 1;
      const [a, b, c] = [first, middle, last].map((each) => each.row[line]);
      const isFirst = Number.isFinite(b)
        ? Number.isFinite(a) !== Number.isFinite(b) ||
          (Number.isFinite(c) && Math.abs(b - a) > Math.abs(c - b))
        : Number.isFinite(a);
      if (isFirst) last = middle; else first = middle;
    }
    const gap = Math.abs(last.row[line] - first.row[line]);
    if (gap <= CLOSES * before) return null;
    if (gap > before / CLOSES) poles.add(middleOf(first, last).x);
    return { line, low: first.x, high: last.x, points: [first, middleOf(first, last), last] };
  }

  let previous = pointAt(low);
  points.push(previous);
  for (let cell = 1; cell <= effort.cells; cell++) {
    const next = pointAt(cell < effort.cells ? low + (high - low) * (cell / effort.cells) : high);
    refine(previous, next, effort.halvings);
    points.push(next);
    previous = next;
  }
  return { points, poles: [...poles] };
}
