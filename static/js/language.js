// The language the page is written in, as the browser's own formatting is to speak it. English is
// written as the server writes it: 24 hours, the day before the month; digits are its digits too.
const AS_THE_SERVER = { en: "en-GB", ar: "ar-u-nu-latn" };
const { lang } = document.documentElement;

export const language = AS_THE_SERVER[lang] ?? (lang || undefined);
