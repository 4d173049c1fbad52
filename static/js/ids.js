/** A client id; `crypto.randomUUID` is missing where the page came over plain http. */
export const newId = () => crypto.randomUUID?.() ?? [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
