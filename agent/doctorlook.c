/*
 * See doctor.h: tools that PATH leads to, and places that others may write in.
 *
 * Who may do what is asked of the access check's model (shared/core/accesscheck.h) with the groups
 * that such a caller has; this user's own right to execute is asked of the system, by opening.
 */
#include "doctor.h"

#include "follow.h"

#include "shared/core/accesscheck.h"
#include "shared/core/utf.h"
#include "shared/core/winpath.h"
#include "shared/win/acl.h"
#include "shared/win/filewalk.h"
#include "shared/win/handle.h"
#include "shared/win/wstr.h"

#include <stdio.h>

#define CHILDREN_MAX 256u
#define EXECUTE (SBX_FILE_EXECUTE | SBX_FILE_READ_DATA)
/* What lets somebody put a program there, or exchange one. */
#define PLANT (SBX_FILE_WRITE_DATA | SBX_FILE_DELETE_CHILD | SBX_WRITE_DAC | SBX_WRITE_OWNER)

static const char *const tool_names[] = {"git", "node", "npm", "python", "py", "pip", "cargo",
    "rustc", "go", "dotnet", "java", "javac", "mvn", "gradle", "cmake", "make", "ninja", "gcc",
    "clang", "cl", "msbuild", "pwsh", "powershell", "cmd", "curl", "tar", "7z", "perl", "ruby",
    "php", "deno", "bun", "yarn", "pnpm", "rg", "fd", "jq", "gh"};
static const char *const extensions[] = {".exe", ".cmd", ".bat"};

/* --- descriptors -------------------------------------------------------------------------------
 */

/* @return false when it could not be read */
static bool descriptor_of(const char *path, struct sbx_descriptor *ret)
{
    HANDLE handle = NULL;
    bool ok = !sbx_follow_open(path, READ_CONTROL, &handle, NULL, NULL) &&
              !sbx_acl_get(handle, NULL, ret, NULL);

    sbx_handle_close(&handle);
    return ok;
}

/* What a token of this user and these groups would be granted. */
static uint32_t granted(const struct sbx_descriptor *descriptor, const struct sbx_sid *user,
    const struct sbx_sid *const *sids, size_t count)
{
    struct sbx_access_result result;
    struct sbx_access_group groups[8];
    const struct sbx_access_token token = {.user = *user, .groups = groups, .group_count = count};
    const struct sbx_access_request request = {.desired = SBX_MAXIMUM_ALLOWED};
    size_t i;

    for (i = 0; i < count && i < countof(groups); i++)
        groups[i] = (struct sbx_access_group){*sids[i], SBX_GROUP_MANDATORY | SBX_GROUP_ENABLED};
    sbx_access_check(descriptor, &token, &request, &result);
    return result.granted ? result.granted_mask : 0;
}

/* --- tools -------------------------------------------------------------------------------------
 */

static bool is_file(const char *path)
{
    wchar_t *path_w = NULL;
    DWORD attributes = INVALID_FILE_ATTRIBUTES;

    if (!sbx_wstr_from_utf8(path, &path_w, NULL))
        attributes = GetFileAttributesW(path_w);
    free(path_w);
    return attributes != INVALID_FILE_ATTRIBUTES && !(attributes & FILE_ATTRIBUTE_DIRECTORY);
}

/* A run gives these: roots, what the policy names, homes of tools. */
static bool is_given(const struct sbx_facts *facts, const char *path)
{
    size_t i;

    for (i = 0; i < facts->root_count; i++)
        if (facts->roots[i].path && sbx_winpath_is_inside(facts->roots[i].path, path))
            return true;
    for (i = 0; i < facts->object_count; i++)
        if ((facts->objects[i].kind == SBX_OBJECT_ALLOW_READ ||
                facts->objects[i].kind == SBX_OBJECT_TOOL_HOME) &&
            sbx_winpath_is_inside(facts->objects[i].path, path))
            return true;
    return false;
}

