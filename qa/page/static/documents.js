/* The drawer with the documents. */
const drawer = () => element.querySelector('.v-drawer');
let was = false, timer = null, shut = false;  // shut: a list that arrives after closing does not open it again
let said = '';  // which files could not be sent; kept until the drawer is closed or other files are sent

function close() {
  shut = true;
  said = '';
  trigger('shut');
}

document.addEventListener('click', (event) => { if (event.target.closest('#v-documents')) shut = false; }, true);

element.addEventListener('click', (event) => {
  const button = event.target.closest('button');
  if (!button) return;
  if (button.matches('.v-close')) return close();
  if (button.matches('.v-all')) return trigger('restrict', {});
  if (button.matches('.v-again')) return trigger('again', {said});
  if (button.dataset.include) return trigger('include', {document: JSON.parse(button.dataset.include)});
  if (button.dataset.remove && sure(button, 'Really remove?')) trigger('remove', {document: JSON.parse(button.dataset.remove)});
});

element.addEventListener('change', async (event) => {
  if (event.target.type !== 'file') return;
  const problems = [];
  for (const file of event.target.files) {
    const answer = await fetch('/upload?name=' + encodeURIComponent(file.name), {method: 'POST', body: file}).catch(() => null);
    if (!answer || !answer.ok) problems.push(answer ? await answer.text() : `${file.name} could not be sent`);
  }
  said = problems.join(' ');
  trigger('again', {said});
});

document.addEventListener('keydown', (event) => {
  if (event.key !== 'Escape' || !drawer()) return;
  event.preventDefault();
  close();
}, true);

element.addEventListener('submit', (event) => {
  event.preventDefault();
  const form = event.target, boxes = [...form.querySelectorAll('[name=document]')], chosen = boxes.filter((box) => box.checked);
  trigger('restrict', {
    language: form.language.value, since: form.since.value, until: form.until.value,
    documents: chosen.length === boxes.length ? null : chosen.map((box) => JSON.parse(box.value)),
  });
});

async function follow() {
  timer = null;
  const place = element.querySelector('.v-job-place');
  if (!place || !place.querySelector('[data-running]')) return;
  const job = await server.job({});
  if (!drawer()) return;
  if (!job.running) return trigger('list', {said});
  if (element.querySelector('.v-job-place') === place) place.innerHTML = job.html;
  timer = setTimeout(follow, 500);
}

watch('value', () => {
  const now = drawer();
  if (now && shut) return trigger('shut');
  if (now && !was) now.querySelector('h2').focus();
  if (!now && was) { const button = document.querySelector('#v-documents'); if (button) button.focus(); }
  was = Boolean(now);
  if (now && !timer) timer = setTimeout(follow, 300);
});
