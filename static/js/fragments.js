// Parts of pages, fetched from the same addresses as the pages themselves.

/** The answer's HTML as a template's content. Throws where there is none to show. */
export async function fetchFragment(url) {
  const response = await fetch(url, { headers: { "HX-Request": "true" }, credentials: "same-origin" });
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

/** POST a form's fields; the caller reads the response. */
export function post(url, fields) {
  return fetch(url, {
    method: "POST",
    body: new URLSearchParams(fields),
    headers: { "HX-Request": "true", "X-CSRFToken": document.querySelector('meta[name="csrf-token"]').content },
    credentials: "same-origin",
  });
}

/** Say a number in the words its element carries for one and for many. */
export function sayCount(element, count) {
  element.textContent = (count === 1 ? element.dataset.one : element.dataset.many).replace("{count}", count);
}
