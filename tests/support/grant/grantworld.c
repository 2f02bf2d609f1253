/* See grantworld.h. */
#include "tests/support/unit.h"
#include "grantworld.h"

#include <stdio.h>

#include "tests/support/win/scratch.h"
#include "shared/win/file.h"
#include "shared/win/handle.h"
#include "shared/win/sid.h"
#include "shared/win/volume.h"

#define OBJECTS_MAX 4096
#define STORE_NAME "store.bin"
#define NO_GUID "\\\\?\\Volume{00000000-0000-0000-0000-000000000001}\\"

const struct sbx_sid grant_group = {5, 5, {21, 7, 7, 7, 1005}};

static const char *const directories[] = {"ws", "state", "ws\\sub", "ws\\sub\\deep", "ws\\.git",
    "ws\\.git\\hooks", "ws\\prot", "outside"};
static const char *const files[] = {"ws\\a.txt", "ws\\sub\\b.txt", "ws\\sub\\deep\\c.txt",
    "ws\\.git\\config", "ws\\.git\\hooks\\pre-commit", "ws\\prot\\d.txt", "ws\\.mcp.json",
    "outside\\o.txt"};

static struct sbx_error err;
static char scratch[500];
static unsigned writes_seen;
static unsigned kill_in;
static unsigned cancel_in;
static volatile LONG *cancel_flag;
static enum grant_kill kill_when;

/* --- descriptors of files, where the platform has none ------------------------------------------
 */

struct stored {
    uint8_t id[16];
    struct sbx_descriptor descriptor;
};
static struct stored store[OBJECTS_MAX];
static size_t store_count;

static bool is_stored(void)
{
    return platform_is_stock_wine();
}

static void id_of(HANDLE handle, uint8_t ret_id[16])
{
    struct sbx_file_facts facts;

    ck_assert_sbx_ok(sbx_file_get_facts(handle, &facts, &err), &err);
    memcpy(ret_id, facts.id, 16);
}

static struct sbx_descriptor *slot_of(const uint8_t id[16])
{
    size_t i;

    for (i = 0; i < store_count && memcmp(store[i].id, id, 16) != 0; i++) {
    }
    if (i == store_count) {
        struct sbx_sid user;
        struct sbx_ace ace;

        ck_assert_uint_lt(store_count, OBJECTS_MAX);
        ck_assert_sbx_ok(sbx_sid_of_current_user(&user, &err), &err);
        ace = sbx_ace_make(SBX_ACE_ALLOW, SBX_ACE_INHERITED, SBX_FILE_ALL, &user);
        memset(&store[i], 0, sizeof(store[i]));
        memcpy(store[i].id, id, 16);
        store[i].descriptor.has_owner = true;
        store[i].descriptor.owner = user;
        store[i].descriptor.control = SBX_SD_DACL_AUTO_INHERITED;
        ck_assert_sbx_ok(sbx_acl_insert(&store[i].descriptor.dacl, 0, &ace, &err), &err);
        store_count++;
    }
    return &store[i].descriptor;
}

static void store_clear(void)
{
    while (store_count)
        sbx_descriptor_done(&store[--store_count].descriptor);
}

static HANDLE open_store(DWORD access, DWORD disposition)
{
    wchar_t path_w[600];

    ck_assert_int_gt(
        MultiByteToWideChar(CP_UTF8, 0, grant_path(STORE_NAME), -1, path_w, countof(path_w)), 0);
    return CreateFileW(
        path_w, access, FILE_SHARE_READ | FILE_SHARE_WRITE, NULL, disposition, 0, NULL);
}

/* Append what an object has now: the file outlives a process that is ended. */
static void store_save(const uint8_t id[16], const struct sbx_descriptor *descriptor)
{
    HANDLE file = open_store(FILE_APPEND_DATA, OPEN_ALWAYS);
    struct sbx_buf bytes;
    uint32_t length;
    DWORD written = 0;

    ck_assert(file != INVALID_HANDLE_VALUE);
    sbx_buf_init(&bytes, SBX_DESCRIPTOR_MAX_BYTES);
    ck_assert_sbx_ok(sbx_descriptor_serialise(descriptor, &bytes, &err), &err);
    length = (uint32_t)bytes.length_bytes;
    ck_assert(WriteFile(file, id, 16, &written, NULL));
    ck_assert(WriteFile(file, &length, sizeof(length), &written, NULL));
    ck_assert(WriteFile(file, bytes.data, length, &written, NULL));
    sbx_buf_done(&bytes);
    CloseHandle(file);
}

