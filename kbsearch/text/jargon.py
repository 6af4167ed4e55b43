"""What students call things: slang and transliterated terms, with the words that cases use for them."""

from __future__ import annotations

from kbsearch.text.words import stem, words

_TERMS = """
гит: git | гитхаб гх: github | гитлаб: gitlab | пуш запушить пушить пушнуть запушила: push
пул пулить спулить: pull | пулл: pull | реквест: request | пр: pull request
мерж мерджить мержить смержить смерджить мердж: merge слияние
коммит комит закоммитить коммитить закомитить: commit коммит | бранч: branch ветка
репа репозиторий реп: repository | ребейз: rebase | стэш: stash | форк форкнуть: fork
клонить клон: clone | чекаут: checkout | консоль: терминал | питон пайтон: python | пайчарм: pycharm
вскод вс: vscode | джупитер юпитер джупайтер: jupyter | пип: pip | эксель иксель ексель: excel
пандас панда: pandas | нампай: numpy | датафрейм: dataframe | ноутбук: notebook | селект: select
джойн джоин джойнить: join | скуль эскуэль: sql | постгрес: postgres | дбивер: dbeaver | впр: vlookup впр
хтмл: html | цсс: css | жс джс джаваскрипт яваскрипт: javascript js | флекс флексы: flex
грид гриды: grid | див дивы: div | инпут: input | принт принтануть: print | тайпэррор: typeerror
стиль: css | фетч: fetch | промис: promise | апи: api | джейсон жсон: json | реакт: react | докер: docker
сервак: сервер | дз домашка домашку домашек: домашнее задание | препод: преподаватель | комп: компьютер
прога: программа | мак макбук: macos | винда виндовс: windows | линукс убунту: linux | венв: venv
видос видосик: видео | серт: сертификат | бабки: деньги | сайтик: сайт | вебинарчик: вебинар
личка: личный кабинет | лк: личный кабинет | акк: аккаунт | пасс: пароль | мыло: почта | скрин: скриншот
файлик: файл | ошибочка: ошибка | впн: vpn
"""


def _table() -> dict[str, tuple[str, ...]]:
    entries = [entry.split(":") for line in _TERMS.strip().splitlines() for entry in line.split("|")]
    return {stem(word): tuple(terms.split()) for said, terms in entries for word in said.split()}


_MEANT = _table()


def spell_out(text: str) -> str:
    """``text`` followed by the established terms of its slang words; itself when it has none."""
    found = [term for word in words(text) for term in _MEANT.get(word.stem, ())]
    return f"{text} {' '.join(dict.fromkeys(found))}" if found else text
