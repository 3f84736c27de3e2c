"""A stand-in for every source on this machine: for tests, benchmarks and a demo by hand."""

from tests.standin.failures import MIXED, Failure
from tests.standin.log import Received, read_log
from tests.standin.params import point_params_at
from tests.standin.server import HOSTS, StandIn

__all__ = ["HOSTS", "MIXED", "Failure", "Received", "StandIn", "point_params_at", "read_log"]
