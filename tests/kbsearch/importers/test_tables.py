"""CSV, XLSX and JSON as records."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from kbsearch.errors import InvalidInput
from kbsearch.importers.csv_rows import split_rows
from kbsearch.importers.dates import read_date
from kbsearch.importers.headed import headed
from kbsearch.importers.options import ImportOptions
from kbsearch.importers.records import IncomingCase, IncomingCourse, IncomingQuestion, Skipped
from kbsearch.importers.sources import open_source
from kbsearch.importers.text_lines import Line


def written(folder: Path, name: str, content: str | bytes) -> Path:
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def drawn(path: Path, **options: Any) -> list[Any]:
    return list(open_source(path, ImportOptions(**options)).records())


def workbook(folder: Path, *sheets: Sequence[Sequence[Any]]) -> Path:
    book = openpyxl.Workbook()
    book.remove(book.active)
    for rows in sheets:
        sheet = book.create_sheet()
        for row in rows:
            sheet.append(row)
    book.save(folder / "book.xlsx")
    return folder / "book.xlsx"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1251", "utf-16", "utf-16-le"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_encoding_and_delimiter_are_told_by_the_content(
    tmp_path: Path, encoding: str, delimiter: str
) -> None:
    rows = ["id,вопрос,курс", "1,Как отменить коммит?,git", "2,Почему не работает?,"]
    text = "\r\n".join(rows).replace(",", delimiter)
    records = drawn(written(tmp_path, "q.csv", text.encode(encoding)))
    assert [(r.external_id, r.text, r.course) for r in records] == [
        ("1", "Как отменить коммит?", "git"),
        ("2", "Почему не работает?", ""),
    ]


def test_a_broken_row_costs_only_itself(tmp_path: Path) -> None:
    text = (
        'id;вопрос;курс\n1;"две\nстроки";a\n2;"не закрыта;a\n3;слово "print" тут;a\n4;лишняя;ячейка;тут\n'
        '\n5;мало\n6;"он сказал "да" мне";a\n7;последняя;a\n'
    )
    records = drawn(written(tmp_path, "q.csv", text))
    taken = [(r.place, r.text) for r in records if isinstance(r, IncomingQuestion)]
    assert taken == [("line 2", "две\nстроки"), ("line 5", 'слово "print" тут'), ("line 10", "последняя")]
    skipped = {
        r.place: r.reason.format(**r.details) for r in records if isinstance(r, Skipped) and not r.harmless
    }
    assert skipped == {
        "line 4": "the quote opened in line 4 is not closed before the one in line 5: "
        "close it, or write a quote inside a cell twice",
        "line 6": "the row has 4 cells, the first one has 3",
        "line 8": "the row has 2 cells, the first one has 3",
        "line 9": "a quote stands inside a quoted cell (write it twice)",
    }


LOG = "\n".join(f'  File ""app.py"", line {n}, in <module>' for n in range(1_000))


def test_headers_of_an_english_help_desk_are_known(tmp_path: Path) -> None:
    text = "Ticket №,When,Student,Message\nT-7,05.10.2026 12:00,ann,why is it flat\n"
    (record,) = drawn(written(tmp_path, "q.csv", text.encode()))
    assert (record.external_id, record.author, record.text) == ("T-7", "ann", "why is it flat")
    assert record.asked_at is not None


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1251", "utf-16"])
@pytest.mark.parametrize(("delimiter", "end"), [(",", "\n"), (";", "\r\n"), ("\t", "\r\n")])
def test_a_quoted_cell_may_have_any_number_of_lines(
    tmp_path: Path, encoding: str, delimiter: str, end: str
) -> None:
    rows = ["id,вопрос,курс", f'1,"Не запускается,\n{LOG}",git', '2,"почему?",git']
    text = end.join(rows).replace("\n", end) if delimiter == "," else end.join(rows).replace(",", delimiter)
    long, short = drawn(written(tmp_path, "q.csv", text.encode(encoding)))
    assert long.text.count("app.py") == 1_000
    assert (long.place, long.external_id, long.course) == ("line 2", "1", "git")
    assert (short.place, short.text) == ("line 1003", "почему?")


@pytest.mark.parametrize(
    ("header", "mapping"),
    [
        (
            "Summary,Issue key,Issue id,Status,Reporter,Created,Description,Labels",
            {"text": "Description", "id": "Issue key", "author": "Reporter", "asked_at": "Created"},
        ),
        (
            "Id,Requester,Requester email,Subject,Status,Created at,Description",
            {"text": "Description", "id": "Id", "author": "Requester", "asked_at": "Created at"},
        ),
        (
            "Ticket ID,Subject,Status,Agent,Created time,Full name,Description",
            {"text": "Description", "id": "Ticket ID", "author": "Full name", "asked_at": "Created time"},
        ),
        ("Number,Opened,Question", {"text": "Question", "asked_at": "Opened"}),
        (
            "Отметка времени;Адрес электронной почты;Ваш курс;Вопрос",
            {"text": "Вопрос", "asked_at": "Отметка времени", "author": "Адрес электронной почты"},
        ),
        (
            "ID обращения;Тема;Клиент;Создано;Текст обращения;Ответ оператора",
            {
                "text": "Текст обращения",
                "id": "ID обращения",
                "author": "Клиент",
                "asked_at": "Создано",
                "answer": "Ответ оператора",
            },
        ),
        (
            "ID;Start time;Completion time;Email;Name;What is your course?;What is your question?",
            {"text": "What is your question?", "id": "ID", "author": "Email", "asked_at": "Completion time"},
        ),
        (
            "ИД,Время завершения,Имя,Опишите вашу проблему или вопрос",
            {
                "text": "Опишите вашу проблему или вопрос",
                "id": "ИД",
                "author": "Имя",
                "asked_at": "Время завершения",
            },
        ),
        (
            "ID,Subject,Requester,Requested,Description",
            {"text": "Description", "id": "ID", "author": "Requester", "asked_at": "Requested"},
        ),
        ("createdAt,issueKey,body", {"text": "body", "id": "issueKey", "asked_at": "createdAt"}),
        (
            "Number,Customer Name,Customer Email,Subject,Created,Preview",
            {"text": "Preview", "author": "Customer Name", "asked_at": "Created"},
        ),
        (
            "Тренинг;Название урока;Имя ученика;Текст;Дата отправки",
            {
                "text": "Текст",
                "course": "Тренинг",
                "lesson": "Название урока",
                "author": "Имя ученика",
                "asked_at": "Дата отправки",
            },
        ),
    ],
)
def test_headers_of_help_desks_forms_and_platforms_are_known(
    tmp_path: Path, header: str, mapping: dict[str, str]
) -> None:
    mark = ";" if ";" in header else ","
    row = mark.join(["x"] * (header.count(mark) + 1))
    source = open_source(written(tmp_path, "q.csv", f"{header}\n{row}\n"), ImportOptions())
    told = {field: source.mapping.get(field) for field in ("text", "id", "author", "asked_at", "course")}
    wanted = {field: mapping.get(field) for field in told}
    assert (told, mapping.items() <= source.mapping.items()) == (wanted, True)


@pytest.mark.parametrize(
    ("header", "subject"),
    [
        ("Subject,Requester,Description", "Пуш"),
        ("Summary,Issue key,Description", "Пуш"),
        ("Тема,Сообщение", "Пуш"),
        ("Title,Вопрос", "Пуш"),
        ("Тема обращения,Текст", "Пуш"),
        ("Тема,Issue key,Вопрос", "Пуш"),
        ("Тема,Вопрос", ""),
        ("Subject,Question", ""),
        ("Name,Message", ""),
        ("Название,Description,Ticket ID", ""),
    ],
)
def test_a_subject_stands_above_what_a_ticket_says(tmp_path: Path, header: str, subject: str) -> None:
    cells = ["Пуш", *(["K-1"] if "," in header.replace(",", "", 1) else []), "Пишет rejected"]
    if header.endswith("ID"):
        cells = ["Пуш", "Пишет rejected", "K-1"]
    (record,) = drawn(written(tmp_path, "q.csv", f"{header}\n{','.join(cells)}\n"))
    assert record.text == f"{subject}\nПишет rejected".strip()
    assert record.body == ("Пишет rejected" if subject else "")


@pytest.mark.parametrize(
    ("subject", "text", "expected"),
    [
        ("Пуш", "Пуш не проходит", "Пуш не проходит"),
        ("Re: FW: Пуш не проходит", "пуш  не проходит, что делать", "пуш  не проходит, что делать"),
        ("Пуш не прох...", "Пуш не проходит", "Пуш не проходит"),
        ("Пуш", "", "Пуш"),
        ("", "Пуш", "Пуш"),
        ("Re[2]: Пуш", "Не идёт", "Пуш\nНе идёт"),
    ],
)
def test_a_subject_is_not_repeated(subject: str, text: str, expected: str) -> None:
    assert headed(subject, text) == expected


def test_a_name_beside_a_question_is_its_authors(tmp_path: Path) -> None:
    (record,) = drawn(written(tmp_path, "q.csv", "Timestamp,Name,Question\n2026-03-02,Anna,why?\n"))
    assert (record.text, record.author) == ("why?", "Anna")


def test_a_subject_can_be_told_or_left_out(tmp_path: Path) -> None:
    path = written(tmp_path, "q.csv", "Name,Subject,Message\nPush,Git,rejected\n")
    assert drawn(path)[0].text == "Git\nrejected"
    assert drawn(path, mapping={"title": "Name"})[0].text == "Push\nrejected"
    assert drawn(path, mapping={"title": ""})[0].text == "rejected"


def test_a_description_is_the_text_of_tickets_only(tmp_path: Path) -> None:
    courses = written(tmp_path, "q.csv", "Название,Описание,Курс\nPython,С нуля,py\n")
    assert "text" not in open_source(courses, ImportOptions()).mapping
    cases = written(tmp_path, "c.csv", "title,answer,description\nКак сдать?,Кнопкой,заметка\n")
    assert isinstance(drawn(cases)[0], IncomingCase)
    tickets = written(tmp_path, "t.csv", "Ticket ID,Description,Вопрос\n1,заметка,Как сдать?\n")
    assert open_source(tickets, ImportOptions()).mapping["text"] == "Вопрос"
    told = ImportOptions(mapping={"text": ""})
    assert "text" not in open_source(tickets, told).mapping


def test_a_long_cell_in_the_first_row_of_a_table_without_headers(tmp_path: Path) -> None:
    path = written(tmp_path, "q.csv", f'"{LOG}",git\nпочему?,git\n')
    first, second = drawn(path, mapping={"text": "1", "course": "2"})
    assert (first.course, second.text) == ("git", "почему?")


@pytest.mark.parametrize(
    ("rows", "skipped", "taken"),
    [
        (['1,"log', "  File a, line 3, in f", "    x", "2,ok,a", "3,ok,a"], ("lines 2–4", 2), ["2", "3"]),
        (['1,"log', "", "  b", "", "2,ok,a"], ("lines 2–4", 2), ["2"]),
        (["1,ok,a", '2,"two', 'lines","log', "  x"], ("lines 3–5", 4), ["1"]),
        (['1,"log', '  File "a.py", line 3', "2,ok,a", '3,"more', 'lines",a'], ("lines 2–3", 2), ["2", "3"]),
        (['1,"log,a', "2,ok,a", "3,ok,a"], ("line 2", 2), ["2", "3"]),
        (['1,"log'], ("line 2", 2), []),
    ],
)
def test_a_quote_that_is_not_closed_is_one_error_that_tells_where_it_was_opened(
    tmp_path: Path, rows: list[str], skipped: tuple[str, int], taken: list[str]
) -> None:
    records = drawn(written(tmp_path, "q.csv", "\n".join(["id,text,course", *rows])))
    [error] = [one for one in records if isinstance(one, Skipped) and not one.harmless]
    assert (error.place, error.details["opened"]) == skipped
    assert "close it" in error.reason
    assert [one.external_id for one in records if isinstance(one, IncomingQuestion)] == taken


def test_each_row_with_an_unclosed_quote_is_told(tmp_path: Path) -> None:
    rows = ["id,text,course", '1,"how,a', '2,"why,a', "3,ok,a", '4,"log', "  x", '5,"when,a', "6,ok,a"]
    records = drawn(written(tmp_path, "q.csv", "\n".join(rows)))
    assert [one.place for one in records if isinstance(one, Skipped)] == [
        "line 2", "line 3", "lines 5–6", "line 7",
    ]  # fmt: skip


def test_two_quotes_that_are_not_closed_swallow_nothing_between_them() -> None:
    texts = ['1,"a\n', "2,b\n", "3,c\n", '4,"d\n', "5,e\n"]
    rows = list(split_rows((Line(n, text) for n, text in enumerate(texts, 1)), ","))
    assert [row.cells for row in rows if not row.flaw][-1] == ["5", "e"]
    assert sum(bool(row.flaw) for row in rows) + sum(row.cells != [] for row in rows) == len(rows)


def test_a_long_unclosed_quote_does_not_swallow_the_file() -> None:
    lines = (Line(n, '1,"open\n' if n == 1 else f"{n},x\n") for n in range(1, 1002))
    rows = list(split_rows(lines, ","))
    assert len(rows) == 1001
    assert [row.number for row in rows if row.flaw] == [1]


def test_columns_can_be_named_or_numbered(tmp_path: Path) -> None:
    path = written(tmp_path, "q.csv", "когда,что,кто там\n01.02.2026,почему?,Оля\n")
    mapping = {"text": "2", "author": "Кто там", "asked_at": "когда"}
    [record] = drawn(path, mapping=mapping, course="c1", source="lms")
    assert (record.text, record.author, record.course, record.source) == ("почему?", "Оля", "c1", "lms")
    assert record.asked_at == datetime(2026, 2, 1)
    with pytest.raises(InvalidInput, match="no column 'нет'"):
        drawn(path, mapping={"text": "нет"})
    with pytest.raises(InvalidInput, match="no field 'colour'"):
        drawn(path, mapping={"colour": "что"})
    with pytest.raises(InvalidInput, match="hold the text") as caught:
        drawn(path)
    assert "--map text=COLUMN" in caught.value.remedy


@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_column_numbers_keep_the_first_row_when_there_is_no_header(tmp_path: Path, mark: str) -> None:
    text = f'{mark}"Как отменить, коммит?",git,1\nГде расписание?,,2\n'
    path = written(tmp_path, "q.csv", text)
    source = open_source(path, ImportOptions(mapping={"text": "1", "course": "2"}, encoding="utf-8"))
    assert source.columns == ("column 1", "column 2", "column 3")
    records: list[Any] = list(source.records())
    assert [(record.place, record.text, record.course) for record in records] == [
        ("line 1", "Как отменить, коммит?", "git"),
        ("line 2", "Где расписание?", ""),
    ]


def test_a_sheet_without_a_header_may_widen_below_its_first_row(tmp_path: Path) -> None:
    path = workbook(tmp_path, [["почему?"], ["как?", None, "так"]])
    records = drawn(path, mapping={"text": "1", "answer": "3"})
    assert [(record.place, record.text, len(record.replies)) for record in records] == [
        ("row 1", "почему?", 0),
        ("row 2", "как?", 1),
    ]


@pytest.mark.parametrize(
    ("first", "mapping"),
    [
        ("что,вопрос", {"text": "2"}),  # a header that is known
        ("0,1", {"text": "2"}),  # headers that are numbers
        ("что,где", {"text": "2", "author": "что"}),  # a column told by its name
    ],
)
def test_a_header_stays_one_beside_column_numbers(
    tmp_path: Path, first: str, mapping: dict[str, str]
) -> None:
    [record] = drawn(written(tmp_path, "q.csv", f"{first}\nа,почему?\n"), mapping=mapping)
    assert (record.place, record.text) == ("line 2", "почему?")


def test_an_answer_column_is_a_mentors_reply(tmp_path: Path) -> None:
    [record] = drawn(written(tmp_path, "q.csv", "вопрос,ответ,наставник\nпочему?,потому,Олег\n"))
    [reply] = record.replies
    assert (reply.text, reply.author, reply.by_mentor) == ("потому", "Олег", True)


@pytest.mark.parametrize("header", ["заголовок,ответ,варианты,теги", "title,answer,variants,tags"])
def test_title_and_answer_make_cases(tmp_path: Path, header: str) -> None:
    path = written(
        tmp_path, "c.csv", f'{header}\nКак сдать ДЗ,Нажмите кнопку,"где сдать\nкуда слать","дз, сдача"\n'
    )
    [case] = drawn(path)
    assert isinstance(case, IncomingCase)
    assert case.variants == ("где сдать", "куда слать")
    assert case.tags == ("дз", "сдача")
    assert case.state == "published"


def test_kind_makes_cases_of_questions_with_answers(tmp_path: Path) -> None:
    [case] = drawn(written(tmp_path, "c.csv", "вопрос,ответ\nКак сдать?,Так\n"), kind="cases")
    assert (case.title, case.answer) == ("Как сдать?", "Так")


def test_a_workbook_gives_its_first_sheet_with_data(tmp_path: Path) -> None:
    moment = datetime(2026, 2, 1, 10, 30)
    rows = [
        [None, None],
        ["ID", "Вопрос", "Дата"],
        [7, "почему?", moment],
        [None, None, None],
        [8, None, moment],
    ]
    records = drawn(workbook(tmp_path, [], [["пусто"]], rows))
    assert isinstance(records[0], IncomingQuestion)
    assert (records[0].external_id, records[0].text, records[0].asked_at) == ("7", "почему?", moment)
    assert records[0].place == "row 3"
    assert [r.reason for r in records[1:]] == ["there is no text"]


def test_a_title_above_the_headers_of_a_workbook_is_passed_over(tmp_path: Path) -> None:
    rows = [["Отчёт за сентябрь"], [], ["Школа «Полюс»"], ["ID", "Вопрос", "Курс"], [7, "почему?", "sql"]]
    [record] = drawn(workbook(tmp_path, rows))
    assert (record.external_id, record.text, record.course, record.place) == ("7", "почему?", "sql", "row 5")


@pytest.mark.parametrize(
    ("above", "line"),
    [
        ("", 1),
        ("\n\n", 3),
        (";;;\n", 2),  # blank as spreadsheets write it
        ("Отчёт, 1.09, 30.09\n", 2),  # another delimiter would find more cells here
        ("sep=;\n", 2),
        ("Отчёт;;;\nПериод:;01.09–30.09;;\n;;;\n", 4),
        ('"Отчёт\nза сентябрь";;;\n\n', 4),
        ('Отчёт "Вопросы" за 5";;;\n', 2),
        ("Курс:;Python;;\n", 2),  # one known word beside what is no header
    ],
)
def test_the_headers_of_a_table_are_found_below_its_title(tmp_path: Path, above: str, line: int) -> None:
    text = f"{above}ID;Вопрос;Курс;Оценка\n7;почему?;sql;5\n"
    source = open_source(written(tmp_path, "q.csv", text), ImportOptions())
    assert source.header == f"line {line}"
    [record] = source.records()
    assert isinstance(record, IncomingQuestion)
    assert (record.external_id, record.text, record.course) == ("7", "почему?", "sql")
    assert record.place == f"line {line + 1}"


@pytest.mark.parametrize(
    ("text", "mapping", "header"),
    [
        ("Отчёт;;\nЧто;Где;Кто\nпочему?;тут;я\n", {"text": "Что"}, "line 2"),
        ("Отчёт\nЧто\nпочему?\n", {"text": "Что"}, "line 2"),
        ("Отчёт;;\nЧто;Вопрос;Кто\nтут;почему?;я\n", {"text": "2"}, "line 2"),
        ("Вопрос;Кто\nпочему?;я\n", {"text": "1"}, "line 1"),
        ("почему?;я\n", {"text": "1"}, ""),
    ],
)
def test_a_column_that_is_told_finds_the_headers(
    tmp_path: Path, text: str, mapping: dict[str, str], header: str
) -> None:
    source = open_source(written(tmp_path, "q.csv", text), ImportOptions(mapping=mapping))
    assert source.header == header
    assert [record.text for record in source.records() if isinstance(record, IncomingQuestion)] == ["почему?"]


def test_a_table_without_known_headers_names_those_below_its_title(tmp_path: Path) -> None:
    path = written(tmp_path, "q.csv", "Отчёт;;\nЧто;Где;Кто\nпочему?;тут;я\n")
    with pytest.raises(InvalidInput) as caught:
        drawn(path)
    assert caught.value.details["columns"] == "Что, Где, Кто"


def test_a_row_of_data_is_no_header_because_it_has_words_of_one(tmp_path: Path) -> None:
    text = "вопрос;оценка\nпочему?;5\nтекст;дата\nкак?;4\n"
    records = drawn(written(tmp_path, "q.csv", text))
    assert [record.text for record in records] == ["почему?", "текст", "как?"]


def test_a_long_title_of_a_workbook_with_dates_beside_is_passed_over(tmp_path: Path) -> None:
    rows = [
        ["Отчёт"],
        ["Период", "01.09", "30.09"],
        [],
        ["ID", "Вопрос", "Курс", "Балл"],
        [7, "как?", "sql", 5],
    ]
    source = open_source(workbook(tmp_path, rows), ImportOptions())
    assert (source.header, [record.place for record in source.records()]) == ("row 4", ["row 5"])


def test_json_lines_report_broken_lines(tmp_path: Path) -> None:
    good = {
        "id": "a",
        "text": "почему?",
        "replies": [{"text": "потому", "by_mentor": True, "accepted": True}],
    }
    deep = "[" * 100_000
    lines = [json.dumps(good, ensure_ascii=False), "{broken", "", "[1]", deep, '{"id":"b","text":"ещё"}']
    records = drawn(written(tmp_path, "q.jsonl", "\n".join(lines)))
    taken = [record for record in records if isinstance(record, IncomingQuestion)]
    assert [record.external_id for record in taken] == ["a", "b"]
    assert taken[0].replies[0].accepted
    assert [r.place for r in records if isinstance(r, Skipped) and not r.harmless] == [
        "line 2",
        "line 4",
        "line 5",
    ]


def test_a_json_array_and_an_object_with_one(tmp_path: Path) -> None:
    rows = [{"id": 1, "вопрос": "почему?"}]
    assert drawn(written(tmp_path, "a.json", json.dumps(rows)))[0].text == "почему?"
    assert drawn(written(tmp_path, "b.json", json.dumps({"items": rows}, indent=1)))[0].external_id == "1"


@pytest.mark.parametrize("field", ["id", "text", "answer"])
@pytest.mark.parametrize("wrong", [True, False, ["a"], {"a": 1}, float("nan")])
def test_what_is_neither_text_nor_number_breaks_the_row(tmp_path: Path, field: str, wrong: Any) -> None:
    good = {"id": 7, "text": "почему?", "answer": 3.5}
    rows = [good, good | {field: wrong}]
    first, second = drawn(written(tmp_path, "q.jsonl", "\n".join(map(json.dumps, rows))))
    assert (first.external_id, first.replies[0].text) == ("7", "3.5")
    assert isinstance(second, Skipped)
    assert (second.place, second.harmless) == ("line 2", False)
    assert second.reason.format(**second.details) == f"the {field} is neither a text nor a number"


def test_missing_values_break_no_row(tmp_path: Path) -> None:
    rows = [{"id": None, "text": "почему?", "author": {"name": "Оля"}, "answer": ""}, {"text": True}]
    first, second = drawn(written(tmp_path, "q.json", json.dumps(rows)))
    assert (first.external_id, first.author, first.replies) == ("", "Оля", ())
    assert not second.harmless


def test_replies_keep_their_marks_and_need_a_text(tmp_path: Path) -> None:
    told = [{"text": "да", "accepted": True}, {"text": "нет", "by_mentor": False}, "просто", None]
    rows = [{"text": "а?", "replies": told}, {"text": "б?", "replies": [True]}]
    first, second = drawn(written(tmp_path, "q.json", json.dumps(rows)))
    marks = [(reply.text, reply.by_mentor, reply.accepted) for reply in first.replies]
    assert marks == [("да", True, True), ("нет", False, False), ("просто", True, False)]
    assert second.reason == "the text of a reply is neither a text nor a number"


@pytest.mark.parametrize("wrong", [{"id": True}, {"id": "a", "title": True}, {"id": "a", "title": ["x"]}])
def test_an_outline_with_a_wrong_id_or_title_is_reported(tmp_path: Path, wrong: dict[str, Any]) -> None:
    [bad] = drawn(written(tmp_path, "bad.json", json.dumps(wrong | {"lessons": []})))
    assert isinstance(bad, Skipped)


def test_an_outline_tells_when_cohorts_begin(tmp_path: Path) -> None:
    outline = {"id": "py", "lessons": [], "cohorts": ["2026-02-02", {"starts_on": "06.04.2026"}]}
    [course] = drawn(written(tmp_path, "py.json", json.dumps(outline)))
    assert course.cohorts == (date(2026, 2, 2), date(2026, 4, 6))
    [silent] = drawn(written(tmp_path, "a.json", json.dumps({"id": "a", "lessons": []})))
    assert silent.cohorts is None
    for wrong in ("2026-02-02", ["soon"], [{"starts_on": 7}]):
        [bad] = drawn(written(tmp_path, "b.json", json.dumps({"id": "b", "lessons": [], "cohorts": wrong})))
        assert isinstance(bad, Skipped)


def test_an_outline_is_a_course(tmp_path: Path) -> None:
    outline = {
        "id": "py",
        "title": "Python",
        "lessons": [{"id": "py-1", "title": "Ввод", "outline": "print"}],
    }
    [course] = drawn(written(tmp_path, "py.json", json.dumps(outline)))
    assert isinstance(course, IncomingCourse)
    assert (course.code, course.lessons[0].outline) == ("py", "print")
    [bad] = drawn(written(tmp_path, "bad.json", json.dumps({"id": "x", "lessons": [{"title": "no id"}]})))
    assert isinstance(bad, Skipped)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("2026-02-01T10:00:00+03:00", datetime(2026, 2, 1, 7, tzinfo=UTC)),
        ("1767225600", datetime(2026, 1, 1, tzinfo=UTC)),
        ("1767225600000", datetime(2026, 1, 1, tzinfo=UTC)),
        ("1767225600000000", datetime(2026, 1, 1, tzinfo=UTC)),
        ("1767225600,0", datetime(2026, 1, 1, tzinfo=UTC)),
        ("2026-01-01T03:00:00+03", datetime(2026, 1, 1, tzinfo=UTC)),
        ("2026-01-01T00:00:00z", datetime(2026, 1, 1, tzinfo=UTC)),
        ("2025-12-31T23:59:60,5 UTC", datetime(2026, 1, 1, 0, 0, 0, 500_000, UTC)),
        ("01.02.2026 10:30:00.123", datetime(2026, 2, 1, 10, 30)),
        ("01.02.2026 10:30", datetime(2026, 2, 1, 10, 30)),
        ("1 октября 2026", datetime(2026, 10, 1)),
        ("четверг, 1 октября 2026, 10:15", datetime(2026, 10, 1, 10, 15)),
        ("31 мая 2026 г. в 9:05:07", datetime(2026, 5, 31, 9, 5, 7)),
        ("3 нояб. 2026 г., 18:00", datetime(2026, 11, 3, 18)),
        ("Thursday, 1 October 2026, 10:15 AM", datetime(2026, 10, 1, 10, 15)),
        ("Oct 1, 2026 12:05 am", datetime(2026, 10, 1, 0, 5)),
        ("Fri, Oct. 2, 2026, 11:30 p.m.", datetime(2026, 10, 2, 23, 30)),
        ("28/Nov/26 3:45 PM", datetime(2026, 11, 28, 15, 45)),
        ("28/ноя/26 15:45", datetime(2026, 11, 28, 15, 45)),
        ("28-Nov-2026", datetime(2026, 11, 28)),
        ("2026-11-28 12:20 AM", datetime(2026, 11, 28, 0, 20)),
        ("28.11.2026 в 12:20", datetime(2026, 11, 28, 12, 20)),
        ("2026-11-28 12:20:03 UTC", datetime(2026, 11, 28, 12, 20, 3, tzinfo=UTC)),
        ("Nov 28, 2026 12:20 GMT", datetime(2026, 11, 28, 12, 20, tzinfo=UTC)),
        ("2026/11/28 3:20:03 PM GMT+3", datetime(2026, 11, 28, 12, 20, 3, tzinfo=UTC)),
        ("2026/11/28 5:50:03 PM GMT+5:30", datetime(2026, 11, 28, 12, 20, 3, tzinfo=UTC)),
        ("Sat, 28 Nov 2026 07:20:03 -0500", datetime(2026, 11, 28, 12, 20, 3, tzinfo=UTC)),
        ("", None),
        (None, None),
    ],
)
def test_dates(value: object, expected: datetime | None) -> None:
    assert read_date(value) == expected


@pytest.mark.parametrize(
    "value",
    [
        "вчера",
        "1 брюмера 2026",
        "31 июня 2026",
        "1 мая 2026 13:00 PM",
        "2026-05-01 13:00 PM",
        "1 мая 26",
        "12:20 UTC",
        "2026-05-01 12:20 +9900",
        "2026-13-01",
        "32.01.2026",
        "99999999999999999999",
        "0000-00-00",
    ],
)
def test_dates_that_are_none(value: str) -> None:
    with pytest.raises(InvalidInput, match="not understood"):
        read_date(value)


def test_a_day_number_in_a_workbook_is_a_date(tmp_path: Path) -> None:
    rows = [["вопрос", "дата"], ["как?", 45800], ["где?", 45800.75], ["когда?", 1_709_287_200]]
    dates = [record.asked_at for record in drawn(workbook(tmp_path, rows))]
    unix = datetime(2024, 3, 1, 10, tzinfo=UTC)
    assert dates == [datetime(2025, 5, 23), datetime(2025, 5, 23, 18), unix]


@pytest.mark.parametrize(
    ("value", "warned"),
    [("11/28/2026", True), ("2/13/26 4:10 PM", True), ("13/13/2026", False), ("11/32/2026", False)],
)
def test_a_date_with_the_month_first_warns_of_its_column(value: str, warned: bool) -> None:
    with pytest.raises(InvalidInput) as error:
        read_date(value)
    assert ("the month first" in error.value.message) is warned
    assert ("others of its" in error.value.remedy) is warned


@pytest.mark.parametrize(
    ("dates", "expected"),
    [
        (
            ["03/04/2026", "11/28/2026 2:05 PM", ""],
            [datetime(2026, 3, 4), datetime(2026, 11, 28, 14, 5), None],
        ),
        (["3/4/26", "11/28/26 14:05"], [datetime(2026, 3, 4), datetime(2026, 11, 28, 14, 5)]),
        (["03/04/2026", "28/11/2026"], [datetime(2026, 4, 3), datetime(2026, 11, 28)]),
        (["03/04/2026", "12/12/2026"], [datetime(2026, 4, 3), datetime(2026, 12, 12)]),
        (
            ["2026-03-04", "04.03.2026", "2/13/2026"],
            [datetime(2026, 3, 4), datetime(2026, 3, 4), datetime(2026, 2, 13)],
        ),
    ],
)
def test_one_date_of_a_column_tells_whether_the_month_is_first(
    tmp_path: Path, dates: list[str], expected: list[datetime | None]
) -> None:
    path = tmp_path / "tickets.csv"
    rows = [f"вопрос {number},{date}" for number, date in enumerate(dates)]
    path.write_text("\n".join(["question,date", *rows]), "utf-8")
    assert [record.asked_at for record in drawn(path)] == expected


def test_dates_that_are_texts_in_a_workbook_may_have_the_month_first(tmp_path: Path) -> None:
    rows = [
        ["Tickets"],
        ["question", "date"],
        ["a?", "03/04/2026"],
        ["b?", 46100],
        ["c?", "03/25/2026 2:05 PM"],
    ]
    path = workbook(tmp_path, rows)
    assert open_source(path, ImportOptions()).month_first
    dates = [record.asked_at for record in drawn(path)]
    assert dates == [datetime(2026, 3, 4), datetime(2026, 3, 19), datetime(2026, 3, 25, 14, 5)]


@pytest.mark.parametrize("name", ["rows.json", "rows.jsonl"])
def test_dates_of_json_may_have_the_month_first(tmp_path: Path, name: str) -> None:
    rows = [{"question": "a?", "date": "3/4/2026"}, {"question": "b?", "date": "3/25/2026"}]
    text = json.dumps(rows) if name == "rows.json" else "\n".join(map(json.dumps, rows))
    dates = [record.asked_at for record in drawn(written(tmp_path, name, text))]
    assert dates == [datetime(2026, 3, 4), datetime(2026, 3, 25)]


def test_dates_of_both_kinds_are_read_with_the_day_first(tmp_path: Path) -> None:
    path = tmp_path / "tickets.csv"
    path.write_text("question,date\nкак?,11/28/2026\nгде?,28/11/2026\n", "utf-8")
    skipped, question = drawn(path)
    assert isinstance(skipped, Skipped)
    assert "the month first" in skipped.reason
    assert question.asked_at == datetime(2026, 11, 28)


def test_weeks_of_enrolment_have_the_month_first_too(tmp_path: Path) -> None:
    path = tmp_path / "weeks.csv"
    path.write_text("course,week,students\ngit,11/3/2026,10\ngit,11/16/2026,12\n", "utf-8")
    assert [record.day for record in drawn(path)] == [date(2026, 11, 3), date(2026, 11, 16)]


def test_those_who_tell_no_name_are_not_one_person(tmp_path: Path) -> None:
    rows = "Email,Your question\nanonymous,why?\nАноним,how?\nann@example.com,when?\n"
    assert [one.author for one in drawn(written(tmp_path, "q.csv", rows))] == ["", "", "ann@example.com"]
