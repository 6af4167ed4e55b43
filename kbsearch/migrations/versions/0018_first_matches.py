"""The case that comes first for a question is kept, so that clusters know cases"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
import kbsearch.models.base

revision = '0018'
down_revision = '0017'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        'first_match',
        sa.Column('question_id', sa.Integer(), nullable=False),
        sa.Column('case_id', sa.Integer(), nullable=True),
        sa.Column('probability', sa.Double(), nullable=False),
        sa.Column('model_version', sa.String(length=100), nullable=False),
        sa.Column('checked_at', kbsearch.models.base.UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ['case_id'], ['case.id'], name=op.f('fk_first_match_case_id_case'), ondelete='SET NULL'
        ),
        sa.ForeignKeyConstraint(
            ['question_id'],
            ['question.id'],
            name=op.f('fk_first_match_question_id_question'),
            ondelete='CASCADE',
        ),
        sa.PrimaryKeyConstraint('question_id', name=op.f('pk_first_match')),
    )
    op.create_index(op.f('ix_first_match_case_id'), 'first_match', ['case_id'])
    op.create_index(op.f('ix_first_match_checked_at'), 'first_match', ['checked_at'])


def downgrade() -> None:
    op.drop_table('first_match')
