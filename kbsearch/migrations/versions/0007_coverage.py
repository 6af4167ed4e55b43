"""How far clusters are covered, lessons that are inferred, and enrolment"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
import kbsearch.models.base

revision = '0007'
down_revision = '0006'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        'enrolment',
        sa.Column('id', sa.Integer(), nullable=False),
        sa.Column('course_code', sa.String(length=100), nullable=False),
        sa.Column('week', sa.Date(), nullable=False),
        sa.Column('students', sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_enrolment')),
        sa.UniqueConstraint('course_code', 'week', name=op.f('uq_enrolment_course_code_week')),
    )
    op.create_table(
        'coverage',
        sa.Column('cluster_id', sa.Integer(), nullable=False),
        sa.Column('colour', sa.String(length=10), nullable=False),
        sa.Column('sampled', sa.Integer(), nullable=False),
        sa.Column('sure', sa.Integer(), nullable=False),
        sa.Column('same_case', sa.Integer(), nullable=False),
        sa.Column('case_id', sa.Integer(), nullable=True),
        sa.Column('lesson_code', sa.String(length=100), nullable=False),
        sa.Column('lesson_probability', sa.Double(), nullable=False),
        sa.Column('in_programme', sa.Boolean(), nullable=True),
        sa.Column('model_version', sa.String(length=100), nullable=False),
        sa.Column('checked_at', kbsearch.models.base.UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(['case_id'], ['case.id'], name=op.f('fk_coverage_case_id_case'), ondelete='SET NULL'),
        sa.ForeignKeyConstraint(
            ['cluster_id'], ['cluster.id'], name=op.f('fk_coverage_cluster_id_cluster'), ondelete='CASCADE'
        ),
        sa.PrimaryKeyConstraint('cluster_id', name=op.f('pk_coverage')),
    )
    op.create_index(op.f('ix_coverage_case_id'), 'coverage', ['case_id'])
    op.create_table(
        'coverage_sample',
        sa.Column('question_id', sa.Integer(), nullable=False),
        sa.Column('cluster_id', sa.Integer(), nullable=False),
        sa.Column('case_id', sa.Integer(), nullable=True),
        sa.Column('probability', sa.Double(), nullable=False),
        sa.Column('model_version', sa.String(length=100), nullable=False),
        sa.Column('checked_at', kbsearch.models.base.UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ['case_id'], ['case.id'], name=op.f('fk_coverage_sample_case_id_case'), ondelete='SET NULL'
        ),
        sa.ForeignKeyConstraint(
            ['cluster_id'], ['cluster.id'], name=op.f('fk_coverage_sample_cluster_id_cluster'), ondelete='CASCADE'
        ),
        sa.ForeignKeyConstraint(
            ['question_id'], ['question.id'], name=op.f('fk_coverage_sample_question_id_question'), ondelete='CASCADE'
        ),
        sa.PrimaryKeyConstraint('question_id', name=op.f('pk_coverage_sample')),
    )
    op.create_index(op.f('ix_coverage_sample_cluster_id'), 'coverage_sample', ['cluster_id'])
    op.create_index(op.f('ix_coverage_sample_case_id'), 'coverage_sample', ['case_id'])
    op.create_table(
        'inferred_lesson',
        sa.Column('question_id', sa.Integer(), nullable=False),
        sa.Column('lesson_code', sa.String(length=100), nullable=False),
        sa.Column('probability', sa.Double(), nullable=False),
        sa.Column('inferred_at', kbsearch.models.base.UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ['question_id'], ['question.id'], name=op.f('fk_inferred_lesson_question_id_question'), ondelete='CASCADE'
        ),
        sa.PrimaryKeyConstraint('question_id', name=op.f('pk_inferred_lesson')),
    )
    op.create_index('ix_inferred_lesson_lesson', 'inferred_lesson', ['lesson_code', 'question_id'])


def downgrade() -> None:
    for table in ('inferred_lesson', 'coverage_sample', 'coverage', 'enrolment'):
        op.drop_table(table)