static void store_load(void)
{
    static uint8_t bytes[SBX_DESCRIPTOR_MAX_BYTES];
    HANDLE file = open_store(GENERIC_READ, OPEN_EXISTING);
    uint8_t id[16];
    uint32_t length = 0;
    DWORD got = 0;

    store_clear();
    if (file == INVALID_HANDLE_VALUE)
        return;
    while (ReadFile(file, id, 16, &got, NULL) && got == 16) {
        struct sbx_descriptor *slot = slot_of(id);

        ck_assert(ReadFile(file, &length, sizeof(length), &got, NULL));
        ck_assert_uint_le(length, sizeof(bytes));
        ck_assert(ReadFile(file, bytes, length, &got, NULL) && got == length);
        sbx_descriptor_done(slot);
        ck_assert_sbx_ok(sbx_descriptor_parse(bytes, length, slot, &err), &err);
    }
    CloseHandle(file);
}

/* --- the seam: names chosen by the linker's --wrap ----------------------------------------------
 */

enum sbx_status __real_sbx_acl_get(HANDLE handle, struct sbx_acl_counts *counts,
    struct sbx_descriptor *ret_descriptor, struct sbx_error *error);
enum sbx_status __real_sbx_acl_set_dacl(HANDLE handle, const struct sbx_descriptor *wanted,
    struct sbx_acl_counts *counts, struct sbx_error *error);
enum sbx_status __wrap_sbx_acl_get(HANDLE handle, struct sbx_acl_counts *counts,
    struct sbx_descriptor *ret_descriptor, struct sbx_error *error);
enum sbx_status __wrap_sbx_acl_set_dacl(HANDLE handle, const struct sbx_descriptor *wanted,
    struct sbx_acl_counts *counts, struct sbx_error *error);

enum sbx_status __wrap_sbx_acl_get(HANDLE handle, struct sbx_acl_counts *counts,
    struct sbx_descriptor *ret_descriptor, struct sbx_error *error)
{
    uint8_t id[16];

    if (!is_stored())
        return __real_sbx_acl_get(handle, counts, ret_descriptor, error);
    if (counts)
        counts->reads++;
    id_of(handle, id);
    return sbx_descriptor_copy(slot_of(id), ret_descriptor, error);
}

static enum sbx_status store_set(
    HANDLE handle, const struct sbx_descriptor *wanted, struct sbx_acl_counts *counts)
{
    const uint16_t kept = SBX_SD_DACL_PROTECTED | SBX_SD_DACL_AUTO_INHERITED;
    struct sbx_descriptor *slot;
    uint8_t id[16];

    id_of(handle, id);
    slot = slot_of(id);
    sbx_acl_done(&slot->dacl);
    ck_assert_sbx_ok(sbx_acl_copy(&wanted->dacl, &slot->dacl, &err), &err);
    slot->control = (uint16_t)((slot->control & ~kept) | (wanted->control & kept));
    store_save(id, slot);
    if (counts) {
        counts->writes++;
        counts->proofs++;
    }
    return SBX_OK;
}

enum sbx_status __wrap_sbx_acl_set_dacl(HANDLE handle, const struct sbx_descriptor *wanted,
    struct sbx_acl_counts *counts, struct sbx_error *error)
{
    enum sbx_status status;
    bool dies = kill_in && --kill_in == 0;

    writes_seen++;
    if (dies && kill_when == GRANT_KILL_BEFORE)
        TerminateProcess(GetCurrentProcess(), GRANT_KILLED);
    status = is_stored() ? store_set(handle, wanted, counts)
                         : __real_sbx_acl_set_dacl(handle, wanted, counts, error);
    if (dies)
        TerminateProcess(GetCurrentProcess(), GRANT_KILLED);
    if (cancel_in && --cancel_in == 0)
        InterlockedExchange(cancel_flag, 1);
    return status;
}

void grant_cancel_at(unsigned n, volatile LONG *flag)
{
    cancel_in = n;
    cancel_flag = flag;
}

void grant_kill_at(unsigned n, enum grant_kill when)
{
    kill_in = when == GRANT_KILL_NEVER ? 0 : n;
    kill_when = when;
}

