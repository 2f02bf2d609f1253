/* See sd.h. */
#include "sd.h"
#include "wstr.h"
#include "../core/buf.h"

#define OICI (SBX_ACE_OI | SBX_ACE_CI)
/* https://learn.microsoft.com/windows/win32/procthread/process-security-and-access-rights */
#define PROCESS_ALL 0x001FFFFFu
#define PROCESS_USER (0x0001u | 0x1000u | SBX_SYNCHRONIZE | SBX_READ_CONTROL)
/* What the secondary logon service opens its caller for: DUP_HANDLE, CREATE_PROCESS, QUERY. */
#define PROCESS_LOGON (PROCESS_USER | 0x0040u | 0x0080u | 0x0400u)
/* https://learn.microsoft.com/windows/win32/procthread/thread-security-and-access-rights */
#define THREAD_ALL 0x001FFFFFu
#define THREAD_USER (0x0800u | SBX_SYNCHRONIZE | SBX_READ_CONTROL)
/* https://learn.microsoft.com/windows/win32/secauthz/access-rights-for-access-token-objects */
#define TOKEN_ALL 0x000F01FFu
#define TOKEN_ASK (0x0008u | 0x0010u | SBX_READ_CONTROL) /* QUERY, QUERY_SOURCE */
#define TOKEN_COPY 0x0002u                               /* DUPLICATE */
/* What a program does with its own token; without ADJUST_SESSIONID, WRITE_DAC, WRITE_OWNER. */
#define TOKEN_USE (0x00FFu | SBX_READ_CONTROL)
/* https://learn.microsoft.com/windows/win32/winstation/desktop-security-and-access-rights */
#define DESKTOP_ALL 0x000F01FFu
#define DESKTOP_CHILD (0x0001u | 0x0002u | 0x0004u | 0x0040u | 0x0080u | SBX_READ_CONTROL)
/* Design 4: read, write, execute; DELETE on what is inside, never FILE_DELETE_CHILD. */
#define WORK_ITSELF 0x001201BFu
#define WORK_INSIDE 0x001301BFu

static const struct sbx_sd_entry locked_process[] = {
    {SBX_WHO_SYSTEM, SBX_ACE_ALLOW, 0, false, PROCESS_ALL, "the system manages every process"},
    {SBX_WHO_USER, SBX_ACE_ALLOW, 0, true, PROCESS_USER,
        "the operator may end and watch it, not read or write its memory"},
    {SBX_WHO_OWNER_RIGHTS, SBX_ACE_ALLOW, 0, false, SBX_READ_CONTROL,
        "takes WRITE_DAC from the owner, who is the sandbox account or the user's other programs"},
};
const struct sbx_sd_spec sbx_sd_locked_process = {
    "locked process", SBX_SD_DACL_PROTECTED, locked_process, countof(locked_process)};

static const struct sbx_sd_entry logging_on[] = {
    {SBX_WHO_SYSTEM, SBX_ACE_ALLOW, 0, false, PROCESS_ALL, "the system manages every process"},
    {SBX_WHO_USER, SBX_ACE_ALLOW, 0, false, PROCESS_LOGON,
        "the secondary logon service opens the process that asks it, as that process's user; no "
        "sandboxed command gets these rights by the user's name: they are write rights, and the "
        "user's SID restricts no token"},
    {SBX_WHO_OWNER_RIGHTS, SBX_ACE_ALLOW, 0, false, SBX_READ_CONTROL,
        "as in the locked process, which it is again after the one call"},
};
const struct sbx_sd_spec sbx_sd_logging_on = {
    "process that logs on", SBX_SD_DACL_PROTECTED, logging_on, countof(logging_on)};

static const struct sbx_sd_entry locked_thread[] = {
    {SBX_WHO_SYSTEM, SBX_ACE_ALLOW, 0, false, THREAD_ALL, "the system manages every thread"},
    {SBX_WHO_USER, SBX_ACE_ALLOW, 0, true, THREAD_USER, "the operator may wait for it"},
    {SBX_WHO_OWNER_RIGHTS, SBX_ACE_ALLOW, 0, false, SBX_READ_CONTROL,
        "takes WRITE_DAC from the owner; a thread's context is as good as its process"},
};
const struct sbx_sd_spec sbx_sd_locked_thread = {
    "locked thread", SBX_SD_DACL_PROTECTED, locked_thread, countof(locked_thread)};

