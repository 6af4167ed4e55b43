"""When a question's state, case or replies changed last, so that other programs can keep up"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

import kbsearch.models.base

revision = '0027'
down_revision = '0026'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column('question', sa.Column('updated_at', kbsearch.models.base.UtcDateTime(), nullable=True))
    op.execute('UPDATE question SET updated_at = received_at')
    op.create_index(op.f('ix_question_updated_at'), 'question', ['updated_at'])


def downgrade() -> None:
    op.drop_index(op.f('ix_question_updated_at'), table_name='question')
    op.execute('ALTER TABLE question DROP COLUMN updated_at')
