/* See fencecase.h. */
#include "fencecase.h"

#include <stdio.h>

#include "tests/support/unit.h"

static struct sbx_error err;
struct sbx_fence fence;
struct sbx_sid fence_offline[2], fence_online[2];
char fence_wrong[200];
static struct sbx_sid person, logon, run_sid;

static struct sbx_sid sid(const char *text)
{
    struct sbx_sid ret;

    ck_assert_sbx_ok(sbx_sid_parse(text, &ret, &err), &err);
    return ret;
}

void fence_make(bool complement)
{
    struct sbx_fence_input input = {.complement = complement,
        .proxy_first = FENCE_FIRST,
        .proxy_last = FENCE_LAST,
        .offline = fence_offline,
        .offline_count = 2,
        .online = fence_online,
        .online_count = 2};

    sbx_fence_done(&fence);
    ck_assert_sbx_ok(sbx_fence_make(&input, &fence, &err), &err);
}

void fence_case_setup(void)
{
    sbx_error_init(&err);
    fence_offline[0] = sid("S-1-5-21-1-2-3-1001");
    fence_offline[1] = sid("S-1-5-21-1-2-3-1003");
    fence_online[0] = sid("S-1-5-21-1-2-3-1002");
    fence_online[1] = sid("S-1-5-21-1-2-3-1004");
    person = sid("S-1-5-21-1-2-3-500");
    logon = sid("S-1-5-5-0-4711");
    run_sid = sid("S-1-5-21-9-9-9-4000000000");
    fence_make(false);
}

void fence_case_teardown(void)
{
    sbx_fence_done(&fence);
}

/* --- tokens ---------------------------------------------------------------------------------- */

static void restricting(struct fence_subject *s, const struct sbx_sid *one)
{
    s->restricting[s->token.restricting_count++] = *one;
}

void fence_subject_make(
    struct fence_subject *s, enum whose whose, size_t which, enum derived derived)
{
    const struct sbx_sid *groups[] = {
        &sbx_sid_everyone, &sbx_sid_users, &sbx_sid_authenticated, &sbx_sid_interactive, &logon};
    size_t i;

    memset(s, 0, sizeof(*s));
    s->whose = whose;
    s->derived = derived;
    s->token.user = whose == OFFLINE  ? fence_offline[which]
                    : whose == ONLINE ? fence_online[which]
                                      : person;
    for (i = 0; i < countof(groups); i++) {
        s->groups[i].sid = *groups[i];
        s->groups[i].attributes = SBX_GROUP_MANDATORY | SBX_GROUP_ENABLED;
    }
    s->token.groups = s->groups;
    s->token.group_count = countof(groups);
    s->token.restricting = s->restricting;
    s->token.write_restricted = derived == RECIPE || derived == STANDARD || derived == DENY_ONLY;
    s->token.user_deny_only = derived == DENY_ONLY;
    if (derived == RECIPE || derived == STANDARD || derived == DENY_ONLY || derived == NARROWED) {
        restricting(s, &run_sid);
        restricting(s, &s->token.user);
    }
    if (derived == STANDARD || derived == DENY_ONLY) {
        restricting(s, &sbx_sid_everyone);
        restricting(s, &logon);
    }
    if (derived == RESTRICTED)
        restricting(s, &sbx_sid_everyone);
    if (derived == RESTRICTED_RC) {
        restricting(s, &sbx_sid_restricted);
        restricting(s, &sbx_sid_write_restricted);
    }
    s->token.restricted = s->token.restricting_count > 0;
}

/* Tokens that runs have, and in the complement form those that a child can derive. */
static bool promised(enum derived derived, bool complement)
{
    return derived <= STANDARD || complement;
}

/* --- what must come out, said without looking at the table ------------------------------------ */

static bool in_range(uint16_t port)
{
    return port >= FENCE_FIRST && port <= FENCE_LAST;
}

static bool is_host(const struct sbx_fence_packet *packet)
{
    static const uint8_t v4[4] = {127, 0, 0, 1}, v6[16] = {[15] = 1};

    return packet->v6 ? memcmp(packet->remote, v6, 16) == 0 : memcmp(packet->remote, v4, 4) == 0;
}

static bool is_loop(const struct sbx_fence_packet *packet)
{
    return (packet->flags & SBX_FENCE_FLAG_LOOPBACK) || is_host(packet) ||
           (!packet->v6 && packet->remote[0] == 127);
}

/* 'B': must be blocked. '-': ours must not block, and not overrule others. 'P': must be permitted
 * for good. '?': either. */
