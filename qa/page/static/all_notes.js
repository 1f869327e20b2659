/* The notes of all documents in the drawer; goes on from documents.js. */
const filter = () => ({words: element.querySelector('.v-notes-words').value, tag: element.querySelector('.v-notes-tag').value});

async function listNotes(more) {
  const place = element.querySelector('.v-notes-place'), wanted = filter();
  const got = await server.notes({...wanted, ...more});
  const now = element.querySelector('.v-notes-place') === place && filter();
  if (now && now.words === wanted.words && now.tag === wanted.tag) place.innerHTML = got.html;
}

element.addEventListener('input', (event) => {
  if (event.target.matches('.v-notes-words, .v-notes-tag')) listNotes({});
});

element.addEventListener('click', (event) => {
  const button = event.target.closest('button');
  if (!button) return;
  if (button.matches('.v-notes-keep')) return trigger('keep', filter());
  if (button.matches('.v-note-open')) {
    shut = true;
    document.body.dataset.wanted = '';
    return trigger('note', {note: button.closest('[data-note]').dataset.note});
  }
  if (button.dataset.drop && sure(button, 'Really remove?')) listNotes({drop: button.dataset.drop});
});
