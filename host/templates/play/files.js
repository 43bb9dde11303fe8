// Files that are opened, or dropped on the page.

// Whether a file that begins so is one in IDX, or is gzipped.
const isIdx = ([a, b]) => (a === 0 && b === 0) || isGzip([a, b]);
const isGzip = ([a, b]) => a === 0x1f && b === 0x8b;
// What reads images and their labels, if the page has it.
let tests = null;
// What finds the digits on a picture, if the page has it.
let pictures = null;
// Those that have pixels and that browsers read. An SVG is none: a short one may take for ever to draw.
const PICTURES = ['PNG', 'JPEG', 'GIF', 'WebP', 'BMP'];
const ELSEWHERE = 'is read by the page that `inkbit play` opens, or writes --with-tests';

async function open(files) {
  await started;
  const found = [];
  for (const file of files) {
    const head = new Uint8Array(await file.slice(0, 2).arrayBuffer());
    try {
      if (isIdx(head) && tests === null) throw ELSEWHERE;
      if (isIdx(head)) found.push(await tests.idx(file, head));
      else if (file.type.startsWith('image/')) {
        if (!PICTURES.some((kind) => file.type === `image/${kind.toLowerCase()}`)) {
          throw `is of the type ${file.type}, expected one of ${PICTURES.join(', ')}: convert it`;
        }
        if (pictures === null) throw ELSEWHERE;
        await pictures(file);
      } else if (file.size > LONGEST) throw `is too long for a model: ${grouped(file.size)} bytes`;
      else add(file.name, new Uint8Array(await file.arrayBuffer()));
    } catch (fault) {
      return tell(`${file.name} ${fault}`);
    }
  }
  if (found.length > 0) await tests.takeIdx(found);
}

at('file').onchange = (event) => open(event.target.files);
addEventListener('dragover', (event) => {
  event.preventDefault();
  document.body.classList.add('over');
});
addEventListener('dragleave', (event) => {
  if (event.relatedTarget === null) document.body.classList.remove('over');
});
addEventListener('drop', (event) => {
  event.preventDefault();
  document.body.classList.remove('over');
  open(event.dataTransfer.files);
});
