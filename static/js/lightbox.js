// A picture by itself: larger, smaller, the next one. Without it the link opens the picture.
const LARGEST = 5;

const dialog = () => document.getElementById("lightbox");
const image = () => dialog().querySelector("img");
const links = () => [...document.querySelectorAll("[data-lightbox]")];
let shown = ""; // the address of the picture on show: its link may be drawn anew meanwhile

function show(link) {
  shown = link.getAttribute("href");
  const small = link.querySelector("img");
  const full = image();
  // What is there already fills the stage until the large one has come.
  full.src = small?.currentSrc || shown;
  full.src = shown;
  full.alt = small?.alt ?? "";
  dialog().querySelector(".lightbox-caption").textContent = link.dataset.caption;
  dialog().querySelector("[data-original]").href = shown;
  for (const button of dialog().querySelectorAll("[data-step-by]")) button.disabled = !beside(Number(button.dataset.stepBy));
  zoom(1);
  if (!dialog().open) dialog().showModal();
}

function zoom(level) {
  const to = Math.min(Math.max(level, 1), LARGEST);
  image().dataset.zoom = to;
  dialog().querySelector(".lightbox-zoom").textContent = `${to}×`;
  dialog().querySelector('[data-zoom-by="-1"]').disabled = to === 1;
  dialog().querySelector('[data-zoom-by="1"]').disabled = to === LARGEST;
  const stage = image().parentElement;
  stage.scrollTo((stage.scrollWidth - stage.clientWidth) / 2, (stage.scrollHeight - stage.clientHeight) / 2);
}

const zoomBy = (steps) => zoom(Number(image().dataset.zoom) + steps);

/** The picture that many after the one on show, of those in the page. */
function beside(by) {
  const all = links();
  return all[all.findIndex((link) => link.getAttribute("href") === shown) + by];
}

function step(by) {
  const next = beside(by);
  if (next) show(next);
}

const forward = () => (document.documentElement.dir === "rtl" ? -1 : 1);
const KEYS = {
  "+": () => zoomBy(1),
  "=": () => zoomBy(1),
  "-": () => zoomBy(-1),
  0: () => zoom(1),
  ArrowRight: () => step(forward()),
  ArrowLeft: () => step(-forward()),
};

document.addEventListener("click", (event) => {
  const link = event.target.closest("[data-lightbox]");
  if (link && dialog() && !event.ctrlKey && !event.metaKey && !event.shiftKey && !event.button) {
    event.preventDefault();
    show(link);
    return;
  }
  if (!event.target.closest("#lightbox")) return;
  const button = event.target.closest("[data-zoom-by], [data-step-by]");
  if (button?.dataset.zoomBy) zoomBy(Number(button.dataset.zoomBy));
  else if (button) step(Number(button.dataset.stepBy));
  else if (event.target === image()) zoom(image().dataset.zoom === "1" ? 2 : 1);
  else if (event.target.matches(".lightbox-stage")) dialog().close();
});
document.addEventListener("keydown", (event) => {
  if (!dialog()?.open || event.ctrlKey || event.metaKey || event.altKey) return;
  const isZoomed = image().dataset.zoom !== "1";
  // An enlarged picture is moved with the arrows, as everything that scrolls.
  if (!KEYS[event.key] || (isZoomed && event.key.startsWith("Arrow"))) return;
  event.preventDefault();
  KEYS[event.key]();
});