static char expected(const struct fence_subject *s, const struct sbx_fence_packet *p)
{
    bool flows = p->layer == SBX_FENCE_CONNECT || p->layer == SBX_FENCE_ACCEPT;

    if (s->whose == OTHER)
        return '-';
    if (!flows && in_range(p->local_port))
        return 'B';
    if (s->whose == ONLINE)
        return flows && is_loop(p) ? 'B' : '-';
    if (p->layer == SBX_FENCE_CONNECT && p->protocol == SBX_FENCE_TCP && is_host(p) &&
        in_range(p->remote_port))
        return s->derived <= STANDARD ? 'P' : '?';
    if (p->layer == SBX_FENCE_ASSIGN && p->protocol == SBX_FENCE_TCP &&
        !(p->flags & SBX_FENCE_FLAG_RAW))
        return '-';
    return 'B';
}

static bool right(const struct fence_subject *s, const struct sbx_fence_packet *p)
{
    struct sbx_fence_verdict verdict = sbx_fence_decide(&fence, p);

    switch (expected(s, p)) {
    case 'B':
        return verdict.action == SBX_FENCE_BLOCK && verdict.hard;
    case 'P':
        return verdict.action == SBX_FENCE_PERMIT && verdict.hard;
    case '-':
        return verdict.action != SBX_FENCE_BLOCK && !verdict.hard;
    default:
        return true;
    }
}

/* --- every packet that makes a difference ----------------------------------------------------- */

const uint8_t fence_remotes[2][FENCE_REMOTES][16] = {
    {{127, 0, 0, 1}, {127, 0, 0, 2}, {127, 255, 255, 255}, {8, 8, 8, 8}, {0}},
    {{[15] = 1}, {[15] = 2}, {0xfe, 0x80, [15] = 1}, {0x20, 0x01, 0x0d, 0xb8, [15] = 1},
        {[10] = 0xff, 0xff, 127, 0, 0, 1}}};
static const uint16_t ports[] = {
    0, 1, 80, FENCE_FIRST - 1, FENCE_FIRST, FENCE_FIRST + 1, FENCE_LAST, FENCE_LAST + 1, 50000};
static const uint8_t protocols[] = {SBX_FENCE_TCP, SBX_FENCE_UDP, 1, 58, 255};
static const uint32_t flags[] = {
    0, SBX_FENCE_FLAG_LOOPBACK, SBX_FENCE_FLAG_RAW, SBX_FENCE_FLAG_RAW | SBX_FENCE_FLAG_LOOPBACK};

static void tell(const struct fence_subject *s, const struct sbx_fence_packet *p)
{
    struct sbx_fence_verdict verdict = sbx_fence_decide(&fence, p);

    snprintf(fence_wrong, sizeof(fence_wrong),
        "whose %d derived %d %s v6=%d protocol %u flags %u ports %u,%u: expected %c, got %d by %s",
        s->whose, s->derived, sbx_fence_layer_name((enum sbx_fence_layer)p->layer), p->v6,
        p->protocol, p->flags, p->remote_port, p->local_port, expected(s, p), verdict.action,
        verdict.by ? verdict.by->name : "nobody");
}

static bool right_at(const struct fence_subject *s, struct sbx_fence_packet *p)
{
    size_t i, j;

    for (i = 0; i < countof(ports); i++) {
        if (p->layer == SBX_FENCE_LISTEN || p->layer == SBX_FENCE_ASSIGN) {
            p->local_port = ports[i];
            if (!right(s, p))
                return tell(s, p), false;
            continue;
        }
        p->remote_port = ports[i];
        for (j = 0; j < FENCE_REMOTES; j++) {
            memcpy(p->remote, fence_remotes[p->v6][j], 16);
            if (!right(s, p))
                return tell(s, p), false;
        }
    }
    return true;
}

static bool right_for(const struct fence_subject *s, bool match_is_write)
{
    unsigned users = sbx_fence_users_of(&fence, &s->token, match_is_write);
    size_t i, j;
    uint8_t layer;
    int v6;

    for (layer = 0; layer < SBX_FENCE_LAYERS; layer++)
        for (v6 = 0; v6 < 2; v6++)
            for (i = 0; i < countof(protocols); i++)
                for (j = 0; j < countof(flags); j++) {
                    struct sbx_fence_packet packet = {.layer = layer,
                        .v6 = v6 != 0,
                        .protocol = protocols[i],
                        .flags = flags[j],
                        .users = users};

                    if (!right_at(s, &packet))
                        return false;
                    if (layer == SBX_FENCE_LISTEN)
                        i = countof(protocols), j = countof(flags); /* TCP, no flags */
                }
    return true;
}

bool fence_holds(bool complement)
{
    struct fence_subject s;
    int whose, derived, reading;

    for (whose = OFFLINE; whose <= OTHER; whose++)
        for (derived = ACCOUNT; derived < DERIVEDS; derived++)
            for (reading = 0; reading < 2; reading++) {
                if (!promised((enum derived)derived, complement))
                    continue;
                /* Another user's token that is restricted to nothing we name is the stated cost. */
                if (whose == OTHER && (derived == NARROWED || derived == RECIPE) && complement)
                    continue;
                fence_subject_make(&s, (enum whose)whose, (size_t)reading, (enum derived)derived);
                if (!right_for(&s, reading != 0))
                    return false;
            }
    return true;
}
