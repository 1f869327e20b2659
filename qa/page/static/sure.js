/* A button that destroys something is to be chosen twice; going elsewhere in between takes the first time back. */
function sure(button, question) {
  if (button.dataset.sure) return true;
  const label = button.textContent;
  // Drawn anew, the same button may stand for something else: it is then no longer asked about.
  const back = () => { if (button.dataset.sure) { delete button.dataset.sure; button.textContent = label; } };
  button.dataset.sure = '1';
  button.textContent = question;
  for (const leaving of ['blur', 'mouseleave']) button.addEventListener(leaving, back, {once: true});
  return false;
}
