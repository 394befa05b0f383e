"""KAIKUKANTA, the register: every table, every rule, every query.

It knows cards, not people: no name, date of birth, address, phone number or e-mail of a holder has a column here
(DOMAIN.md, "What may never be stored"). A function here is a question (reads) or an act (changes); one act is one
transaction. Who is asking and what time it is are arguments; what is not yours is not found.
"""

# Every table is known as soon as one is: they point at each other.
from wallet.register import tables, tables_agents, tables_life, tables_offline, tables_signin, tables_staff

__all__ = ["tables", "tables_agents", "tables_life", "tables_offline", "tables_signin", "tables_staff"]