unsigned grant_writes(void)
{
    return writes_seen;
}

uint32_t grant_run_child(const char *what, unsigned n, enum grant_kill when)
{
    STARTUPINFOW startup = {.cb = sizeof(startup)};
    PROCESS_INFORMATION process;
    wchar_t program_w[600];
    wchar_t line_w[1600];
    DWORD code = 0;

    GetModuleFileNameW(NULL, program_w, countof(program_w));
    _snwprintf_s(line_w, countof(line_w), _TRUNCATE, L"\"%ls\" child %hs %u %d \"%hs\"", program_w,
        what, n, (int)when, scratch);
    ck_assert(
        CreateProcessW(program_w, line_w, NULL, NULL, FALSE, 0, NULL, NULL, &startup, &process));
    ck_assert_uint_eq(WaitForSingleObject(process.hProcess, 60000), WAIT_OBJECT_0);
    ck_assert(GetExitCodeProcess(process.hProcess, &code));
    CloseHandle(process.hThread);
    CloseHandle(process.hProcess);
    if (is_stored())
        store_load();
    return code;
}

/* --- the tree -----------------------------------------------------------------------------------
 */

const char *grant_path(const char *name)
{
    static char paths[4][700];
    static unsigned next;
    char *path = paths[next++ % 4];

    snprintf(path, sizeof(paths[0]), "%s\\%s", scratch, name);
    return path;
}

static HANDLE open_name(const char *name)
{
    static const struct sbx_file_how how = {.access = READ_CONTROL | WRITE_DAC};
    HANDLE handle = NULL;

    ck_assert_sbx_ok(sbx_file_open(grant_path(name), &how, &handle, &err), &err);
    return handle;
}

void grant_get(const char *name, struct sbx_descriptor *ret_descriptor)
{
    HANDLE handle = open_name(name);

    memset(ret_descriptor, 0, sizeof(*ret_descriptor));
    ck_assert_sbx_ok(sbx_acl_get(handle, NULL, ret_descriptor, &err), &err);
    CloseHandle(handle);
}

size_t grant_entries(const char *name)
{
    struct sbx_descriptor d;
    struct sbx_sid sid;
    size_t count = 0;
    size_t i;

    ck_assert_sbx_ok(sbx_sid_parse(grant_capability(), &sid, &err), &err);
    grant_get(name, &d);
    for (i = 0; i < d.dacl.count; i++)
        count += sbx_sid_equal(&d.dacl.aces[i].sid, &sid);
    sbx_descriptor_done(&d);
    return count;
}

void grant_set(const char *name, const struct sbx_descriptor *descriptor)
{
    HANDLE handle = open_name(name);

    ck_assert_sbx_ok(sbx_acl_set_dacl(handle, descriptor, NULL, &err), &err);
    CloseHandle(handle);
}

void grant_create_file(const char *name)
{
    struct sbx_descriptor parent, child;
    char directory[300];

    scratch_write(name, "new");
    if (!is_stored())
        return;
    snprintf(directory, sizeof(directory), "%s", name);
    *strrchr(directory, '\\') = '\0';
    grant_get(directory, &parent);
    grant_get(name, &child);
    sbx_acl_done(&child.dacl);
    ck_assert_sbx_ok(
        sbx_acl_inherit(&parent.dacl, false, &child.owner, NULL, &child.dacl, &err), &err);
    child.control = SBX_SD_DACL_AUTO_INHERITED;
    grant_set(name, &child);
    sbx_descriptor_done(&parent);
    sbx_descriptor_done(&child);
}

static void give(const char *name, uint16_t control, const struct sbx_ace *aces, size_t count)
{
    struct sbx_descriptor d;
    size_t i;

    grant_get(name, &d);
    sbx_acl_done(&d.dacl);
    for (i = 0; i < count; i++)
        ck_assert_sbx_ok(sbx_acl_insert(&d.dacl, i, &aces[i], &err), &err);
    d.control = control;
    grant_set(name, &d);
    sbx_descriptor_done(&d);
}

