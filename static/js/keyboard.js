// Where a telephone lays its keyboard over the page instead of making the page smaller: the page
// takes the height that is left, so that the reply stays above the keys.
const COVERED = 80;
const seen = globalThis.visualViewport;

function fit() {
  const covered = innerHeight - seen.height > COVERED && seen.scale === 1;
  document.body.style.blockSize = covered ? `${seen.height}px` : "";
  if (covered) scrollTo(0, 0);
}

if (seen && matchMedia("(pointer: coarse)").matches) seen.addEventListener("resize", fit);
