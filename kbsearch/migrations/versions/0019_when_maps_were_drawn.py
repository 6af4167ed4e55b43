"""When a map was drawn is kept, so that it is drawn again after what happened since"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
import kbsearch.models.base

revision = '0019'
down_revision = '0018'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute('DELETE FROM run_map')
    with op.batch_alter_table('run_map') as batch:
        batch.add_column(sa.Column('drawn_at', kbsearch.models.base.UtcDateTime(), nullable=False))


def downgrade() -> None:
    with op.batch_alter_table('run_map') as batch:
        batch.drop_column('drawn_at')
