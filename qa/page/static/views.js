/* Which view stands in the left column: the conversation or another one. */
function show(view) {
  document.body.dataset.view = view;
  for (const button of element.querySelectorAll('[data-view]')) button.setAttribute('aria-pressed', String(button.dataset.view === view));
}

element.addEventListener('click', (event) => {
  const button = event.target.closest('button[data-view]');
  if (button) show(button.dataset.view);
});

document.addEventListener('click', (event) => { if (event.target.closest('#v-new')) show('chat'); });
show('chat');
