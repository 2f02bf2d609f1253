/* See world.h. */
#include "world.h"

#include "shared/core/winpath.h"
#include "tests/support/unit.h"

static char *copy(const char *text)
{
    struct sbx_error err;
    char *result = NULL;

    ck_assert_sbx_ok(sbx_strdup(text, &result, &err), &err);
    return result;
}

void world_set(char **field, const char *text)
{
    free(*field);
    *field = text ? copy(text) : NULL;
}

/* FNV-1a, so that the same path is the same file. */
static void make_id(const char *path, uint8_t id[16])
{
    uint64_t hash = 14695981039346656037u;

    for (; *path; path++)
        hash = (hash ^ (uint8_t)*path) * 1099511628211u;
    memset(id, 0, 16);
    memcpy(id, &hash, sizeof(hash));
}

struct sbx_root_fact *world_root(struct world *w, const char *path)
{
    struct sbx_facts *facts = &w->facts;
    struct sbx_root_fact *roots = NULL, *root;
    struct sbx_error err;

    ck_assert_sbx_ok(sbx_calloc(facts->root_count + 1, sizeof(*roots), &roots, &err), &err);
    if (facts->root_count)
        memcpy(roots, facts->roots, facts->root_count * sizeof(*roots));
    free(facts->roots);
    facts->roots = roots;
    root = &roots[facts->root_count++];
    root->path = copy(path);
    root->asked = copy(path);
    root->asked_path = copy(path);
    root->volume_guid =
        copy(path[0] == 'D' ? "\\\\?\\Volume{d0000000-0000-0000-0000-000000000000}\\"
                            : "\\\\?\\Volume{c0000000-0000-0000-0000-000000000000}\\");
    make_id(path, root->file_id);
    root->exists = root->is_directory = root->keeps_acls = root->is_local_fixed = true;
    return root;
}

struct sbx_object_fact *world_object(struct world *w, enum sbx_object_kind kind, const char *path)
{
    struct sbx_facts *facts = &w->facts;
    struct sbx_object_fact *objects = NULL, *object;
    struct sbx_error err;
    size_t i;

    ck_assert_sbx_ok(sbx_calloc(facts->object_count + 1, sizeof(*objects), &objects, &err), &err);
    if (facts->object_count)
        memcpy(objects, facts->objects, facts->object_count * sizeof(*objects));
    free(facts->objects);
    facts->objects = objects;
    object = &objects[facts->object_count++];
    object->kind = kind;
    object->path = copy(path);
    object->is_directory = true;
    object->link_count = 1;
    object->root = SIZE_MAX;
    for (i = 0; i < facts->root_count; i++)
        if (sbx_winpath_is_inside(facts->roots[i].path, path))
            object->root = i;
    return object;
}

void world_env(struct world *w, const char *name, const char *value)
{
    struct sbx_error err;

    ck_assert_sbx_ok(sbx_env_set(&w->facts.environment, name, value, &err), &err);
}

void world_on_path(struct world *w, const char *path)
{
    struct sbx_strings list = {w->facts.path_directories, w->facts.path_count, true};
    struct sbx_error err;

    ck_assert_sbx_ok(sbx_strings_add(&list, path, &err), &err);
    w->facts.path_directories = list.items;
    w->facts.path_count = list.count;
}

