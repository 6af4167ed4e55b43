"""Which rows an import brought, so that it can be undone; questions can be deleted without reading tables whole"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

import kbsearch.models

revision = '0024'
down_revision = '0023'
branch_labels = None
depends_on = None

BROUGHT = [('question', 'import_id'), ('reply', 'import_id'), ('reply', 'accepted_import_id'), ('revision', 'import_id')]
REFERRING = [
    ('membership', 'ix_membership_question_id', 'question_id'),
    ('proposed_place', 'ix_proposed_place_question_id', 'question_id'),
    ('question_link', 'ix_question_link_question', 'question_id'),
    ('variant', 'ix_variant_question_id', 'question_id'),
    ('suggestion', 'ix_suggestion_question_id', 'question_id'),
    ('fault_question', 'ix_fault_question_reply_id', 'reply_id'),
]


def upgrade() -> None:
    moment = kbsearch.models.base.UtcDateTime
    op.create_table(
        'import',
        sa.Column('id', sa.Integer(), nullable=False),
        sa.Column('name', sa.String(length=300), nullable=False),
        sa.Column('format', sa.String(length=20), nullable=False),
        sa.Column('state', sa.String(length=20), nullable=False),
        sa.Column('job_id', sa.Integer(), nullable=True),
        sa.Column('person_id', sa.Integer(), nullable=True),
        sa.Column('taken', sa.JSON(), nullable=False),
        sa.Column('first_question_id', sa.Integer(), nullable=True),
        sa.Column('last_question_id', sa.Integer(), nullable=True),
        sa.Column('last_case_id', sa.Integer(), nullable=True),
        sa.Column('started_at', moment(), nullable=False),
        sa.Column('seen_at', moment(), nullable=False),
        sa.Column('finished_at', moment(), nullable=True),
        sa.Column('undone', sa.JSON(), nullable=False),
        sa.Column('undone_at', moment(), nullable=True),
        sa.Column('undone_by_id', sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(['job_id'], ['job.id'], name=op.f('fk_import_job_id_job'), ondelete='SET NULL'),
        sa.ForeignKeyConstraint(['person_id'], ['person.id'], name=op.f('fk_import_person_id_person'), ondelete='SET NULL'),
        sa.ForeignKeyConstraint(['undone_by_id'], ['person.id'], name=op.f('fk_import_undone_by_id_person'), ondelete='SET NULL'),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_import')),
    )
    op.create_index(op.f('ix_import_job_id'), 'import', ['job_id'])
    for table, column in BROUGHT:
        # SQLite adds a constraint only with its column; copying the table would delete what refers to it.
        name = f'fk_{table}_{column}_import'
        op.execute(f'ALTER TABLE {table} ADD COLUMN {column} INTEGER CONSTRAINT {name} REFERENCES "import" (id)')
    for table, name, column in REFERRING:
        op.create_index(name, table, [column])


def downgrade() -> None:
    for table, name, _ in REFERRING:
        op.drop_index(name, table_name=table)
    for table, column in BROUGHT:
        op.execute(f'ALTER TABLE {table} DROP COLUMN {column}')
    op.drop_table('import')
