/*
 * A fence of two offline and two online accounts, every token that a child can make of its own,
 * and what must become of every packet that makes a difference, said without looking at the table.
 */
#ifndef SBX_TESTS_FENCECASE_H
#define SBX_TESTS_FENCECASE_H

#include "shared/core/fence.h"

/* The proxy's ports. */
#define FENCE_FIRST 48620u
#define FENCE_LAST 48627u

enum whose { OFFLINE, ONLINE, OTHER };

/* How a token was made from the account's. */
enum derived {
    ACCOUNT,
    RECIPE,
    STANDARD,
    DENY_ONLY,
    RESTRICTED,
    RESTRICTED_RC,
    NARROWED,
    DERIVEDS
};

/* Points into itself: not to be copied. */
struct fence_subject {
    enum whose whose;
    enum derived derived;
    struct sbx_access_token token;
    struct sbx_access_group groups[6];
    struct sbx_sid restricting[5];
};

/* The fence under test; a test may change it. */
extern struct sbx_fence fence;
extern struct sbx_sid fence_offline[2], fence_online[2];

/* Addresses of IPv4 and IPv6; the first is this machine. */
#define FENCE_REMOTES 5
extern const uint8_t fence_remotes[2][FENCE_REMOTES][16];

/** The fixture: the accounts, and the plain form of the fence. */
void fence_case_setup(void);
void fence_case_teardown(void);

/** Make the fence again, in one form or the other. */
void fence_make(bool complement);

/** @param which of the two accounts; of no meaning for OTHER */
void fence_subject_make(
    struct fence_subject *s, enum whose whose, size_t which, enum derived derived);

/**
 * True when every token gets at every layer, in both families, what it must get.
 * @param complement the form that the fence has: tokens that a child can derive count, too
 */
bool fence_holds(bool complement);
/** After false: which packet of whom, what was expected, and what came. */
extern char fence_wrong[200];

#endif
