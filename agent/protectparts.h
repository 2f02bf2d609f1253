/* What the halves of protect.c share; nobody else includes this. */
#ifndef SBX_AGENT_PROTECTPARTS_H
#define SBX_AGENT_PROTECTPARTS_H

#include "protect.h"
#include "protectwatch.h"
#include "shared/core/background.h"
#include "shared/core/protectname.h"
#include "shared/win/file.h"
#include "shared/win/filewalk.h"

/* A protected name at the top of a root, before the run. */
struct sbx_protect_seen {
    size_t name; /* into plan.protected_names */
    struct sbx_file_facts facts;
    uint64_t created; /* FILETIME */
    bool is_late;     /* not known when the watch over a background run had ended */
    bool is_certain;  /* with is_late: a sandbox account owns it, so the run made it */
};

struct sbx_protect_root {
    const struct sbx_plan_root *root; /* borrowed */
    HANDLE list;    /* owned; synchronous, FILE_LIST_DIRECTORY; open while it is looked at */
    HANDLE watched; /* owned; of the watch alone */
    size_t watch;   /* index in the watch */
    struct sbx_protect_seen *seen;
    size_t seen_count;
    /* A background run was here before, and its processes may live (protectback.c). */
    bool has_record;
    struct sbx_background record; /* owned */
};

/* One file or directory that git: "write" leaves denied inside a repository. */
struct sbx_protect_print {
    char *path; /* owned; full */
    bool is_directory;
    uint64_t size_bytes;
    uint64_t last_write;
    uint8_t hash[32];
};

struct sbx_protect_prints {
    struct sbx_protect_print *items;
    size_t count, capacity;
    bool truncated;
};

struct sbx_protect {
    const struct sbx_plan *plan;
    struct sbx_protect_options options;
    struct sbx_protect_root *roots; /* nested ones first */
    size_t root_count;
    struct sbx_watch *watch; /* NULL: nothing to watch */
    struct sbx_protect_prints prints;
    struct sbx_acl_counts descriptors; /* read before the run */
    char id[9];                        /* of this run, in names that are moved aside */
};

/* One end of a run. */
struct sbx_protect_work {
    struct sbx_protect *protect;
    struct sbx_protect_report *report;
    struct sbx_error *err;
    uint64_t deadline_ms;
    size_t *adopted; /* indices into report->items; owned */
    size_t adopted_count;
};

/* A directory entry with a protected name. */
struct sbx_protect_candidate {
    struct sbx_protect_root *root;
    HANDLE parent;          /* borrowed */
    const wchar_t *entry_w; /* its stored name */
    size_t entry_cch;
    const char *path; /* full, for people and for the plan */
    size_t name;      /* into plan.protected_names */
    enum sbx_spelling spelling;
    bool is_top;     /* directly in the root */
    bool is_certain; /* known to be made during the run */
    bool is_late;    /* see sbx_protect_seen */
    struct sbx_file_facts facts;
};

/* --- protectlook.c: what is new ----------------------------------------------------------------
 */

/** Take down the protected names at the top of a root. */
SBX_MUST_CHECK enum sbx_status sbx_protect_snapshot(
    struct sbx_protect *protect, struct sbx_protect_root *root, struct sbx_error *err);

/** Everything new below one root goes through sbx_protect_deal or into the report. */
SBX_MUST_CHECK enum sbx_status sbx_protect_look(
    struct sbx_protect_work *work, struct sbx_protect_root *root);

/** Open the root's directory as root->list; the caller closes it. */
SBX_MUST_CHECK enum sbx_status sbx_protect_open_list(
    struct sbx_protect_root *root, struct sbx_error *err);

/* --- protectback.c: between a background run and the next ---------------------------------------
 */

/**
 * Read the record of a root, if there is one, and mark what it does not know in root->seen.
 * @param grants may be NULL: no owners are looked at
 */
