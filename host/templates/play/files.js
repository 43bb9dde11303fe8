// Files that are opened, or dropped on the page.

async function open(files) {
  await started;
  for (const file of files) {
    if (file.size > LONGEST) tell(`${file.name} is too long for a model: ${file.size} bytes`);
    else add(file.name, new Uint8Array(await file.arrayBuffer()));
  }
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
