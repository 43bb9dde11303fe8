// The pointer, the keys, and what they have drawn.

// What is drawn in the square while the device is there to draw is a stroke. Its own buttons act, and
// each of them wipes the canvas.
const draws = ([x]) => shown.device.mode() === 0 && x < 231;
// A pixel of the canvas.
const STEP = 8;
const ARROWS = { ArrowLeft: [-STEP, 0], ArrowRight: [STEP, 0], ArrowUp: [0, -STEP], ArrowDown: [0, STEP] };

function place(event) {
  const { left, top, width, height } = at('glass').getBoundingClientRect();
  const within = (at, end) => Math.min(Math.max(Math.floor(at * end), 0), end - 1);
  return [within((event.clientX - left) / width, COLUMNS), within((event.clientY - top) / height, ROWS)];
}

// What draws now: the browser's number of a pointer, or that of the keys.
let pointer = null;
const KEYS = -1;
// Where the keys' pen is, while they draw.
let pen = null;

function touch(place) {
  const now = performance.now();
  if (pointer.stroke !== null) pointer.stroke.push(place);
  for (const device of devices) device.device.touch(...place, now);
  draw();
}

function press(id, start) {
  pointer = { id, stroke: draws(start) ? [] : null };
  if (pointer.stroke !== null) strokes.push(pointer.stroke);
  else if (start[0] >= 231 && start[1] >= 166) strokes = [];
  touch(start);
}

function lift(id) {
  if (pointer?.id !== id) return;
  for (const device of devices) device.device.lift(performance.now());
  pointer = null;
  draw();
}

at('glass').addEventListener('pointerdown', (event) => {
  lift(KEYS);
  if (event.button !== 0 || pointer !== null || shown === null) return;
  try {
    at('glass').setPointerCapture(event.pointerId);
  } catch {
    // It has gone already.
  }
  pen = null;
  press(event.pointerId, place(event));
});

at('glass').addEventListener('pointermove', (event) => {
  if (pointer?.id !== event.pointerId) return;
  const parts = event.getCoalescedEvents?.() ?? [];
  for (const part of parts.length > 0 ? parts : [event]) touch(place(part));
});
for (const end of ['pointerup', 'pointercancel']) at('glass').addEventListener(end, (event) => lift(event.pointerId));

at('glass').addEventListener('focus', () => {
  // The middle of the square, unless it is a pointer that has come.
  if (at('glass').matches(':focus-visible')) pen ??= [115, 120];
  draw();
});
at('glass').addEventListener('blur', () => {
  lift(KEYS);
  draw();
});
at('glass').addEventListener('keydown', (event) => {
  if (shown === null || event.ctrlKey || event.altKey || event.metaKey) return;
  const arrow = ARROWS[event.key];
  if (arrow === undefined && event.key !== ' ' && event.key !== 'Enter') return;
  event.preventDefault();
  pen ??= [115, 120];
  if (arrow !== undefined) {
    pen = [COLUMNS, ROWS].map((end, axis) => Math.min(Math.max(pen[axis] + arrow[axis], 3), end - 5));
    if (pointer?.id === KEYS) touch(pen);
  } else if (pointer?.id === KEYS) lift(KEYS);
  else if (!event.repeat && pointer === null) {
    press(KEYS, pen);
    // The device's buttons are not held.
    if (pointer.stroke === null) lift(KEYS);
  }
  draw();
});

// The keys' pen, on whatever it is above: a ring, which is full while it draws.
function mark(context) {
  if (pen === null || document.activeElement !== at('glass')) return;
  context.beginPath();
  context.arc(...pen, 6, 0, 7);
  for (const [width, colour] of [[5, '#000'], [2, '#fff']]) {
    context.lineWidth = width;
    context.strokeStyle = colour;
    context.stroke();
  }
  context.fillStyle = '#4493f8';
  if (pointer?.id === KEYS) context.fill();
}

function redraw() {
  if (pointer !== null) lift(pointer.id);
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
  // There these keys change the text.
  if (event.target.matches?.('input')) return;
  if (event.key === 'Delete' || event.key === 'Escape') at('clear').click();
  if (event.key === 'z' && (event.ctrlKey || event.metaKey)) at('undo').click();
});
