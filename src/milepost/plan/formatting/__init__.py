"""The canonical form of a plan, reached by edits that provably keep what it says.

Every dialect: one blank line between blocks, no trailing blanks but those of hard line breaks, one final line end,
aligned tables, ``[x]`` for done. The reference format also: ids in bold, ``-`` before every bullet, one mark for each
state, one blank line between tasks of several lines. Code, HTML and front matter are never touched.
"""

from milepost.plan.formatting.canonical import format_source
from milepost.plan.formatting.meaning import outline, same_tasks, what_changes

__all__ = ["format_source", "outline", "same_tasks", "what_changes"]
