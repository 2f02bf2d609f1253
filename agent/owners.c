/* See owners.h. */
#include "owners.h"

#include "shared/win/file.h"
#include "shared/win/filewalk.h"
#include "shared/win/handle.h"

/* File times come from another clock than ours on a network file system, and in ticks. */
#define SLACK_TICKS (UINT64_C(2) * 10000000) /* two seconds in FILETIME units of 100 ns */

struct work {
    struct sbx_sid account, user;
    uint64_t since;
    struct sbx_acl_counts *counts;
    size_t left;
};

uint64_t sbx_owners_now(void)
{
    FILETIME now;

    GetSystemTimeAsFileTime(&now);
    return (uint64_t)now.dwHighDateTime << 32 | now.dwLowDateTime;
}

/* The account's, not a link, and one name only: a second name may be anywhere. */
static bool is_due(HANDLE handle, struct work *work)
{
    struct sbx_descriptor descriptor = {0};
    struct sbx_file_facts facts;
    bool due = false;

    if (sbx_file_get_facts(handle, &facts, NULL) || facts.is_reparse ||
        (!facts.is_directory && facts.links != 1))
        return false;
    if (!sbx_acl_get(handle, work->counts, &descriptor, NULL))
        due = sbx_sid_equal(&descriptor.owner, &work->account);
    sbx_descriptor_done(&descriptor);
    return due;
}

static enum sbx_filewalk_next look_at(void *context, struct sbx_filewalk_entry *entry)
{
    static const struct sbx_file_how look = {.kind = SBX_FILE_ANY, .access = READ_CONTROL};
    static const struct sbx_file_how take = {
        .kind = SBX_FILE_ANY, .access = READ_CONTROL | WRITE_OWNER};
    struct work *work = context;
    HANDLE handle = NULL;

    if (entry->reparse_tag || entry->created + SLACK_TICKS < work->since)
        return SBX_WALK_SKIP;
    if (!sbx_file_open_child(entry->parent, entry->name_w, entry->name_cch, &take, &handle, NULL)) {
        if (is_due(handle, work))
            work->left += sbx_acl_set_owner(handle, &work->user, work->counts, NULL) != SBX_OK;
    } else if (!sbx_file_open_child(
                   entry->parent, entry->name_w, entry->name_cch, &look, &handle, NULL)) {
        work->left += is_due(handle, work);
    }
    sbx_handle_close(&handle);
    return SBX_WALK_SKIP;
}

static void return_root(const char *path, struct work *work)
{
    const struct sbx_file_how how = {
        .kind = SBX_FILE_DIRECTORY, .access = FILE_LIST_DIRECTORY | FILE_TRAVERSE};
    struct sbx_filewalk walk = {.context = work, .visit = look_at};
    HANDLE root = NULL;

    if (sbx_file_open(path, &how, &root, NULL) || sbx_filewalk_run(root, &walk, NULL, NULL))
        work->left++;
    sbx_handle_close(&root);
}

size_t sbx_owners_return(const struct sbx_plan *plan, const char *user_sid, uint64_t since,
    struct sbx_acl_counts *counts)
{
    struct work work = {.since = since, .counts = counts};
    size_t i;

    if (plan->mode != SBX_MODE_ELEVATED || sbx_sid_parse(plan->user_sid, &work.account, NULL) ||
        sbx_sid_parse(user_sid, &work.user, NULL))
        return 0;
    for (i = 0; i < plan->root_count; i++)
        if (plan->roots[i].writable)
            return_root(plan->roots[i].path, &work);
    return work.left;
}
