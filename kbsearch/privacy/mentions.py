"""@names of people in running text, told from decorators, CSS rules, package scopes and variables."""

from __future__ import annotations

import re
from collections import Counter

_MENTION = re.compile(r"(?<![\w@./\\\[\]{}$`=&|~^*+-])@([^\W\d]\w{2,31})(?!\w)((?:\.[A-Za-z_]\w{0,30}){0,3})")
_NEXT_LINE_IS_CODE = re.compile(
    r"[^\n]{0,200}\n\s{0,40}(?:@|def |class |async |public |private |protected |export |function |static )"
)
_ASSIGNED = re.compile(r"\s{0,3}(?::=|\+=|=)|\s+(?:int|varchar|nvarchar|datetime|table)\b", re.IGNORECASE)
_SQL_BEFORE = re.compile(r"\b(?:declare|set|fetch|into|exec)\s{1,3}$", re.IGNORECASE)

_PYTHON = """
    property staticmethod classmethod abstractmethod abstractproperty cached_property lru_cache cache wraps
    dataclass dataclasses functools contextmanager asynccontextmanager overload override final total_ordering
    pytest fixture parametrize patch unittest mock app bot router dispatcher blueprint api celery shared_task
    task login_required permission_required require_http_methods csrf_exempt api_view action receiver
    register admin validator field_validator model_validator root_validator computed_field hybrid_property
    validates listens_for singledispatch jit njit decorator timer retry given strategies setter getter
    deleter typing unique enum atexit click command group option argument decorate my_decorator wrapper
"""
_STYLES = """
    media keyframes import font charset supports layer container page namespace tailwind apply include mixin
    extend use forward each else while for function return error warn debug content viewport counter
    starting scope view position webkit moz plugin config theme utility variant custom screen responsive
"""
_OTHER_CODE = """
    Override Deprecated SuppressWarnings FunctionalInterface SafeVarargs Autowired Bean Component Controller
    Service Repository Entity Table Column Inject Test Before After BeforeEach AfterEach GetMapping
    PostMapping PutMapping DeleteMapping RequestMapping RestController Configuration Transactional Data
    Getter Setter Builder Nullable NotNull NonNull Injectable Input Output NgModule ViewChild Directive Pipe
    param params returns type typedef throws example deprecated see since version author todo private public
    protected static readonly template callback yields async event click change submit input keyup keydown
    focus blur update csrf foreach endforeach endif section yield extends var dynamic interface implementation
    end selector objc autoclosure escaping State Binding Published ObservedObject main available
    discardableResult Composable JvmStatic mouseover scroll load ts ignore expect nocheck
"""
NOT_NAMES = frozenset(word.lower() for word in (_PYTHON + _STYLES + _OTHER_CODE).split())
"""Words after @ that belong to a language, a framework or a style sheet, lower-cased."""


def mask_mentions(text: str, found: Counter[str]) -> str:
    """``text`` with the @names of people masked, counted in ``found``."""

    def replace(match: re.Match[str]) -> str:
        if not _is_person(match):
            return match[0]
        found["name"] += 1
        return "[name]"

    return _MENTION.sub(replace, text)


def _is_person(match: re.Match[str]) -> bool:
    text, end, name = match.string, match.end(), match[1].lower()
    if text[end : end + 1] in {"/", "{", "(", "[", "$", "%"} or _ASSIGNED.match(text, end):
        return False
    if name in NOT_NAMES or (match[2] and name.split("_")[0] in NOT_NAMES):
        return False
    if _SQL_BEFORE.search(text[max(0, match.start() - 12) : match.start()]):
        return False
    return not (_begins_its_line(text, match.start()) and _NEXT_LINE_IS_CODE.match(text, end))


def _begins_its_line(text: str, at: int) -> bool:
    before = text[max(0, at - 100) : at]
    return not before[before.rfind("\n") + 1 :].strip()
