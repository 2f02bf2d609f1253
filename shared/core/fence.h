/*
 * The network fence as data: every object that setup gives to the Windows Filtering Platform, and a
 * pure evaluator that says what those objects decide. Boundary B16: offline means offline.
 *
 * The table is in fencetable.c, next to its comparison with Microsoft's documentation and with two
 * shipped products. sbx_fence_make turns rows into filters, one for IPv4 and one for IPv6 each;
 * shared/win/wfp.c writes exactly these filters and reads them back. The evaluator judges the
 * filters, not the rows, so what is tested is what is installed.
 *
 * Two forms. `plain` names the accounts: ALE_USER_ID is an access check of the socket owner's token
 * against a descriptor, and a filter for an account matches a token that the descriptor grants.
 * A token that a child derives from its own (user SID deny-only, or another restricting SID) may
 * not be granted, and is then not blocked. `complement` adds filters that block whoever is not
 * shown to be somebody else: deny entries match deny-only SIDs too, and a failed second pass is a
 * block. What it does to other users' restricted processes must be measured on the machine.
 *
 * @see https://learn.microsoft.com/windows/win32/fwp/filter-arbitration
 *      https://learn.microsoft.com/windows/win32/fwp/ale-layers
 *      https://learn.microsoft.com/windows/win32/fwp/permitting-and-blocking-applications-and-users
 */
#ifndef SBX_FENCE_H
#define SBX_FENCE_H

#include "accesscheck.h"

#define SBX_FENCE_ACCOUNTS_MAX 18u /* both kinds together */
#define SBX_FENCE_CONDITIONS_MAX 4u
#define SBX_FENCE_NAME_MAX 64u
/* Sub-layers are asked from the highest weight down; ours is asked first, its blocks are final. */
#define SBX_FENCE_SUBLAYER_WEIGHT 0xFFFFu
/* FWP_ACTRL_MATCH_FILTER: the access right that makes a user condition true. */
#define SBX_FENCE_MATCH_RIGHT 0x00000001u
#define SBX_FENCE_TCP 6u
#define SBX_FENCE_UDP 17u
#define SBX_FENCE_FLAG_LOOPBACK 0x00000001u /* FWP_CONDITION_FLAG_IS_LOOPBACK */
#define SBX_FENCE_FLAG_RAW 0x00000010u      /* FWP_CONDITION_FLAG_IS_RAW_ENDPOINT */

/* Of the same layout as GUID. */
struct sbx_fence_key {
    uint32_t a;
    uint16_t b, c;
    uint8_t d[8];
};
extern const struct sbx_fence_key sbx_fence_provider_key, sbx_fence_sublayer_key;
extern const char sbx_fence_provider_name[]; /* of provider and sub-layer, for administrators */

/* FWPM_LAYER_ALE_..._V4 and _V6. */
enum sbx_fence_layer {
    SBX_FENCE_CONNECT = 0, /* AUTH_CONNECT: TCP connect, first datagram out, ICMP out */
    SBX_FENCE_LISTEN,      /* AUTH_LISTEN: TCP listen */
    SBX_FENCE_ACCEPT,      /* AUTH_RECV_ACCEPT: TCP accept, first datagram in, ICMP in */
    SBX_FENCE_ASSIGN,      /* RESOURCE_ASSIGNMENT: bind, explicit or implicit; raw sockets */
    SBX_FENCE_LAYERS
};

/* Whose sockets a filter is for: the descriptor of its ALE_USER_ID condition. */
enum sbx_fence_who {
    SBX_FENCE_OFFLINE = 0, /* allow: each offline account */
    SBX_FENCE_ONLINE,      /* allow: each online account */
    SBX_FENCE_SANDBOXED,   /* allow: both kinds */
    SBX_FENCE_OTHERS,      /* deny both kinds, allow everybody else */
    SBX_FENCE_NOT_OFFLINE, /* deny offline accounts, allow everybody else, online accounts by name
                            */
    SBX_FENCE_WHO_COUNT,
    SBX_FENCE_ANYONE = SBX_FENCE_WHO_COUNT /* no user condition */
};

enum sbx_fence_action { SBX_FENCE_NONE = 0, SBX_FENCE_BLOCK, SBX_FENCE_PERMIT };

/* Further conditions of a row; all of them must hold. */
enum sbx_fence_when {
    SBX_FENCE_IF_TCP = 1 << 0,     /* protocol is TCP */
    SBX_FENCE_IF_NOT_TCP = 1 << 1, /* protocol is anything else */
    SBX_FENCE_IF_RAW = 1 << 2,     /* a raw socket */
    SBX_FENCE_IF_HOST = 1 << 3,    /* remote address is 127.0.0.1 or ::1: where the proxy listens */
    SBX_FENCE_IF_LOOPNET = 1 << 4, /* remote address is in 127.0.0.0/8 or is ::1 */
    SBX_FENCE_IF_LOOPED = 1 << 5,  /* marked as loopback traffic: own addresses of any kind */
    SBX_FENCE_IF_REMOTE_PORT = 1 << 6, /* remote port in the proxy range */
    SBX_FENCE_IF_LOCAL_PORT = 1 << 7   /* local port in the proxy range */
};

/* One row of the table. */
struct sbx_fence_row {
    uint8_t id; /* in the filters' keys; never reused */
    uint8_t layer, who, action;
    uint8_t rank;    /* 1-15, the top four bits of the filter's weight */
    uint8_t when;    /* enum sbx_fence_when, or-ed */
    bool hard;       /* FWPM_FILTER_FLAG_CLEAR_ACTION_RIGHT: see fencetable.c */
    bool complement; /* only in the complement form */
    const char *name;
};
extern const struct sbx_fence_row sbx_fence_rows[];
extern const size_t sbx_fence_row_count;

