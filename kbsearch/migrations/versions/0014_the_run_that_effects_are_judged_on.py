"""The run that the effect of a case was judged on"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = '0014'
down_revision = '0013'
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table('case_effect') as batch:
        batch.add_column(sa.Column('run_id', sa.Integer(), nullable=True))
        batch.create_foreign_key(op.f('fk_case_effect_run_id_run'), 'run', ['run_id'], ['id'], ondelete='SET NULL')


def downgrade() -> None:
    with op.batch_alter_table('case_effect') as batch:
        batch.drop_constraint(op.f('fk_case_effect_run_id_run'), type_='foreignkey')
        batch.drop_column('run_id')
