"""Words that say nothing about a topic, in Russian and English, as stems."""

from __future__ import annotations

from kbsearch.text.words import stem

_RUSSIAN = """
а без более больше будет будто бы был была были было быть в вам вами вас ваш ваша ваше ваши весь во вообще
вот все всего всегда всем всех всю вы где говорит говорят да дает даже давайте делать делаю делает день для
до добрый должен должна должно должны друг другой его ее ей если есть еще же за здравствуйте здесь зачем и
из или им имени их к каждый как какая какие какой какого каком кажется когда кого который которая которое
которые кому кто кстати куда ли либо лишь люди меня мне много могу может можете можно мой моя мое мои мы на
над надо например нам нами нас наш наша не него нее ней нельзя нет неё ни нибудь никак них ничего но
нормально ну нужно нужен нужна нужны о об один одна одно он она они оно опять от ответьте очень пишет пока
подскажите пожалуйста понимаю понял поняла понятно после потом потому почему почти по при привет про просто
прошу пытаюсь раз разве ребята с сам сама само самый сегодня сделать себе себя сейчас со совсем спасибо
также такая такие такой там тебя тем теперь то тогда того тоже той только том тот тут ты у уже хочу хотел
хотела хотя чего чей чем через что чтоб чтобы чуть эта эти это этого этой этом этот эту я типа вроде прям
короче блин вопрос помогите кто-нибудь кто-то кто-либо что-то что-нибудь как-то где-то почему-то какой-то
какая-то какие-то какое-то когда-нибудь вообще-то плиз пж пжл плз коллеги вечер утро знает сталкивался
случай
"""
_ENGLISH = """
a about after again all also am an and another any anybody anyone are as at be because been before being but
by can could day did do does doing done don't each even ever every for from further get gets getting go
going good got had has have having he hello help her here hi him his how i i'm i've if in into is it it's
its just know let like made make many may me might mine more most much must my need no nor not now of off on
once one only or other our out over own please really same say says see she should since so some somebody
someone something still such sure tell than thank thanks that the their them then there these they thing
this those though through to told too tried try trying under until up us very via want wants was way we well
were what what's when where whether which while who whom whose why will with within without won't would yet
two three four five six seven eight nine ten first second third last next twice never nothing nobody none
everything everybody everyone anything already yet back yesterday today tomorrow tonight morning evening ago
later soon long often always maybe else instead away several few lot lots bit both either neither itself
myself during along against across around behind below above between whatever however therefore currently
finally actually exactly probably usually quite rather almost together yourself
you your yours can't doesn't isn't didn't
"""

STOP_STEMS = frozenset(stem(word) for word in (_RUSSIAN + _ENGLISH).split())
