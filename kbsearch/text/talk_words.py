"""Words by what they do in a message: they ask, fail, thank, greet, agree …, as stems of both languages."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from kbsearch.text.words import stem

_ASKS = """
как где куда откуда когда почему зачем отчего сколько скока кто кому кого чем чему какой какая какое какие
какую каким каких какого какому который чей ли что чё шо разве how where when why what which who whose whom
"""
_REQUESTS = """
подскажите подскажи объясните объясни помогите помоги скиньте скинь пришлите проверьте проверь дайте
посмотрите гляньте поясните расскажите напишите ответьте переведите посоветуйте выручайте отправьте добавьте
верните перенесите откройте удалите отмените поменять сменить вернуть получить узнать найти сделать
help explain send share check tell advise
"""
_FAILS = """
ошибка ошибку проблема падает упал упала упало вылетает вылетел виснет завис зависает глючит лагает пропал
пропала пропало пропали исчез исчезло сломалось сломался слетел слетели ругается отклонили отклонено
заблокировали кончился закрылся пустой пустая пустые пусто нету нельзя невозможно вместо хотя лежит крутится
дублируется двоится списали потерял error fail failed fails broken wrong missing refused denied stuck crash
crashes dead blank unknown cannot can't doesn't won't isn't didn't couldn't unable
"""
_NEGATES = "не ни нет без никак not no without nothing never"
_WANTS = """
можно нужно нужен нужна нужны надо хочу хотел хотела хотелось хотим обязательно обязателен достаточно
получится могу может ли должен должна смогу успею can could should may need want must required possible
"""
_THANKS = """
спасибо спс пасиб пасиба спасиб спосибо спасибки спасибочки спасибище сяп благодарю благодарность
благодарна благодарен признательна thanks thank thx tnx ty cheers appreciate grateful
"""
_GREETS = """
привет приветик приветствую хай хей ку салют здравствуйте здрасте добрый доброе доброго вечер вечера утро
утра день дня знакомству знакомы hello hi hey morning greetings glad meet welcome
"""
_AGREES = """
ок окей окк оки ага угу да точно именно ясно ясн понятно понял поняла поняли пон принял приняла принято
хорошо ладно договорились согласен согласна согл плюсую поддерживаю жиза жизненно аналогично тоже отлично
норм нормально конечно верно учту запомню ok okay k yes yep yeah no nope same agreed right true understood
sure gotcha got too sense
"""
_DONE = """
заработало работает запустилось получилось разобрался разобралась разобрались решилось решил решила решено
сдал сдала сдали сдано нашел нашла нашлось нашлась починил починила исправил исправила сделал сделала сделано
готово прошло дошло сошлось отправила отправил прошел прошла поднялось собралось сошелся закончил закончила
закончили приняли зачли fixed solved works worked done found passed submitted sorted finished finally
"""
_WITHDRAWS = """
неважно отбой снят отпал закрыт актуально извините извиняюсь простите прощения сорри сорян ошиблась ошибся
перепутал перепутала тупанул затупил дурак показалось nevermind nvm sorry oops mind bad silly noise
"""
_FEELS = """
круто крутой класс классно супер огонь топ топчик топово восторг восторге люблю обожаю обнимаю ненавижу плачу
рыдаю реву счастье счастлив счастлива рад рада рады горжусь гордость красота красиво прекрасно прекрасная
прекрасный чудо магия волшебство кайф боль страшно волнуюсь грустно устал устала сложно интересно нравится
понравилось приятно весело смешно мило молодец молодцы умница умнички лучший лучшая лучшие гений космос
шикарно шикарная божественно обалденный обалдеть ужас любовь мечта мечтала эмоции впечатлением скучать душа
душевные love loved great amazing awesome beautiful wonderful nice cool perfect lovely happy proud excited
fun enjoyed best hate tired glad clever brilliant
"""
_WISHES = """
удачи успехов поздравляю поздравляем поздравления праздником рождения наступающим наступающими выходных
выходными каникулами хорошего продуктивной приятного пока спокойной завтра встречи терпения держитесь
держись luck congrats congratulations birthday bye goodnight weekend friday tomorrow night
"""
_TO_ALL = """
всем все всех ребята ребят народ коллеги девочки девочкам друзья мальчики наставник наставникам наставники
ментор менторы преподаватель преподавателям группа группе поток чат чате сообщество
all everyone everybody guys folks team teacher professor coach community you
"""
_SELF = """
я мне меня мой моя мои мною зовут лет город сам сама i i'm my me myself from
"""

GROUPS: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        name: frozenset(stem(word) for word in listed.split())
        for name, listed in (
            ("asks", _ASKS),
            ("requests", _REQUESTS),
            ("fails", _FAILS),
            ("negates", _NEGATES),
            ("wants", _WANTS),
            ("thanks", _THANKS),
            ("greets", _GREETS),
            ("agrees", _AGREES),
            ("done", _DONE),
            ("withdraws", _WITHDRAWS),
            ("feels", _FEELS),
            ("wishes", _WISHES),
            ("to_all", _TO_ALL),
            ("self", _SELF),
        )
    }
)
"""Stems by group; a word may be in several."""
