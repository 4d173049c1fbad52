// Before anything is painted: the theme and density this browser chose.
(() => {
  try {
    for (const name of ["theme", "density"]) {
      const value = localStorage.getItem(`inbox.${name}`);
      if (value) document.documentElement.dataset[name] = value;
    }
  } catch { /* storage may be off; the system's theme will do */ }
})();
