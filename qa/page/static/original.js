/* The original page of a PDF: asked for once its text is shown, and scrolled to what is marked on it. */
{
  let folded = false;  // whether the picture was last folded away

  async function draw(sheet) {
    const asked = shown();  // the element may be used again for the next document
    if (sheet.dataset.asked === asked) return;
    sheet.dataset.asked = asked;
    const got = await server.original(place()).catch(() => ({problem: 'The page could not be asked for.'}));
    if (!sheet.isConnected || shown() !== asked) return;
    if (got.html) sheet.innerHTML = got.html;
    else sheet.querySelector('p').textContent = got.problem;
    for (const image of sheet.querySelectorAll('img')) await image.decode().catch(() => {});
    const mark = ['quote', 'sentence', 'passage'].map((kind) => sheet.querySelector(`.v-on-${kind}`)).find(Boolean);
    if (!mark) return;
    const a = sheet.getBoundingClientRect(), b = mark.getBoundingClientRect();
    sheet.scrollTop += b.top - a.top - sheet.clientHeight * .4;
    sheet.scrollLeft += Math.min(b.left - a.left - 24, b.right - a.right + 24);
  }

  element.addEventListener('toggle', (event) => {
    if (!event.target.matches('.v-original')) return;
    folded = !event.target.open;
    if (event.target.open) draw(event.target.querySelector('.v-sheet'));
  }, true);

  watch('value', () => {
    const original = element.querySelector('.v-original');
    if (!original) return;
    original.open = !folded;
    if (original.open) draw(original.querySelector('.v-sheet'));
  });
}
