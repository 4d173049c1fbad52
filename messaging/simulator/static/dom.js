/* Small helpers: finding elements by role, making them with text only, talking to the simulator. */

const SVG = "http://www.w3.org/2000/svg";

export const role = (name) => document.querySelector(`[data-role="${name}"]`);

/* An element with attributes and children; strings become text, never markup. */
export function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value !== null && value !== undefined) made.setAttribute(key, value);
  }
  made.append(...children.filter((child) => child !== null && child !== undefined));
  return made;
}

export function icon(name, { label = "", state = "" } = {}) {
  const made = document.createElementNS(SVG, "svg");
  const use = document.createElementNS(SVG, "use");
  use.setAttribute("href", `/static/icons.svg#icon-${name}`);
  made.setAttribute("class", "icon");
  if (state) made.dataset.state = state;
  if (label) {
    made.setAttribute("role", "img");
    made.setAttribute("aria-label", label);
  } else {
    made.setAttribute("aria-hidden", "true");
  }
  made.append(use);
  return made;
}

export function setText(target, text) {
  if (target.textContent !== text) target.textContent = text;
}

/* First letters: two for a Latin name of two words, else one. */
export function initials(name) {
  const words = name.match(/\p{L}+/gu) ?? ["?"];
  const isPair = words.length > 1 && !name.startsWith("@") && /^\p{Script=Latin}/u.test(words[0]);
  return (isPair ? words[0][0] + words[1][0] : words[0][0]).toUpperCase();
}

/* JSON from the simulator; throws an Error with its sentence if it refuses. */
export async function call(method, path, body) {
  const options = { method, headers: { Accept: "application/json" } };
  if (body !== undefined) {
    options.body = JSON.stringify(body);
    options.headers["Content-Type"] = "application/json";
  }
  let response;
  try {
    response = await fetch(path, options);
  } catch {
    throw new Error("The simulator does not answer. It may have been stopped.");
  }
  const answer = await response.json();
  if (!response.ok) throw new Error(answer.error ?? `The simulator answered ${response.status}.`);
  return answer;
}
