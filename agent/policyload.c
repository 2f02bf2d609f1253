/* See policyload.h. */
#include "policyload.h"

#include "shared/core/winpath.h"
#include "shared/win/file.h"
#include "shared/win/handle.h"
#include "shared/win/stream.h"

/* Layers besides the command line's own; each --policy file is one. */
#define MAX_FILES 16u
#define MAX_LAYERS (MAX_FILES + 4u)

struct layers {
    struct sbx_policy items[MAX_LAYERS];
    size_t count;
};

static enum sbx_status add_text(struct layers *layers, const struct sbx_buf *text,
    enum sbx_layer layer, const char *source, struct sbx_error *err)
{
    enum sbx_status status;

    if (layers->count >= MAX_LAYERS)
        return sbx_fail(err, SBX_INVALID, "more than %u policy files", MAX_FILES);
    status = sbx_policy_parse(text->data ? text->data : "", text->length_bytes, layer, source,
        &layers->items[layers->count], err);
    if (!status)
        layers->count++;
    return status;
}

static enum sbx_status read_stdin(struct sbx_buf *text, struct sbx_error *err)
{
    HANDLE input = GetStdHandle(STD_INPUT_HANDLE);
    enum sbx_status status = SBX_OK;
    char part[4096];

    if (!sbx_handle_is_set(input))
        return sbx_fail(err, SBX_INVALID, "there is no standard input to read the policy from");
    for (;;) {
        DWORD length = 0, code;

        SetLastError(ERROR_SUCCESS);
        if (!sbx_stream_read(input, part, sizeof(part), &length)) {
            code = GetLastError();
            return code == ERROR_SUCCESS || code == ERROR_BROKEN_PIPE || code == ERROR_HANDLE_EOF
                       ? SBX_OK
                       : sbx_fail_win32(err, code, "read the policy from standard input");
        }
        status = sbx_buf_add(text, part, length, err);
        if (status)
            return status;
    }
}

enum sbx_status sbx_policy_read(
    const char *path, struct sbx_policy *ret_policy, struct sbx_error *err)
{
    bool is_stdin = strcmp(path, "-") == 0;
    enum sbx_status status;
    struct sbx_buf text;

    sbx_buf_init(&text, SBX_POLICY_MAX_BYTES);
    status = is_stdin ? read_stdin(&text, err) : sbx_file_read_named(path, &text, err);
    if (status)
        sbx_error_context(err, "policy '%s'", path);
    else
        status = sbx_policy_parse(text.data ? text.data : "", text.length_bytes, SBX_LAYER_FILE,
            is_stdin ? "standard input" : path, ret_policy, err);
    sbx_buf_done(&text);
    if (status && status != SBX_OOM)
        status = err->status = SBX_INVALID;
    return status;
}

/* A file the caller named: it must be there. */
static enum sbx_status add_named(struct layers *layers, const char *path, struct sbx_error *err)
{
    enum sbx_status status;

    if (layers->count >= MAX_LAYERS)
        return sbx_fail(err, SBX_INVALID, "more than %u policy files", MAX_FILES);
    status = sbx_policy_read(path, &layers->items[layers->count], err);
    if (!status)
        layers->count++;
    return status;
}

/*
 * A file at a fixed place: absent is fine, anything else must parse. Opened without following
 * links, so that a link planted in the workspace cannot make another file a policy.
 */
static enum sbx_status add_fixed(struct layers *layers, const char *directory, const char *name,
    enum sbx_layer layer, struct sbx_error *err)
{
    const struct sbx_file_how how = {.kind = SBX_FILE_PLAIN, .access = FILE_READ_DATA};
    enum sbx_status status;
    struct sbx_buf text;
    HANDLE handle = NULL;
    char *path = NULL;

    sbx_buf_init(&text, SBX_POLICY_MAX_BYTES);
    status = sbx_winpath_join(directory, name, &path, err);
    if (status)
        goto cleanup;
    status = sbx_file_open(path, &how, &handle, err);
    if (status == SBX_NOT_FOUND) {
        status = SBX_OK;
        goto cleanup;
    }
    if (!status)
        status = sbx_file_read_all(handle, &text, err);
    if (!status)
        status = add_text(layers, &text, layer, path, err);
    else
        sbx_error_context(err, "policy '%s'", path);
    if (status && status != SBX_OOM)
        status = SBX_INVALID;
cleanup:
    sbx_handle_close(&handle);
    sbx_buf_done(&text);
    free(path);
    return status;
}

static enum sbx_status add_machine(
    struct layers *layers, const char *program_files, struct sbx_error *err)
{
    enum sbx_status status;
    char *directory = NULL;

    if (!program_files)
        return SBX_OK;
    status = sbx_winpath_join(program_files, "AgentSandbox", &directory, err);
    if (!status)
        status = add_fixed(layers, directory, "policy.json", SBX_LAYER_MACHINE, err);
    free(directory);
    return status;
}

enum sbx_status sbx_policy_load(const struct sbx_cli *cli, const char *cwd,
    const char *state_directory, const char *program_files, struct sbx_policy *ret_policy,
    struct sbx_error *err)
{
    const struct sbx_policy *pointers[MAX_LAYERS + 1];
    struct layers *layers = NULL;
    enum sbx_status status;
    size_t i;

    status = sbx_calloc(1, sizeof(*layers), &layers, err);
    if (status)
        return status;
    status = add_machine(layers, program_files, err);
    for (i = 0; !status && i < cli->policy_files.count; i++) /* the merge lets later files win */
        status = add_named(layers, cli->policy_files.items[i], err);
    if (!status)
        status = add_fixed(layers, state_directory, "policy.json", SBX_LAYER_USER, err);
    if (!status)
        status = add_fixed(layers, cwd, SBX_WORKSPACE_POLICY_NAME, SBX_LAYER_WORKSPACE, err);
    if (status)
        goto cleanup;
    pointers[0] = &cli->policy;
    for (i = 0; i < layers->count; i++)
        pointers[i + 1] = &layers->items[i];
    status = sbx_policy_merge(pointers, layers->count + 1, ret_policy, err);
cleanup:
    if (status && layers->count && layers->items[0].layer == SBX_LAYER_MACHINE) {
        ret_policy->audit = layers->items[0].audit;
        ret_policy->event_log = layers->items[0].event_log;
    }
    for (i = 0; i < layers->count; i++)
        sbx_policy_done(&layers->items[i]);
    free(layers);
    return status;
}
