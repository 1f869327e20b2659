/* A file that the server made of a conversation: the browser saves it where it saves downloads. */
watch('value', () => {
  const made = element.querySelector('[data-text]');
  if (!made) return;
  const link = document.createElement('a');
  link.href = URL.createObjectURL(new Blob([made.dataset.text], {type: 'application/octet-stream'}));
  link.download = made.dataset.name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
  made.remove();
});
