"""Faults of the platform and their reports; maps of runs"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

import kbsearch.models.base

revision = '0011'
down_revision = '0010'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        'fault',
        sa.Column('id', sa.Integer(), nullable=False),
        sa.Column('state', sa.String(length=20), nullable=False),
        sa.Column('started_at', kbsearch.models.base.UtcDateTime(), nullable=False),
        sa.Column('last_at', kbsearch.models.base.UtcDateTime(), nullable=False),
        sa.Column('found_at', kbsearch.models.base.UtcDateTime(), nullable=False),
        sa.Column('evidence', sa.JSON(), nullable=False),
        sa.Column('answer', sa.Text(), nullable=False),
        sa.Column('decided_at', kbsearch.models.base.UtcDateTime(), nullable=True),
        sa.Column('decided_by_id', sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(['decided_by_id'], ['person.id'], name=op.f('fk_fault_decided_by_id_person'), ondelete='SET NULL'),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_fault')),
    )
    op.create_index('ix_fault_state', 'fault', ['state', 'last_at'])
    op.create_table(
        'fault_question',
        sa.Column('question_id', sa.Integer(), nullable=False),
        sa.Column('fault_id', sa.Integer(), nullable=False),
        sa.Column('probability', sa.Double(), nullable=False),
        sa.Column('reply_id', sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(['question_id'], ['question.id'], name=op.f('fk_fault_question_question_id_question'), ondelete='CASCADE'),
        sa.ForeignKeyConstraint(['fault_id'], ['fault.id'], name=op.f('fk_fault_question_fault_id_fault'), ondelete='CASCADE'),
        sa.ForeignKeyConstraint(['reply_id'], ['reply.id'], name=op.f('fk_fault_question_reply_id_reply'), ondelete='SET NULL'),
        sa.PrimaryKeyConstraint('question_id', name=op.f('pk_fault_question')),
    )
    op.create_index(op.f('ix_fault_question_fault_id'), 'fault_question', ['fault_id'])
    op.create_table(
        'fault_signal',
        sa.Column('question_id', sa.Integer(), nullable=False),
        sa.Column('asked_at', kbsearch.models.base.UtcDateTime(), nullable=False),
        sa.Column('probability', sa.Double(), nullable=False),
        sa.ForeignKeyConstraint(['question_id'], ['question.id'], name=op.f('fk_fault_signal_question_id_question'), ondelete='CASCADE'),
        sa.PrimaryKeyConstraint('question_id', name=op.f('pk_fault_signal')),
    )
    op.create_index('ix_fault_signal_asked_at', 'fault_signal', ['asked_at', 'probability'])
    op.create_table(
        'fault_delivery',
        sa.Column('id', sa.Integer(), nullable=False),
        sa.Column('fault_id', sa.Integer(), nullable=False),
        sa.Column('state', sa.String(length=20), nullable=False),
        sa.Column('attempts', sa.Integer(), nullable=False),
        sa.Column('outcome', sa.String(length=300), nullable=False),
        sa.Column('due_at', kbsearch.models.base.UtcDateTime(), nullable=False),
        sa.Column('created_at', kbsearch.models.base.UtcDateTime(), nullable=False),
        sa.Column('sent_at', kbsearch.models.base.UtcDateTime(), nullable=True),
        sa.Column('person_id', sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(['fault_id'], ['fault.id'], name=op.f('fk_fault_delivery_fault_id_fault'), ondelete='CASCADE'),
        sa.ForeignKeyConstraint(['person_id'], ['person.id'], name=op.f('fk_fault_delivery_person_id_person'), ondelete='SET NULL'),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_fault_delivery')),
    )
    op.create_index('ix_fault_delivery_due', 'fault_delivery', ['state', 'due_at'])
    op.create_index(op.f('ix_fault_delivery_fault_id'), 'fault_delivery', ['fault_id'])
    op.create_table(
        'run_map',
        sa.Column('run_id', sa.Integer(), nullable=False),
        sa.Column('points', sa.LargeBinary(), nullable=False),
        sa.Column('places', sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(['run_id'], ['run.id'], name=op.f('fk_run_map_run_id_run'), ondelete='CASCADE'),
        sa.PrimaryKeyConstraint('run_id', name=op.f('pk_run_map')),
    )


def downgrade() -> None:
    op.drop_table('run_map')
    op.drop_table('fault_delivery')
    op.drop_table('fault_signal')
    op.drop_table('fault_question')
    op.drop_table('fault')
