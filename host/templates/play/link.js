// A drawing as a link.

// A stroke in a link: its places, two bytes a number, and an end that no place has.
const END = 0xffff;
// Nobody draws as much.
const LONGEST_LINK = 64 << 10;

at('link').onclick = async () => {
  const numbers = strokes.flatMap((stroke) => [...stroke.flat(), END]);
  const packed = String.fromCharCode(...numbers.flatMap((number) => [(number >> 8) & 0xff, number & 0xff]));
  location.hash = `d=${btoa(packed).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '')}`;
  try {
    await navigator.clipboard.writeText(location.href);
    tell('The link is copied.');
  } catch {
    tell('The link is in the address bar.');
  }
};

function drawing(hash) {
  if (hash.length > LONGEST_LINK) throw new RangeError('too long');
  const packed = bytes(hash.slice(3).replaceAll('-', '+').replaceAll('_', '/'));
  const found = [];
  let stroke = [];
  for (let place = 0; place + 1 < packed.length; place += 2) {
    const number = (packed[place] << 8) | packed[place + 1];
    const end = stroke.length % 2 === 0 ? COLUMNS : ROWS;
    if (number < end) stroke.push(number);
    else if (number !== END || stroke.length % 2 !== 0) throw new RangeError('no place of the display');
    else {
      found.push(Array.from({ length: stroke.length >> 1 }, (_, point) => [stroke[2 * point], stroke[2 * point + 1]]));
      stroke = [];
    }
  }
  return found;
}
