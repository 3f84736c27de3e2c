"""Linear algebra on one thread, as the command line has it: numpy is loaded before it here."""

from threadpoolctl import threadpool_limits

threadpool_limits(limits=1, user_api="blas")