void world_open(struct world *w)
{
    struct sbx_facts *facts = &w->facts;
    size_t i;

    memset(w, 0, sizeof(*w));
    sbx_env_init(&facts->environment);
    facts->caller_sid = copy(WORLD_CALLER);
    facts->logon_sid = copy(WORLD_LOGON);
    facts->cwd = copy(WORLD_CWD);
    facts->system_root = copy("C:\\Windows");
    facts->program_files = copy("C:\\Program Files");
    facts->program_files_x86 = copy("C:\\Program Files (x86)");
    facts->program_data = copy("C:\\ProgramData");
    facts->profile = copy("C:\\Users\\me");
    facts->profiles_directory = copy("C:\\Users");
    facts->app_data = copy("C:\\Users\\me\\AppData\\Roaming");
    facts->local_app_data = copy("C:\\Users\\me\\AppData\\Local");
    facts->startup = copy("C:\\Users\\me\\AppData\\Roaming\\Microsoft\\Windows\\Start Menu"
                          "\\Programs\\Startup");
    facts->documents = copy("C:\\Users\\me\\Documents");
    facts->own_directory = copy("D:\\tools\\sandbox");
    facts->state_directory = copy("C:\\Users\\me\\AppData\\Local\\AgentSandbox");
    facts->home_directory = copy("C:\\Users\\me\\AppData\\Local\\AgentSandbox\\work\\1");
    facts->temp_directory = copy("C:\\Users\\me\\AppData\\Local\\AgentSandbox\\tmp\\1");
    facts->denybin_directory = copy("C:\\Users\\me\\AppData\\Local\\AgentSandbox\\deny-bin");
    for (i = 0; i < sizeof(facts->random); i++)
        facts->random[i] = (uint8_t)(i * 7 + 1);
    world_env(w, "PATH", "C:\\Windows\\system32;D:\\tools\\bin");
    world_env(w, "PATHEXT", ".COM;.EXE;.BAT;.CMD");
    world_env(w, "SystemRoot", "C:\\Windows");
    world_env(w, "TEMP", "C:\\Users\\me\\AppData\\Local\\Temp");
    world_on_path(w, "C:\\Windows\\system32");
    world_on_path(w, "D:\\tools\\bin");
    world_root(w, WORLD_CWD);
    world_policy(w, "{}");
}

void world_install(struct world *w)
{
    w->facts.is_operator = true;
    w->facts.installation_current = true;
    world_set(&w->facts.group_sid, WORLD_GROUP);
    world_set(&w->facts.offline_account_sid, WORLD_OFFLINE);
    world_set(&w->facts.online_account_sid, WORLD_ONLINE);
}

void world_policies(struct world *w, const char *machine, const char *command)
{
    const struct sbx_policy *layers[2];
    struct sbx_policy top, layer;
    struct sbx_error err;

    layers[0] = &layer;
    layers[1] = &top;
    ck_assert_sbx_ok(
        sbx_policy_parse(command, strlen(command), SBX_LAYER_COMMAND, "command", &layer, &err),
        &err);
    sbx_policy_init(&top, SBX_LAYER_MACHINE);
    if (machine)
        ck_assert_sbx_ok(
            sbx_policy_parse(machine, strlen(machine), SBX_LAYER_MACHINE, "machine", &top, &err),
            &err);
    sbx_policy_done(&w->policy);
    ck_assert_sbx_ok(sbx_policy_merge(layers, machine ? 2 : 1, &w->policy, &err), &err);
    sbx_policy_done(&top);
    sbx_policy_done(&layer);
}

void world_policy(struct world *w, const char *json)
{
    world_policies(w, NULL, json);
}

enum sbx_status world_plan(struct world *w, struct sbx_error *err)
{
    enum sbx_status status;

    if (w->planned)
        sbx_plan_done(&w->plan);
    status = sbx_plan_make(&w->policy, &w->facts, &w->plan, err);
    w->planned = !status;
    return status;
}

void world_must_plan(struct world *w)
{
    struct sbx_error err;

    ck_assert_sbx_ok(world_plan(w, &err), &err);
}

void world_close(struct world *w)
{
    if (w->planned)
        sbx_plan_done(&w->plan);
    sbx_policy_done(&w->policy);
    sbx_facts_done(&w->facts);
    memset(w, 0, sizeof(*w));
}

size_t world_count(const struct world *w, const char *path, const char *sid, uint8_t type,
    int flags, uint32_t mask)
{
    size_t i, count = 0;

    for (i = 0; i < w->plan.ace_count; i++) {
        const struct sbx_plan_ace *ace = &w->plan.aces[i];

        if (!strcmp(ace->path, path) && (!sid || !strcmp(ace->sid, sid)) && ace->type == type &&
            (flags < 0 || ace->flags == flags) && (!mask || ace->mask == mask))
            count++;
    }
    return count;
}

const struct sbx_plan_root *world_planned(const struct world *w, const char *path)
{
    size_t i;

    for (i = 0; i < w->plan.root_count; i++)
        if (!strcmp(w->plan.roots[i].path, path))
            return &w->plan.roots[i];
    ck_abort_msg("no planned root '%s'", path);
    return NULL;
}

void world_ck_says(const struct sbx_error *err, const char *word)
{
    ck_assert_msg(
        strstr(err->context, word) != NULL, "\"%s\" does not say '%s'", err->context, word);
    ck_assert_msg(err->hint[0] != '\0', "no hint: %s", err->context);
    ck_assert_ptr_null(strchr(err->context, '\n'));
}
