"""Names that clusters took from questions lose the emoji in them, as names have been made since"""

from __future__ import annotations

import re

import sqlalchemy as sa
from alembic import op

revision = '0020'
down_revision = '0019'
branch_labels = None
depends_on = None

CLUSTER = sa.table(
    'cluster',
    sa.column('id', sa.Integer),
    sa.column('label', sa.String),
    sa.column('label_pinned', sa.Boolean),
)
PICTURES = re.compile('[\U0001f1e6-\U0001f1ff\U0001f300-\U0001faff☀-➿⬀-⯿\u200d\ufe0f\u20e3]+')


def upgrade() -> None:
    connection = op.get_bind()
    derived = sa.select(CLUSTER.c.id, CLUSTER.c.label).where(CLUSTER.c.label_pinned == sa.false())
    for row in connection.execute(derived).all():
        plain = ' '.join(PICTURES.sub(' ', row.label).split())
        plain = re.sub(r'\s+(?=[?!.,…])', '', plain)
        if PICTURES.search(row.label) and any(map(str.isalnum, plain)):
            connection.execute(CLUSTER.update().where(CLUSTER.c.id == row.id).values(label=plain))


def downgrade() -> None:
    pass  # what was left out is not known any more
