"""Themes that hold clusters about one subject"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
import kbsearch.models.base

revision = '0009'
down_revision = '0008'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        'theme',
        sa.Column('id', sa.Integer(), nullable=False),
        sa.Column('label', sa.String(length=300), nullable=False),
        sa.Column('label_pinned', sa.Boolean(), nullable=False),
        sa.Column('keywords', sa.JSON(), nullable=False),
        sa.Column('size', sa.Integer(), nullable=False),
        sa.Column('first_run_id', sa.Integer(), nullable=False),
        sa.Column('last_run_id', sa.Integer(), nullable=False),
        sa.Column('created_at', kbsearch.models.base.UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(['first_run_id'], ['run.id'], name=op.f('fk_theme_first_run_id_run')),
        sa.ForeignKeyConstraint(['last_run_id'], ['run.id'], name=op.f('fk_theme_last_run_id_run')),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_theme')),
    )
    op.create_index(op.f('ix_theme_last_run_id'), 'theme', ['last_run_id'])
    # In place: on SQLite a table that is made anew would take its memberships with it.
    themed = sa.ForeignKey('theme.id', name=op.f('fk_cluster_theme_id_theme'))
    op.add_column('cluster', sa.Column('theme_id', sa.Integer(), themed, nullable=True), inline_references=True)
    op.create_index(op.f('ix_cluster_theme_id'), 'cluster', ['theme_id'])


def downgrade() -> None:
    with op.batch_alter_table('cluster') as batch:
        batch.drop_index(op.f('ix_cluster_theme_id'))
        batch.drop_constraint(op.f('fk_cluster_theme_id_theme'), type_='foreignkey')
        batch.drop_column('theme_id')
    op.drop_table('theme')
