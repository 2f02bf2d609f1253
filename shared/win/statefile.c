/* See statefile.h. */
#include "statefile.h"
#include "acl.h"
#include "file.h"
#include "handle.h"

/* The folder of a path, opened without following links, and the name in it (borrowed). */
static enum sbx_status open_folder(
    const char *path, HANDLE *ret_folder, const char **ret_name, struct sbx_error *err)
{
    static const struct sbx_file_how how = {.kind = SBX_FILE_DIRECTORY, .access = FILE_TRAVERSE};
    const char *slash = strrchr(path, '\\');
    char *folder = NULL;
    enum sbx_status status;

    if (!slash || !slash[1])
        return sbx_fail(err, SBX_INVALID, "'%s' is no full path of a file", path);
    status = sbx_strdup(path, &folder, err);
    if (status)
        return status;
    /* "C:\file": the root keeps its separator. */
    folder[slash - path + (slash > path && slash[-1] == ':' ? 1 : 0)] = '\0';
    status = sbx_file_open(folder, &how, ret_folder, err);
    if (!status)
        *ret_name = slash + 1;
    free(folder);
    return status;
}

static bool is_machines(const struct sbx_descriptor *descriptor)
{
    return descriptor->has_owner &&
           (sbx_sid_equal(&descriptor->owner, &sbx_sid_system) ||
               sbx_sid_equal(&descriptor->owner, &sbx_sid_administrators) ||
               sbx_sid_equal(&descriptor->owner, &sbx_sid_trusted_installer));
}

static enum sbx_status check_owner(HANDLE file, struct sbx_error *err)
{
    struct sbx_descriptor descriptor = {0};
    char text[SBX_SID_TEXT_SIZE];
    enum sbx_status status = sbx_acl_get(file, NULL, &descriptor, err);

    if (!status && !is_machines(&descriptor)) {
        sbx_sid_format(&descriptor.owner, text);
        status = sbx_fail(err, SBX_DENIED, "it belongs to %s, not to the machine", text);
    }
    sbx_descriptor_done(&descriptor);
    return status;
}

/* Content, from a handle that was checked. */
static enum sbx_status read_at(HANDLE folder, const char *name, enum sbx_statefile_owner owner,
    struct sbx_buf *ret_bytes, struct sbx_error *err)
{
    static const struct sbx_file_how how = {
        .kind = SBX_FILE_PLAIN, .access = FILE_READ_DATA | READ_CONTROL};
    struct sbx_file_facts facts;
    HANDLE file = NULL;
    enum sbx_status status = sbx_file_open_at(folder, name, &how, &file, err);

    if (!status)
        status = sbx_file_get_facts(file, &facts, err);
    if (!status && facts.links > 1)
        status = sbx_fail(err, SBX_DENIED, "it has a second name (a hard link)");
    if (!status && owner == SBX_STATEFILE_MACHINE)
        status = check_owner(file, err);
    if (!status)
        status = sbx_file_read_all(file, ret_bytes, err);
    sbx_handle_close(&file);
    return status;
}

enum sbx_status sbx_statefile_read(const char *path, enum sbx_statefile_owner owner,
    struct sbx_buf *ret_bytes, struct sbx_error *err)
{
    const char *name = NULL;
    HANDLE folder = NULL;
    enum sbx_status status = open_folder(path, &folder, &name, err);

    if (!status)
        status = read_at(folder, name, owner, ret_bytes, err);
    if (status)
        sbx_error_context(err, "read '%s'", path);
    sbx_handle_close(&folder);
    return status;
}

static enum sbx_status descriptor_at(
    HANDLE folder, const char *name, struct sbx_descriptor *ret_descriptor, struct sbx_error *err)
{
    static const struct sbx_file_how how = {.kind = SBX_FILE_PLAIN, .access = READ_CONTROL};
    HANDLE file = NULL;
    enum sbx_status status = sbx_file_open_at(folder, name, &how, &file, err);

    if (!status)
        status = sbx_acl_get(file, NULL, ret_descriptor, err);
    sbx_handle_close(&file);
    return status;
}

enum sbx_status sbx_statefile_descriptor(
    const char *path, struct sbx_descriptor *ret_descriptor, struct sbx_error *err)
{
    const char *name = NULL;
    HANDLE folder = NULL;
    enum sbx_status status = open_folder(path, &folder, &name, err);

    if (!status)
        status = descriptor_at(folder, name, ret_descriptor, err);
    if (status)
        sbx_error_context(err, "'%s'", path);
    sbx_handle_close(&folder);
    return status;
}