static const struct sbx_sd_entry stage_default[] = {
    {SBX_WHO_SYSTEM, SBX_ACE_ALLOW, 0, false, SBX_GENERIC_ALL, "the usual default entry"},
    {SBX_WHO_OWNER_RIGHTS, SBX_ACE_ALLOW, 0, false, SBX_READ_CONTROL,
        "the child runs as the same account: without this it would own what the stage creates"},
};
const struct sbx_sd_spec sbx_sd_stage_default = {
    "default of a runner stage", 0, stage_default, countof(stage_default)};

static const struct sbx_sd_entry console_default[] = {
    {SBX_WHO_SYSTEM, SBX_ACE_ALLOW, 0, false, SBX_GENERIC_ALL, "the usual default entry"},
    {SBX_WHO_USER, SBX_ACE_ALLOW, 0, false, TOKEN_QUERY,
        "the console host asks who it is: its token gets this list, too. On its process the bit is "
        "a write right (VM_OPERATION), which the user's name gives to no command"},
    {SBX_WHO_OWNER_RIGHTS, SBX_ACE_ALLOW, 0, false, SBX_READ_CONTROL,
        "as of a stage: no implicit WRITE_DAC"},
};
const struct sbx_sd_spec sbx_sd_console_default = {
    "default of a console host", 0, console_default, countof(console_default)};

static const struct sbx_sd_entry stage_token[] = {
    {SBX_WHO_SYSTEM, SBX_ACE_ALLOW, 0, false, TOKEN_ALL, "the usual entry"},
    {SBX_WHO_ACCOUNT, SBX_ACE_ALLOW, 0, false, TOKEN_QUERY,
        "this process asks who it is, as the system's own libraries do; nobody else has a way to "
        "it, and nobody duplicates, assigns or adjusts it"},
    {SBX_WHO_OWNER_RIGHTS, SBX_ACE_ALLOW, 0, false, SBX_READ_CONTROL,
        "the child runs as the owner: no implicit WRITE_DAC"},
};
const struct sbx_sd_spec sbx_sd_stage_token = {
    "token of a runner stage", 0, stage_token, countof(stage_token)};

static const struct sbx_sd_entry child_token[] = {
    {SBX_WHO_SYSTEM, SBX_ACE_ALLOW, 0, false, TOKEN_ALL, "the usual entry"},
    {SBX_WHO_ACCOUNT, SBX_ACE_ALLOW, 0, false, TOKEN_USE,
        "programs look at their token and impersonate themselves; made by a locked stage or by a "
        "service it would be closed to them"},
    {SBX_WHO_RUN, SBX_ACE_ALLOW, 0, false, TOKEN_USE, "second pass, as everything of the run"},
    {SBX_WHO_USER, SBX_ACE_ALLOW, 0, true, TOKEN_ASK | TOKEN_COPY,
        "one hop: the launch stage is another user and proves it"},
    {SBX_WHO_OWNER_RIGHTS, SBX_ACE_ALLOW, 0, false, SBX_READ_CONTROL, "this list stays as it is"},
};
const struct sbx_sd_spec sbx_sd_child_token = {
    "token of the confined child", 0, child_token, countof(child_token)};

static const struct sbx_sd_entry child_process[] = {
    {SBX_WHO_SYSTEM, SBX_ACE_ALLOW, 0, false, PROCESS_ALL, "the system manages every process"},
    {SBX_WHO_ACCOUNT, SBX_ACE_ALLOW, 0, false, PROCESS_ALL,
        "first pass: the command and its descendants, as their own token's default gives"},
    {SBX_WHO_RUN, SBX_ACE_ALLOW, 0, false, PROCESS_ALL, "second pass: the same"},
};
const struct sbx_sd_spec sbx_sd_child_process = {
    "process of the confined child", 0, child_process, countof(child_process)};

