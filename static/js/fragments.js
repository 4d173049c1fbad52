// Parts of pages, fetched from the same addresses as the pages themselves.

/** The answer's HTML as a template's content; of the region `target`. Throws where there is none to show. */
export async function fetchFragment(url, target = "") {
  const response = await fetch(url, { headers: { "HX-Request": "true", "HX-Target": target }, credentials: "same-origin" });
  if (response.redirected) throw Object.assign(new Error("logged out"), { status: 401 });
  if (!response.ok) throw Object.assign(new Error("refused"), { status: response.status });
  return parse(await response.text());
}

/** HTML of our own server, ready to be inserted. */
export function parse(html) {
  const template = document.createElement("template");
  template.innerHTML = html;
  return document.importNode(template.content, true);
}

/** POST a form's fields, files among them; the caller reads the response. */
export function post(url, fields, options = {}) {
  const pairs = Symbol.iterator in fields ? [...fields] : Object.entries(fields);
  const entries = pairs.flatMap(([name, value]) => [value].flat().map((each) => [name, each]));
  const hasFiles = entries.some(([, value]) => value instanceof Blob);
  return fetch(url, {
    method: "POST",
    body: hasFiles ? formOf(entries) : new URLSearchParams(entries),
    headers: { "HX-Request": "true", "X-CSRFToken": document.querySelector('meta[name="csrf-token"]').content },
    credentials: "same-origin",
    ...options,
  });
}

function formOf(entries) {
  const form = new FormData();
  for (const [name, value] of entries) form.append(name, value);
  return form;
}

/** Say a number in the words its element carries for one and for many. */
export function sayCount(element, count) {
  element.textContent = (count === 1 ? element.dataset.one : element.dataset.many).replace("{count}", count);
}
