/*
 * The search of `agent audit writable`: looks at directories by handle, follows no link, stops at a
 * deadline, and counts what it did not look at.
 */
#ifndef SBX_AGENT_AUDITWALK_H
#define SBX_AGENT_AUDITWALK_H

#include "shared/core/plan.h"
#include "shared/core/whyanswer.h"
#include "shared/win/file.h"

#define SBX_AUDIT_FINDINGS_MAX 1000u
#define SBX_AUDIT_REASONS_MAX 24u

/* A place that lets the token write. */
struct sbx_audit_finding {
    char *path; /* owned, for display */
    bool is_directory;
    struct sbx_why_hole hole;
    uint64_t below; /* directories below that have the same entry by inheritance */
};

/* Why something was not looked at, and how often. */
struct sbx_audit_reason {
    char text[64];
    uint64_t count;
};

/* A directory to search from. */
struct sbx_audit_place {
    char *path; /* owned; final path, normal */
    struct sbx_file_facts facts;
    bool opened;   /* its own list was judged */
    bool finished; /* everything below it was looked at, or is listed as skipped */
};

/* A directory whose tree is not searched: writable by policy, or a place of its own. */
struct sbx_audit_exclusion {
    uint64_t volume_serial;
    uint8_t id[16];
};

struct sbx_audit {
    const struct sbx_plan *plan;          /* borrowed */
    const struct sbx_access_token *token; /* borrowed */
    uint64_t deadline_ms;                 /* sbx_clock_ms */
    struct sbx_audit_place *places;       /* owned */
    size_t place_count;
    struct sbx_audit_exclusion *roots; /* owned */
    size_t root_count;
    struct sbx_audit_finding *findings; /* owned, SBX_AUDIT_FINDINGS_MAX */
    size_t finding_count;
    uint64_t findings_left_out;
    uint64_t directories, files; /* looked at */
    uint64_t delete_child;       /* directories with the residual right only */
    uint64_t in_roots;           /* directories left out because the policy allows them */
    struct sbx_audit_reason reasons[SBX_AUDIT_REASONS_MAX];
    size_t reason_count;
};

/** The usual places into audit->places, nearest to what matters first; no duplicates. */
SBX_MUST_CHECK enum sbx_status sbx_audit_usual_places(
    const struct sbx_facts *facts, struct sbx_audit *audit, struct sbx_error *err);

/**
 * One place by name, links in it followed.
 * @return SBX_NOT_FOUND and what sbx_follow_open says; SBX_OK without adding for a duplicate
 */
SBX_MUST_CHECK enum sbx_status sbx_audit_add_place(
    struct sbx_audit *audit, const char *path, struct sbx_error *err);

/** Leave the tree of a directory out, because the policy makes it writable. Missing: nothing. */
SBX_MUST_CHECK enum sbx_status sbx_audit_exclude(
    struct sbx_audit *audit, const char *path, struct sbx_error *err);

/**
 * Search. First each place and what is directly in it, then everything below them, each place
 * with its share of the time that is left.
 * @return SBX_OK also when the time is up; SBX_OOM
 */
SBX_MUST_CHECK enum sbx_status sbx_audit_run(struct sbx_audit *audit, struct sbx_error *err);

void sbx_audit_done(struct sbx_audit *audit);

#endif
