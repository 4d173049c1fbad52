// Colleagues as circles with a letter, in the same ink that the server gives them.
const INKS = 4;

/** Make `element` somebody's face; `person` is `{id, name}`. */
export function paintFace(element, person) {
  element.dataset.ink = (person.id % INKS) + 1;
  element.textContent = [...person.name.trim()][0]?.toLocaleUpperCase() ?? "#";
}

/** A new face, with what its owner does as its title. */
export function face(person, doing, words) {
  const element = document.createElement("span");
  element.className = "agent";
  element.dataset.doing = doing === "replying" ? "replying" : "looking";
  element.title = words.replace("{name}", person.name);
  element.setAttribute("role", "img");
  element.setAttribute("aria-label", element.title);
  paintFace(element, person);
  return element;
}

/** Everybody but the reader. */
export const others = (people) => people.filter(({ id }) => String(id) !== document.body.dataset.me);
