/* What the files that look for new names share: protectlook.c, protecttop.c, protectevent.c. */
#ifndef SBX_AGENT_PROTECTLOOK_H
#define SBX_AGENT_PROTECTLOOK_H

#include "protectparts.h"

#define SBX_PROTECT_DISPLAY_BYTES 2048u
#define SBX_PROTECT_NONE SBX_PROTECTNAME_NONE

/* One root being looked at. */
struct sbx_protect_looking {
    struct sbx_protect_work *work;
    struct sbx_protect_root *root;
    const struct sbx_watch_names *heard;
    const wchar_t **sorted_w; /* owned array of borrowed paths, each once */
    size_t sorted_count;
    const wchar_t *below_w; /* the part of the root that is walked; "" = all of it */
    bool is_certain;        /* what the walk finds was made during the run */
    enum sbx_status status; /* ended the walk */
    /* The directory of the last event: the next one mostly lies in the same. */
    HANDLE parent;     /* owned, but for the root's */
    wchar_t *parent_w; /* owned */
};

/* --- protectlook.c ------------------------------------------------------------------------------
 */

/** Index of the protected name that an entry has, in any spelling; SBX_PROTECT_NONE. */
size_t sbx_protect_find_name(const struct sbx_protect *protect, const wchar_t *name_w, size_t cch,
    const wchar_t *short_w, size_t short_cch, enum sbx_spelling *ret_spelling);
bool sbx_protect_is_git(const struct sbx_protect *protect, size_t name);

/** "ROOT\below\relative" for people; a lone surrogate in it does not stop anything. */
void sbx_protect_path_of(const struct sbx_protect_root *root, const wchar_t *below_w,
    const wchar_t *relative_w, char *ret_path, size_t size_bytes);

/** What an entry is, by its handle. @param ret_created may be NULL @return false: it is gone */
bool sbx_protect_facts_of(HANDLE parent, const wchar_t *name_w, size_t cch,
    struct sbx_file_facts *ret_facts, uint64_t *ret_created);

/** A bound of protect.h was reached; the report says so. */
bool sbx_protect_is_over(struct sbx_protect_looking *look);

/** A name that is protected at the top of a root, deeper: repositories are dealt with. */
SBX_MUST_CHECK enum sbx_status sbx_protect_found_below(
    struct sbx_protect_looking *look, struct sbx_protect_candidate *candidate);

/** Everything below an open directory. @param is_certain it was made during the run */
SBX_MUST_CHECK enum sbx_status sbx_protect_walk_tree(
    struct sbx_protect_looking *look, HANDLE directory, const wchar_t *below_w, bool is_certain);

/* --- protecttop.c -------------------------------------------------------------------------------
 */

/** What is new at the top of the root. */
SBX_MUST_CHECK enum sbx_status sbx_protect_look_at_top(struct sbx_protect_looking *look);

/* --- protectevent.c -----------------------------------------------------------------------------
 */

/** Each path that was heard of once, sorted; free look->sorted_w. */
SBX_MUST_CHECK enum sbx_status sbx_protect_sort_events(struct sbx_protect_looking *look);
SBX_MUST_CHECK enum sbx_status sbx_protect_look_at_events(struct sbx_protect_looking *look);

#endif