static const struct sbx_sd_entry private_pipe[] = {
    {SBX_WHO_SYSTEM, SBX_ACE_ALLOW, 0, false, SBX_FILE_ALL, "the system may inspect it"},
    {SBX_WHO_USER, SBX_ACE_ALLOW, 0, false, SBX_FILE_ALL & ~(SBX_WRITE_DAC | SBX_WRITE_OWNER),
        "both ends are the operator's; nobody loosens it afterwards"},
    {SBX_WHO_OWNER_RIGHTS, SBX_ACE_ALLOW, 0, false, SBX_READ_CONTROL,
        "a child of the same user under a restricted token must not rewrite this list"},
};
const struct sbx_sd_spec sbx_sd_private_pipe = {
    "private pipe", SBX_SD_DACL_PROTECTED, private_pipe, countof(private_pipe)};

static const struct sbx_sd_entry state_folder[] = {
    {SBX_WHO_GROUP, SBX_ACE_DENY, OICI, true, SBX_FILE_ALL,
        "the ledger tells what to undo: no sandbox account reads or writes it"},
    {SBX_WHO_SYSTEM, SBX_ACE_ALLOW, OICI, false, SBX_FILE_ALL, "backup and fleet management"},
    {SBX_WHO_USER, SBX_ACE_ALLOW, OICI, false, SBX_FILE_ALL, "the operator's own state"},
};
const struct sbx_sd_spec sbx_sd_state_folder = {
    "state folder", SBX_SD_DACL_PROTECTED, state_folder, countof(state_folder)};

static const struct sbx_sd_entry work_folder[] = {
    {SBX_WHO_SYSTEM, SBX_ACE_ALLOW, OICI, false, SBX_FILE_ALL, "backup and fleet management"},
    {SBX_WHO_USER, SBX_ACE_ALLOW, OICI, false, SBX_FILE_ALL,
        "the operator removes it, whoever made the files in it"},
    {SBX_WHO_GROUP, SBX_ACE_ALLOW, 0, true, WORK_ITSELF,
        "first pass for the sandbox accounts; no DELETE, so the folder itself cannot be swapped"},
    {SBX_WHO_GROUP, SBX_ACE_ALLOW, OICI | SBX_ACE_IO, true, WORK_INSIDE,
        "the same for what is in it"},
    {SBX_WHO_RUN, SBX_ACE_ALLOW, 0, false, WORK_ITSELF,
        "second pass: only tokens of this home or run (the SID given is the home's or the run's)"},
    {SBX_WHO_RUN, SBX_ACE_ALLOW, OICI | SBX_ACE_IO, false, WORK_INSIDE,
        "the same for what is in it"},
    {SBX_WHO_OWNER_RIGHTS, SBX_ACE_ALLOW, OICI | SBX_ACE_IO, false, SBX_READ_CONTROL,
        "an account that made a file must not open it to other runs by WRITE_DAC"},
};
const struct sbx_sd_spec sbx_sd_work_folder = {
    "work folder", SBX_SD_DACL_PROTECTED, work_folder, countof(work_folder)};

static const struct sbx_sd_entry private_desktop[] = {
    {SBX_WHO_SYSTEM, SBX_ACE_ALLOW, 0, false, DESKTOP_ALL, "window manager and services"},
    {SBX_WHO_USER, SBX_ACE_ALLOW, 0, false, DESKTOP_ALL, "the launch stage made it and closes it"},
    {SBX_WHO_ACCOUNT, SBX_ACE_ALLOW, 0, true, DESKTOP_CHILD,
        "first pass for another account: windows and menus, no hooks, no journal, no switching"},
    {SBX_WHO_RUN, SBX_ACE_ALLOW, 0, false, DESKTOP_CHILD, "second pass: this run only"},
    {SBX_WHO_LOGON, SBX_ACE_ALLOW, 0, true, DESKTOP_CHILD, "recipe standard only"},
};
const struct sbx_sd_spec sbx_sd_private_desktop = {
    "private desktop", SBX_SD_DACL_PROTECTED, private_desktop, countof(private_desktop)};

static const struct sbx_sid *sid_of(enum sbx_sd_who who, const struct sbx_sd_people *people)
{
    static const struct sbx_sid *const fixed[SBX_WHO_FIXED_COUNT] = {
        [SBX_WHO_SYSTEM] = &sbx_sid_system,
        [SBX_WHO_ADMINISTRATORS] = &sbx_sid_administrators,
        [SBX_WHO_EVERYONE] = &sbx_sid_everyone,
        [SBX_WHO_OWNER_RIGHTS] = &sbx_sid_owner_rights,
    };

    if ((size_t)who < countof(fixed))
        return fixed[who];
    return (size_t)who < countof(people->sid) ? &people->sid[who] : NULL;
}

