"""What imports told of courses and enrolments, and what was known before, so that it can come back"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = '0025'
down_revision = '0024'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        'school_change',
        sa.Column('id', sa.Integer(), nullable=False),
        sa.Column('import_id', sa.Integer(), nullable=False),
        sa.Column('part', sa.String(length=20), nullable=False),
        sa.Column('course_code', sa.String(length=100), nullable=False),
        sa.Column('week', sa.Date(), nullable=True),
        sa.Column('changed', sa.Boolean(), nullable=False),
        sa.Column('before', sa.JSON(), nullable=True),
        sa.Column('told', sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(
            ['import_id'], ['import.id'], name=op.f('fk_school_change_import_id_import'), ondelete='CASCADE'
        ),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_school_change')),
    )
    op.create_index(op.f('ix_school_change_import_id'), 'school_change', ['import_id'])
    op.create_index('ix_school_change_part', 'school_change', ['course_code', 'part', 'week'])


def downgrade() -> None:
    op.drop_table('school_change')
