// The first page of a desk that a person opens in a browser: one key a window. The token that stands
// in the address goes on to the window that is chosen; this page does not use it up.
const links = [...document.querySelectorAll<HTMLAnchorElement>('a[data-key]')];
for (const link of links) link.hash = window.location.hash;
links[0]?.focus();

window.addEventListener('keydown', ({ key, ctrlKey, altKey, metaKey }) => {
  if (ctrlKey || altKey || metaKey) return;
  links.find(({ dataset }) => dataset['key'] === key)?.click();
});
