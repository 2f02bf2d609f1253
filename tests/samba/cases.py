"""Random access-check cases, biased to where implementations differ. Protocol: README.md."""
import struct
from dataclasses import dataclass, field, replace

ALLOW, DENY, ALLOW_OBJECT, DENY_OBJECT = 0, 1, 5, 6
OI, CI, NP, IO, INHERITED = 1, 2, 4, 8, 16
MAXIMUM_ALLOWED = 0x02000000
SYSTEM_SECURITY = 0x01000000
GENERIC = 0xF0000000
DELETE, READ_CONTROL, WRITE_DAC, WRITE_OWNER = 0x10000, 0x20000, 0x40000, 0x80000
DELETE_CHILD, LIST, READ_ATTRIBUTES = 0x40, 0x1, 0x80
FILE_READ, FILE_WRITE, FILE_EXECUTE, FILE_ALL = 0x120089, 0x120116, 0x1200A0, 0x1F01FF
ENABLED, DENY_ONLY = 0x4, 0x10

DOMAIN = "S-1-5-21-3623811015-3361044348-30300820"
USER, OTHER = DOMAIN + "-1001", DOMAIN + "-1002"
GROUPS = [DOMAIN + "-513", DOMAIN + "-1105", "S-1-5-32-544", "S-1-5-32-545", "S-1-5-11", "S-1-5-4"]
EVERYONE, OWNER_RIGHTS, CREATOR_OWNER = "S-1-1-0", "S-1-3-4", "S-1-3-0"
LOGON = "S-1-5-5-0-1183426"
CAPABILITIES = ["S-1-5-21-11-22-33-2147483649", "S-1-5-21-44-55-66-4294967295"]
RUN = "S-1-5-21-77-88-99-3000000000"
NOBODY = "S-1-5-21-1-1-1-4242"
NULL, ABSENT = "null", "absent"

MASKS = [0x1, 0x2, 0x4, 0x20, 0x40, 0x80, 0x100, DELETE, READ_CONTROL, WRITE_DAC, WRITE_OWNER,
         0x100000, FILE_READ, FILE_WRITE, FILE_EXECUTE, FILE_ALL, 0x1200A9, 0x1201BF, 0x1301BF,
         0xD0156, READ_CONTROL | WRITE_DAC, 0x60000 | 0x1, DELETE | 0x2, 0x120116 | DELETE]


@dataclass(frozen=True)
class Ace:
    type: int
    flags: int
    mask: int
    sid: str


@dataclass(frozen=True)
class Descriptor:
    owner: str
    group: str
    dacl: object  # NULL, ABSENT or a tuple of Ace


@dataclass(frozen=True)
class Case:
    descriptor: Descriptor
    user: str = USER
    user_deny_only: bool = False
    groups: tuple = ()       # (sid, attributes)
    restricting: tuple = ()
    flags: str = ""
    desired: int = 0
    parent: object = None    # Descriptor
    name: str = field(default="", compare=False)


def sid_bytes(text):
    parts = [int(part) for part in text.split("-")[2:]]
    return bytes([1, len(parts) - 1]) + parts[0].to_bytes(6, "big") + b"".join(
        struct.pack("<I", part) for part in parts[1:])


def ace_bytes(ace):
    body = struct.pack("<I", ace.mask)
    if ace.type in (ALLOW_OBJECT, DENY_OBJECT):
        body += struct.pack("<I", 0)  # no object types
    body += sid_bytes(ace.sid)
    return struct.pack("<BBH", ace.type, ace.flags, 4 + len(body)) + body


def descriptor_bytes(descriptor):
    """Self-relative: header, DACL, owner, group."""
    control = 0x8000 | (0 if descriptor.dacl is ABSENT else 0x4)
    dacl = b""
    if isinstance(descriptor.dacl, tuple):
        aces = b"".join(ace_bytes(ace) for ace in descriptor.dacl)
        objects = any(ace.type in (ALLOW_OBJECT, DENY_OBJECT) for ace in descriptor.dacl)
        dacl = struct.pack("<BBHHH", 4 if objects else 2, 0, 8 + len(aces),
                           len(descriptor.dacl), 0) + aces
    owner, group = sid_bytes(descriptor.owner), sid_bytes(descriptor.group)
    at_owner = 20 + len(dacl)
    return struct.pack("<BBHIIII", 1, 0, control, at_owner, at_owner + len(owner), 0,
                       20 if dacl else 0) + dacl + owner + group


def line_of(number, case):
    groups = ",".join("%s:%x" % group for group in case.groups) or "-"
    parent = descriptor_bytes(case.parent).hex() if case.parent else "-"
    return "%d %s %s%s %s %s %s %08x %s" % (
        number, descriptor_bytes(case.descriptor).hex(), case.user,
        ":10" if case.user_deny_only else "", groups, ",".join(case.restricting) or "-",
        case.flags or "-", case.desired, parent)


