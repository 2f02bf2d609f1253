/*
 * One row of a table of access checks: a question, the answer, and the reason that must be given.
 */
#ifndef SBX_TESTS_ACCESSROW_H
#define SBX_TESTS_ACCESSROW_H

#include "sdtext.h"

#define MAX SBX_MAXIMUM_ALLOWED
#define SACL SBX_ACCESS_SYSTEM_SECURITY
#define U_ "S-1-5-21-1-2-3-1001"
#define V_ "S-1-5-21-1-2-3-1002"
#define G_ "S-1-5-21-1-2-3-513"
#define K1_ "S-1-5-21-11-22-33-2147483649"
#define P1 "pass 1 (user and groups): "
#define P2 "pass 2 (restricting SIDs): "

struct access_row {
    const char *name;
    const char *descriptor;
    const char *user, *groups, *restricting, *flags; /* see tests/support/sdtext.h */
    uint32_t desired;
    uint32_t mask;   /* granted; 0 = denied */
    const char *why; /* the deciding step in words */
    const char *parent;
};

/** Ask, and end the test unless answer, reason and the result's own consistency are right. */
void access_row_check(const struct access_row *row);

#endif
