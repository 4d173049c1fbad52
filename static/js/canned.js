// `/` calls up canned replies; the server fills in who is written to and who writes.
import { putInto, Suggesting } from "./suggesting.js";

const FRESH = 30_000;
const MOST = 8;
const BLANK = /\{\{\s*[\w.]+\s*\}\}/;
let known = { at: -FRESH, results: [] };
const plain = (text) => text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();
const get = async (url) => {
  const response = await fetch(url, { credentials: "same-origin" });
  if (!response.ok || response.redirected) throw new Error("refused");
  return response.json();
};

/** All there are: what the page has at once, renewed behind it when that is no longer fresh. */
async function list(url) {
  if (performance.now() - known.at < FRESH) return known.results;
  const asked = get(url).then(({ results }) => { known = { at: performance.now(), results }; });
  if (!known.results.length) await asked.catch(() => {});
  else asked.catch(() => {});
  return known.results;
}

/** Those whose shortcut begins so come first, then those that say it anywhere. */
function fitting(results, asked) {
  const wanted = plain(asked);
  const rank = ({ shortcut, title, line }) => (plain(shortcut).startsWith(wanted) ? 0 : plain(`${shortcut} ${title} ${line}`).includes(wanted) ? 1 : 2);
  return results.map((each) => [rank(each), each]).filter(([place]) => place < 2).sort(([a], [b]) => a - b).slice(0, MOST)
    .map(([, each]) => ({ ...each, name: `/${each.shortcut}`, about: each.title ? `${each.title} · ${each.line}` : each.line }));
}

export class Canned {
  constructor(composer, signal) {
    const offered = new Suggesting(composer, signal, {
      mode: "reply",
      template: "canned",
      pattern: /(?:^|\s)\/([^\s/]*)$/,
      find: async (asked) => fitting(await list(composer.dataset.cannedUrl), asked),
      take: (item, start, end) => this.#insert(composer, item, start, end),
    });
    const button = composer.querySelector("[data-canned-open]");
    button.hidden = false;
    button.addEventListener("click", () => {
      const { text } = composer;
      const before = text.value.slice(0, text.selectionStart);
      text.focus();
      if (!/(?:^|\s)\/$/.test(before)) putInto(composer, /(?:^|\s)$/.test(before) ? "/" : " /", text.selectionStart, text.selectionEnd);
      offered.look();
    }, { signal });
  }

  async #insert(composer, item, start, end) {
    let filled;
    try {
      filled = await get(composer.dataset.cannedFill.replace(/0\/$/, `${item.id}/`));
    } catch {
      return; // what was typed stands; it is asked again with the next key
    }
    putInto(composer, filled.text, start, end);
    if (!filled.unknown.length) return;
    // What nobody knows is the writer's to fill in: it is selected, so that typing replaces it.
    const blank = filled.text.match(BLANK);
    if (blank) composer.text.setSelectionRange(start + blank.index, start + blank.index + blank[0].length);
    composer.say("blank");
  }
}
