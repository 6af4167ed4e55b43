"""Exports of Moodle glossaries: entries become cases."""

from __future__ import annotations

import tracemalloc
from html import escape
from pathlib import Path

import pytest
from sqlalchemy import select

from kbsearch.app import Kbsearch
from kbsearch.errors import InvalidInput, UnreadableFile
from kbsearch.importers.html_markdown import html_markdown
from kbsearch.importers.options import ImportOptions
from kbsearch.importers.records import IncomingCase, Record, Skipped
from kbsearch.importers.sources import open_source, tell_format
from kbsearch.models import Case, Variant

HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n'


def entry(concept: str, definition: str, text_format: int = 1, more: str = "") -> str:
    told = f"<CONCEPT>{escape(concept)}</CONCEPT><DEFINITION>{escape(definition)}</DEFINITION>"
    return f"<ENTRY>{told}<FORMAT>{text_format}</FORMAT><USEDYNALINK>0</USEDYNALINK>{more}</ENTRY>\n"


def glossary(*entries: str, head: str = HEAD) -> str:
    info = "<INFO><NAME>Вопросы и ответы</NAME><INTRO>&lt;p&gt;о курсе&lt;/p&gt;</INTRO>"
    return f"{head}<GLOSSARY>{info}<ENTRIES>{''.join(entries)}</ENTRIES></INFO></GLOSSARY>"


ALIASES = (
    "<ALIASES><ALIAS><NAME>как перенести срок</NAME></ALIAS>"
    "<ALIAS><NAME>дедлайн &amp; болезнь</NAME></ALIAS></ALIASES>"
)
CATEGORIES = "<CATEGORIES><CATEGORY><NAME>сроки</NAME><USEDYNALINK>0</USEDYNALINK></CATEGORY></CATEGORIES>"
FILES = "<ENTRYFILES><FILE><FILENAME>a.png</FILENAME><CONTENTS>aGk=</CONTENTS></FILE></ENTRYFILES>"
TAGS = "<TAGS><TAG>учёба</TAG></TAGS>"
DEADLINE = entry(
    "Перенос срока",
    '<p>Напишите <b>куратору</b>:</p><ul><li>причину</li><li>новый срок</li></ul>\r\n<p>См. '
    '<a href="https://a.example/x">правила</a>.</p>',
    more=ALIASES + CATEGORIES + FILES + TAGS,
)  # fmt: skip


def written(folder: Path, content: str | bytes, name: str = "glossary.xml") -> Path:
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def drawn(path: Path, **options: str) -> list[Record]:
    return list(open_source(path, ImportOptions(**options)).records())  # type: ignore[arg-type]


def test_an_entry_becomes_a_case(tmp_path: Path) -> None:
    [case] = drawn(written(tmp_path, glossary(DEADLINE)), course="python-start")
    assert case == IncomingCase(
        title="Перенос срока",
        answer="Напишите **куратору**:\n\n- причину\n- новый срок\n\nСм. [правила](https://a.example/x).",
        variants=("как перенести срок", "дедлайн & болезнь"),
        course="python-start",
        tags=("сроки", "учёба"),
        place="entry 1",
    )


@pytest.mark.parametrize(
    ("text_format", "definition", "answer"),
    [
        (0, "раз\nдва <b>три</b>", "раз\\\nдва **три**"),
        (0, "<p>раз\nдва</p>", "раз два"),
        (1, "a < b &amp; c", "a < b & c"),
        (2, "x <b>\n1 * 2", "x <b>\\\n1 \\* 2"),
        (4, "# раз\n\n* `два`", "# раз\n\n* `два`"),
    ],
)
def test_definitions_are_read_as_their_format_says(
    tmp_path: Path, text_format: int, definition: str, answer: str
) -> None:
    [case] = drawn(written(tmp_path, glossary(entry("x y z", definition, text_format))))
    assert isinstance(case, IncomingCase)
    assert case.answer == answer


@pytest.mark.parametrize("name", ["glossary.xml", "glossary", "glossary.csv", "glossary.txt"])
@pytest.mark.parametrize(
    "head", [HEAD, "", "\ufeff", "<?xml version='1.0'?>\n<!-- <x> -->\n<!DOCTYPE GLOSSARY>\n"]
)
def test_a_glossary_is_known_by_its_content(tmp_path: Path, name: str, head: str) -> None:
    path = written(tmp_path, glossary(DEADLINE, head=head), name)
    assert tell_format(path) == "glossary"
    assert len(drawn(path)) == 1