static enum sbx_known account_may(const struct sbx_facts *facts, const char *path)
{
    const struct sbx_sid *groups[6] = {
        &sbx_sid_everyone, &sbx_sid_users, &sbx_sid_authenticated, &sbx_sid_interactive, NULL};
    struct sbx_descriptor descriptor = {0};
    struct sbx_sid account, group;
    enum sbx_known known = SBX_UNKNOWN;

    if (!facts->offline_account_sid || !facts->group_sid ||
        sbx_sid_parse(facts->offline_account_sid, &account, NULL) ||
        sbx_sid_parse(facts->group_sid, &group, NULL))
        return SBX_UNKNOWN;
    groups[4] = &group;
    if (is_given(facts, path))
        return SBX_KNOWN_YES;
    if (descriptor_of(path, &descriptor))
        known = (granted(&descriptor, &account, groups, 5) & EXECUTE) == EXECUTE ? SBX_KNOWN_YES
                                                                                 : SBX_KNOWN_NO;
    sbx_descriptor_done(&descriptor);
    return known;
}

static enum sbx_known user_may(const char *path)
{
    HANDLE handle = NULL;
    enum sbx_status status =
        sbx_follow_open(path, FILE_EXECUTE | FILE_READ_DATA, &handle, NULL, NULL);

    sbx_handle_close(&handle);
    return !status ? SBX_KNOWN_YES : status == SBX_DENIED ? SBX_KNOWN_NO : SBX_UNKNOWN;
}

static enum sbx_status keep(
    struct sbx_doctor_gathered *gathered, const char *text, const char **ret, struct sbx_error *err)
{
    enum sbx_status status = sbx_strings_add(&gathered->texts, text, err);

    if (!status)
        *ret = gathered->texts.items[gathered->texts.count - 1];
    return status;
}

/* The first one on PATH, as a run would find it. @param ret_path "" when there is none */
static enum sbx_status find_tool(const struct sbx_facts *facts, const char *name,
    struct sbx_buf *path, size_t *ret_folder, struct sbx_error *err)
{
    enum sbx_status status = SBX_OK;
    size_t i, j;

    for (i = 0; !status && i < facts->path_count; i++)
        for (j = 0; !status && j < countof(extensions); j++) {
            if (strstr(facts->path_directories[i], "\\WindowsApps"))
                break; /* passed over by runs, too */
            sbx_buf_clear(path);
            status = sbx_buf_printf(
                path, err, "%s\\%s%s", facts->path_directories[i], name, extensions[j]);
            if (!status && is_file(path->data)) {
                *ret_folder = i;
                return SBX_OK;
            }
        }
    sbx_buf_clear(path);
    return status;
}

enum sbx_status sbx_doctor_look_tools(struct sbx_doctor_gathered *gathered, struct sbx_error *err)
{
    const struct sbx_facts *facts = &gathered->prepared.facts;
    enum sbx_status status = SBX_OK;
    struct sbx_buf path;
    size_t i, folder = 0;

    sbx_buf_init(&path, 65536);
    for (i = 0; !status && i < countof(tool_names); i++) {
        struct sbx_doctor_tool *tool = &gathered->tools[gathered->facts.tool_count];

        status = find_tool(facts, tool_names[i], &path, &folder, err);
        if (status || !path.length_bytes)
            continue;
        tool->name = tool_names[i];
        tool->folder = facts->path_directories[folder];
        status = keep(gathered, path.data, &tool->path, err);
        tool->user_may = user_may(path.data);
        tool->account_may = account_may(facts, path.data);
        gathered->facts.tool_count++;
    }
    gathered->facts.tools = gathered->tools;
    sbx_buf_done(&path);
    return status;
}

/* --- writable places ---------------------------------------------------------------------------
 */

static enum sbx_doctor_writers writers_of(const struct sbx_descriptor *descriptor)
{
    static const struct sbx_sid *const groups[] = {&sbx_sid_everyone, &sbx_sid_restricted,
        &sbx_sid_users, &sbx_sid_authenticated, &sbx_sid_interactive};
    struct sbx_sid nobody = {0};

