/* The menu of forms in which a conversation can be kept. */
const menu = () => element.querySelector('.v-keep');

element.addEventListener('click', (event) => {
  const button = event.target.closest('[data-form]');
  if (!button) return;
  menu().open = false;
  menu().querySelector('summary').focus();
  trigger('keep', {form: button.dataset.form});
});

document.addEventListener('click', (event) => { if (menu() && !menu().contains(event.target)) menu().open = false; });
element.addEventListener('keydown', (event) => {
  if (event.key !== 'Escape' || !menu().open) return;
  event.preventDefault();
  event.stopPropagation();
  menu().open = false;
  menu().querySelector('summary').focus();
});
