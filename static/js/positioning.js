// Where the agent is, once they ask for it: written into the form of a location.
class MyPosition extends HTMLElement {
  connectedCallback() {
    this.hidden = !("geolocation" in navigator);
    this.querySelector("button").addEventListener("click", () => this.#ask());
  }

  #ask() {
    const status = this.querySelector("[role=status]");
    status.textContent = "";
    navigator.geolocation.getCurrentPosition(
      ({ coords }) => this.#write({ latitude: coords.latitude, longitude: coords.longitude }),
      () => { status.textContent = this.dataset.wordsDenied; },
      { enableHighAccuracy: true, timeout: 10_000 },
    );
  }

  #write(degrees) {
    const form = this.closest("form");
    for (const [name, value] of Object.entries(degrees)) form.elements.namedItem(name).value = value.toFixed(6);
    form.elements.namedItem("latitude").dispatchEvent(new Event("input", { bubbles: true }));
  }
}
customElements.define("my-position", MyPosition);
