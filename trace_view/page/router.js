// The page's addresses: each has a view, and the browser's back and forward work.

let visit = () => {};

/** Go to an address of this page without loading it anew; with `instead`, back does not lead here. */
export function go(address, { instead = false } = {}) {
  if (instead) history.replaceState(history.state, "", address);
  else history.pushState({ within: true }, "", address);
  visit(new URL(location.href));
}

/** The address before this one, if it was of this page; the list otherwise. */
export function back() {
  if (history.state?.within) history.back();
  else go("/");
}

/** Call `visitor` with the address now, and whenever it changes. */
export function start(visitor) {
  visit = visitor;
  window.addEventListener("popstate", () => visit(new URL(location.href)));
  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[href^='/']");
    if (!link || event.defaultPrevented || event.button || event.ctrlKey || event.metaKey || event.shiftKey)
      return;
    if (link.pathname.startsWith("/api/")) return;
    event.preventDefault();
    go(link.href);
  });
  visit(new URL(location.href));
}
