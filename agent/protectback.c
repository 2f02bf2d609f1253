/*
 * Between a background run and the next: see protect.h. The record of a root lies in
 * STATE\background, where no command can write (design 5), named by volume and file id.
 */
#include "protectparts.h"

#include "shared/core/grantunit.h"
#include "shared/win/acl.h"
#include "shared/win/handle.h"
#include "shared/win/statefile.h"

#define FOLDER "background"
#define MS_1601_TO_1970 11644473600000u

static uint64_t now_ms(void)
{
    FILETIME time;

    GetSystemTimeAsFileTime(&time);
    return (((uint64_t)time.dwHighDateTime << 32 | time.dwLowDateTime) / 10000u) - MS_1601_TO_1970;
}

/* "STATE\background\ID.json" */
static enum sbx_status path_of(const struct sbx_protect *protect,
    const struct sbx_protect_root *root, struct sbx_buf *path, struct sbx_error *err)
{
    static const struct sbx_sid none;
    char name[SBX_LEDGER_NAME_SIZE];

    sbx_ledger_name(root->root->volume_guid, root->root->file_id, &none, name);
    return sbx_buf_printf(
        path, err, "%s\\%s\\%.32s.json", protect->options.facts->state_directory, FOLDER, name);
}

static enum sbx_status make_folder(const struct sbx_protect *protect, struct sbx_error *err)
{
    static const struct sbx_file_how how = {.kind = SBX_FILE_DIRECTORY, .access = FILE_TRAVERSE};
    HANDLE state = NULL, folder = NULL;
    enum sbx_status status =
        sbx_file_open(protect->options.facts->state_directory, &how, &state, err);

    if (!status)
        status = sbx_file_ensure_directory(state, FOLDER, &how, NULL, &folder, NULL, err);
    sbx_handle_close(&folder);
    sbx_handle_close(&state);
    return status;
}

/* A damaged record knows nothing: everything is then reported once, and nothing is lost. */
static enum sbx_status read_record(
    const struct sbx_protect *protect, struct sbx_protect_root *root, struct sbx_error *err)
{
    struct sbx_buf path, text;
    enum sbx_status status;

    sbx_buf_init(&path, 65536);
    sbx_buf_init(&text, SBX_BACKGROUND_MAX_BYTES);
    status = path_of(protect, root, &path, err);
    if (!status)
        status = sbx_statefile_read(path.data, SBX_STATEFILE_ANY, &text, err);
    root->has_record = !status || (status != SBX_NOT_FOUND && status != SBX_OOM);
    if (!status)
        status =
            sbx_background_parse(text.data ? text.data : "", text.length_bytes, &root->record, err);
    sbx_buf_done(&path);
    sbx_buf_done(&text);
    return status == SBX_OOM ? status : SBX_OK;
}

static void key_of(const struct sbx_protect *protect, const struct sbx_protect_seen *seen,
    char key[SBX_BACKGROUND_KEY_SIZE])
{
    sbx_background_key(
        protect->plan->protected_names.items[seen->name], seen->facts.id, seen->created, key);
}

/* In elevated mode the account of the run owns what it makes. */
static bool is_owned_by_account(const struct sbx_protect *protect,
    const struct sbx_protect_root *root, const struct sbx_protect_seen *seen,
    struct sbx_acl_counts *counts)
{
    static const struct sbx_file_how how = {
        .kind = SBX_FILE_ANY, .access = READ_CONTROL, .allow_reparse = true};
    const struct sbx_grant_options *grants = protect->options.grants;
    struct sbx_descriptor descriptor = {0};
    char owner[SBX_SID_TEXT_SIZE];
    struct sbx_file_facts now;
    HANDLE handle = NULL;
    bool found = false;
    size_t i;

    if (!grants || !grants->account_sid_count)
        return false;
    if (!sbx_file_open_at(
            root->list, protect->plan->protected_names.items[seen->name], &how, &handle, NULL) &&
        !sbx_file_get_facts(handle, &now, NULL) && sbx_file_same(&now, &seen->facts) &&
        !sbx_acl_get(handle, counts, &descriptor, NULL)) {
        sbx_sid_format(&descriptor.owner, owner);
        for (i = 0; i < grants->account_sid_count; i++)
            found = found || strcmp(owner, grants->account_sids[i]) == 0;
    }
    sbx_descriptor_done(&descriptor);
    sbx_handle_close(&handle);
    return found;
}

enum sbx_status sbx_protect_back_compare(struct sbx_protect *protect, struct sbx_protect_root *root,
    struct sbx_acl_counts *counts, struct sbx_error *err)
{
    char key[SBX_BACKGROUND_KEY_SIZE];
    enum sbx_status status = read_record(protect, root, err);
    size_t i;

    for (i = 0; i < root->seen_count && !status && root->has_record; i++) {
        struct sbx_protect_seen *seen = &root->seen[i];

        key_of(protect, seen, key);
        seen->is_late = !sbx_background_knows(&root->record, key);
        if (seen->is_late)
            seen->is_certain = is_owned_by_account(protect, root, seen, counts);
    }
    return status;
}

static enum sbx_status write_record(const struct sbx_protect *protect,
    struct sbx_protect_root *root, const char *path, struct sbx_error *err)
{
    struct sbx_background record = {.path = root->root->path, /* borrowed */
        .since_ms = root->record.since_ms,
        .looked_ms = now_ms()};
    char key[SBX_BACKGROUND_KEY_SIZE];
    enum sbx_status status = SBX_OK;
    struct sbx_buf text;
    size_t i;

    sbx_buf_init(&text, SBX_BACKGROUND_MAX_BYTES);
    if (!record.since_ms || protect->plan->background)
        record.since_ms = record.looked_ms;
    for (i = 0; i < root->seen_count && !status; i++) {
        key_of(protect, &root->seen[i], key);
        status = sbx_strings_add(&record.seen, key, err);
    }
    if (!status)
        status = sbx_background_format(&record, &text, err);
    if (!status)
        status = make_folder(protect, err);
    if (!status)
        status = sbx_statefile_write(path, NULL, text.data, text.length_bytes, err);
    sbx_strings_done(&record.seen);
    sbx_buf_done(&text);
    return status;
}

/* Nothing that ran before the machine was started is alive. */
static bool is_over(const struct sbx_protect_root *root)
{
    uint64_t up_ms = GetTickCount64();
    uint64_t now = now_ms();

    return root->record.since_ms && now > up_ms && root->record.since_ms < now - up_ms;
}

enum sbx_status sbx_protect_back_keep(
    struct sbx_protect *protect, struct sbx_protect_root *root, struct sbx_error *err)
{
    enum sbx_status status;
    struct sbx_buf path;

    if (!root->has_record && !protect->plan->background)
        return SBX_OK;
    sbx_buf_init(&path, 65536);
    status = path_of(protect, root, &path, err);
    if (!status && !protect->plan->background && is_over(root)) {
        status = sbx_statefile_delete(path.data, err);
    } else if (!status) {
        status = sbx_protect_open_list(root, err);
        if (!status)
            status = sbx_protect_snapshot(protect, root, err);
        sbx_handle_close(&root->list);
        if (!status)
            status = write_record(protect, root, path.data, err);
    }
    sbx_buf_done(&path);
    return status;
}