def text_of(case):
    """For a person: what to put into a pinned case or a bug report."""
    def show(descriptor):
        dacl = descriptor.dacl
        if isinstance(dacl, tuple):
            dacl = " ".join("(%d %02x %08x %s)" % (a.type, a.flags, a.mask, a.sid) for a in dacl)
        return "owner=%s dacl=%s" % (descriptor.owner, dacl)
    return "%s user=%s%s groups=%s restricting=%s flags=%s desired=%08x parent=%s" % (
        show(case.descriptor), case.user, ":10" if case.user_deny_only else "",
        ["%s:%x" % group for group in case.groups], list(case.restricting), case.flags or "-",
        case.desired, show(case.parent) if case.parent else "-")


def random_mask(rng, files, for_ace):
    kind = rng.random()
    if kind < 0.80:
        return rng.choice(MASKS)
    if kind < 0.90 and not (files and for_ace):
        return rng.choice([0x80000000, 0x40000000, 0x20000000, 0x10000000, 0xC0000000,
                           0x40010000])
    return rng.getrandbits(21) & FILE_ALL or 0x2


def random_dacl(rng, sids, files):
    kind = rng.random()
    if kind < 0.03:
        return NULL
    if kind < 0.05 and not files:
        return ABSENT
    if kind < 0.08:
        return ()
    aces = []
    for _ in range(rng.choice([1, 1, 2, 2, 3, 3, 4, 5, 6, 8])):
        ace_type = rng.choices([ALLOW, DENY, ALLOW_OBJECT, DENY_OBJECT], [66, 31, 2, 1])[0]
        if files and ace_type > DENY:
            ace_type = ALLOW
        flags = rng.choice([0, 0, 0, INHERITED, INHERITED, OI | CI, OI, CI | NP,
                            OI | CI | IO, CI | IO | INHERITED])
        mask = random_mask(rng, files, True)
        if not files and rng.random() < 0.02:
            mask |= SYSTEM_SECURITY
        aces.append(Ace(ace_type, flags, mask, rng.choice(sids)))
    if rng.random() < 0.6:
        aces.sort(key=lambda ace: (ace.flags & INHERITED, ace.type not in (DENY, DENY_OBJECT)))
    return tuple(aces)


def random_desired(rng, files):
    kind = rng.random()
    if kind < 0.14:
        return MAXIMUM_ALLOWED
    if kind < 0.20:
        return MAXIMUM_ALLOWED | rng.choice(MASKS)
    if not files and kind < 0.23:
        return SYSTEM_SECURITY | rng.choice([0, 0x2, FILE_READ, MAXIMUM_ALLOWED])
    if not files and kind < 0.24:
        return 0
    if kind < 0.45:
        return 1 << rng.choice([0, 1, 2, 3, 4, 5, 6, 7, 8, 16, 17, 18, 19, 20])
    return random_mask(rng, files, True if files else False)


def random_token(rng, files):
    attributes = [0x7, 0x7, 0x7, 0xF, ENABLED, DENY_ONLY, DENY_ONLY, 0]
    groups = [(EVERYONE, 0x7)] if rng.random() < 0.8 else []
    for sid in rng.sample(GROUPS + [OTHER, LOGON], rng.randint(0, 5)):
        value = rng.choice(attributes)
        groups.append((sid, value | 0xC0000000 if sid == LOGON and value == 0x7 else value))
    restricting = ()
    flags = ""
    if rng.random() < 0.6:
        pool = CAPABILITIES + [RUN, EVERYONE, LOGON, USER, OTHER, GROUPS[0], GROUPS[3]]
        restricting = tuple(rng.sample(pool, rng.randint(1, 4)))
        if rng.random() < 0.6:
            flags += "w"
    elif rng.random() < 0.1:
        flags += rng.choice(["z", "zw"])
    if not files:
        flags += "".join(letter for letter in "tsmro" if rng.random() < 0.08)
    return dict(user=USER, user_deny_only=rng.random() < 0.1, groups=tuple(groups),
                restricting=restricting, flags=flags)


def random_descriptor(rng, token, files):
    near = [token["user"]] + [sid for sid, _ in token["groups"]]
    pool = near * 3 + list(token["restricting"]) * 4 + [OWNER_RIGHTS] * 3 + [
        OTHER, EVERYONE, CREATOR_OWNER, RUN] + CAPABILITIES
    owner = rng.choice(near + list(token["restricting"]) + [USER, USER, OTHER, GROUPS[2]])
    dacl = random_dacl(rng, pool, files)
    if isinstance(dacl, tuple) and token["restricting"] and rng.random() < 0.5:
        # what this product plans: the user and a restricting SID both have something
        dacl += (Ace(ALLOW, 0, rng.choice(MASKS), token["user"]),
                 Ace(ALLOW, 0, rng.choice(MASKS), rng.choice(token["restricting"])))
    return Descriptor(owner, GROUPS[0], dacl)


def random_case(rng, profile):
    files = profile == "files"
    token = random_token(rng, files)
    case = Case(descriptor=random_descriptor(rng, token, files),
                desired=random_desired(rng, files), **token)
    if rng.random() < 0.15:
        parent = random_descriptor(rng, token, files)
        case = replace(case, parent=parent, flags=case.flags.replace("r", ""))
    return case
