"""Where Samba 4.17 is known to differ from what Microsoft documents.

Each class has a test of whether it can matter for a case, the page that says who is right, and one
pinned case with the documented answer. A correction (samba_side.py) is used only for a case whose
plain answer differed and whose class applies; every use is counted in the summary. Anything that
is left is a failure.
"""
from dataclasses import dataclass
from typing import Callable

from cases import (ABSENT, ALLOW, ALLOW_OBJECT, DENY, DENY_OBJECT, DENY_ONLY, DOMAIN, EVERYONE,
                   FILE_ALL, GROUPS, IO, MAXIMUM_ALLOWED, NULL, OTHER, OWNER_RIGHTS,
                   SYSTEM_SECURITY, USER, Ace, Case, Descriptor)

DTYP = "https://learn.microsoft.com/openspecs/windows_protocols/ms-dtyp/" \
       "4f1bbcbb-814a-4c70-a11e-2a5b8779a6f9"
SACL = "https://learn.microsoft.com/windows/win32/secauthz/sacl-access-right"
OBJECT = "https://learn.microsoft.com/windows/win32/api/winnt/ns-winnt-access_denied_object_ace"
CHECK = "https://learn.microsoft.com/windows/win32/api/securitybaseapi/nf-securitybaseapi-accesscheck"


def descriptors(case):
    return [case.descriptor] + ([case.parent] if case.parent else [])


def any_ace(case, test):
    return any(isinstance(d.dacl, tuple) and any(test(ace) for ace in d.dacl)
               for d in descriptors(case))


@dataclass(frozen=True)
class Difference:
    name: str
    page: str
    says: str
    applies: Callable
    pinned: Case
    granted: bool  # the documented answer to the pinned case
    mask: int


def pin(dacl, desired, owner=OTHER, **token):
    return Case(descriptor=Descriptor(owner, GROUPS[0], dacl), desired=desired, **token)


CLASSES = [
    Difference("no-dacl", DTYP,
               "a descriptor without a DACL has no policy: any check succeeds, but Samba denies "
               "where the DACL is absent, finds only the owner's rights as MAXIMUM_ALLOWED, and "
               "gives access to the SACL without the privilege",
               lambda case: any(not isinstance(d.dacl, tuple) for d in descriptors(case)),
               pin(ABSENT, 0x2), True, 0x2),
    Difference("sacl-in-ace", SACL,
               "ACCESS_SYSTEM_SECURITY is not valid in a DACL; Samba lets an entry grant it",
               lambda case: any_ace(case, lambda ace: bool(ace.mask & SYSTEM_SECURITY)),
               pin((Ace(ALLOW, 0, SYSTEM_SECURITY | 0x1, USER),), SYSTEM_SECURITY | 0x1),
               False, 0),
    Difference("object-ace", OBJECT,
               "object entries belong to directory service objects; on anything else Samba lets "
               "the deny form count, and either form with S-1-3-4 end the owner's rights",
               lambda case: any_ace(case, lambda ace: ace.type in (ALLOW_OBJECT, DENY_OBJECT)),
               pin((Ace(DENY_OBJECT, 0, 0x1, USER), Ace(ALLOW, 0, 0x1, USER)), 0x1), True, 0x1),
    Difference("nothing", CHECK,
               "a granted mask of zero is how a refusal is told; Samba succeeds with no right",
               lambda case: True,
               pin((Ace(ALLOW, 0, 0x1, OTHER),), MAXIMUM_ALLOWED), False, 0),
]

# Rules on which both agree and which random cases might miss: each one by hand.
AGREED = [
    ("MAXIMUM_ALLOWED honours the order of allow and deny",
     pin((Ace(ALLOW, 0, 0x3, USER), Ace(DENY, 0, 0x2, USER)), MAXIMUM_ALLOWED), True, 0x3),
    ("OWNER RIGHTS stands for the owner at its place in the order",
     pin((Ace(DENY, 0, 0x2, EVERYONE), Ace(ALLOW, 0, 0x2, OWNER_RIGHTS)), 0x2,
         owner=USER, groups=((EVERYONE, 7),)), False, 0),
    ("owner has READ_CONTROL and WRITE_DAC without any entry",
     pin((), 0x60000, owner=USER), True, 0x60000),
    ("owner rights survive an explicit deny",
     pin((Ace(DENY, 0, 0x60000, USER),), 0x60000, owner=USER), True, 0x60000),
    ("owner rights end where S-1-3-4 has an entry",
     pin((Ace(ALLOW, 0, 0x20000, OWNER_RIGHTS),), 0x40000, owner=USER), False, 0),
    ("an inherit-only S-1-3-4 entry ends nothing",
     pin((Ace(ALLOW, IO | 3, 0x20000, OWNER_RIGHTS),), 0x40000, owner=USER), True, 0x40000),
    ("a deny-only owner has no owner rights",
     pin((), 0x20000, owner=GROUPS[2], groups=((GROUPS[2], DENY_ONLY),)), False, 0),
    ("a deny-only group denies",
     pin((Ace(DENY, 0, 0x1, GROUPS[2]), Ace(ALLOW, 0, 0x1, USER)), 0x1,
         groups=((GROUPS[2], DENY_ONLY),)), False, 0),
    ("a deny-only group grants nothing",
     pin((Ace(ALLOW, 0, 0x1, GROUPS[2]),), 0x1, groups=((GROUPS[2], DENY_ONLY),)), False, 0),
    ("a deny behind the allow of the same bit is too late",
     pin((Ace(ALLOW, 0, 0x1, USER), Ace(DENY, 0, 0x1, USER)), 0x1), True, 0x1),
    ("SeTakeOwnership gives WRITE_OWNER against a deny",
     pin((Ace(DENY, 0, FILE_ALL, USER),), 0x80000, flags="t"), True, 0x80000),
    ("MAXIMUM_ALLOWED does not draw on SeTakeOwnership",
     pin((Ace(ALLOW, 0, 0x1, USER),), MAXIMUM_ALLOWED, flags="t"), True, 0x1),
    ("a NULL DACL grants both passes",
     pin(NULL, 0x2, restricting=(DOMAIN + "-9",)), True, 0x2),
    ("restricting SIDs must be granted too",
     pin((Ace(ALLOW, 0, 0x3, USER),), 0x1, restricting=(DOMAIN + "-9",)), False, 0),
    ("a write-restricted token reads without them",
     pin((Ace(ALLOW, 0, 0x3, USER),), 0x1, restricting=(DOMAIN + "-9",), flags="w"), True, 0x1),
    ("and deletes only with them",
     pin((Ace(ALLOW, 0, FILE_ALL, USER),), 0x10000, restricting=(DOMAIN + "-9",), flags="w"),
     False, 0),
    ("unless only the generic mapping counts",
     pin((Ace(ALLOW, 0, FILE_ALL, USER),), 0x10000, restricting=(DOMAIN + "-9",), flags="wm"),
     True, 0x10000),
]