SBX_MUST_CHECK enum sbx_status sbx_protect_back_compare(struct sbx_protect *protect,
    struct sbx_protect_root *root, struct sbx_acl_counts *counts, struct sbx_error *err);

/**
 * Write the record anew with what is there now, when the run that ends is a background one, or one
 * before it was and this machine was not started since; else delete it.
 */
SBX_MUST_CHECK enum sbx_status sbx_protect_back_keep(
    struct sbx_protect *protect, struct sbx_protect_root *root, struct sbx_error *err);

/* --- protectact.c: what is done ----------------------------------------------------------------
 */

/** Adopt, move aside or report one object. @return SBX_OOM only */
SBX_MUST_CHECK enum sbx_status sbx_protect_deal(
    struct sbx_protect_work *work, const struct sbx_protect_candidate *candidate);

/** Put the plan's denies on everything that was adopted. Failures go to the items. */
SBX_MUST_CHECK enum sbx_status sbx_protect_stamp(struct sbx_protect_work *work);

/**
 * Rename an entry to NAME.quarantined-ID in the same directory.
 * @param facts what the entry must be; NULL: whatever it is
 * @param ret_name owned, the new name
 * @return SBX_DENIED when it is another object by now
 */
SBX_MUST_CHECK enum sbx_status sbx_protect_move_aside(const struct sbx_protect *protect,
    HANDLE parent, const wchar_t *entry_w, size_t cch, const char *name,
    const struct sbx_file_facts *facts, char **ret_name, struct sbx_error *err);

/* --- protectgit.c: repositories ----------------------------------------------------------------
 */

/**
 * Make a repository folder harmless and tell what is in it: hooks (its own and its modules') and
 * commondir moved aside, keys that run programs listed.
 * @param details lines are added
 * @return not SBX_OK when something that had to be moved was not
 */
SBX_MUST_CHECK enum sbx_status sbx_protect_git_tame(const struct sbx_protect *protect,
    HANDLE directory, struct sbx_strings *details, struct sbx_error *err);

/**
 * Look at a repository folder that is only read: adds a line for each hook folder in use and each
 * key that runs a program.
 * @param path full; no link is followed
 */
SBX_MUST_CHECK enum sbx_status sbx_protect_git_look(
    const char *path, struct sbx_strings *details, struct sbx_error *err);

/* --- protectprint.c: repositories that may be written -------------------------------------------
 */

/** git: "write": take down what must not change in the repositories of the plan. */
SBX_MUST_CHECK enum sbx_status sbx_protect_prints_take(const struct sbx_protect *protect,
    struct sbx_protect_prints *ret_prints, struct sbx_error *err);
/** Compare with now; differences go to the report, new hooks and commondir files aside. */
SBX_MUST_CHECK enum sbx_status sbx_protect_prints_compare(struct sbx_protect_work *work);
void sbx_protect_prints_done(struct sbx_protect_prints *prints);

/* --- protectreport.c ---------------------------------------------------------------------------
 */

/** A new item; *ret_item stays valid until the next one. SBX_INVALID: the list is full, counted. */
SBX_MUST_CHECK enum sbx_status sbx_protect_add_item(struct sbx_protect_work *work, const char *path,
    enum sbx_protect_action action, size_t *ret_index);
SBX_MUST_CHECK enum sbx_status sbx_protect_add_change(
    struct sbx_protect_work *work, const char *path, const char *what);
/** Describe and list a reparse point or a file with more than one name. */
SBX_MUST_CHECK enum sbx_status sbx_protect_add_link(struct sbx_protect_work *work,
    const struct sbx_protect_root *root, const char *path, HANDLE handle, DWORD tag,
    uint32_t links);
/** Add a printable line. */
SBX_MUST_CHECK enum sbx_status sbx_protect_say(
    struct sbx_strings *details, struct sbx_error *err, const char *format, ...) SBX_PRINTF(3, 4);

#endif
