"""Cohorts of courses, trends of clusters, effects of cases"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

import kbsearch.models.base

revision = '0012'
down_revision = '0011'
branch_labels = None
depends_on = None

MOMENT = kbsearch.models.base.UtcDateTime


def upgrade() -> None:
    op.add_column('case', sa.Column('first_published_at', MOMENT(), nullable=True))
    op.execute(sa.text('UPDATE "case" SET first_published_at = published_at'))
    op.create_table(
        'cohort',
        sa.Column('id', sa.Integer(), nullable=False),
        sa.Column('course_code', sa.String(length=100), nullable=False),
        sa.Column('starts_on', sa.Date(), nullable=False),
        sa.ForeignKeyConstraint(['course_code'], ['course.code'], name=op.f('fk_cohort_course_code_course'), ondelete='CASCADE'),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_cohort')),
        sa.UniqueConstraint('course_code', 'starts_on', name=op.f('uq_cohort_course_code_starts_on')),
    )
    op.create_table(
        'cluster_trend',
        sa.Column('cluster_id', sa.Integer(), nullable=False),
        sa.Column('run_id', sa.Integer(), nullable=False),
        sa.Column('state', sa.String(length=20), nullable=False),
        sa.Column('p', sa.Double(), nullable=False),
        sa.Column('weeks', sa.Integer(), nullable=False),
        sa.Column('observed', sa.Integer(), nullable=False),
        sa.Column('expected', sa.Double(), nullable=False),
        sa.Column('course_week', sa.Integer(), nullable=True),
        sa.Column('since', MOMENT(), nullable=False),
        sa.Column('computed_at', MOMENT(), nullable=False),
        sa.ForeignKeyConstraint(['cluster_id'], ['cluster.id'], name=op.f('fk_cluster_trend_cluster_id_cluster'), ondelete='CASCADE'),
        sa.ForeignKeyConstraint(['run_id'], ['run.id'], name=op.f('fk_cluster_trend_run_id_run'), ondelete='CASCADE'),
        sa.PrimaryKeyConstraint('cluster_id', name=op.f('pk_cluster_trend')),
    )
    op.create_index('ix_cluster_trend_state', 'cluster_trend', ['state'])
    op.create_table(
        'case_effect',
        sa.Column('case_id', sa.Integer(), nullable=False),
        sa.Column('verdict', sa.String(length=20), nullable=False),
        sa.Column('before', sa.Integer(), nullable=False),
        sa.Column('after', sa.Integer(), nullable=False),
        sa.Column('expected', sa.Double(), nullable=True),
        sa.Column('ratio', sa.Double(), nullable=True),
        sa.Column('low', sa.Double(), nullable=True),
        sa.Column('high', sa.Double(), nullable=True),
        sa.Column('p', sa.Double(), nullable=True),
        sa.Column('weeks_before', sa.Integer(), nullable=False),
        sa.Column('weeks_after', sa.Integer(), nullable=False),
        sa.Column('published_at', MOMENT(), nullable=False),
        sa.Column('clusters', sa.JSON(), nullable=False),
        sa.Column('controls', sa.JSON(), nullable=False),
        sa.Column('series', sa.JSON(), nullable=False),
        sa.Column('computed_at', MOMENT(), nullable=False),
        sa.ForeignKeyConstraint(['case_id'], ['case.id'], name=op.f('fk_case_effect_case_id_case'), ondelete='CASCADE'),
        sa.PrimaryKeyConstraint('case_id', name=op.f('pk_case_effect')),
    )
    op.create_index('ix_case_effect_verdict', 'case_effect', ['verdict'])


def downgrade() -> None:
    op.drop_table('case_effect')
    op.drop_table('cluster_trend')
    op.drop_table('cohort')
    op.drop_column('case', 'first_published_at')
