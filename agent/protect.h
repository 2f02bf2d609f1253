/*
 * Names born inside (design 4, attack rows F15-F20 and G1): NTFS cannot deny a name that does not
 * exist, so protected names that are missing in a root when a command starts are watched for while
 * it runs, and dealt with at its end.
 *
 * MUSTs:
 *  1. what the watch says is a hint: the top of each root is read at the end in any case, and every
 *     candidate is opened by handle, no link followed; name, kind, links and file id are the
 *     handle's;
 *  2. "new" is decided by file id against the state before the run: a name that was deleted and
 *     made again, or renamed onto, is new;
 *  3. nothing is deleted, and no content is changed: objects are renamed aside by handle;
 *  4. a link, a file with more than one name and a name in another spelling are never adopted and
 *     their descriptor is never written: they are renamed;
 *  5. what a `.git` file names is read, never changed: the file is untrusted content;
 *  6. where nothing could be done or seen, the report says so ("failed", "truncated").
 *
 * Where. Every protected name counts at the top of every writable root, as in the plan. Deeper,
 * `.git` (directory or file) gets the same treatment, because every folder with one is a
 * repository to git, and the other names are reported and left: the plan does not deny existing
 * ones there either. A `.git` below a folder that was moved during the run counts as new, because
 * nothing remembers what was below every folder.
 *
 * What, by plan.on_created_protected: adopt (default) keeps a `.git` directory: its hooks and those
 * of its modules are moved aside, a commondir file too, keys of its config that run programs are
 * reported, the user becomes its owner, and the denies that the plan gives an existing one are put
 * on it by the plan and the grant engine themselves. A `.git` file is adopted when what it names is
 * inside a writable root and clean. All else is moved aside (quarantine).
 *
 * After a lost watch (overflow, or a directory that cannot be watched) the whole root is read,
 * within bounds. A nested `.git` found only so may be old: it is reported and left.
 *
 * A background run ("background": true) leaves processes that outlive the agent, and with it the
 * watch: nobody is there when they end. So its end writes down, per root, which protected names are
 * at the top (protectback.c, in the state folder). Every later run of that root, and `agent audit
 * writable`, compares: a name that is not on the list is reported, and with certainty (owner is a
 * sandbox account) dealt with as above. Without it, it may be the user's own, and is left: but
 * never taken for one that was always there. The list lives until the machine was started anew.
 *
 * Known limits, in the report: the bounds below; what a background process makes deeper than the
 * top of a root.
 */
#ifndef SBX_AGENT_PROTECT_H
#define SBX_AGENT_PROTECT_H

#include "grants.h"
#include "shared/core/jsonwrite.h"
#include "shared/core/plan.h"

/* Bounds of one end, over all roots. */
#define SBX_PROTECT_ENTRIES_MAX 200000u /* directory entries read */
#define SBX_PROTECT_OPENS_MAX 20000u    /* files opened to count their names */
#define SBX_PROTECT_TIME_MS 10000u
#define SBX_PROTECT_ITEMS_MAX 200u  /* kept per list of the report; the rest is counted */
#define SBX_PROTECT_DETAILS_MAX 50u /* lines per item; the rest is dropped */

struct sbx_protect; /* a run that is watched */

struct sbx_protect_options {
    const struct sbx_policy *policy; /* what the plan was made from; borrowed until the end */
    struct sbx_facts *facts;         /* the same; objects are put in for the plan of the denies and
                                        taken out again */
    const struct sbx_grant_options
        *grants; /* NULL: files keep no access lists here (stock Wine):
                    owner and denies are left out, and that is reported */
};

enum sbx_protect_action {
    SBX_PROTECT_ADOPTED = 0,
    SBX_PROTECT_QUARANTINED,
    SBX_PROTECT_REPORTED, /* by policy, or because nothing else is safe; it is where it was */
    SBX_PROTECT_FAILED    /* should have been dealt with and could not be */
};

/* A protected name that was made during the run. */
struct sbx_protect_item {
    char *path; /* owned; where it appeared */
    enum sbx_protect_action action;
    struct sbx_strings details; /* one line each: what was found, what was done, new names */
};

