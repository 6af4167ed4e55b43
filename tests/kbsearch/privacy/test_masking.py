"""What is masked, what is left alone, and that time grows with length only."""

from __future__ import annotations

import pytest

from kbsearch.privacy.masking import mask

MASKED = [
    ("пишите ivan.petrov@mail.ru, спасибо", "пишите [email], спасибо", "email"),
    ("почта:Ivan+dz@school.online.", "почта:[email].", "email"),
    ("пишите на почта@пример.рф", "пишите на [email]", "email"),
    ("https://site.ru/unsubscribe/ivan@mail.ru", "https://site.ru/unsubscribe/[email]", "email"),
    ("+7 900 123-45-67", "[phone]", "phone"),
    ("8(900)123-45-67", "[phone]", "phone"),
    ("8-900-123-45-67 2 дня назад", "[phone] 2 дня назад", "phone"),
    ("89001234567", "[phone]", "phone"),
    ("тел.79001234567!", "тел.[phone]!", "phone"),
    ("9001234567 звоните", "[phone] звоните", "phone"),
    ("(495) 123-45-67", "[phone]", "phone"),
    ("8 800 555 35 35", "[phone]", "phone"),
    ("+380 67 123 45 67", "[phone]", "phone"),
    ("+1 (212) 555-0123", "[phone]", "phone"),
    ("+44 7911 123456, 12", "[phone], 12", "phone"),
    ("мой ник @ivan_petrov, привет", "мой ник [name], привет", "name"),
    ("спросите (@Maria) или @куратор", "спросите ([name]) или [name]", "name"),
    ("это @ivan.petrov в инсте", "это [name] в инсте", "name"),
    ("https://t.me/ivan_p?start=1", "https://t.me/[name]?start=1", "name"),
    ("t.me/+AbCdEf123", "t.me/[name]", "name"),
    ("vk.com/id12345, https://vk.com/ivan.petrov.", "vk.com/[name], https://vk.com/[name].", "name"),
    ("wa.me/79001234567", "wa.me/[name]", "name"),
    ("https://zoom.us/j/123?pwd=AbC&x=1 вход", "https://zoom.us/j/123?[link] вход", "link"),
    ("zoom.us/j/123?pwd=AbC", "zoom.us/j/123?[link]", "link"),
    ("https://lms.ru/#access_token=abc", "https://lms.ru/#[link]", "link"),
    ("https://s3.ru/a.pdf?X-Amz-Signature=ab", "https://s3.ru/a.pdf?[link]", "link"),
    ("https://user:pa@ss@host.ru/x", "https://[secret]@host.ru/x", "secret"),
    ("postgresql://u:p@localhost:5432/db", "postgresql://[secret]@localhost:5432/db", "secret"),
    ("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3In0.abc-def", "[secret]", "secret"),
    ("ghp_abcdefghijklmnopqrstuvwxyz0123456789", "[secret]", "secret"),
    ("key=sk-proj-abcdefghijklmnopqrst1234", "key=[secret]", "secret"),
    ("AKIAIOSFODNN7EXAMPLE", "[secret]", "secret"),
    ("карта 4111 1111 1111 1111", "карта [card]", "card"),
    ("4111111111111111", "[card]", "card"),
    ("4111 1111 1111 1111 123", "[card]", "card"),
    ("2200-1234-5678-9019", "[card]", "card"),
    ("3782 822463 10005", "[card]", "card"),
    ("СНИЛС 112-233-445 95", "СНИЛС [document]", "document"),
    ("снилс 11223344595", "снилс [document]", "document"),
    ("ИНН 7707083893", "ИНН [document]", "document"),
    ("500100732259", "[document]", "document"),
    ("ОГРН 1027700132195", "ОГРН [document]", "document"),
    ("паспорт 4509 123456 выдан", "паспорт [document] выдан", "document"),
    ("паспорт серия 45 09 номер 123456", "паспорт серия [document]", "document"),
]

KEPT = [
    "Python 3.11.7 и 2024-01-15 10:30:00, заказ 2024-01-15-0001",
    "192.168.100.200 и 81.177.140.123",
    "class A:\n    @property\n    def f(self): ...\n\n    @staticmethod\n    def g(): ...",
    "@app.route('/')\ndef index(): ...",
    "повесил @app.route и @pytest.mark.parametrize",
    "@my_decorator\ndef f(): pass",
    "@media (max-width: 900px) { } @keyframes spin { }",
    "npm i @babel/core @types/node react@18.2.0",
    "git reset HEAD@{1}; git clone git@github.com:school/repo.git",
    "icon@2x.png; A @ B; `@ivan` и ```\n@ivan\n```",
    '<button @click="go" @submit.prevent="x">',
    "DECLARE @name varchar(10); SET @count = 5",
    "id 1234567890123, время 1700000000 и 1700000000000, 9007199254740993",
    "0.8900123456789 и 3.14159265358979",
    "[8, 9, 10, 11, 12, 13, 14] 8 9 10 11 12 13 14 15",
    "100 200 300 400 500 600 700 за 8 900 000 рублей",
    "https://site.ru/lesson/89001234567?page=2&sort=asc",
    "vk.com/wall-123_456 и https://t.me/s/channel",
    "postgresql://{user}:{password}@{host}:{port}/{db}",
    "карта 4111 1111 1111 1112, ИНН 7707083894, СНИЛС 112-233-445 96",
    "#89001234567, ID 45091234",
    "Как отменить коммит? 😀",
]


@pytest.mark.parametrize(("text", "expected", "kind"), MASKED)
def test_personal_data_is_masked(text: str, expected: str, kind: str) -> None:
    masked = mask(text)
    assert masked.text == expected
    assert masked.found[kind] >= 1
    assert mask(masked.text).found == {}


@pytest.mark.parametrize("text", KEPT)
def test_code_numbers_and_prose_stay_byte_for_byte(text: str) -> None:
    masked = mask(text)
    assert masked.text == text
    assert not masked.found


def test_kinds_are_counted() -> None:
    masked = mask("a@mail.ru b@mail.ru +79001234567 https://x.ru/?token=1 @vasya")
    assert masked.found == {"email": 2, "phone": 1, "link": 1, "name": 1}


@pytest.mark.parametrize(
    "unit",
    ["a@", "1", "1-", "8 900 ", "+1", "@a.", "http://", "?a=", "eyJ-", "`", "a.", "4111 ", "паспорт ", "-"],
)
def test_hostile_text_is_read_to_its_end(unit: str) -> None:
    text = unit * (300_000 // len(unit)) + " ivan@mail.ru"
    assert mask(text).text.endswith("[email]")
