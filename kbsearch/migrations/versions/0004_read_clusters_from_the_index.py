"""The index of memberships by cluster holds all that lists of clusters read"""

from __future__ import annotations

from alembic import op

revision = '0004'
down_revision = '0003'
branch_labels = None
depends_on = None

INDEX = 'ix_membership_cluster'


def upgrade() -> None:
    op.drop_index(INDEX, table_name='membership')
    op.create_index(INDEX, 'membership', ['cluster_id', 'run_id', 'exemplar_rank', 'question_id'])


def downgrade() -> None:
    op.drop_index(INDEX, table_name='membership')
    op.create_index(INDEX, 'membership', ['cluster_id', 'run_id'])