enum sbx_fence_field {
    SBX_FENCE_FIELD_USER = 0,
    SBX_FENCE_FIELD_PROTOCOL,
    SBX_FENCE_FIELD_REMOTE_ADDRESS,
    SBX_FENCE_FIELD_REMOTE_PORT,
    SBX_FENCE_FIELD_LOCAL_PORT,
    SBX_FENCE_FIELD_FLAGS
};

enum sbx_fence_match {
    SBX_FENCE_EQUAL = 0,
    SBX_FENCE_NOT_EQUAL,
    SBX_FENCE_RANGE,  /* low..high, inclusive */
    SBX_FENCE_ALL_SET /* every flag of `low` */
};

/* One condition, with the value of its field. */
struct sbx_fence_condition {
    uint8_t field, match;
    uint8_t who;         /* USER: index into sbx_fence.users */
    uint8_t prefix_bits; /* REMOTE_ADDRESS: 8, or 32 and 128 for one address */
    uint8_t address[16]; /* REMOTE_ADDRESS: network order, 4 or 16 bytes */
    uint32_t low, high;  /* numbers; high is used by RANGE only */
};

struct sbx_fence_filter {
    struct sbx_fence_key key;
    char name[SBX_FENCE_NAME_MAX];
    uint8_t layer, action;
    bool v6, hard;
    uint64_t weight; /* as BFE is to use it */
    struct sbx_fence_condition conditions[SBX_FENCE_CONDITIONS_MAX];
    size_t condition_count;
};

struct sbx_fence_input {
    bool complement;
    uint16_t proxy_first, proxy_last; /* inclusive */
    const struct sbx_sid *offline;
    size_t offline_count; /* at least 1 */
    const struct sbx_sid *online;
    size_t online_count;
};

/* All that is to be installed. Start with {0}. */
struct sbx_fence {
    struct sbx_descriptor users[SBX_FENCE_WHO_COUNT]; /* owned; owner and group SYSTEM */
    struct sbx_fence_filter *filters;                 /* owned */
    size_t count;
};

/**
 * The proxy range must be one that no system chooses from by itself, and small: within 1024..49151,
 * 2 to 64 ports (the proof needs one to reach and one to be refused). In the dynamic range
 * (49152-65535) an implicit bind could be given a port that both accounts are forbidden to bind.
 * @see
 * https://learn.microsoft.com/troubleshoot/windows-server/networking/default-dynamic-port-range-tcpip-chang
 */
SBX_MUST_CHECK enum sbx_status sbx_fence_check_ports(
    uint16_t first, uint16_t last, struct sbx_error *err);

/**
 * Filters and descriptors for these accounts and ports.
 * @param ret {0}; filled on success, released with sbx_fence_done
 * @return SBX_INVALID: no offline account, too many, an account twice or in both kinds, a bad port
 *         range; SBX_OOM
 */
SBX_MUST_CHECK enum sbx_status sbx_fence_make(
    const struct sbx_fence_input *input, struct sbx_fence *ret, struct sbx_error *err);

void sbx_fence_done(struct sbx_fence *fence);

/* --- judging (fencejudge.c) ---------------------------------------------------------------- */

/* One indication at one layer: what the filter engine would look at. */
struct sbx_fence_packet {
    uint8_t layer;
    bool v6;
    uint8_t protocol;     /* SBX_FENCE_TCP, ...; nothing looks at it at LISTEN */
    uint32_t flags;       /* SBX_FENCE_FLAG_* */
    uint8_t remote[16];   /* network order; CONNECT and ACCEPT only */
    uint16_t remote_port; /* CONNECT and ACCEPT only */
    uint16_t local_port;  /* 0: empty, as with an implicit bind; no condition on it is true */
    unsigned users;       /* user conditions that are true: sbx_fence_users_of the socket's owner */
};

struct sbx_fence_verdict {
    enum sbx_fence_action action; /* NONE: no filter of ours matched, other sub-layers decide */
    bool hard;                    /* no other sub-layer can override it (but by a callout's veto) */
    const struct sbx_fence_filter *by;
};

/**
 * Arbitration within the sub-layer: of the matching filters the one with the highest weight.
 * With equal weights, whose order nothing documents, a permit wins: for a fence the worse case.
 * A block is hard whether or not it carries the flag ("filter block: hard block").
 */
struct sbx_fence_verdict sbx_fence_decide(
    const struct sbx_fence *fence, const struct sbx_fence_packet *packet);

/**
 * Which user conditions are true for a token: bit (1 << who) when its descriptor grants the token
 * the match right.
 * @param match_is_write how a write-restricted token's second pass sees that right: asked about it
 *        or not. Nothing documents it; what must hold must hold under both.
 */
unsigned sbx_fence_users_of(
    const struct sbx_fence *fence, const struct sbx_access_token *token, bool match_is_write);

/* --- comparing with what was read back (fencejudge.c) -------------------------------------- */

/**
 * What is different, for people; NULL when equal. Conditions may come back in another order. Names
 * count, since administrators go by them.
 * @param users, got_users descriptors of USER conditions, by `who`
 * @return static text: "action", "weight", ...
 */
const char *sbx_fence_filter_differs(const struct sbx_fence_filter *wanted,
    const struct sbx_descriptor *users, const struct sbx_fence_filter *got,
    const struct sbx_descriptor *got_users);

bool sbx_fence_key_equal(const struct sbx_fence_key *a, const struct sbx_fence_key *b);

/** "connect", "listen", "accept", "assign". */
const char *sbx_fence_layer_name(enum sbx_fence_layer layer);

#endif
