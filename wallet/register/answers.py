"""What a holder may tell when the card is given, if they want to: the values that the register keeps and reports count.

The network's own lists are not public (DOMAIN.md, "Not known"), so they are data in one place. Nobody has to choose:
None is "does not want to tell". Words for them are in templates.
"""

LIFE_SITUATIONS = ("working", "studying", "unemployed", "retired", "at_home_with_children", "other")
GENDERS = ("woman", "man", "other")
