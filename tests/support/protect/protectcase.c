/* See protectcase.h. */
#include "protectcase.h"

#include <stdio.h>

struct sbx_error err;
struct sbx_policy run_policy;
struct sbx_facts facts;
struct sbx_plan plan;
bool have_plan;
struct sbx_grant_options grant_options;
struct sbx_protect_options options;
struct sbx_protect *protect;
struct sbx_protect_report report;
char root[500], state[600];

void use_policy(const char *json)
{
    struct sbx_policy layer;
    const struct sbx_policy *layers[] = {&layer};

    ck_assert_sbx_ok(
        sbx_policy_parse(json, strlen(json), SBX_LAYER_COMMAND, "test", &layer, &err), &err);
    ck_assert_sbx_ok(sbx_policy_merge(layers, 1, &run_policy, &err), &err);
    sbx_policy_done(&layer);
}

void make_plan(void)
{
    struct sbx_strings names = {0};

    ck_assert_sbx_ok(sbx_facts_places(root, &facts, &err), &err);
    /* Nobody's ledger but the test's own. */
    free(facts.state_directory);
    ck_assert_sbx_ok(sbx_strdup(state, &facts.state_directory, &err), &err);
    ck_assert_sbx_ok(sbx_plan_protected_names(&run_policy, &names, &err), &err);
    ck_assert_sbx_ok(sbx_facts_roots(&run_policy, &names, &facts, &err), &err);
    sbx_strings_done(&names);
    ck_assert_sbx_ok(sbx_plan_make(&run_policy, &facts, &plan, &err), &err);
    have_plan = true;
}

void begin_with(const char *json)
{
    struct sbx_grant_report grants;

    use_policy(json);
    make_plan();
    options.policy = &run_policy;
    options.facts = &facts;
    options.grants = NULL;
    if (!platform_is_stock_wine()) {
        grant_options.state_directory = state;
        options.grants = &grant_options;
        ck_assert_sbx_ok(sbx_grants_apply(&plan, &grant_options, &grants, &err), &err);
        sbx_grant_report_done(&grants);
    }
    ck_assert_sbx_ok(sbx_protect_begin(&plan, &options, &protect, &err), &err);
}

void begin(void)
{
    begin_with("{\"mode\":\"unelevated\"}");
}

void end(void)
{
    struct sbx_protect *ended = protect;

    protect = NULL;
    ck_assert_sbx_ok(sbx_protect_end(ended, &report, &err), &err);
    sbx_protect_cancel(ended);
}

void protect_case_setup(void)
{
    sbx_error_init(&err);
    memset(&facts, 0, sizeof(facts));
    memset(&report, 0, sizeof(report));
    have_plan = false;
    snprintf(root, sizeof(root), "%s\\ws", scratch_begin());
    snprintf(state, sizeof(state), "%s", scratch_path("state"));
    scratch_mkdir("ws");
    scratch_mkdir("ws\\src");
    scratch_mkdir("state");
    scratch_mkdir("outside");
    scratch_write("outside\\file", "outside");
    scratch_write("ws\\a.txt", "a");
}

void protect_case_teardown(void)
{
    sbx_protect_cancel(protect);
    protect = NULL;
    sbx_protect_report_done(&report);
    if (have_plan)
        sbx_plan_done(&plan);
    sbx_facts_done(&facts);
    sbx_policy_done(&run_policy);
    scratch_end();
}

void make_git(const char *name, const char *config)
{
    char path[300];

    scratch_mkdir(name);
    snprintf(path, sizeof(path), "%s\\hooks", name);
    scratch_mkdir(path);
    snprintf(path, sizeof(path), "%s\\hooks\\pre-commit", name);
    scratch_write(path, "evil");
    snprintf(path, sizeof(path), "%s\\config", name);
    scratch_write(path, config);
}

const struct sbx_protect_item *only_item(const char *name, enum sbx_protect_action action)
{
    char text[2000];
    size_t i, at = 0;

    ck_assert_msg(report.item_count == 1, "%s: %zu items", name, report.item_count);
    for (i = 0, text[0] = '\0'; i < report.items[0].details.count && at < sizeof(text); i++)
        at += (size_t)snprintf(
            text + at, sizeof(text) - at, "%s; ", report.items[0].details.items[i]);
    ck_assert_str_eq(report.items[0].path, scratch_path(name));
    ck_assert_msg(report.items[0].action == action, "%s: %s (%s)", name,
        sbx_protect_action_name(report.items[0].action), text);
    return &report.items[0];
}

bool says(const struct sbx_protect_item *item, const char *part)
{
    size_t i;

    for (i = 0; i < item->details.count; i++)
        if (strstr(item->details.items[i], part))
            return true;
    return false;
}

const char *aside(const char *name)
{
    static char path[400];

    snprintf(path, sizeof(path), "%s.quarantined-%02x%02x%02x%02x", name, facts.random[0],
        facts.random[1], facts.random[2], facts.random[3]);
    return path;
}

void move(const char *from, const char *to)
{
    wchar_t from_w[600];

    _snwprintf_s(from_w, countof(from_w), _TRUNCATE, L"%ls", scratch_path_w(from));
    ck_assert_msg(MoveFileExW(from_w, scratch_path_w(to), MOVEFILE_REPLACE_EXISTING),
        "%s -> %s: %lu", from, to, GetLastError());
}

void other_name_of_root(char *ret_path, size_t size_bytes)
{
    char command[1200];
    union {
        FARPROC found;
        char *(CDECL *call)(const wchar_t *);
    } unix_name = {GetProcAddress(GetModuleHandleW(L"kernel32"), "wine_get_unix_file_name")};
    char *name, *drive;

    snprintf(ret_path, size_bytes, "%s", scratch_path("link"));
    if (!unix_name.found) {
        snprintf(command, sizeof(command), "mklink /J \"%s\" \"%s\" >NUL", ret_path, root);
        ck_assert_int_eq(system(command), 0);
        return;
    }
    name = unix_name.call(scratch_path_w("ws"));
    ck_assert_ptr_nonnull(name);
    drive = strstr(name, "dosdevices/c:/"); /* a colon is no part of a name */
    ck_assert_ptr_nonnull(drive);
    snprintf(ret_path, size_bytes, "Z:%.*sdrive_c/%s", (int)(drive - name), name, drive + 14);
    for (name = ret_path; *name; name++)
        if (*name == '/')
            *name = '\\';
}
