/*
 * Make the grants of a plan true on disk (design 4), and nothing else.
 *
 * MUSTs of the engine (grants.c, grantjudge.c, grantjournal.c, grantwalk.c, ledger.c):
 *  1. objects are opened relative to their parent's handle, no reparse point is followed, and the
 *     opened root is compared with the volume and file id that the plan was made for;
 *  2. a descriptor is written only through its handle, one object at a time (acl.h);
 *  3. what will be added is in the ledger, on disk, before the first descriptor of it is written;
 *  4. every deny of a tree is in place before the first allow of that tree is written, and an
 *     object that needs both below a directory gets both in one write;
 *  5. never written: a file with more than one link, a reparse point, a NULL DACL, an object owned
 *     by a sandbox account. Such an object is listed; when it needed a deny and lets the child
 *     write, the root fails;
 *  6. nothing is rewritten that is already true.
 *
 * What happens to an existing child of a root. NT's own propagation (and SetNamedSecurityInfo)
 * recomputes the whole inherited part, which gives a file that was moved in from a private folder
 * away to whoever may read the new parent, and loses what was there. Here only our own entries
 * move: the block of entries that the root passes on is put in front of the child's inherited
 * part, byte for byte and in one piece, whether or not the same entry is there from elsewhere.
 * The block holds the root's capability SID, which no other entry on the machine can hold, so it
 * is recognised again: a second run finds it and writes nothing, and revoke takes out exactly it.
 * No child therefore needs a journal record of its own, 100,000 files cost two flushes, and a run
 * that was killed at any write is brought back by the same removal. See shared/core/grantstep.h.
 *
 * A child with a PROTECTED DACL inherits nothing. The policy says that the whole root is writable,
 * so the same block is put in as explicit entries, and revoke finds it in the same way.
 *
 * Warm run: per root and per protected or denied object one descriptor is read and nothing is
 * written and nothing walked. That needs the ledger to say that the walk below this very object
 * (file id) with these very entries was completed.
 *
 * Order, and a sandboxed process of the same root that is alive meanwhile: explicit denies of all
 * protected objects first, then the root's own descriptor, then its children top-down. A file
 * that is created during the walk inherits from a directory that is already done, or is found
 * when that directory is read, because a directory is read after it was written. A process that
 * was started before has no capability of a root that was not yet granted; on a repeated walk the
 * denies are there before anything is given. What it moves from a part not yet walked to one that
 * was stays without our entries ("moved in").
 *
 * Two agents: one lock per root, the ledger file itself, opened without sharing writes.
 */
#ifndef SBX_AGENT_GRANTS_H
#define SBX_AGENT_GRANTS_H

#include "shared/core/grantunit.h"
#include "shared/win/acl.h"

struct sbx_linkset; /* linkset.h */

struct sbx_grant_progress {
    const char *root;    /* of the walk; borrowed */
    const char *path;    /* the object being done, for display; borrowed */
    uint64_t files_done; /* objects looked at in this root */
    uint64_t written;    /* descriptors written in this root */
    uint32_t files_per_second;
    uint32_t elapsed_ms;
    bool waiting; /* for another agent that holds the lock; the counts are 0 */
};

struct sbx_grant_options {
    const char *state_directory; /* %LOCALAPPDATA%\AgentSandbox, exists; "ledger" is made in it */
    bool tty_progress;           /* also keep one line on standard error up to date */
    /* May be NULL. Called after 1 s of work and at most five times per second. */
    void (*progress)(void *ctx, const struct sbx_grant_progress *progress);
    /* May be NULL. Called for each object that a walk met, before it is opened; @param relative_w
     * its name below the top of the walk. For checks that change something at that moment. */
    void (*met)(void *ctx, const wchar_t *relative_w, size_t cch);
    void *ctx;
    const volatile LONG *cancel; /* may be NULL; nonzero: stop before the next write */
    /* SIDs of sandbox accounts: what they own is never written. May be NULL with count 0. */
    const char *const *account_sids;
    size_t account_sid_count;
    uint32_t lock_wait_ms; /* 0 = two minutes */
    bool again;            /* walk also what the ledger says is complete */
    /* Files with several names: noted while looking, and written when it says so. NULL: listed. */
    struct sbx_linkset *links;
};

#define SBX_GRANT_REASON_MAX 120u
/* Beyond this many paths only the count goes on. */
#define SBX_GRANT_SKIPS_MAX 500u

/* An object that needed our entries and did not get them. */
struct sbx_grant_skip {
    char *path;                        /* owned */
    char reason[SBX_GRANT_REASON_MAX]; /* "2 links", "reparse point", "NULL DACL",
                                          "owned by a sandbox account",
                                          "access denied (5), owned by NAME",
                                          "still denied by an earlier policy: revoke" */
};

/* A root, or an object outside all roots, that could not be made true. */
struct sbx_grant_failure {
    char *path; /* owned */
    bool fatal; /* the command needs it */
    struct sbx_error error;
};

struct sbx_grant_report {
    struct sbx_acl_counts counts; /* reads, writes, proofs */
    uint64_t files_stamped;       /* descriptors of children written by walks */
    uint64_t files_walked;
    bool warm; /* nothing was written and nothing was walked */
    struct sbx_grant_skip *skips;
    size_t skip_count;
    uint64_t skips_left_out;
    /* What a revoke did or met that its caller has to know: an object that is the user's now, a
       link that was not entered. The same caps as for skips. */
    struct sbx_grant_skip *notes;
    size_t note_count;
    uint64_t notes_left_out;
    uint64_t owners_taken; /* objects of a sandbox account that became the user's */
    struct sbx_grant_failure *failures;
    size_t failure_count;
    size_t ledgers_repaired; /* damaged ledgers whose tail was set aside */
};

/**
 * Make every ACE of the plan true. Roots and objects outside them fail independently: each failure
 * is in the report with path, owner, code and fix; the others are done all the same.
 *
 * @param ret_report initialised by this function and filled on failure too; release it with
 *        sbx_grant_report_done
 * @return SBX_OK when everything the command needs is true: the root that holds the working
 *         directory, every writable root, every deny. Otherwise the first of those failures:
 *         SBX_DENIED (changed since the plan; access denied; a protected object that cannot be
 *         denied), SBX_UNSUPPORTED (volume without ACLs), SBX_TIMEOUT (another agent holds the
 *         root), SBX_CANCELLED (the ledger says what is incomplete; the next run goes on)
 *         Boundary B1.
 */
SBX_MUST_CHECK enum sbx_status sbx_grants_apply(const struct sbx_plan *plan,
    const struct sbx_grant_options *options, struct sbx_grant_report *ret_report,
    struct sbx_error *err);

/**
 * As sbx_grants_apply for units that are there already. What is in the report stays: this adds.
 */
SBX_MUST_CHECK enum sbx_status sbx_grants_apply_units(const struct sbx_grant_units *units,
    const struct sbx_grant_options *options, struct sbx_grant_report *report,
    struct sbx_error *err);

/** Free what the report owns. {0} and a released report do nothing. */
void sbx_grant_report_done(struct sbx_grant_report *report);

#endif
