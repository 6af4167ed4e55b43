"""Keys of texts that speak of signs: && and ||, += and -=, a lone < and >"""

from __future__ import annotations

import hashlib

import sqlalchemy as sa
from alembic import op

from kbsearch.text.wording import plain_wording

revision = '0023'
down_revision = '0022'
branch_labels = None
depends_on = None

SIGNS = ('=', '<', '>', '%', '&&', '||', '::', '**', '//')


def upgrade() -> None:
    connection = op.get_bind()
    for name in ('question', 'golden_pair'):
        table = sa.table(name, sa.column('id'), sa.column('text'), sa.column('text_key'))
        signed = sa.or_(*(table.c.text.contains(sign, autoescape=True) for sign in SIGNS))
        for row in connection.execute(sa.select(table).where(signed)).all():
            key = hashlib.sha256((plain_wording(row.text) or row.text).encode('utf-8', 'replace')).hexdigest()
            if key != row.text_key:
                connection.execute(table.update().where(table.c.id == row.id).values(text_key=key))


def downgrade() -> None:
    pass