bool sbx_statefile_same_descriptor(
    const struct sbx_descriptor *seen, const struct sbx_descriptor *wanted)
{
    return sbx_acl_same_aces(&seen->dacl, &wanted->dacl) &&
           !((seen->control ^ wanted->control) & SBX_SD_DACL_PROTECTED) &&
           (!wanted->has_owner || (seen->has_owner && sbx_sid_equal(&seen->owner, &wanted->owner)));
}

/* Is what lies there now what was written? */
static enum sbx_status compare(HANDLE folder, const char *name,
    const struct sbx_descriptor *descriptor, const void *bytes, size_t length_bytes,
    struct sbx_error *err)
{
    struct sbx_descriptor seen = {0};
    struct sbx_buf content;
    enum sbx_status status;

    sbx_buf_init(&content, length_bytes + 1);
    status = read_at(folder, name, SBX_STATEFILE_ANY, &content, err);
    if (!status && (content.length_bytes != length_bytes ||
                       (length_bytes && memcmp(content.data, bytes, length_bytes) != 0)))
        status = sbx_fail(err, SBX_UNPROVEN, "its content is not what was written");
    if (!status && descriptor)
        status = descriptor_at(folder, name, &seen, err);
    if (!status && descriptor && !sbx_statefile_same_descriptor(&seen, descriptor))
        status = sbx_fail(err, SBX_UNPROVEN, "its descriptor is not what was asked for");
    sbx_descriptor_done(&seen);
    sbx_buf_wipe(&content);
    return status;
}

enum sbx_status sbx_statefile_write(const char *path, const struct sbx_descriptor *descriptor,
    const void *bytes, size_t length_bytes, struct sbx_error *err)
{
    const char *name = NULL;
    HANDLE folder = NULL;
    struct sbx_buf binary;
    enum sbx_status status = open_folder(path, &folder, &name, err);

    sbx_buf_init(&binary, SBX_DESCRIPTOR_MAX_BYTES);
    if (!status && descriptor)
        status = sbx_descriptor_serialise(descriptor, &binary, err);
    if (!status)
        status = sbx_file_replace_at(
            folder, name, bytes, length_bytes, descriptor ? binary.data : NULL, err);
    if (!status)
        status = compare(folder, name, descriptor, bytes, length_bytes, err);
    if (status)
        sbx_error_context(err, "write '%s'", path);
    sbx_buf_done(&binary);
    sbx_handle_close(&folder);
    return status;
}

enum sbx_status sbx_statefile_set_descriptor(
    const char *path, const struct sbx_descriptor *descriptor, struct sbx_error *err)
{
    static const struct sbx_file_how dacl_how = {
        .kind = SBX_FILE_PLAIN, .access = READ_CONTROL | WRITE_DAC};
    static const struct sbx_file_how owner_how = {
        .kind = SBX_FILE_PLAIN, .access = READ_CONTROL | WRITE_DAC | WRITE_OWNER};
    struct sbx_descriptor seen = {0};
    const char *name = NULL;
    HANDLE folder = NULL;
    HANDLE file = NULL;
    bool owner = false;
    enum sbx_status status = open_folder(path, &folder, &name, err);

    if (!status)
        status = descriptor_at(folder, name, &seen, err);
    owner = !status && descriptor->has_owner && !sbx_sid_equal(&seen.owner, &descriptor->owner);
    if (!status)
        status = sbx_file_open_at(folder, name, owner ? &owner_how : &dacl_how, &file, err);
    if (!status && owner)
        status = sbx_acl_set_owner(file, &descriptor->owner, NULL, err);
    if (!status)
        status = sbx_acl_set_dacl(file, descriptor, NULL, err);
    if (status)
        sbx_error_context(err, "'%s'", path);
    sbx_descriptor_done(&seen);
    sbx_handle_close(&file);
    sbx_handle_close(&folder);
    return status;
}

enum sbx_status sbx_statefile_delete(const char *path, struct sbx_error *err)
{
    static const struct sbx_file_how how = {.kind = SBX_FILE_PLAIN, .access = DELETE};
    const char *name = NULL;
    HANDLE folder = NULL;
    HANDLE file = NULL;
    enum sbx_status status = open_folder(path, &folder, &name, err);

    if (!status)
        status = sbx_file_open_at(folder, name, &how, &file, err);
    if (!status)
        status = sbx_file_delete(file, err);
    sbx_handle_close(&file);
    sbx_handle_close(&folder);
    if (status == SBX_NOT_FOUND)
        return SBX_OK;
    if (status)
        sbx_error_context(err, "delete '%s'", path);
    return status;
}
