"""Which case would cover a cluster if it did not need a check"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = '0021'
down_revision = '0020'
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table('coverage') as batch:
        batch.add_column(sa.Column('in_check_id', sa.Integer(), nullable=True))
        batch.create_foreign_key(
            op.f('fk_coverage_in_check_id_case'), 'case', ['in_check_id'], ['id'], ondelete='SET NULL'
        )
        batch.create_index(op.f('ix_coverage_in_check_id'), ['in_check_id'])


def downgrade() -> None:
    with op.batch_alter_table('coverage') as batch:
        batch.drop_index(op.f('ix_coverage_in_check_id'))
        batch.drop_constraint(op.f('fk_coverage_in_check_id_case'), type_='foreignkey')
        batch.drop_column('in_check_id')
