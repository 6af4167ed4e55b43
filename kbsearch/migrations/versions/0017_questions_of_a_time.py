"""All that insights count of the questions of a time is in one index; counts of clusters tell 7 and 28 days"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = '0017'
down_revision = '0016'
branch_labels = None
depends_on = None

COLUMNS = ['asked_at', 'state', 'case_id', 'course_code', 'lesson_code', 'author_key']


def upgrade() -> None:
    op.drop_index('ix_question_asked_at', table_name='question')
    op.create_index('ix_question_asked', 'question', COLUMNS)
    op.execute('DELETE FROM cluster_count')  # the worker counts anew, and pages count on the spot till then
    with op.batch_alter_table('cluster_count') as table:
        table.add_column(sa.Column('last_7', sa.Integer(), nullable=False))
        table.add_column(sa.Column('last_28', sa.Integer(), nullable=False))


def downgrade() -> None:
    op.drop_column('cluster_count', 'last_28')
    op.drop_column('cluster_count', 'last_7')
    op.drop_index('ix_question_asked', table_name='question')
    op.create_index('ix_question_asked_at', 'question', ['asked_at'])
