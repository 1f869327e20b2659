/* The List view. Answers are fetched as they come; a click on a citation sends the server integers. */
const view = () => element.querySelector('.v-list');
const token = () => sessionStorage.getItem('verbatim');
let timer = null, moved = false;  // moved: somebody chose a button, and the keyboard goes on at the new heading
let asking = false;  // a list is being asked, as far as is known: that it is done is said once
let lost = false;  // the program did not answer when it was asked last
let file = '', first = '';  // the name of the file that the questions were read from, and its first line

const line1 = (box) => box.value.trim().split('\n')[0];

function say(text) { const line = document.querySelector('#v-said'); if (line) line.textContent = text; }

function tell(it) {
  const said = it.querySelector('.v-list-said');
  if (it.dataset.running === '1') asking = true;
  else if (asking && said) { asking = false; say(said.textContent); }
}

function warn(text) {
  let line = element.querySelector('.v-list-problem');
  if (!line) {
    line = document.createElement('p');
    line.className = 'v-warning v-list-problem';
    line.setAttribute('role', 'status');
    element.querySelector('.v-list-title').after(line);
  }
  line.hidden = !text;
  line.textContent = text;
}

async function download(form) {
  const got = await server.file({token: token(), form}).catch(() => ({problem: 'The table could not be fetched.'}));
  if (!got.data) return warn(got.problem);
  const bytes = Uint8Array.from(atob(got.data), (sign) => sign.charCodeAt(0)), link = document.createElement('a');
  link.href = URL.createObjectURL(new Blob([bytes], {type: 'application/octet-stream'}));
  link.download = got.name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
}

function act(button) {
  if (button.dataset.act === 'clear' && !sure(button, 'Really forget this list?')) return;
  moved = asking = true;
  trigger('act', {act: button.dataset.act});
}

element.addEventListener('click', (event) => {
  const button = event.target.closest('button');
  if (!button) return;
  const {turn, number, form} = button.dataset;
  if (button.dataset.act) return act(button);
  if (form) return download(form);
  if (turn === undefined) return;
  document.body.dataset.wanted = `${turn} ${number}`;
  trigger('cite', {turn: Number(turn), number: Number(number)});
});

element.addEventListener('input', (event) => {
  if (event.target.matches('.v-list-text') && line1(event.target) !== first) file = '';  // other questions than the file's
});

element.addEventListener('submit', (event) => {
  event.preventDefault();
  moved = asking = true;
  trigger('begin', {text: element.querySelector('.v-list-text').value, name: file});
});

element.addEventListener('change', async (event) => {
  if (event.target.matches('.v-show')) view().dataset.show = event.target.value;
  if (event.target.type !== 'file' || !event.target.files.length) return;
  const given = event.target.files[0], reader = new FileReader();
  const data = await new Promise((done) => { reader.onload = () => done(reader.result.split(',')[1] || ''); reader.readAsDataURL(given); });
  const got = await server.read({name: given.name, data}).catch(() => ({problem: `${given.name} could not be sent`}));
  const box = element.querySelector('.v-list-text');
  if (got.text !== undefined && box) { box.value = got.text; file = given.name; first = line1(box); box.focus(); }
  warn(got.problem || '');
});

function patch(it, got) {
  const body = it.querySelector('tbody'), here = document.activeElement;
  for (const [number, html] of got.rows) {
    const row = body.rows[number], kept = row.contains(here) ? here.dataset.number : undefined;
    row.outerHTML = html;
    const again = kept !== undefined && body.rows[number].querySelector(`[data-number="${kept}"]`);
    if (again) again.focus();
  }
  const head = it.querySelector('.v-list-head');
  if (it.head !== got.head) {
    const inside = head.contains(here), chosen = inside && here.dataset.act;
    head.innerHTML = it.head = got.head;
    if (inside) (chosen && head.querySelector(`[data-act="${chosen}"]`) || head.querySelector('h2')).focus();
  }
  mark();
  it.dataset.version = got.version;
  it.dataset.running = Number(got.running);
  tell(it);
}

function mark() {  // the open citation, which drawing its row anew has unmarked
  const pane = document.querySelector('.v-source');
  if (!pane) return;
  for (const cite of element.querySelectorAll('.v-cite')) {
    if (cite.dataset.turn === pane.dataset.turn && cite.dataset.number === pane.dataset.number) cite.setAttribute('aria-current', 'true');
  }
}

async function follow() {
  timer = null;
  const it = view();
  if (!it || it.dataset.running !== '1') return;
  const {id, version} = it.dataset;
  const got = await server.rows({token: token(), id, since: Number(version)}).catch(() => null);
  if (view() !== it || it.dataset.id !== id || it.dataset.version !== version) {  // drawn anew meanwhile: gradio changes what stands there
    if (!timer) timer = setTimeout(follow, 300);
    return;
  }
  if (lost !== !got) warn(got ? '' : 'The program does not answer; it is tried again every three seconds.');
  lost = !got;
  if (got && got.other) return trigger('show');
  if (got) patch(it, got);
  if (got && !got.running) return;
  timer = setTimeout(follow, got ? 700 : 3000);
}

document.addEventListener('click', (event) => {
  if (event.target.closest('button[data-view=list]') && !element.querySelector('.v-list-text')) trigger('show');
});

watch('value', () => {
  const it = view();
  if (!it) return;
  it.head = '';  // as drawn now, which may be as it was some time ago
  if (!it.querySelector('.v-list-text')) file = '';
  const warning = it.querySelector('.v-warning[role=status]');
  if (moved) (it.querySelector(warning ? '.v-list-text' : '.v-list-title') || it.querySelector('.v-list-title')).focus();
  moved = false;
  mark();
  tell(it);
  if (!timer) timer = setTimeout(follow, 300);
});
