/* The token under which a tab's conversation is kept; a new tab goes on with a copy of the last one.

A duplicated tab comes with the token of the tab that it was made from. A tab holds a lock while it is open, so that the
duplicate learns that the token is taken, and takes one of its own. A page that is being reloaded gives its lock back.
*/
async () => {
  const hold = (token) => new Promise((done) => {
    if (!navigator.locks) return done(true);
    navigator.locks.request(`verbatim ${token}`, { signal: AbortSignal.timeout(1500) }, () => {
      done(true);
      return new Promise(() => {});
    }).catch(() => done(false));
  });
  const known = sessionStorage.getItem('verbatim'), last = known || localStorage.getItem('verbatim') || '';
  const hex = (byte) => byte.toString(16).padStart(2, '0');
  const made = () => [...crypto.getRandomValues(new Uint8Array(16))].map(hex).join('');
  const token = known && await hold(known) ? known : made();
  if (token !== known) await hold(token);
  sessionStorage.setItem('verbatim', token);
  localStorage.setItem('verbatim', token);
  return [token, last];
}
