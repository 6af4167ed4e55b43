"""Quality: golden pairs, measurements, learned models, the promise, and what was shown where"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

import kbsearch.models.base

revision = '0003'
down_revision = '0002'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('model_version',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('name', sa.String(length=100), nullable=False),
    sa.Column('parent', sa.String(length=100), nullable=False),
    sa.Column('model', sa.JSON(), nullable=False),
    sa.Column('figures', sa.JSON(), nullable=False),
    sa.Column('provenance', sa.JSON(), nullable=False),
    sa.Column('active', sa.Boolean(), nullable=False),
    sa.Column('created_at', kbsearch.models.base.UtcDateTime(), nullable=False),
    sa.Column('activated_at', kbsearch.models.base.UtcDateTime(), nullable=True),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_model_version')),
    sa.UniqueConstraint('name', name=op.f('uq_model_version_name'))
    )
    with op.batch_alter_table('model_version', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_model_version_active'), ['active'], unique=False)

    op.create_table('quality_measurement',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('created_at', kbsearch.models.base.UtcDateTime(), nullable=False),
    sa.Column('model_version', sa.String(length=100), nullable=False),
    sa.Column('occasion', sa.String(length=20), nullable=False),
    sa.Column('figures', sa.JSON(), nullable=False),
    sa.Column('ranks', sa.JSON(), nullable=False),
    sa.Column('change', sa.JSON(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_quality_measurement'))
    )
    with op.batch_alter_table('quality_measurement', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_quality_measurement_created_at'), ['created_at'], unique=False)

    op.create_table('promise_event',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('created_at', kbsearch.models.base.UtcDateTime(), nullable=False),
    sa.Column('course_code', sa.String(length=100), nullable=False),
    sa.Column('language', sa.String(length=8), nullable=False),
    sa.Column('state', sa.String(length=20), nullable=False),
    sa.Column('target', sa.Double(), nullable=False),
    sa.Column('count', sa.Integer(), nullable=False),
    sa.Column('right', sa.Integer(), nullable=False),
    sa.Column('lower', sa.Double(), nullable=False),
    sa.Column('upper', sa.Double(), nullable=False),
    sa.Column('floor', sa.Double(), nullable=False),
    sa.Column('person_id', sa.Integer(), nullable=True),
    sa.ForeignKeyConstraint(['person_id'], ['person.id'], name=op.f('fk_promise_event_person_id_person'), ondelete='SET NULL'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_promise_event'))
    )
    with op.batch_alter_table('promise_event', schema=None) as batch_op:
        batch_op.create_index('ix_promise_event_scope', ['course_code', 'language', 'id'], unique=False)

    op.create_table('golden_pair',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('text', sa.Text(), nullable=False),
    sa.Column('text_key', sa.String(length=64), nullable=False),
    sa.Column('course_code', sa.String(length=100), nullable=False),
    sa.Column('lesson_code', sa.String(length=100), nullable=False),
    sa.Column('language', sa.String(length=8), nullable=False),
    sa.Column('question_id', sa.Integer(), nullable=True),
    sa.Column('case_id', sa.Integer(), nullable=False),
    sa.Column('source', sa.String(length=20), nullable=False),
    sa.Column('person_id', sa.Integer(), nullable=True),
    sa.Column('created_at', kbsearch.models.base.UtcDateTime(), nullable=False),
    sa.Column('removed_at', kbsearch.models.base.UtcDateTime(), nullable=True),
    sa.ForeignKeyConstraint(['case_id'], ['case.id'], name=op.f('fk_golden_pair_case_id_case'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['person_id'], ['person.id'], name=op.f('fk_golden_pair_person_id_person'), ondelete='SET NULL'),
    sa.ForeignKeyConstraint(['question_id'], ['question.id'], name=op.f('fk_golden_pair_question_id_question'), ondelete='SET NULL'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_golden_pair')),
    sa.UniqueConstraint('text_key', 'case_id', name=op.f('uq_golden_pair_text_key_case_id'))
    )
    with op.batch_alter_table('golden_pair', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_golden_pair_case_id'), ['case_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_golden_pair_question_id'), ['question_id'], unique=False)

    op.add_column('feedback', sa.Column('rank', sa.Integer(), server_default='0', nullable=False))
    op.add_column('suggestion', sa.Column('language', sa.String(length=8), server_default='', nullable=False))
    op.add_column('suggestion', sa.Column('surface', sa.String(length=20), server_default='api', nullable=False))
    op.add_column('suggestion', sa.Column('held_back', sa.Boolean(), server_default=sa.false(), nullable=False))


def downgrade() -> None:
    with op.batch_alter_table('suggestion', schema=None) as batch_op:
        batch_op.drop_column('held_back')
        batch_op.drop_column('surface')
        batch_op.drop_column('language')

    with op.batch_alter_table('feedback', schema=None) as batch_op:
        batch_op.drop_column('rank')

    with op.batch_alter_table('golden_pair', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_golden_pair_question_id'))
        batch_op.drop_index(batch_op.f('ix_golden_pair_case_id'))

    op.drop_table('golden_pair')
    with op.batch_alter_table('promise_event', schema=None) as batch_op:
        batch_op.drop_index('ix_promise_event_scope')

    op.drop_table('promise_event')
    with op.batch_alter_table('quality_measurement', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_quality_measurement_created_at'))

    op.drop_table('quality_measurement')
    with op.batch_alter_table('model_version', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_model_version_active'))

    op.drop_table('model_version')