def test_other_encodings_are_read(tmp_path: Path) -> None:
    wide = glossary(DEADLINE, head='<?xml version="1.0" encoding="UTF-16"?>').encode("utf-16")
    old = glossary(DEADLINE, head='<?xml version="1.0" encoding="windows-1251"?>').encode("cp1251")
    untold = glossary(DEADLINE).encode("cp1251")
    assert drawn(written(tmp_path, wide)) == drawn(written(tmp_path, old, "old.xml"))
    assert drawn(written(tmp_path, untold), encoding="cp1251") == drawn(tmp_path / "old.xml")
    with pytest.raises(UnreadableFile, match="not whole XML from line 2, column") as caught:
        drawn(written(tmp_path, untold))
    assert "--encoding" in caught.value.remedy
    with pytest.raises(UnreadableFile, match="no encoding 'latin-99'"):
        drawn(tmp_path / "old.xml", encoding="latin-99")
    strange = glossary(DEADLINE, head='<?xml version="1.0" encoding="x-strange"?>')
    with pytest.raises(UnreadableFile, match=r"not whole XML|not known"):
        drawn(written(tmp_path, strange))


def test_broken_entries_are_told_and_the_rest_is_taken(app: Kbsearch, tmp_path: Path) -> None:
    nameless = "<ENTRY><DEFINITION>x</DEFINITION></ENTRY>"
    path = written(tmp_path, glossary(nameless, entry("Пустая", "<p>&nbsp;</p>"), DEADLINE, "<ENTRY/>"))
    report = app.imports.run(path, ImportOptions())
    assert report.taken == {"cases_new": 1}
    assert [(row.place, row.reason) for row in report.skipped] == [
        ("entry 1", "the entry has no concept (CONCEPT)"),
        ("entry 2", "the entry has no definition (DEFINITION)"),
        ("entry 4", "the entry has no concept (CONCEPT)"),
    ]


def test_what_breaks_off_is_told_with_its_place(app: Kbsearch, tmp_path: Path) -> None:
    whole = glossary(DEADLINE, entry("Сертификат", "<p>В кабинете</p>"))
    path = written(tmp_path, whole[: whole.index("Сертификат") + 20])
    with pytest.raises(InvalidInput, match="not whole XML"):
        app.imports.run(path, ImportOptions(on_error="stop"))
    with app.database.reading() as session:
        assert session.scalars(select(Case.slug)).all() == []
    report = app.imports.run(path, ImportOptions())
    assert report.taken == {"cases_new": 1}
    [rest] = report.skipped
    assert rest.place == "the rest"
    assert "not whole XML from line 4" in rest.reason.format(**rest.details)


def test_a_later_export_changes_and_adds(app: Kbsearch, tmp_path: Path) -> None:
    path = written(tmp_path, glossary(DEADLINE))
    assert app.imports.preview(path, ImportOptions()).counts == {"cases": 1}
    assert app.imports.run(path, ImportOptions()).taken == {"cases_new": 1}
    assert app.imports.run(path, ImportOptions()).taken == {"cases_same": 1}
    later = glossary(entry("Сертификат", "в кабинете"), DEADLINE.replace("куратору", "Ольге"))
    assert app.imports.run(written(tmp_path, later), ImportOptions()).taken == {
        "cases_new": 1,
        "cases_changed": 1,
    }


def test_two_entries_of_one_concept_are_told(app: Kbsearch, tmp_path: Path) -> None:
    report = app.imports.run(
        written(tmp_path, glossary(DEADLINE, entry("Перенос срока", "иначе"))), ImportOptions()
    )
    assert report.taken == {"cases_new": 1}
    assert [row.place for row in report.skipped] == ["entry 2"]


def test_personal_data_in_aliases_is_masked(app: Kbsearch, tmp_path: Path) -> None:
    alias = "<ALIASES><ALIAS><NAME>писать на ivan@mail.example</NAME></ALIAS></ALIASES>"
    report = app.imports.run(
        written(tmp_path, glossary(entry("Куда писать", "сюда", more=alias))), ImportOptions()
    )
    assert report.masked == {"email": 1}
    with app.database.reading() as session:
        assert session.scalars(select(Variant.text)).all() == ["писать на [email]"]


