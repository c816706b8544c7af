"""An annotator's work: enrolled for, labelled, watched over, paid, and moved to another machine."""

# Help lists commands in the order in which they are registered, which is that of the work.
# isort: off
from labelshare.commands.annotator.shared import annotator
from labelshare.commands.annotator import enrolling
from labelshare.commands.annotator import working
from labelshare.commands.annotator import watching
from labelshare.commands.annotator import earning
from labelshare.commands.annotator import moving
# isort: on

__all__ = ["annotator", "earning", "enrolling", "moving", "watching", "working"]
