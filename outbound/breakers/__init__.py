"""Circuit breakers: not to send through what does not work, and to find out when it works again.

One for each number, connection and host that has failed; the row is the truth, and a number's
trouble never holds back another's. Only faults of the infrastructure count, and lost access.
"""
