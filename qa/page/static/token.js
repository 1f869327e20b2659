/* The token under which a tab's conversation is kept; a new tab goes on with a copy of the last one. */
() => {
  const known = sessionStorage.getItem('verbatim'), last = known || localStorage.getItem('verbatim') || '';
  const hex = (byte) => byte.toString(16).padStart(2, '0');
  const token = known || [...crypto.getRandomValues(new Uint8Array(16))].map(hex).join('');
  sessionStorage.setItem('verbatim', token);
  localStorage.setItem('verbatim', token);
  return [token, last];
}