/* Lists as they are met: plain, protected, with entries that look like ours, moved in. */
static void give_descriptors(void)
{
    struct sbx_sid user;
    struct sbx_ace plain[2], guarded[2], moved[3], open[2];

    ck_assert_sbx_ok(sbx_sid_of_current_user(&user, &err), &err);
    plain[0] = sbx_ace_make(SBX_ACE_ALLOW, 0x13, SBX_FILE_ALL, &user);
    plain[1] = sbx_ace_make(SBX_ACE_ALLOW, 0x13, SBX_FILE_ALL, &sbx_sid_system);
    guarded[0] = sbx_ace_make(SBX_ACE_ALLOW, 0x03, SBX_FILE_ALL, &user);
    guarded[1] = sbx_ace_make(SBX_ACE_ALLOW, 0x03, SBX_FILE_ALL, &sbx_sid_system);
    moved[0] = sbx_ace_make(SBX_ACE_ALLOW, 0, SBX_FILE_ALL, &user);
    moved[1] = sbx_ace_make(SBX_ACE_DENY, 0x10, SBX_FILE_APPEND_DATA, &sbx_sid_users);
    moved[2] = sbx_ace_make(SBX_ACE_ALLOW, 0x10, SBX_FILE_GENERIC_READ, &sbx_sid_everyone);
    open[0] = sbx_ace_make(SBX_ACE_ALLOW, 0, SBX_FILE_ALL, &sbx_sid_everyone);
    open[1] = sbx_ace_make(SBX_ACE_ALLOW, 0x10, SBX_FILE_ALL, &user);
    give("ws", SBX_SD_DACL_AUTO_INHERITED, plain, 2);
    give("ws\\sub", SBX_SD_DACL_AUTO_INHERITED, plain, 2);
    give("ws\\sub\\b.txt", 0, moved, 3);
    give("ws\\.git", SBX_SD_DACL_AUTO_INHERITED, plain, 2);
    give("ws\\.git\\config", SBX_SD_DACL_AUTO_INHERITED, open, 2);
    give("ws\\prot", SBX_SD_DACL_PROTECTED, guarded, 2);
    give("ws\\prot\\d.txt", SBX_SD_DACL_AUTO_INHERITED, plain, 2);
}

void grant_world_begin(void)
{
    size_t i;

    sbx_error_init(&err);
    writes_seen = 0;
    kill_in = 0;
    cancel_in = 0;
    snprintf(scratch, sizeof(scratch), "%s", scratch_begin());
    store_clear();
    for (i = 0; i < countof(directories); i++)
        scratch_mkdir(directories[i]);
    for (i = 0; i < countof(files); i++)
        scratch_write(files[i], "content");
    give_descriptors();
    writes_seen = 0;
}

void grant_world_join(const char *path)
{
    sbx_error_init(&err);
    snprintf(scratch, sizeof(scratch), "%s", path);
    if (is_stored())
        store_load();
}

void grant_world_end(void)
{
    kill_in = 0;
    scratch_end();
    store_clear();
}

/* --- the plan ------------------------------------------------------------------------------------
 */

static struct sbx_plan_ace plan_aces[64];
static struct sbx_plan_root plan_root;
static char capability[SBX_SID_TEXT_SIZE];
static char guid[64];

const char *grant_capability(void)
{
    return capability;
}

void grant_plan_add(struct sbx_plan *plan, const char *path, const char *sid, uint8_t type,
    uint8_t flags, uint32_t mask)
{
    struct sbx_plan_ace *ace = &plan_aces[plan->ace_count];

    ck_assert_uint_lt(plan->ace_count, countof(plan_aces));
    memset(ace, 0, sizeof(*ace));
    ck_assert_sbx_ok(sbx_strdup(path, &ace->path, &err), &err);
    ck_assert_sbx_ok(sbx_strdup(sid, &ace->sid, &err), &err);
    ace->type = type;
    ace->flags = flags;
    ace->mask = mask;
    ace->why = "test";
    plan->ace_count++;
}

static void find_root(const char *user)
{
    struct sbx_file_facts facts;
    struct sbx_volume volume;
    struct sbx_sid sid;
    HANDLE handle = open_name("ws");

    ck_assert_sbx_ok(sbx_file_get_facts(handle, &facts, &err), &err);
    ck_assert_sbx_ok(sbx_volume_of_handle(handle, &volume, &err), &err);
    CloseHandle(handle);
    snprintf(guid, sizeof(guid), "%s", volume.guid_path[0] ? volume.guid_path : NO_GUID);
    ck_assert_sbx_ok(sbx_capsid_for_root(user, guid, facts.id, &sid, &err), &err);
    sbx_sid_format(&sid, capability);
    memcpy(plan_root.file_id, facts.id, 16);
}

