"""What people did to clusters, and what runs propose"""

from __future__ import annotations

import json

import sqlalchemy as sa
from alembic import op

import kbsearch.models.base

revision = '0008'
down_revision = '0007'
branch_labels = None
depends_on = None

MOMENT = kbsearch.models.base.UtcDateTime


def upgrade() -> None:
    # Columns one by one: rebuilding the table would take memberships with it.
    op.add_column('run', sa.Column('course', sa.String(length=100), nullable=False, server_default=''))
    op.add_column('run', sa.Column('state', sa.String(length=20), nullable=False, server_default='accepted'))
    op.add_column('run', sa.Column('decided_at', MOMENT(), nullable=True))
    op.create_index('ix_run_scope', 'run', ['course', 'state'])
    _tell_scopes()
    op.create_table(
        'cluster_edit',
        sa.Column('id', sa.Integer(), nullable=False),
        sa.Column('kind', sa.String(length=20), nullable=False),
        sa.Column('cluster_id', sa.Integer(), nullable=True),
        sa.Column('other_id', sa.Integer(), nullable=True),
        sa.Column('questions', sa.JSON(), nullable=False),
        sa.Column('rest', sa.JSON(), nullable=False),
        sa.Column('label', sa.String(length=300), nullable=False),
        sa.Column('case_id', sa.Integer(), nullable=True),
        sa.Column('before', sa.JSON(), nullable=False),
        sa.Column('person_id', sa.Integer(), nullable=True),
        sa.Column('created_at', MOMENT(), nullable=False),
        sa.Column('undone_at', MOMENT(), nullable=True),
        sa.Column('undone_by_id', sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(['cluster_id'], ['cluster.id'], name=op.f('fk_cluster_edit_cluster_id_cluster'), ondelete='CASCADE'),
        sa.ForeignKeyConstraint(['other_id'], ['cluster.id'], name=op.f('fk_cluster_edit_other_id_cluster'), ondelete='SET NULL'),
        sa.ForeignKeyConstraint(['case_id'], ['case.id'], name=op.f('fk_cluster_edit_case_id_case'), ondelete='CASCADE'),
        sa.ForeignKeyConstraint(['person_id'], ['person.id'], name=op.f('fk_cluster_edit_person_id_person'), ondelete='SET NULL'),
        sa.ForeignKeyConstraint(['undone_by_id'], ['person.id'], name=op.f('fk_cluster_edit_undone_by_id_person'), ondelete='SET NULL'),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_cluster_edit')),
    )
    op.create_index('ix_cluster_edit_cluster', 'cluster_edit', ['cluster_id', 'undone_at'])
    op.create_index('ix_cluster_edit_other', 'cluster_edit', ['other_id', 'undone_at'])
    op.create_table(
        'cluster_review',
        sa.Column('id', sa.Integer(), nullable=False),
        sa.Column('cluster_id', sa.Integer(), nullable=False),
        sa.Column('verdict', sa.String(length=20), nullable=False),
        sa.Column('edit_id', sa.Integer(), nullable=True),
        sa.Column('size', sa.Integer(), nullable=False),
        sa.Column('weekly', sa.Double(), nullable=False),
        sa.Column('person_id', sa.Integer(), nullable=True),
        sa.Column('created_at', MOMENT(), nullable=False),
        sa.Column('undone_at', MOMENT(), nullable=True),
        sa.ForeignKeyConstraint(['cluster_id'], ['cluster.id'], name=op.f('fk_cluster_review_cluster_id_cluster'), ondelete='CASCADE'),
        sa.ForeignKeyConstraint(['edit_id'], ['cluster_edit.id'], name=op.f('fk_cluster_review_edit_id_cluster_edit'), ondelete='SET NULL'),
        sa.ForeignKeyConstraint(['person_id'], ['person.id'], name=op.f('fk_cluster_review_person_id_person'), ondelete='SET NULL'),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_cluster_review')),
    )
    op.create_index('ix_cluster_review_cluster', 'cluster_review', ['cluster_id', 'undone_at'])
    op.create_index(op.f('ix_cluster_review_created_at'), 'cluster_review', ['created_at'])
    op.create_table(
        'proposal_line',
        sa.Column('id', sa.Integer(), nullable=False),
        sa.Column('run_id', sa.Integer(), nullable=False),
        sa.Column('kind', sa.String(length=20), nullable=False),
        sa.Column('number', sa.Integer(), nullable=True),
        sa.Column('cluster_id', sa.Integer(), nullable=True),
        sa.Column('other_id', sa.Integer(), nullable=True),
        sa.Column('label', sa.String(length=300), nullable=False),
        sa.Column('keywords', sa.JSON(), nullable=False),
        sa.Column('overlap', sa.Double(), nullable=False),
        sa.Column('joined', sa.Integer(), nullable=False),
        sa.Column('left', sa.Integer(), nullable=False),
        sa.Column('examples', sa.JSON(), nullable=False),
        sa.Column('decision', sa.String(length=20), nullable=False),
        sa.Column('decided_at', MOMENT(), nullable=True),
        sa.Column('decided_by_id', sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(['run_id'], ['run.id'], name=op.f('fk_proposal_line_run_id_run'), ondelete='CASCADE'),
        sa.ForeignKeyConstraint(['cluster_id'], ['cluster.id'], name=op.f('fk_proposal_line_cluster_id_cluster'), ondelete='CASCADE'),
        sa.ForeignKeyConstraint(['other_id'], ['cluster.id'], name=op.f('fk_proposal_line_other_id_cluster'), ondelete='SET NULL'),
        sa.ForeignKeyConstraint(['decided_by_id'], ['person.id'], name=op.f('fk_proposal_line_decided_by_id_person'), ondelete='SET NULL'),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_proposal_line')),
    )
    op.create_index('ix_proposal_line_run', 'proposal_line', ['run_id', 'decision'])
    op.create_table(
        'proposed_place',
        sa.Column('run_id', sa.Integer(), nullable=False),
        sa.Column('question_id', sa.Integer(), nullable=False),
        sa.Column('line_id', sa.Integer(), nullable=True),
        sa.Column('number', sa.Integer(), nullable=True),
        sa.Column('from_id', sa.Integer(), nullable=True),
        sa.Column('strength', sa.Double(), nullable=False),
        sa.Column('exemplar_rank', sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(['run_id'], ['run.id'], name=op.f('fk_proposed_place_run_id_run'), ondelete='CASCADE'),
        sa.ForeignKeyConstraint(['question_id'], ['question.id'], name=op.f('fk_proposed_place_question_id_question'), ondelete='CASCADE'),
        sa.ForeignKeyConstraint(['line_id'], ['proposal_line.id'], name=op.f('fk_proposed_place_line_id_proposal_line'), ondelete='CASCADE'),
        sa.ForeignKeyConstraint(['from_id'], ['cluster.id'], name=op.f('fk_proposed_place_from_id_cluster'), ondelete='SET NULL'),
        sa.PrimaryKeyConstraint('run_id', 'question_id', name=op.f('pk_proposed_place')),
    )
    op.create_index(op.f('ix_proposed_place_line_id'), 'proposed_place', ['line_id'])


def _tell_scopes() -> None:
    """Runs kept their course among their parameters."""
    run = sa.table('run', sa.column('id', sa.Integer), sa.column('parameters', sa.JSON), sa.column('course', sa.String))
    connection = op.get_bind()
    for run_id, parameters in connection.execute(sa.select(run.c.id, run.c.parameters)).all():
        given = json.loads(parameters) if isinstance(parameters, str) else parameters
        if course := (given or {}).get('course'):
            connection.execute(run.update().where(run.c.id == run_id).values(course=course[:100]))


def downgrade() -> None:
    for table in ('proposed_place', 'proposal_line', 'cluster_review', 'cluster_edit'):
        op.drop_table(table)
    op.drop_index('ix_run_scope', 'run')
    for column in ('decided_at', 'state', 'course'):
        op.drop_column('run', column)
