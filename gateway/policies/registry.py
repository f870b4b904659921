"""规则清单: the one list of policies, in the order in which they judge a message."""

from __future__ import annotations

from typing import Final

from gateway.policies.linkage import Linkage
from gateway.policies.payment_clock import PaymentClock
from gateway.policies.policy import Policy
from gateway.policies.prepayment import Prepayment
from gateway.policies.progress import Progress

POLICIES: Final[tuple[Policy, ...]] = (Progress(), Linkage(), PaymentClock(), Prepayment())
