// One line at the foot of the screen: what was done, or how far it is; it goes by itself.
const LASTS = 6_000;

/** Say a sentence; with `progress` it stays until its `end()`, and `at(done, words)` moves it. */
export function tell(words, { tone = "", progress = 0 } = {}) {
  const toast = document.createElement("div");
  toast.className = "toast";
  if (tone) toast.dataset.tone = tone;
  const said = document.createElement("span");
  said.className = "toast-words";
  said.textContent = words;
  toast.append(said);
  const bar = progress ? toast.appendChild(document.createElement("progress")) : null;
  if (bar) bar.max = progress;
  document.getElementById("toasts")?.append(toast);
  const end = () => toast.remove();
  if (!progress) setTimeout(end, LASTS);
  return {
    end,
    at(done, sentence) {
      said.textContent = sentence;
      bar.value = done;
    },
  };
}
