"""What pages count of clusters, kept by the worker"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
import kbsearch.models.base

revision = '0015'
down_revision = '0014'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        'cluster_count',
        sa.Column('cluster_id', sa.Integer(), nullable=False),
        sa.Column('run_id', sa.Integer(), nullable=False),
        sa.Column('size', sa.Integer(), nullable=False),
        sa.Column('answered', sa.Integer(), nullable=False),
        sa.Column('weekly', sa.JSON(), nullable=False),
        sa.Column('courses', sa.JSON(), nullable=False),
        sa.Column('lessons', sa.JSON(), nullable=False),
        sa.Column('case_id', sa.Integer(), nullable=True),
        sa.Column('counted_at', kbsearch.models.base.UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(['cluster_id'], ['cluster.id'], name=op.f('fk_cluster_count_cluster_id_cluster'), ondelete='CASCADE'),
        sa.ForeignKeyConstraint(['run_id'], ['run.id'], name=op.f('fk_cluster_count_run_id_run'), ondelete='CASCADE'),
        sa.ForeignKeyConstraint(['case_id'], ['case.id'], name=op.f('fk_cluster_count_case_id_case'), ondelete='SET NULL'),
        sa.PrimaryKeyConstraint('cluster_id', name=op.f('pk_cluster_count')),
    )
    op.create_index(op.f('ix_cluster_count_run_id'), 'cluster_count', ['run_id'])
    op.create_index(op.f('ix_cluster_count_case_id'), 'cluster_count', ['case_id'])


def downgrade() -> None:
    op.drop_table('cluster_count')
