"""The catalogues of translations: one for the whole house, in inbox/locale.

`python -m config.translations --write` collects every translatable string of the code and the
templates into the `.po` files, keeps what is translated already, and compiles them into the
`.mo` files that Django reads; without `--write` it says what is stale or missing. Needs Babel,
so that nothing but Python is needed.
"""

from __future__ import annotations

import argparse
import io
import re
import sys
from collections.abc import Iterator
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_python
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po
from django.utils.translation.template import templatize

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "inbox" / "locale"
LANGUAGES = ("es", "pt", "ar")
APPS = ("alerts", "config", "inbox", "locking", "messaging", "outbound")
PLAIN = ("_", "gettext", "gettext_lazy", "gettext_noop")
PLURALS = ("ngettext", "ngettext_lazy")
WITH_CONTEXT = ("pgettext", "pgettext_lazy")
KEYWORDS: dict[str, None] = dict.fromkeys((*PLAIN, *PLURALS, *WITH_CONTEXT))
PLACES = re.compile(r"%\((\w+)\)[sd]|\{(\w+)\}")


def collected() -> Catalog:
    """Every string that is to be translated, in the order of its first place."""
    catalog = Catalog(charset="utf-8")
    for path in _sources():
        for function, found in _strings(path):
            place = [(path.relative_to(ROOT).as_posix(), 0)]
            if function in PLURALS:
                catalog.add(tuple(found[:2]), locations=place)
            elif function in WITH_CONTEXT:
                catalog.add(found[1], context=found[0], locations=place)
            else:
                catalog.add(found[0], locations=place)
    return catalog


def merged(language: str, strings: Catalog) -> Catalog:
    """The language's catalogue with today's strings; what nobody asks for any more is gone."""
    path = _po(language)
    catalog = read_po(path.open("rb"), locale=language) if path.exists() else Catalog(language)
    catalog.update(strings, no_fuzzy_matching=True)
    catalog.obsolete.clear()
    catalog.fuzzy = False
    return catalog


def untranslated(catalog: Catalog) -> list[str]:
    """What has no translation, or one that names other variables than the original."""
    return [str(message.id) for message in catalog if message.id and not _is_done(message)]


def stale(language: str, strings: Catalog) -> bool:
    """Whether the stored files are not what `--write` would make of them."""
    catalog = merged(language, strings)
    mo = _po(language).with_suffix(".mo")
    return (
        not mo.exists()
        or mo.read_bytes() != _compiled(catalog)
        or _written(catalog) != (_po(language).read_bytes())
    )


def write(language: str, strings: Catalog) -> Catalog:
    """Make both files anew."""
    catalog = merged(language, strings)
    _po(language).parent.mkdir(parents=True, exist_ok=True)
    _po(language).write_bytes(_written(catalog))
    _po(language).with_suffix(".mo").write_bytes(_compiled(catalog))
    return catalog


def _is_done(message: Message) -> bool:
    ids = message.id if isinstance(message.id, (list, tuple)) else (message.id,)
    strings = message.string if isinstance(message.string, (list, tuple)) else (message.string,)
    wanted = {name for each in ids for name in PLACES.findall(each)}
    named = {name for each in strings for name in PLACES.findall(each or "")}
    return all(strings) and named <= wanted and (len(ids) > 1 or named == wanted)


def _po(language: str) -> Path:
    return FOLDER / language / "LC_MESSAGES" / "django.po"


def _written(catalog: Catalog) -> bytes:
    """Without dates, which would differ with every run."""
    buffer = io.BytesIO()
    catalog.header_comment = f"# {catalog.locale.english_name if catalog.locale else ''}."
    write_po(buffer, catalog, width=98, omit_header=False, sort_output=False, include_lineno=False)
    dates = re.compile(rb'"(POT-Creation-Date|PO-Revision-Date|Generated-By): [^"]*"\n')
    return dates.sub(b"", buffer.getvalue())


def _compiled(catalog: Catalog) -> bytes:
    buffer = io.BytesIO()
    write_mo(buffer, catalog)
    dates = re.compile(rb"(POT-Creation-Date|PO-Revision-Date|Generated-By): [^\n]*")
    return dates.sub(
        lambda found: found.group(1).ljust(len(found.group(0)), b" "), buffer.getvalue()
    )


def _sources() -> Iterator[Path]:
    for app in APPS:
        yield from sorted(
            path for path in (ROOT / app).rglob("*.py") if "migrations" not in path.parts
        )
    yield from sorted((ROOT / "templates").rglob("*.html"))
    yield from sorted((ROOT / "templates").rglob("*.txt"))


def _strings(path: Path) -> Iterator[tuple[str, tuple[str, ...]]]:
    source = path.read_text()
    if path.suffix != ".py":
        # What is left of a template is words in a row, which no indentation may part.
        source = "\n".join(
            line.strip() for line in templatize(source, origin=path.name).split("\n")
        )
    buffer = io.BytesIO(source.encode())
    for _, function, found, _ in extract_python(buffer, KEYWORDS, (), {"encoding": "utf-8"}):
        strings = found if isinstance(found, tuple) else (found,)
        if strings and strings[0]:
            yield str(function or "_"), tuple(str(each) for each in strings if each)


def main() -> int:
    """Write, or say what is missing; 0 where all is as it should be."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--write", action="store_true")
    writes, strings = parser.parse_args().write, collected()
    missing = 0
    for language in LANGUAGES:
        catalog = write(language, strings) if writes else merged(language, strings)
        left = untranslated(catalog)
        missing += len(left) + (not writes and stale(language, strings))
        sys.stdout.write(f"{language}: {len(catalog)} strings, {len(left)} to translate\n")
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main())
