"""Feedback that its giver took back, and what questions were before feedback answered them"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
import kbsearch.models.base

revision = '0026'
down_revision = '0025'
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table('feedback') as batch:
        batch.add_column(sa.Column('before', sa.JSON(), nullable=True))
        batch.add_column(sa.Column('withdrawn_at', kbsearch.models.base.UtcDateTime(), nullable=True))


def downgrade() -> None:
    op.execute('DELETE FROM feedback WHERE withdrawn_at IS NOT NULL')
    with op.batch_alter_table('feedback') as batch:
        batch.drop_column('withdrawn_at')
        batch.drop_column('before')
