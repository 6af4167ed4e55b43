"""The theme of each cluster that a run proposes"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = '0013'
down_revision = '0012'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column('proposal_line', sa.Column('theme', sa.JSON(), server_default='{}', nullable=False))


def downgrade() -> None:
    op.drop_column('proposal_line', 'theme')
