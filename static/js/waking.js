// A computer that slept for hours shows the right times at once, and not with the next tick.
import { paintWindows } from "./windows.js";

document.addEventListener("live:woke", () => {
  paintWindows();
  for (const time of document.querySelectorAll("local-time")) time.connectedCallback();
});
