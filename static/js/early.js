// Before anything is painted: the theme and density this browser chose.
(() => {
  try {
    for (const name of ["theme", "density"]) {
      const value = localStorage.getItem(`inbox.${name}`);
      if (value) document.documentElement.dataset[name] = value;
    }
  } catch { /* storage may be off; the system's theme will do */ }
})();
// Whoever is faster than the page's scripts: their Enter is kept until the composer is there.
(() => {
  const root = document.documentElement;
  document.addEventListener("keydown", (event) => {
    const isSend = event.key === "Enter" && !event.shiftKey && !event.isComposing;
    if ("ready" in root.dataset || !isSend || !event.target.matches?.("#composer-text")) return;
    event.preventDefault();
    const { form } = event.target;
    document.addEventListener("app:ready", () => form.isConnected && form.requestSubmit(), { once: true });
  }, true);
})();
