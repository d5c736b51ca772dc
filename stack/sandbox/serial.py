"""Lock around moto: one request at a time in the whole process.

moto keeps its state in modules, and checks and then acts without a lock: two conditional writes of S3 may both win,
two consumers of a queue may get the same message.
"""

import threading

LOCK = threading.Lock()
# Notified after each call that changes a queue. A waiter releases LOCK meanwhile.
QUEUES_CHANGED = threading.Condition(LOCK)