void grant_plan_make(struct sbx_plan *plan, bool elevated, bool read_only)
{
    char user[SBX_SID_TEXT_SIZE], group[SBX_SID_TEXT_SIZE];
    const char *who[2] = {capability, group};
    struct sbx_sid user_sid;
    int i;

    memset(plan, 0, sizeof(*plan));
    ck_assert_sbx_ok(sbx_sid_of_current_user(&user_sid, &err), &err);
    sbx_sid_format(&user_sid, user);
    sbx_sid_format(&grant_group, group);
    memset(&plan_root, 0, sizeof(plan_root));
    find_root(user);
    ck_assert_sbx_ok(sbx_strdup(grant_path("ws"), &plan_root.path, &err), &err);
    plan_root.volume_guid = guid;
    plan_root.capability_sid = capability;
    plan_root.writable = !read_only;
    plan->roots = &plan_root;
    plan->root_count = 1;
    plan->cwd = plan_root.path;
    plan->aces = plan_aces;
    if (read_only) {
        grant_plan_add(plan, plan_root.path, group, SBX_ACE_ALLOW, 3, SBX_MASK_RX);
        return;
    }
    for (i = 0; i < (elevated ? 2 : 1); i++) {
        const char *sid = who[i];

        grant_plan_add(plan, plan_root.path, sid, SBX_ACE_ALLOW, 0, SBX_MASK_RWX);
        grant_plan_add(plan, plan_root.path, sid, SBX_ACE_ALLOW, 11, SBX_MASK_RWXD);
        grant_plan_add(plan, plan_root.path, sid, SBX_ACE_DENY, 0, SBX_MASK_DELETE_CHILD);
        grant_plan_add(plan, grant_path("ws\\.git"), sid, SBX_ACE_DENY, 3, SBX_MASK_DENY_WRITE);
        grant_plan_add(
            plan, grant_path("ws\\.mcp.json"), sid, SBX_ACE_DENY, 3, SBX_MASK_DENY_WRITE);
    }
    grant_plan_add(plan, plan_root.path, user, SBX_ACE_ALLOW, 3, SBX_MASK_FULL);
    grant_plan_add(plan, plan_root.path, "S-1-3-4", SBX_ACE_ALLOW, 11, SBX_MASK_READ_CONTROL);
}

void grant_plan_done(struct sbx_plan *plan)
{
    size_t i;

    for (i = 0; i < plan->ace_count; i++) {
        free(plan_aces[i].path);
        free(plan_aces[i].sid);
    }
    free(plan_root.path);
    memset(plan, 0, sizeof(*plan));
}

/* --- snapshots -----------------------------------------------------------------------------------
 */

static struct sbx_descriptor snapshot[countof(directories) + countof(files)];

static const char *name_at(size_t i)
{
    return i < countof(directories) ? directories[i] : files[i - countof(directories)];
}

static bool is_compared(size_t i)
{
    return strcmp(name_at(i), "state") != 0;
}

void grant_snapshot_take(void)
{
    size_t i;

    for (i = 0; i < countof(snapshot); i++) {
        sbx_descriptor_done(&snapshot[i]);
        if (is_compared(i))
            grant_get(name_at(i), &snapshot[i]);
    }
}

const char *grant_snapshot_differs(void)
{
    const char *first = NULL;
    size_t i;

    for (i = 0; i < countof(snapshot) && !first; i++) {
        struct sbx_descriptor now;

        if (!is_compared(i))
            continue;
        grant_get(name_at(i), &now);
        if (!sbx_descriptor_equal(&now, &snapshot[i]))
            first = name_at(i);
        sbx_descriptor_done(&now);
    }
    return first;
}

const char *grant_anything_left(void)
{
    struct sbx_sid sid;
    const char *first = NULL;
    size_t i, k;

    ck_assert_sbx_ok(sbx_sid_parse(capability, &sid, &err), &err);
    for (i = 0; i < countof(snapshot) && !first; i++) {
        struct sbx_descriptor now;

        if (!is_compared(i))
            continue;
        grant_get(name_at(i), &now);
        for (k = 0; k < now.dacl.count; k++) {
            if (sbx_sid_equal(&now.dacl.aces[k].sid, &sid))
                first = name_at(i);
        }
        sbx_descriptor_done(&now);
    }
    return first;
}
