// When a page redraws: once per picture, with little effort while a slider moves, in full at rest.

// Thousandths of a second: of one redraw while a slider moves, and without a move until it rests.
const PATIENCE = 25, REST = 150;

// Call a function once before the next picture, however often it is asked for.
function oncePerFrame(draw) {
  let waiting = false;
  return () => {
    if (waiting) return;
    waiting = true;
    requestAnimationFrame(() => {
      waiting = false;
      draw();
    });
  };
}

// Return a function that draws with little effort once per picture, and in full after a rest.
// `draw` is given a level of effort, 0 the finest of them; null is in full. A level that takes too
// long until it is seen gives way to the next; after a rest the one before is tried again.
function coarseThenFine(levels, draw) {
  let level = 0, rest = 0;
  const soon = oncePerFrame(() => {
    const start = performance.now();
    draw(level);
    // Messages come after the frame has been painted.
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      if (performance.now() - start > PATIENCE) level = Math.min(level + 1, levels - 1);
      port1.close();
    };
    port2.postMessage(null);
  });
  return () => {
    clearTimeout(rest);
    rest = setTimeout(() => requestAnimationFrame(() => {
      level = Math.max(level - 1, 0);
      draw(null);
    }), REST);
    soon();
  };
}