    /* Of a made-up machine: no entry names it. */
    if (sbx_sid_parse("S-1-5-21-0-0-0-4294967295", &nobody, NULL))
        return SBX_DOCTOR_WRITERS_UNKNOWN;
    if (granted(descriptor, &nobody, groups, 2) & PLANT)
        return SBX_DOCTOR_WRITERS_EVERYONE;
    return granted(descriptor, &nobody, groups, countof(groups)) & PLANT ? SBX_DOCTOR_WRITERS_USERS
                                                                         : SBX_DOCTOR_WRITERS_FEW;
}

static void look_place(const char *path, struct sbx_doctor_place *ret)
{
    struct sbx_descriptor descriptor = {0};

    ret->path = path;
    ret->writers = SBX_DOCTOR_WRITERS_UNKNOWN;
    if (descriptor_of(path, &descriptor))
        ret->writers = writers_of(&descriptor);
    sbx_descriptor_done(&descriptor);
}

/* What lies directly in a root. */
struct children {
    struct sbx_doctor_gathered *gathered;
    const char *root;
    struct sbx_error *err;
    enum sbx_status status;
};

static enum sbx_filewalk_next look_child(void *context, struct sbx_filewalk_entry *entry)
{
    struct children *children = context;
    struct sbx_doctor_gathered *gathered = children->gathered;
    struct sbx_doctor_place place;
    char *name = NULL, *path = NULL;

    if (gathered->facts.root_place_count == SBX_DOCTOR_PLACES_MAX)
        return SBX_WALK_STOP;
    if (!entry->reparse_tag &&
        !sbx_utf16_to_utf8((const sbx_char16 *)entry->name_w, entry->name_cch, &name, NULL, NULL) &&
        !sbx_winpath_join(children->root, name, &path, NULL)) {
        look_place(path, &place);
        if (place.writers == SBX_DOCTOR_WRITERS_EVERYONE) {
            children->status = keep(gathered, path, &place.path, children->err);
            if (!children->status)
                gathered->root_places[gathered->facts.root_place_count++] = place;
        }
    }
    free(name);
    free(path);
    return children->status ? SBX_WALK_STOP : SBX_WALK_SKIP;
}

static enum sbx_status look_root(
    struct sbx_doctor_gathered *gathered, const char *root, struct sbx_error *err)
{
    struct children children = {.gathered = gathered, .root = root, .err = err};
    const struct sbx_filewalk walk = {
        .context = &children, .visit = look_child, .max_entries = CHILDREN_MAX};
    struct sbx_doctor_place *place = &gathered->root_places[gathered->facts.root_place_count];
    HANDLE handle = NULL;

    if (gathered->facts.root_place_count == SBX_DOCTOR_PLACES_MAX)
        return SBX_OK;
    look_place(root, place);
    gathered->facts.root_place_count++;
    if (place->writers == SBX_DOCTOR_WRITERS_EVERYONE)
        return SBX_OK; /* so is what inherits from it */
    if (!sbx_follow_open(root, FILE_LIST_DIRECTORY | FILE_TRAVERSE, &handle, NULL, NULL)) {
        /* The rest of a large folder is not looked at. */
        enum sbx_status walked = sbx_filewalk_run(handle, &walk, NULL, NULL);

        (void)walked;
    }
    sbx_handle_close(&handle);
    return children.status;
}

enum sbx_status sbx_doctor_look_writable(
    struct sbx_doctor_gathered *gathered, struct sbx_error *err)
{
    const struct sbx_facts *facts = &gathered->prepared.facts;
    enum sbx_status status = SBX_OK;
    size_t i;

    for (i = 0; i < facts->path_count && i < SBX_DOCTOR_PLACES_MAX; i++)
        look_place(
            facts->path_directories[i], &gathered->path_places[gathered->facts.path_place_count++]);
    for (i = 0; !status && i < facts->root_count; i++)
        if (facts->roots[i].exists && facts->roots[i].is_directory)
            status = look_root(gathered, facts->roots[i].path, err);
    gathered->facts.path_places = gathered->path_places;
    gathered->facts.root_places = gathered->root_places;
    return status;
}
