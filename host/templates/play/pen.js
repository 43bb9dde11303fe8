// The pointer, the keys, and what they have drawn.

// What is drawn in the square while the device is there to draw is a stroke. Its own buttons act, and
// each of them wipes the canvas.
const draws = ([x]) => shown.device.mode() === 0 && x < 231;

function place(event) {
  const { left, top, width, height } = at('glass').getBoundingClientRect();
  const within = (at, end) => Math.min(Math.max(Math.floor(at * end), 0), end - 1);
  return [within((event.clientX - left) / width, COLUMNS), within((event.clientY - top) / height, ROWS)];
}

let pointer = null;

function touch(place) {
  const now = performance.now();
  if (pointer.stroke !== null) pointer.stroke.push(place);
  for (const device of devices) device.device.touch(...place, now);
  draw();
}

at('glass').addEventListener('pointerdown', (event) => {
  if (event.button !== 0 || pointer !== null || shown === null) return;
  try {
    at('glass').setPointerCapture(event.pointerId);
  } catch {
    // It has gone already.
  }
  const start = place(event);
  pointer = { id: event.pointerId, stroke: draws(start) ? [] : null };
  if (pointer.stroke !== null) strokes.push(pointer.stroke);
  else if (start[0] >= 231 && start[1] >= 166) strokes = [];
  touch(start);
});

at('glass').addEventListener('pointermove', (event) => {
  if (pointer?.id !== event.pointerId) return;
  const parts = event.getCoalescedEvents?.() ?? [];
  for (const part of parts.length > 0 ? parts : [event]) touch(place(part));
});

function lift(event) {
  if (pointer?.id !== event.pointerId) return;
  for (const device of devices) device.device.lift(performance.now());
  pointer = null;
  draw();
}
at('glass').addEventListener('pointerup', lift);
at('glass').addEventListener('pointercancel', lift);

function redraw() {
  devices.forEach(replay);
  draw();
}

at('clear').onclick = () => {
  strokes = [];
  redraw();
};
at('undo').onclick = () => {
  strokes.pop();
  redraw();
};
addEventListener('keydown', (event) => {
  if (event.key === 'Delete' || event.key === 'Escape') at('clear').click();
  if (event.key === 'z' && (event.ctrlKey || event.metaKey)) at('undo').click();
});
