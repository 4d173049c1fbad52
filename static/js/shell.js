// Which region a telephone shows, and which row is the open one.
const shell = () => document.querySelector(".shell");

function mark(id) {
  for (const row of document.querySelectorAll(".conversation[aria-current]")) {
    if (row.dataset.id !== id) row.removeAttribute("aria-current");
  }
  const row = id && document.getElementById(`conversation-${id}`);
  if (row) row.setAttribute("aria-current", "true");
}

/** Show the conversation that is open, or none. */
export function followThread() {
  const open = document.getElementById("thread")?.dataset.conversation;
  mark(open);
  document.dispatchEvent(new CustomEvent("thread:opened", { detail: { id: open ? Number(open) : null } }));
}

document.addEventListener("click", (event) => {
  const link = event.target.closest("[data-go]");
  if (!link || !shell() || event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
  shell().dataset.region = link.dataset.go;
  if (link.dataset.go === "sidebar") event.preventDefault();
  if (link.dataset.go === "thread") mark(link.closest(".conversation")?.dataset.id);
  if (link.hasAttribute("data-leave")) mark(undefined);
});
// What the list is narrowed to stays with its rows: the page's address says it.
document.addEventListener("htmx:configRequest", (event) => {
  const list = document.querySelector("conversation-list");
  if (!list || !event.target.matches?.(".conversation-link")) return;
  for (const [name, value] of new URLSearchParams(list.dataset.query)) event.detail.parameters[name] = value;
});
document.addEventListener("htmx:afterSwap", (event) => {
  if (event.detail.target?.id === "thread") followThread();
});
document.addEventListener("htmx:historyRestore", followThread);
document.addEventListener("htmx:responseError", (event) => {
  // What is gone or forbidden has a page that says so; a lost session has the login page.
  if ([401, 403, 404].includes(event.detail.xhr.status)) location.assign(event.detail.pathInfo.requestPath);
});
document.addEventListener("htmx:beforeSwap", (event) => {
  if (event.detail.serverResponse?.includes("hx-swap-oob")) event.detail.serverResponse = withPlaces(event.detail.serverResponse);
  // A session that ended answers with the login page: show it whole.
  if (event.detail.xhr.responseURL.includes("/login/")) {
    event.detail.shouldSwap = false;
    location.assign(event.detail.xhr.responseURL);
  }
});
document.addEventListener("submit", (event) => {
  if (event.target.matches("[data-log-out]")) sessionStorage.clear();
});

/** An answer without the parts whose place has left the page since it was asked for. */
function withPlaces(html) {
  const template = document.createElement("template");
  template.innerHTML = html;
  for (const part of template.content.querySelectorAll("[hx-swap-oob][id]")) {
    if (!document.getElementById(part.id)) part.remove();
  }
  return template.innerHTML;
}