/* Hooks or config that the run changed although it had to leave them, or in a nested repository. */
struct sbx_protect_change {
    char *path;       /* owned */
    const char *what; /* static: "created", "changed", "removed" */
};

enum sbx_protect_leaves { SBX_LEAVES_UNKNOWN = 0, SBX_LEAVES_YES, SBX_LEAVES_NO };

/* A reparse point or a further name of a file, made during the run. */
struct sbx_protect_link {
    char *path;     /* owned */
    char *target;   /* owned; what a reparse point says; NULL when unreadable, or a hard link */
    uint32_t tag;   /* of the reparse point; 0: a hard link */
    uint32_t links; /* names of the file */
    enum sbx_protect_leaves leaves; /* leads, or has a name, outside of its root */
};

struct sbx_protect_report {
    struct sbx_protect_item *items;
    size_t item_count;
    struct sbx_protect_change *changes;
    size_t change_count;
    struct sbx_protect_link *links;
    size_t link_count;
    uint64_t left_out; /* entries of the lists above that are only counted */
    /* How far it looked. */
    size_t roots_watched;
    size_t roots_lost; /* the watch was lost: read in full instead */
    uint64_t events;
    uint64_t entries_read;
    uint64_t files_opened;
    bool nested_unwatched; /* Wine hears nothing from directories that were there before the run:
                              only new ones are looked into there */
    bool truncated;        /* a bound was reached: something may be unseen */
    bool background;       /* processes may be alive and unwatched */
    size_t unwatched;      /* roots where such processes, of this run or one before, may be */
    struct sbx_acl_counts descriptors; /* of the denies that were stamped */
};

/**
 * Take down what is there, and watch the writable roots of a plan. One handle and one watch per
 * root, one thread for all; without a writable root nothing at all. Call it after the grants and
 * before the child starts.
 * @param plan borrowed until the end
 * @param ret_protect to be ended with sbx_protect_end, released with sbx_protect_cancel; NULL on
 *        failure
 * @return SBX_DENIED when a root is not the one of the plan any more; SBX_OOM; what the system
 *         says when a root cannot be read. A root that cannot be watched is no failure: it is read
 *         in full at the end.
 * @see https://learn.microsoft.com/windows/win32/api/winbase/nf-winbase-readdirectorychangesw
 *      Boundary B11.
 */
SBX_MUST_CHECK enum sbx_status sbx_protect_begin(const struct sbx_plan *plan,
    const struct sbx_protect_options *options, struct sbx_protect **ret_protect,
    struct sbx_error *err);

/**
 * Stop watching and deal with what was made. Call it when the job is empty, whatever became of the
 * command; release with sbx_protect_cancel.
 * @param protect NULL: nothing was begun, the report is empty
 * @param ret_report initialised here and valid on failure too; release with
 *        sbx_protect_report_done
 * @return SBX_OK also when objects could not be dealt with: each of those is in the report with
 *         SBX_PROTECT_FAILED. SBX_OOM and SBX_INTERNAL otherwise; the report is then incomplete
 *         and says truncated.
 */
SBX_MUST_CHECK enum sbx_status sbx_protect_end(
    struct sbx_protect *protect, struct sbx_protect_report *ret_report, struct sbx_error *err);

/**
 * What background runs may have left at the top of the writable roots of a plan, without a run:
 * nothing is changed and nothing is watched.
 * @param ret_report initialised here: items that no earlier look knew, and `unwatched`
 */
SBX_MUST_CHECK enum sbx_status sbx_protect_audit(const struct sbx_plan *plan,
    const struct sbx_protect_options *options, struct sbx_protect_report *ret_report,
    struct sbx_error *err);

/** Stop watching and release, without a look: nothing was started. NULL does nothing. */
void sbx_protect_cancel(struct sbx_protect *protect);

/** Free what the report owns. {0} and a released report do nothing. */
void sbx_protect_report_done(struct sbx_protect_report *report);

/** Static word of an action: "adopted", "quarantined", "reported", "failed". */
const char *sbx_protect_action_name(enum sbx_protect_action action);

/** Write the keys "protected" and "integrity" into an object that is open. */
void sbx_protect_format(const struct sbx_protect_report *report, struct sbx_json_writer *w);

#endif
