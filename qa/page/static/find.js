/* The Find view. Of what was found a click sends the server integers; values that narrow travel as JSON. */
const view = () => element.querySelector('.v-finds');
const box = () => element.querySelector('.v-finds-words');
const token = () => sessionStorage.getItem('verbatim');
const only = () => JSON.parse(view().dataset.only);
let goal = '';  // where the keyboard goes on once the view is drawn anew
let last = null;  // what was asked for before passages like one of its
let asked = '';  // the words that the result is for

function say(text) { const line = document.querySelector('#v-said'); if (line) line.textContent = text; }

function find(narrowed, then) {
  goal = then;
  last = {
    words: box().value, exact: element.querySelector('.v-finds-exact').checked,
    sort: element.querySelector('.v-finds-sort').value, only: narrowed,
  };
  trigger('find', last);
}

async function more(button) {
  const it = view(), turn = it.dataset.turn, list = it.querySelector('.v-mentions'), before = list.children.length;
  button.disabled = true;
  const got = await server.more({token: token(), turn: Number(turn)}).catch(() => ({problem: 'The passages could not be fetched.'}));
  if (it.dataset.turn !== turn) return;  // something else is found by now
  if (got.other) return find(only(), 'result');  // the page was restarted
  button.disabled = false;
  if (got.problem) return warn(button, got.problem);
  list.insertAdjacentHTML('beforeend', got.html);
  const place = it.querySelector('.v-finds-more');
  place.outerHTML = got.below;
  mark();
  const next = list.children[before];
  if (next) next.querySelector('.v-cite').focus();
  say(`${list.children.length} are shown`);
}

function warn(button, text) {
  let line = button.parentNode.querySelector('.v-warning');
  if (!line) {
    line = document.createElement('span');
    line.className = 'v-warning';
    line.setAttribute('role', 'status');
    button.after(line);
  }
  line.textContent = text;
}

async function table(button) {
  const at = `/found?token=${encodeURIComponent(token())}&turn=${Number(view().dataset.turn)}`;
  button.disabled = true;
  const got = await fetch(at).catch(() => null), whole = got && got.ok ? await got.blob().catch(() => null) : null;
  button.disabled = false;
  if (!whole) return warn(button, got && !got.ok ? await got.text() : 'The table could not be fetched.');
  const link = document.createElement('a');
  link.href = URL.createObjectURL(whole);
  link.download = 'found.csv';
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
}

function mark() {  // the open passage, which drawing the list anew has unmarked
  const pane = document.querySelector('.v-source');
  if (!pane) return;
  for (const cite of element.querySelectorAll('.v-cite')) {
    if (cite.dataset.turn === pane.dataset.turn && cite.dataset.number === pane.dataset.number) cite.setAttribute('aria-current', 'true');
  }
}

element.addEventListener('click', (event) => {
  const button = event.target.closest('button');
  if (!button) return;
  const {turn, number, narrow, wider} = button.dataset;
  if (narrow) { const [facet, value] = JSON.parse(narrow); return find({...only(), [facet]: value}, 'result'); }
  if (wider) { const left = only(); delete left[wider]; return find(left, 'result'); }
  if (button.dataset.back) { goal = 'result'; return trigger('find', last); }
  if (button.dataset.more) return more(button);
  if (button.dataset.table) return table(button);
  if (turn === undefined) return;
  document.body.dataset.wanted = `${turn} ${number}`;
  trigger('cite', {turn: Number(turn), number: Number(number)});
});

element.addEventListener('submit', (event) => {
  event.preventDefault();
  find(box().value === asked ? only() : {}, 'words');  // other words are looked for everywhere
});

element.addEventListener('change', (event) => {
  if (!event.target.matches('.v-finds-exact, .v-finds-sort') || !asked) return;
  find(only(), event.target.matches('.v-finds-exact') ? 'exact' : 'sort');
});

document.addEventListener('click', (event) => {
  const like = event.target.closest('[data-like]');
  if (like) {
    goal = 'result';
    document.querySelector('button[data-view=find]').click();
    trigger('like', JSON.parse(like.dataset.like));
  } else if (event.target.closest('button[data-view=find]') && event.isTrusted) setTimeout(() => box().focus());
});

document.addEventListener('keydown', (event) => {
  const here = document.activeElement, typing = here && (here.matches('input, textarea, select') || here.isContentEditable);
  if (event.key !== '/' || typing || document.body.dataset.view !== 'find' || event.ctrlKey || event.metaKey || event.altKey) return;
  event.preventDefault();
  box().focus();
});

watch('value', () => {
  const it = view();
  if (!it) return;
  // gradio patches the form that stands there, and what somebody has chosen in it does not follow its attributes
  const exact = it.querySelector('.v-finds-exact'), sort = it.querySelector('.v-finds-sort');
  exact.checked = exact.hasAttribute('checked');
  sort.value = sort.querySelector('[selected]').value;
  asked = it.dataset.turn === '-1' ? '' : box().getAttribute('value');
  const title = it.querySelector('.v-finds-title'), warning = it.querySelector('.v-warning[role=status]');
  const at = {result: title, exact, sort}[goal] || box();
  if (goal) { at.focus(); say((warning || title || {textContent: ''}).textContent); }
  if (goal === 'words') box().setSelectionRange(box().value.length, box().value.length);
  goal = '';
  const back = it.querySelector('[data-back]');
  if (back) back.hidden = !last || !last.words;
  mark();
});
