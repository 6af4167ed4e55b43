"""A lexicon of what students say, kept by the school"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
import kbsearch.models.base

revision = '0006'
down_revision = '0005'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        'lexicon_entry',
        sa.Column('id', sa.Integer(), nullable=False),
        sa.Column('said', sa.String(length=100), nullable=False),
        sa.Column('means', sa.String(length=300), nullable=False),
        sa.Column('active', sa.Boolean(), nullable=False),
        sa.Column('created_at', kbsearch.models.base.UtcDateTime(), nullable=False),
        sa.Column('created_by_id', sa.Integer(), nullable=True),
        sa.Column('updated_at', kbsearch.models.base.UtcDateTime(), nullable=False),
        sa.Column('updated_by_id', sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ['created_by_id'], ['person.id'], name=op.f('fk_lexicon_entry_created_by_id_person'), ondelete='SET NULL'
        ),
        sa.ForeignKeyConstraint(
            ['updated_by_id'], ['person.id'], name=op.f('fk_lexicon_entry_updated_by_id_person'), ondelete='SET NULL'
        ),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_lexicon_entry')),
        sa.UniqueConstraint('said', name=op.f('uq_lexicon_entry_said')),
    )


def downgrade() -> None:
    op.drop_table('lexicon_entry')
