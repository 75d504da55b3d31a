import { pageMarks } from "../../core/page/marks.js";
import { mostText } from "../../core/page/seen.js";

/**
 * The function that looks. An element counts as seen if it takes up room in the window or below it. What covers the window
 * is found by asking, at points of a grid, what lies on top there, and which of its surroundings stays where it is when
 * the page is scrolled.
 */
const look = `(marks, mostText) => {
  const shown = (element) =>
    element.checkVisibility({ opacityProperty: true, visibilityProperty: true }) &&
    (element.offsetWidth * element.offsetHeight > 0 || element.getBoundingClientRect().width > 0);
  const all = (root, selector) => {
    try { return [...root.querySelectorAll(selector)]; } catch { return []; }
  };
  const anyShown = (root, selector) => {
    const found = all(root, selector);
    if (root !== document && root.closest(selector)) return true;
    return found.some((element) => shown(element) || [...element.children].some(shown) || element.shadowRoot);
  };
  const named = (root) => marks.filter(({ selector }) => anyShown(root, selector)).map(({ name }) => name);
  const passwords = (root) => all(root, "input[type=password]").filter(shown).length;
  const textOf = (element) => (element.innerText ?? "").replace(/\\s+/g, " ").trim();
  const above = (element) => element.parentElement ?? element.getRootNode().host ?? null;
  const isDialog = (element) =>
    element.matches("dialog[open], [aria-modal=true], [role=dialog], [role=alertdialog]");
  const coverAt = (x, y) => {
    let cover = null;
    for (let at = document.elementFromPoint(x, y); at && at !== document.documentElement; at = above(at)) {
      if (isDialog(at) || getComputedStyle(at).position === "fixed") cover = at;
    }
    return cover;
  };
  const counted = new Map();
  const points = 12;
  for (let row = 0; row < points; row += 1) {
    for (let column = 0; column < points; column += 1) {
      const cover = coverAt(((column + 0.5) * innerWidth) / points, ((row + 0.5) * innerHeight) / points);
      if (cover) counted.set(cover, (counted.get(cover) ?? 0) + 1);
    }
  }
  const describe = ([element, count]) => ({
    share: count / points ** 2,
    modal: isDialog(element) || all(element, "dialog[open], [aria-modal=true], [role=dialog], [role=alertdialog]").some(shown),
    text: textOf(element).slice(0, mostText),
    passwords: passwords(element),
    marks: named(element),
  });
  const covers = [...counted].map(describe).filter(({ share }) => share > 0);
  const total = covers.reduce((sum, { share }) => sum + share, 0);
  const whole = covers.sort((a, b) => b.text.length - a.text.length)[0];
  const text = document.body ? textOf(document.body) : "";
  return JSON.stringify({
    href: location.href,
    title: document.title,
    text: text.slice(0, mostText),
    textLength: text.length,
    passwords: passwords(document),
    marks: named(document),
    frames: all(document, "iframe, frame").filter(shown).map(({ src }) => src).slice(0, 100),
    cover: whole ? { ...whole, share: total, modal: covers.some(({ modal }) => modal), marks: covers.flatMap(({ marks }) => marks), passwords: Math.max(...covers.map(({ passwords }) => passwords)) } : null,
  });
}`;

/** Looks at the page and changes nothing: the facts of `SeenPage`, and where the page is. */
export const lookScript = `(${look})(${JSON.stringify(pageMarks)}, ${mostText})`;

/** Scrolls down by a window and waits until the page was drawn: where it is, how tall it is, how much is seen of it. */
export const scrollScript = `new Promise((resolve) => {
  scrollBy({ top: innerHeight, behavior: "instant" });
  const tell = () => resolve(JSON.stringify({ y: scrollY, height: document.documentElement.scrollHeight, seen: innerHeight }));
  const late = setTimeout(tell, 500);
  requestAnimationFrame(() => requestAnimationFrame(() => { clearTimeout(late); setTimeout(tell, 20); }));
})`;

/** Scrolls back to where the page began, and says the same. */
export const topScript = `(() => {
  scrollTo({ top: 0, behavior: "instant" });
  return "null";
})()`;
