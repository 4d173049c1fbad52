/* The switches on the right: drawn from the simulator, changed by one PUT each. */

import { call, role, setText } from "./dom.js";

export function drawFaults({ faults, settings }) {
  for (const [name, value] of Object.entries({ ...faults, ...settings })) {
    const input = role("faults").querySelector(`[name="${name}"]`);
    if (!input || input === document.activeElement && input.type === "number") continue;
    if (input.type === "checkbox") input.checked = value;
    else input.value = value ?? "";
    input.toggleAttribute("data-on", Boolean(value) && name in faults);
  }
}

export function listenFaults(changed) {
  role("faults").addEventListener("change", async ({ target }) => {
    if (!target.name || !target.reportValidity()) return;
    const path = role("timing").contains(target) ? "/sim/settings" : "/sim/faults";
    await attempt(() => call("PUT", path, { [target.name]: valueOf(target) }));
    changed();
  });
  role("faults").addEventListener("keydown", (event) => {
    if (event.key === "Enter" && event.target.type === "number") event.target.blur();
  });
  role("reset").addEventListener("click", async () => {
    await attempt(() => call("DELETE", "/sim/faults"));
    changed();
  });
}

function valueOf(input) {
  if (input.type === "checkbox") return input.checked;
  if (input.value === "") return input.hasAttribute("data-nullable") ? null : 0;
  return Number(input.value);
}

/* Run it; what goes wrong is told on the phone. */
export async function attempt(work) {
  const trouble = role("trouble");
  try {
    await work();
    trouble.hidden = true;
    return true;
  } catch (error) {
    setText(trouble, error.message);
    trouble.hidden = false;
    return false;
  }
}
