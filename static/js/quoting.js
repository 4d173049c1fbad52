// The strip over the reply that shows which message it answers.

/** Answer message `id`, or none when it is empty or not on the page. */
export function quote(composer, id) {
  const strip = composer.querySelector("[data-quote-strip]");
  const message = id ? document.getElementById(`message-${id}`) : null;
  composer.closest("form").elements.namedItem("reply_to").value = message ? id : "";
  strip.hidden = !message;
  if (!message) return;
  const isTheirs = message.dataset.direction === "in";
  const contact = document.querySelector(".thread-name").textContent;
  const author = message.querySelector(".bubble-author")?.textContent;
  const name = isTheirs ? author ?? contact : author;
  const words = message.dataset.gist ?? message.querySelector(".bubble-text")?.textContent;
  strip.querySelector(".quote").dataset.of = isTheirs ? "contact" : "agent";
  strip.querySelector("b").textContent = name ?? "";
  strip.querySelector(".quote span").textContent = words ?? "";
}