enum sbx_status sbx_sd_build(const struct sbx_sd_spec *spec, const struct sbx_sd_people *people,
    struct sbx_descriptor *ret_descriptor, struct sbx_error *err)
{
    struct sbx_descriptor descriptor;
    enum sbx_status status = SBX_OK;
    size_t i;

    memset(&descriptor, 0, sizeof(descriptor));
    descriptor.control = spec->control;
    descriptor.dacl.kind = SBX_ACL_LIST;
    for (i = 0; i < spec->count && !status; i++) {
        const struct sbx_sd_entry *entry = &spec->entries[i];
        const struct sbx_sid *sid = sid_of((enum sbx_sd_who)entry->who, people);

        if (sid && sbx_sid_is_set(sid)) {
            struct sbx_ace ace = sbx_ace_make(entry->type, entry->flags, entry->mask, sid);

            status = sbx_acl_insert(&descriptor.dacl, descriptor.dacl.count, &ace, err);
        } else if (!entry->optional) {
            status = sbx_fail(err, SBX_INTERNAL, "the %s needs a SID that is not given (entry %zu)",
                spec->name, i);
        }
    }
    if (status)
        sbx_descriptor_done(&descriptor);
    else
        *ret_descriptor = descriptor;
    return status;
}

enum sbx_status sbx_sd_build_bytes(const struct sbx_sd_spec *spec,
    const struct sbx_sd_people *people, struct sbx_buf *ret_bytes, struct sbx_error *err)
{
    struct sbx_descriptor descriptor;
    enum sbx_status status = SBX_OK;

    memset(&descriptor, 0, sizeof(descriptor));
    status = sbx_sd_build(spec, people, &descriptor, err);
    if (!status)
        status = sbx_descriptor_serialise(&descriptor, ret_bytes, err);
    sbx_descriptor_done(&descriptor);
    return status;
}

enum sbx_status sbx_sd_from_sddl(
    const char *sddl, struct sbx_descriptor *ret_descriptor, struct sbx_error *err)
{
    PSECURITY_DESCRIPTOR descriptor = NULL;
    ULONG length_bytes = 0;
    wchar_t *sddl_w = NULL;
    enum sbx_status status = sbx_wstr_from_utf8(sddl, &sddl_w, err);

    if (status)
        return status;
    if (!ConvertStringSecurityDescriptorToSecurityDescriptorW(
            sddl_w, SDDL_REVISION_1, &descriptor, &length_bytes))
        status = sbx_fail_win32(err, GetLastError(), "parse the descriptor text '%s'", sddl);
    else
        status = sbx_descriptor_parse(descriptor, length_bytes, ret_descriptor, err);
    if (descriptor)
        LocalFree(descriptor);
    free(sddl_w);
    return status;
}

enum sbx_status sbx_sd_to_sddl(
    const struct sbx_descriptor *descriptor, char **ret_sddl, struct sbx_error *err)
{
    SECURITY_INFORMATION what = DACL_SECURITY_INFORMATION;
    wchar_t *sddl_w = NULL;
    struct sbx_buf bytes;
    enum sbx_status status = SBX_OK;

    sbx_buf_init(&bytes, SBX_DESCRIPTOR_MAX_BYTES);
    status = sbx_descriptor_serialise(descriptor, &bytes, err);
    if (status)
        goto cleanup;
    if (descriptor->has_owner)
        what |= OWNER_SECURITY_INFORMATION;
    if (descriptor->has_group)
        what |= GROUP_SECURITY_INFORMATION;
    if (!ConvertSecurityDescriptorToStringSecurityDescriptorW(
            bytes.data, SDDL_REVISION_1, what, &sddl_w, NULL))
        status = sbx_fail_win32(err, GetLastError(), "write a descriptor as text");
    else
        status = sbx_wstr_to_utf8(sddl_w, ret_sddl, err);

cleanup:
    if (sddl_w)
        LocalFree(sddl_w);
    sbx_buf_done(&bytes);
    return status;
}
