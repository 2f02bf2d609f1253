"""Samba's answer to a case: two passes are two calls of its access_check.

Samba's token is a list of SIDs and its callers map generic bits first, so these are said in its
terms for every case: generic bits are mapped, disabled groups are left out, and what a deny-only
SID may not do (grant, or own) is taken out of the descriptor. Everything else goes to it as it is,
unless the caller passes the name of a correction from classes.py.
"""
from dataclasses import replace

from samba.dcerpc import security
from samba.ndr import ndr_unpack
from samba.security import access_check

from cases import (ABSENT, ALLOW, DELETE, DELETE_CHILD, DENY, DENY_ONLY, ENABLED, FILE_ALL,
                   FILE_EXECUTE, FILE_READ, FILE_WRITE, GENERIC, IO, LIST, MAXIMUM_ALLOWED, NOBODY,
                   NULL, OWNER_RIGHTS, READ_ATTRIBUTES, SYSTEM_SECURITY, WRITE_DAC, WRITE_OWNER,
                   descriptor_bytes)

WRITE_BITS = FILE_WRITE & ~(FILE_READ | FILE_EXECUTE)
STANDARD_WRITE = DELETE | WRITE_DAC | WRITE_OWNER
_sids = {}


def to_sid(text):
    if text not in _sids:
        _sids[text] = security.dom_sid(text)
    return _sids[text]


def map_generic(mask):
    for bit, rights in ((0x80000000, FILE_READ), (0x40000000, FILE_WRITE),
                        (0x20000000, FILE_EXECUTE), (0x10000000, FILE_ALL)):
        if mask & bit:
            mask |= rights
    return mask & ~GENERIC


def write_part(case):
    return WRITE_BITS | (0 if "m" in case.flags else STANDARD_WRITE)


class Pass:
    """One of the two lists of SIDs that Samba is asked with."""

    def __init__(self, case, restricted):
        if restricted:
            self.can_allow = self.can_deny = set(case.restricting)
        else:
            self.can_allow = {sid for sid, a in case.groups if a & ENABLED and not a & DENY_ONLY}
            self.can_deny = self.can_allow | {sid for sid, a in case.groups if a & DENY_ONLY}
            self.can_deny.add(case.user)
            if not case.user_deny_only:
                self.can_allow.add(case.user)
        self.token = security.token()
        self.token.sids = [to_sid(sid) for sid in sorted(self.can_deny)]
        self.token.num_sids = len(self.can_deny)
        if "s" in case.flags:
            self.token.set_privilege(security.SEC_PRIV_SECURITY)
        if "t" in case.flags:
            self.token.set_privilege(security.SEC_PRIV_TAKE_OWNERSHIP)


def is_restricted(case):
    return bool(case.restricting) or "z" in case.flags


def has_owner_rights(descriptor):
    return isinstance(descriptor.dacl, tuple) and any(
        ace.sid == OWNER_RIGHTS and ace.type in (ALLOW, DENY) and not ace.flags & IO
        for ace in descriptor.dacl)


def translate_ace(ace, owner, sids, corrections):
    """The ACE in Samba's terms; None: it says nothing to these SIDs."""
    ace = replace(ace, mask=map_generic(ace.mask))
    if "sacl-in-ace" in corrections:
        ace = replace(ace, mask=ace.mask & ~SYSTEM_SECURITY)
    if "object-ace" in corrections and ace.type not in (ALLOW, DENY):
        return None
    if ace.sid == OWNER_RIGHTS and owner not in sids.can_allow:
        ace = replace(ace, sid=owner)  # a deny-only owner: Samba would not see that it is meant
    if ace.sid in sids.can_deny - sids.can_allow and ace.type == ALLOW:
        return None
    return ace


def translate(case, descriptor, sids, corrections):
    owner, dacl = descriptor.owner, descriptor.dacl
    if "no-dacl" in corrections and dacl is ABSENT:
        dacl = NULL
    if isinstance(dacl, tuple):
        aces = [translate_ace(ace, owner, sids, corrections) for ace in dacl]
        dacl = tuple(ace for ace in aces if ace)
    if owner not in sids.can_allow:
        owner = NOBODY
    elif "o" in case.flags and is_restricted(case) and not has_owner_rights(descriptor):
        if owner not in Pass(case, False).can_allow or owner not in case.restricting:
            owner = NOBODY
    return ndr_unpack(security.descriptor, descriptor_bytes(replace(descriptor, owner=owner,
                                                                    dacl=dacl)))


def call(descriptor, sids, desired):
    """The granted mask, or None."""
    try:
        return access_check(descriptor, sids.token, desired)
    except Exception as error:  # samba raises NTSTATUSError(code, text)
        if error.args and error.args[0] in (0xC0000022, 0xC0000061):
            return None
        raise


def ask_pass(case, descriptor, sids, desired, corrections):
    translated = translate(case, descriptor, sids, corrections)
    no_dacl = not isinstance(descriptor.dacl, tuple)
    if "no-dacl" in corrections and no_dacl:
        if desired & SYSTEM_SECURITY and "s" not in case.flags:
            return None
        if desired & MAXIMUM_ALLOWED:
            desired = desired & ~MAXIMUM_ALLOWED | FILE_ALL
    return call(translated, sids, desired)


def ask_passes(case, descriptor, asked, corrections):
    """asked: mapped, may hold MAXIMUM_ALLOWED. The granted mask, or None."""
    first = ask_pass(case, descriptor, Pass(case, False), asked, corrections)
    if first is None or not is_restricted(case):
        return first
    part = 0xFFFFFFFF
    if "w" in case.flags:
        part = write_part(case)
        if "r" in case.flags and asked & part and not asked & MAXIMUM_ALLOWED:
            part = 0xFFFFFFFF
        if not asked & (part | MAXIMUM_ALLOWED):
            return first
    second = ask_pass(case, descriptor, Pass(case, True),
                      asked & (part | MAXIMUM_ALLOWED), corrections)
    if second is None:
        return None
    return first & (second | ~part & 0xFFFFFFFF)


def parent_grants(case, right, corrections):
    return ask_passes(case, case.parent, right, corrections) is not None


def ask(case, corrections=()):
    """(granted, mask) as Samba sees it."""
    asked = map_generic(case.desired)
    rest, extra = asked, 0
    if case.parent:
        for file_right, directory_right in ((DELETE, DELETE_CHILD), (READ_ATTRIBUTES, LIST)):
            if asked & (file_right | MAXIMUM_ALLOWED) and \
                    parent_grants(case, directory_right, corrections):
                extra |= file_right
        rest &= ~extra
    mask = ask_passes(case, case.descriptor, rest, corrections) if rest or not asked else 0
    if mask is None:
        return False, 0
    mask = (mask | extra) & ~MAXIMUM_ALLOWED
    if "nothing" in corrections and mask == 0:
        return False, 0
    return True, mask
