"""The knowledge base, as far as students may see it."""

from __future__ import annotations

from flask import Response, jsonify

from kbsearch.errors import NotFound
from kbsearch.models import LIVE_STATES, Scope
from web.api.contract import api_blueprint, needs, reading
from web.api.requests import CasePath, CasesQuery
from web.api.responses import CasesOut, CaseWithVariants, case_out, case_with_variants
from web.session import kb, requires_token

LIVE = "live"

blueprint = api_blueprint("cases", "The knowledge base.")


@blueprint.get("/cases", responses={200: CasesOut, **reading()}, security=needs(Scope.READ))
@requires_token(Scope.READ)
def list_cases(query: CasesQuery) -> Response:
    """List cases, last changed first, or by id with `after`.

    To keep up with them ask for those that changed since (`updated_since`, with `state=live`): `withdrawn`
    then names those that are no longer published.
    """
    kb().questions.check_place(query.course)
    page = kb().cases.list(
        state="" if query.state == LIVE else query.state,
        states=LIVE_STATES if query.state == LIVE else (),
        course=query.course,
        text=query.q,
        limit=query.limit,
        offset=query.offset,
        after=query.after,
        since=query.updated_since,
    )
    found = CasesOut(items=[case_out(case) for case in page.items], total=page.total, withdrawn=None)
    if query.updated_since is None:
        return jsonify(found.model_dump(mode="json", exclude={"withdrawn"}))
    found.withdrawn = list(kb().cases.withdrawn(query.updated_since))
    return jsonify(found.model_dump(mode="json"))


@blueprint.get(
    "/cases/<int:case_id>", responses={200: CaseWithVariants, **reading(404)}, security=needs(Scope.READ)
)
@requires_token(Scope.READ)
def read_case(path: CasePath) -> Response:
    """Read a case with its variants.  A draft or archived case is not found."""
    case = kb().cases.get(path.case_id)
    if case.state not in LIVE_STATES:
        raise NotFound("There is no published case {id}.", remedy="It may be a draft.", id=case.id)
    return jsonify(case_with_variants(case).model_dump(mode="json"))
