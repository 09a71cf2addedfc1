"""How the stages are run: on threads, on one machine."""

from s3dedup.engine.appraise import Appraiser
from s3dedup.engine.asking import ask_redundant
from s3dedup.engine.budget import Budget, Limits
from s3dedup.engine.bytewise import Bytewise
from s3dedup.engine.context import Context
from s3dedup.engine.crew import Crew, collect_seldom, processes_to_use
from s3dedup.engine.crosscheck import cross_check
from s3dedup.engine.emit import Emitter
from s3dedup.engine.explain import explained
from s3dedup.engine.lister import Office
from s3dedup.engine.markets import markets
from s3dedup.engine.money import Money
from s3dedup.engine.narrowing import narrow
from s3dedup.engine.past import comparison, finished_runs, with_past
from s3dedup.engine.planfile import PlanFile
from s3dedup.engine.planning import planned
from s3dedup.engine.pool import Pool
from s3dedup.engine.rearrange import rearranged
from s3dedup.engine.rollup import objects_below
from s3dedup.engine.rules import learn
from s3dedup.engine.scan import Listing, list_locations
from s3dedup.engine.settings import appraiser
from s3dedup.engine.settle import settle_doubts
from s3dedup.engine.settlement import Outlook
from s3dedup.engine.sorters import Sorters
from s3dedup.engine.verify import Verifier
from s3dedup.engine.watch import Watch
from s3dedup.engine.weigh import weigh_candidates

__all__ = [
    "Appraiser",
    "Budget",
    "Bytewise",
    "Context",
    "Crew",
    "Emitter",
    "Limits",
    "Listing",
    "Money",
    "Office",
    "Outlook",
    "PlanFile",
    "Pool",
    "Sorters",
    "Verifier",
    "Watch",
    "appraiser",
    "ask_redundant",
    "collect_seldom",
    "comparison",
    "cross_check",
    "explained",
    "finished_runs",
    "learn",
    "list_locations",
    "markets",
    "narrow",
    "objects_below",
    "planned",
    "processes_to_use",
    "rearranged",
    "settle_doubts",
    "weigh_candidates",
    "with_past",
]
