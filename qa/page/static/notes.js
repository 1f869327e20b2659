/* Notes in the source pane; goes on from source.js. Only offsets and what a person typed are sent. */
const form = () => element.querySelector('.v-note-form');
let noteOn = null;  // the selected words that the open form is about; null: the whole document

function writeNote() {
  noteOn = selected;
  const words = noteOn ? document.getSelection().toString() : '';
  form().querySelector('.v-note-on').textContent = noteOn ? `On "${words.length > 200 ? words.slice(0, 197) + '...' : words}"` : 'On the whole document';
  warn('');
  form().hidden = false;
  form().querySelector('textarea').focus();
}

function warn(problem) {
  const line = form().querySelector('.v-warning');
  line.textContent = problem;
  line.hidden = !problem;
}

function closeForm() {
  for (const field of form().querySelectorAll('textarea, input')) field.value = '';
  form().hidden = true;
  element.querySelector('.v-write').focus();
}

async function changeNotes(what) {
  const box = text(), parts = [...box.querySelectorAll('.v-part')], asked = shown();
  const got = await server.changed({...place(), ...what, parts: parts.map((part) => [Number(part.dataset.start), Number(part.dataset.end)])});
  if (text() !== box || shown() !== asked) return null;
  if (got.problem) return got;
  const top = box.scrollTop, before = ids();
  parts.forEach((part, number) => { if (got.parts[number] && part.isConnected) part.outerHTML = got.parts[number]; });
  box.scrollTop = top;
  const list = element.querySelector('.v-notes-place');
  list.innerHTML = got.html;
  if (list.firstChild) list.firstChild.open = true;
  element.querySelector('.v-note-said').textContent = got.said;
  return {...got, added: ids().find((id) => !before.includes(id))};
}

function ids() {
  return [...element.querySelectorAll('[data-note]')].map((item) => item.dataset.note);
}

async function saveNote() {
  const got = await changeNotes({...noteOn, text: form().querySelector('textarea').value, tags: form().querySelector('input').value});
  if (got && got.problem) return warn(got.problem);
  if (got) { closeForm(); toNote(element.querySelector(`[data-note="${got.added}"]`)); }
}

async function dropNote(button) {
  if (!sure(button, 'Really remove?')) return;
  const got = await changeNotes({drop: button.dataset.drop});
  if (got && got.problem) element.querySelector('.v-note-said').textContent = got.problem;
  if (got) element.querySelector('.v-write').focus();
}

function toNote(item) {
  if (!item) return;
  item.closest('details').open = true;
  item.focus({preventScroll: true});
  item.scrollIntoView({block: 'nearest'});
}

function openNote(item) {
  const {note, start, end} = item.dataset;
  const piece = [...element.querySelectorAll('.v-noted')].find((it) => Number(it.dataset.o) >= Number(start) && Number(it.dataset.o) < Number(end));
  if (piece) return show(piece, .33);
  document.body.dataset.wanted = '';
  trigger('note', {note});
}

element.addEventListener('mousedown', (event) => {
  if (event.target.closest('.v-write')) event.preventDefault();  // else the selection is gone before the click
});

element.addEventListener('click', (event) => {
  const button = event.target.closest('button'), piece = event.target.closest('.v-noted');
  if (piece && document.getSelection().isCollapsed) {
    const at = Number(piece.dataset.o);
    return toNote([...element.querySelectorAll('[data-note]')].find((it) => Number(it.dataset.start) <= at && at < Number(it.dataset.end)));
  }
  if (!button) return;
  if (button.matches('.v-write')) return writeNote();
  if (button.matches('.v-note-save')) return saveNote();
  if (button.matches('.v-note-cancel')) return closeForm();
  if (button.matches('.v-note-open')) return openNote(button.closest('[data-note]'));
  if (button.dataset.drop) return dropNote(button);
});

element.addEventListener('keydown', (event) => {
  if (!event.target.closest('.v-note-form')) return;
  const send = event.key === 'Enter' && (event.ctrlKey || event.metaKey || event.target.matches('input'));
  if (send || event.key === 'Escape') event.preventDefault();
  if (send) saveNote();
  if (event.key === 'Escape') closeForm();
});
