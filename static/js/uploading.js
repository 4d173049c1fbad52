// One file on its way to the server, with how far it is. Fetch cannot tell that; XMLHttpRequest can.
import { language } from "./language.js";

/** The upload the server made of `file`; throws {sentence} where it was refused or broke off. */
export function upload(url, file, { kind = "", signal, onProgress, brokeOff }) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    const fail = (sentence, canRetry) => reject(Object.assign(new Error("not uploaded"), { sentence, canRetry }));
    request.open("POST", url);
    request.responseType = "json";
    request.setRequestHeader("Accept", "application/json");
    request.setRequestHeader("X-CSRFToken", document.querySelector('meta[name="csrf-token"]').content);
    request.upload.addEventListener("progress", (event) => onProgress?.(event.loaded, event.total));
    request.addEventListener("load", () => {
      const answer = request.response;
      if (request.status === 201 && answer?.id) resolve(answer);
      else fail(sentenceOf(answer) || brokeOff, request.status >= 500 || !answer);
    });
    request.addEventListener("error", () => fail(brokeOff, true));
    request.addEventListener("abort", () => fail("", false));
    signal?.addEventListener("abort", () => request.abort());
    const form = new FormData();
    if (kind) form.append("kind", kind);
    form.append("file", file);
    request.send(form);
  });
}

const sentenceOf = (answer) => answer?.errors?.file?.join(" ") ?? answer?.detail ?? "";

/** 640 kB, 2.1 MB, in the page's language. */
export function sizeOf(bytes) {
  const [unit, divisor] = bytes < 1_000_000 ? ["kilobyte", 1_000] : ["megabyte", 1_000_000];
  const digits = unit === "megabyte" ? 1 : 0;
  return new Intl.NumberFormat(language, { style: "unit", unit, maximumFractionDigits: digits }).format(Math.max(bytes / divisor, unit === "kilobyte" ? 1 : 0));
}