def test_entities_are_not_expanded(tmp_path: Path) -> None:
    laughs = '<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;">'
    for declared in (laughs, '<!ENTITY c SYSTEM "file:///etc/hostname">'):
        text = glossary(entry("раз два", "x").replace("x<", "&c;<"), head=f"<!DOCTYPE GLOSSARY [{declared}]>")
        with pytest.raises(UnreadableFile, match="declares entities"):
            drawn(written(tmp_path, text))


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (glossary(), "glossary without entries"),
        ("<GLOSSARY>" + "<a>" * 60_000, "nested too deeply"),
        ("<GLOSSARY", "kind: HTML / XML|not whole XML|no export"),
    ],
)
def test_a_glossary_that_is_none(app: Kbsearch, tmp_path: Path, content: str, words: str) -> None:
    path = written(tmp_path, content)
    with pytest.raises(InvalidInput, match=words) as caught:
        app.imports.run(path, ImportOptions())
    assert path.name in caught.value.message
    assert caught.value.remedy


def test_other_xml_is_no_glossary(tmp_path: Path) -> None:
    path = written(tmp_path, "<quiz><question/></quiz>")
    with pytest.raises(UnreadableFile, match="no export of a Moodle glossary") as caught:
        drawn(path, format="glossary")
    assert "Export entries" in caught.value.remedy
    with pytest.raises(UnreadableFile, match="another kind: HTML / XML"):
        drawn(path)


def test_signs_that_xml_forbids_are_left_out(tmp_path: Path) -> None:
    [case] = drawn(written(tmp_path, glossary(entry("Раз два", "a\x0bb\x1fc"))))
    assert isinstance(case, IncomingCase)
    assert case.answer == "abc"


def test_a_large_glossary_is_read_in_bounded_memory(tmp_path: Path) -> None:
    path = tmp_path / "large.xml"
    files = f"<ENTRYFILES><FILE><CONTENTS>{'QUJD' * 50_000}</CONTENTS></FILE></ENTRYFILES>"
    with path.open("w", encoding="utf-8") as file:
        file.write("<GLOSSARY><INFO><ENTRIES>")
        for number in range(100):
            file.write(entry(f"Раз {number}", "два", more=files))
        file.write("</ENTRIES></INFO></GLOSSARY>")
    tracemalloc.start()
    count = sum(
        1 for record in open_source(path, ImportOptions()).records() if not isinstance(record, Skipped)
    )
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert count == 100
    assert peak < 5_000_000


@pytest.mark.parametrize("tag", ["b", "ul><li", "blockquote", "table><tr><td", "a href='https://a.b'", "pre"])
def test_elements_in_each_other_grow_no_faster_than_the_text(tag: str) -> None:
    html = f"<{tag}>x" * 20_000 + "</i></s>" * 20_000
    assert len(html_markdown(html)) < 20 * len(html)


@pytest.mark.parametrize(
    ("html", "answer"),
    [
        ("<ol start='3'><li>раз<ul><li>два</li></ul></li><li>три</li></ol>после",
            "3. раз\n   - два\n4. три\n\nпосле"),
        ("<pre><code class='lang-py'>if x:\n    y()\n</code></pre>", "```py\nif x:\n    y()\n```"),
        (
            "<table><tr><th>А</th><th>Б</th></tr><tr><td>1</td><td>2 | 3</td></tr></table>",
            "| А | Б |\n|---|---|\n| 1 | 2 \\| 3 |",
        ),
        ("<h3>Шаги</h3><blockquote><p>раз</p><p>два</p></blockquote>", "### Шаги\n\n> раз\n>\n> два"),
        ("<a href='/mod/x'>тут</a> <img alt='схема' src='a.png'><script/>", "тут схема"),
        ("<b>раз </b>два <i></i>три", "**раз** два три"),
        ("1. раз<br># два<br>__init__", "1\\. раз\\\n\\# два\\\n\\_\\_init\\_\\_"),
    ],
)  # fmt: skip
def test_markdown_of_html(html: str, answer: str) -> None:
    assert html_markdown(html) == answer
