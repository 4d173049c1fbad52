// How well what is typed fits a name: whole words before parts of them, parts before single letters.
const plain = (letter) => letter.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase()[0] ?? "";
const isStart = (letters, place) => place === 0 || /[^\p{L}\p{N}]/u.test(letters[place - 1]);
const upTo = (from, length) => Array.from({ length }, (_, step) => from + step);

/** Where `word` stands in one piece, at the beginning of a word if anywhere. */
function whole(word, letters) {
  const starts = letters.map((_, place) => place).filter((place) => word.every((letter, step) => letters[place + step] === letter));
  const first = starts.find((place) => isStart(letters, place)) ?? starts[0];
  if (first === undefined) return null;
  return { score: (isStart(letters, first) ? 100 : 60) - first / 10, places: upTo(first, word.length) };
}

/** Its letters one after the other, each at the beginning of a word or next to the one before. */
function scattered(word, letters) {
  const places = [];
  for (const letter of word) {
    const from = (places.at(-1) ?? -1) + 1;
    const next = places.length && letters[from] === letter ? from : letters.findIndex((each, place) => place >= from && each === letter && isStart(letters, place));
    if (next < 0) return null;
    places.push(next);
  }
  return { score: 30 - places[0] / 10, places };
}

/** `{score, places}` of `asked` in `text`, every word of it; null where one does not fit. */
export function fit(asked, text) {
  const letters = [...text].map(plain);
  const found = asked.trim().split(/\s+/).map((word) => {
    const wanted = [...word].map(plain);
    return whole(wanted, letters) ?? scattered(wanted, letters);
  });
  if (found.some((each) => !each)) return null;
  return { score: found.reduce((sum, each) => sum + each.score, 0) / found.length, places: new Set(found.flatMap(({ places }) => places)) };
}
