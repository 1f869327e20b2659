/* The source pane: reading on in a large document, finding in it, saying which words are the answer. */
const NEAR = 500, MOST = 6;  // pixels from an end at which more is fetched; parts kept in the page
const narrow = () => window.matchMedia('(max-width: 899px)').matches;
const text = () => element.querySelector('.v-text');
const shown = () => text() && text().dataset.place;  // by which a late reply is told from one for what is shown
const place = () => JSON.parse(shown());
let busy = false, selected = null;

function show(it, share) {
  const box = text(), a = box.getBoundingClientRect(), b = it.getBoundingClientRect();
  box.scrollTop += b.top - a.top - box.clientHeight * share;
}

async function more(edge) {
  const box = text();
  if (!box || busy) return;
  const parts = box.querySelectorAll('.v-part'), first = parts[0], last = parts[parts.length - 1];
  const asked = shown();
  busy = true;
  try {
    const at = Number(edge === 'before' ? first.dataset.start : last.dataset.end);
    const got = await server.read({...place(), edge, at});
    if (text() !== box || shown() !== asked || !got.html) return;
    const height = box.scrollHeight;
    if (edge === 'before') {
      first.insertAdjacentHTML('beforebegin', got.html);
      box.scrollTop += box.scrollHeight - height;
    } else last.insertAdjacentHTML('afterend', got.html);
    trim(box, edge);
    edges(box, got.length);
  } finally { busy = false; }
}

function trim(box, edge) {
  const parts = box.querySelectorAll('.v-part');
  if (parts.length <= MOST) return;
  const height = box.scrollHeight;
  (edge === 'before' ? parts[parts.length - 1] : parts[0]).remove();
  if (edge === 'after') box.scrollTop -= height - box.scrollHeight;
}

function edges(box, length) {
  const parts = box.querySelectorAll('.v-part');
  box.querySelector('[data-edge=before]').hidden = Number(parts[0].dataset.start) === 0;
  box.querySelector('[data-edge=after]').hidden = Number(parts[parts.length - 1].dataset.end) >= length;
}

async function find(back) {
  const box = text(), query = element.querySelector('.v-query'), count = element.querySelector('.v-found-count');
  const last = box.querySelector('.v-found-now'), from = last ? Number(last.dataset.o) + (back ? 0 : 1) : topmost(box);
  if (!query.value.trim()) { count.textContent = ''; return; }
  const asked = shown();
  const got = await server.find({...place(), query: query.value, at: from, back: Number(back)});
  if (text() !== box || shown() !== asked) return;
  count.textContent = got.count ? `${got.number} of ${got.count}${got.more ? '+' : ''}` : got.problem || 'not found';
  if (!got.html) return;
  for (const part of box.querySelectorAll('.v-part')) part.remove();
  box.querySelector('[data-edge=before]').insertAdjacentHTML('afterend', got.html);
  edges(box, got.length);
  show(box.querySelector('.v-found-now'), .35);
}

function step(turn, number) {
  document.body.dataset.wanted = `${turn} ${number}`;
  trigger('step', {turn: Number(turn), number: Number(number)});
}

function topmost(box) {
  const top = box.getBoundingClientRect().top;
  for (const piece of box.querySelectorAll('[data-o]'))
    if (piece.getBoundingClientRect().bottom > top) return Number(piece.dataset.o);
  return 0;
}

function selection() {
  const box = text(), chosen = document.getSelection();
  if (!box || !chosen.rangeCount || chosen.isCollapsed) return null;
  const range = chosen.getRangeAt(0);
  if (!box.contains(range.startContainer) || !box.contains(range.endContainer)) return null;
  const pieces = [...box.querySelectorAll('[data-o]')].filter((piece) => range.intersectsNode(piece));
  if (!pieces.length) return null;
  const upTo = (piece, node, offset, otherwise) => {
    const part = document.createRange();
    part.selectNodeContents(piece);
    if (!piece.contains(node)) return [piece.dataset.o, otherwise(part)].map(Number);
    part.setEnd(node, offset);
    return [piece.dataset.o, [...part.toString()].length].map(Number);
  };
  const [a, b] = [pieces[0], pieces[pieces.length - 1]];
  return {
    start: upTo(a, range.startContainer, range.startOffset, () => 0),
    end: upTo(b, range.endContainer, range.endOffset, (part) => [...part.toString()].length),
  };
}

document.addEventListener('selectionchange', () => {
  const button = element.querySelector('.v-teach'), here = document.activeElement;
  selected = selection() || (here && here.matches('.v-teach, .v-write') ? selected : null);
  if (button) button.disabled = !selected;
});

element.addEventListener('mousedown', (event) => {
  if (event.target.closest('.v-teach')) event.preventDefault();  // else the selection is gone before the click
});

element.addEventListener('click', (event) => {
  const button = event.target.closest('button');
  if (!button) return;
  if (button.dataset.edge) return more(button.dataset.edge);
  if (button.matches('.v-step')) return step(button.dataset.turn, button.dataset.number);
  if (button.matches('.v-teach') && selected) {
    return trigger('teach', {...place(), ...selected, turn: Number(element.querySelector('.v-source').dataset.turn)});
  }
  const from = document.querySelector('.v-cite[aria-current]');
  if (button.matches('.v-back') && from) { from.scrollIntoView({block: 'center'}); from.focus({preventScroll: true}); }
});

element.addEventListener('submit', (event) => { event.preventDefault(); find(false); });
element.addEventListener('keydown', (event) => {
  if (!event.target.matches('.v-query')) return;
  if (event.key === 'Enter') { event.preventDefault(); find(event.shiftKey); }
  if (event.key === 'Escape' && event.target.value) { event.target.value = ''; event.preventDefault(); find(false); }
});

element.addEventListener('scroll', (event) => {
  const box = text();
  if (event.target !== box || busy) return;
  if (box.scrollTop < NEAR && !box.querySelector('[data-edge=before]').hidden) more('before');
  else if (box.scrollHeight - box.scrollTop - box.clientHeight < NEAR && !box.querySelector('[data-edge=after]').hidden) more('after');
}, true);

watch('value', () => {
  const pane = element.querySelector('.v-source'), box = text();
  selected = null;
  if (pane) {  // the open citation is marked in the conversation
    const {turn, number, clicked} = pane.dataset, wanted = document.body.dataset.wanted;
    if (clicked && wanted && wanted !== `${turn} ${number}`) return step(...wanted.split(' '));  // replies overtook each other
    for (const cite of document.querySelectorAll('.v-cite')) {
      const here = cite.dataset.turn === turn && cite.dataset.number === number;
      here ? cite.setAttribute('aria-current', 'true') : cite.removeAttribute('aria-current');
    }
  }
  const here = box && (box.querySelector('.v-mark') || box.querySelector('.v-passage'));
  if (here) show(here, .33);
  if (pane && pane.dataset.clicked && narrow()) pane.scrollIntoView({block: 'start'});
});
