// Make one tree of the page like another and touch nothing else, so that focus, scroll, open parts and selection stay.

/** What identifies an element among its siblings. @param {Node} node */
const key = (node) => node instanceof Element ? node.id || node.getAttribute("data-key") || "" : "";

/** @param {Node} a @param {Node} b */
const alike = (a, b) => a.nodeType === b.nodeType && a.nodeName === b.nodeName && key(a) === key(b);

/**
 * Make `old` like `fresh`. An element with `data-keep` is left as the viewer has it.
 * @param {Element} old @param {Element} fresh
 */
export function morph(old, fresh) {
  if (old.isEqualNode(fresh) || old.hasAttribute("data-keep")) return;
  sameAttributes(old, fresh);
  /** @type {Map<string, Node>} */
  const keyed = new Map();
  for (const child of old.childNodes) if (key(child)) keyed.set(key(child), child);
  let place = old.firstChild;
  for (const wanted of [...fresh.childNodes]) {
    let found = key(wanted) ? keyed.get(key(wanted)) ?? null : place;
    if (found && !alike(found, wanted)) found = null;
    if (!found) {
      const added = document.importNode(wanted, true);
      old.insertBefore(added, place);
      if (added instanceof HTMLElement && old.hasAttribute("data-flash")) added.classList.add("flash");
      continue;
    }
    if (found === place) place = place.nextSibling;
    else old.insertBefore(found, place);
    if (found instanceof Element) morph(found, /** @type {Element} */ (wanted));
    else if (found.nodeValue !== wanted.nodeValue) found.nodeValue = wanted.nodeValue;
  }
  while (place) {
    const next = place.nextSibling;
    place.remove();
    place = next;
  }
}

/** @param {Element} old @param {Element} fresh */
function sameAttributes(old, fresh) {
  for (const { name } of [...old.attributes]) {
    if (!fresh.hasAttribute(name) && !(name === "open" || name === "tabindex" || name === "aria-selected")) old.removeAttribute(name);
  }
  for (const { name, value } of [...fresh.attributes]) {
    if (name !== "tabindex" && old.getAttribute(name) !== value) old.setAttribute(name, value);
  }
}
