"""Which questions repeat which, and which cases people merged or told apart"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

import kbsearch.models.base

revision = '0005'
down_revision = '0004'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        'question_link',
        sa.Column('id', sa.Integer(), nullable=False),
        sa.Column('question_id', sa.Integer(), nullable=False),
        sa.Column('to_id', sa.Integer(), nullable=False),
        sa.Column('root_id', sa.Integer(), nullable=False),
        sa.Column('kind', sa.String(length=20), nullable=False),
        sa.Column('probability', sa.Double(), nullable=False),
        sa.Column('person_id', sa.Integer(), nullable=True),
        sa.Column('created_at', kbsearch.models.base.UtcDateTime(), nullable=False),
        sa.Column('undone_at', kbsearch.models.base.UtcDateTime(), nullable=True),
        sa.Column('undone_by_id', sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(['question_id'], ['question.id'], name=op.f('fk_question_link_question_id_question'), ondelete='CASCADE'),
        sa.ForeignKeyConstraint(['to_id'], ['question.id'], name=op.f('fk_question_link_to_id_question'), ondelete='CASCADE'),
        sa.ForeignKeyConstraint(['root_id'], ['question.id'], name=op.f('fk_question_link_root_id_question'), ondelete='CASCADE'),
        sa.ForeignKeyConstraint(['person_id'], ['person.id'], name=op.f('fk_question_link_person_id_person'), ondelete='SET NULL'),
        sa.ForeignKeyConstraint(['undone_by_id'], ['person.id'], name=op.f('fk_question_link_undone_by_id_person'), ondelete='SET NULL'),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_question_link')),
    )
    not_undone = sa.text('undone_at IS NULL')
    op.create_index('uq_question_link_question_id', 'question_link', ['question_id'], unique=True, sqlite_where=not_undone, postgresql_where=not_undone)
    op.create_index('ix_question_link_root', 'question_link', ['root_id'])
    op.create_index('ix_question_link_to', 'question_link', ['to_id'])
    op.create_table(
        'case_pair',
        sa.Column('id', sa.Integer(), nullable=False),
        sa.Column('case_id', sa.Integer(), nullable=False),
        sa.Column('other_id', sa.Integer(), nullable=False),
        sa.Column('verdict', sa.String(length=20), nullable=False),
        sa.Column('moved', sa.JSON(), nullable=False),
        sa.Column('person_id', sa.Integer(), nullable=True),
        sa.Column('created_at', kbsearch.models.base.UtcDateTime(), nullable=False),
        sa.Column('undone_at', kbsearch.models.base.UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(['case_id'], ['case.id'], name=op.f('fk_case_pair_case_id_case'), ondelete='CASCADE'),
        sa.ForeignKeyConstraint(['other_id'], ['case.id'], name=op.f('fk_case_pair_other_id_case'), ondelete='CASCADE'),
        sa.ForeignKeyConstraint(['person_id'], ['person.id'], name=op.f('fk_case_pair_person_id_person'), ondelete='SET NULL'),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_case_pair')),
    )
    op.create_index('ix_case_pair_case', 'case_pair', ['case_id'])
    op.create_index('ix_case_pair_other', 'case_pair', ['other_id'])


def downgrade() -> None:
    op.drop_table('case_pair')
    op.drop_table('question_link')
