/** Put an open popover beside what opened it, inside the window; below, or above where there is no room. */
export function nearby(popover, opener) {
  const place = opener.getBoundingClientRect();
  const { offsetWidth: width, offsetHeight: height } = popover;
  const gap = 6;
  const below = place.bottom + gap + height <= innerHeight;
  const isRtl = document.documentElement.dir === "rtl";
  const left = isRtl ? place.right - width : place.left;
  popover.style.top = `${below ? place.bottom + gap : Math.max(gap, place.top - gap - height)}px`;
  popover.style.left = `${Math.min(Math.max(gap, left), innerWidth - width - gap)}px`;
}
