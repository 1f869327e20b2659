/* The conversation. A click sends the server integers and nothing else. */
const narrow = () => window.matchMedia('(max-width: 899px)').matches;
const open = new Set();  // keys of the details a person has opened: drawing the chat anew would close them

element.addEventListener('click', (event) => {
  const button = event.target.closest('button');
  if (!button || !element.contains(button)) return;
  const {turn, number, example, judge, copy, alone} = button.dataset;
  if (example !== undefined) return trigger('example', {example: Number(example)});
  if (copy !== undefined) return copied(button, copy);
  if (alone !== undefined) return trigger('alone', {turn: Number(turn), alone: Number(alone)});
  if (judge !== undefined) return trigger('judge', {turn: Number(turn), number: Number(number), right: Number(judge === 'right')});
  if (turn === undefined) return;
  document.body.dataset.wanted = `${turn} ${number}`;
  trigger('cite', {turn: Number(turn), number: Number(number)});
});

element.addEventListener('toggle', (event) => {
  const key = event.target.dataset.key;
  if (key !== undefined) event.target.open ? open.add(key) : open.delete(key);
}, true);

async function copied(button, text) {
  try {
    await navigator.clipboard.writeText(text);
  } catch {  // no clipboard without a secure connection
    const box = document.createElement('textarea');
    box.value = text;
    document.body.append(box);
    box.select();
    document.execCommand('copy');
    box.remove();
    button.focus();
  }
  button.textContent = 'Copied';
  setTimeout(() => { if (button.textContent === 'Copied') button.textContent = 'Copy'; }, 1500);  // not if drawn anew
}

let said = '';  // what was last said of this conversation

function say(list, last) {  // the line for screen readers, which other views write to as well
  const line = document.querySelector('#v-said'), busy = last && last.querySelector('.v-busy');
  if (!line) return;
  let now = '';
  if (busy) now = busy.textContent;
  else if (last && list.dataset.answered) {
    const found = last.querySelectorAll('.v-quote blockquote');
    const none = last.querySelector('.v-none, .v-warning');
    now = found.length ? `${found.length} found. ${found[0].textContent}` : none ? none.textContent : '';
  }
  if (now === said) return;  // drawn again, nothing new: what another view has said since stays
  line.textContent = said = now;
}

let shown = 0;
watch('value', () => {
  const list = element.querySelector('.v-log');
  if (!list) return;
  for (const more of list.querySelectorAll('details[data-key]')) if (open.has(more.dataset.key)) more.open = true;
  const turns = list.querySelectorAll('.v-turn'), last = turns[turns.length - 1];
  const moved = list.dataset.last !== undefined && turns.length !== shown;
  shown = turns.length;
  say(list, last);
  if (!last || !(moved || last.querySelector('.v-busy') || list.dataset.answered)) return;
  if (narrow()) last.scrollIntoView({block: 'start'});
  else list.scrollTop = last.offsetTop - 8;
});

document.addEventListener('keydown', (event) => {
  const box = document.querySelector('#v-question textarea'), here = document.activeElement;
  const typing = here && (here.matches('input, textarea, select') || here.isContentEditable);
  if (event.key === '/' && !typing && !event.ctrlKey && !event.metaKey && !event.altKey && box) {
    event.preventDefault();
    box.focus();
  }
  if (event.key === 'Escape' && box && !event.defaultPrevented) box.focus();
});
