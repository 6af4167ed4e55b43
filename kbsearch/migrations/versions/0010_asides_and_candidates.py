"""Small talk is set aside; questions join clusters between runs, and open candidates"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
import kbsearch.models.base

revision = '0010'
down_revision = '0009'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        'aside',
        sa.Column('question_id', sa.Integer(), nullable=False),
        sa.Column('reason', sa.String(length=20), nullable=False),
        sa.Column('probability', sa.Double(), nullable=False),
        sa.Column('judged_at', kbsearch.models.base.UtcDateTime(), nullable=False),
        sa.Column('kept_at', kbsearch.models.base.UtcDateTime(), nullable=True),
        sa.Column('kept_by_id', sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ['kept_by_id'], ['person.id'], name=op.f('fk_aside_kept_by_id_person'), ondelete='SET NULL'
        ),
        sa.ForeignKeyConstraint(
            ['question_id'], ['question.id'], name=op.f('fk_aside_question_id_question'), ondelete='CASCADE'
        ),
        sa.PrimaryKeyConstraint('question_id', name=op.f('pk_aside')),
    )
    op.create_index('ix_aside_kept', 'aside', ['kept_at', 'question_id'])
    op.add_column('cluster', sa.Column('candidate', sa.Boolean(), server_default=sa.false(), nullable=False))
    op.add_column('membership', sa.Column('joined', sa.Boolean(), server_default=sa.false(), nullable=False))


def downgrade() -> None:
    with op.batch_alter_table('membership', schema=None) as batch_op:
        batch_op.drop_column('joined')
    with op.batch_alter_table('cluster', schema=None) as batch_op:
        batch_op.drop_column('candidate')
    op.drop_index('ix_aside_kept', table_name='aside')
    op.drop_table('aside')
