/*
 * Commands as the sandbox accounts, through the installed runner (launch stage, hop, confine
 * stage, child), and what such a command cannot do. hopdriver.exe gives the order as agent.exe
 * would; what is judged is what hopchild.exe and probe.exe, plain programs, see inside. Each
 * refusal has a twin outside that must work.
 */
#include "suite.h"
#include <tlhelp32.h>

#define CHILD tool("hopchild.exe")

static bool says(const struct run *run, const char *start)
{
    return line_begins(run->out_text, start);
}

/* The runner's own word about the run, on standard error. */
static bool proved(const struct run *run)
{
    const char *result = strstr(run->err_text, "result: ended=exit ");
    return result && strstr(result, "confined=1") && strstr(result, "unproved=0");
}

static void recipe(const struct row *row)
{
    const char *name = row->data;
    struct run *run = hop(SUITE_OFFLINE, f("recipe=%s", name), CHILD, "who", NULL);
    struct run *twin = call(CHILD, "who", NULL);
    /* Not every machine starts programs under the stricter ones: calibration is for that. */
    if (strcmp(name, "standard") && !says(run, "user ") && strstr(run->err_text, "ended=exit") &&
        run->code >= 0x80) {
        skip("no program starts under recipe '%s' here: %s", name, story(run));
        return;
    }
    CHECK(proved(run), "%s", story(run));
    EXPECT(says(run, f("user %s", name_sid(SUITE_OFFLINE, NULL))), "%s", story(run));
    EXPECT(says(run, "restricted 1"), "%s", story(run));
    EXPECT(says(run, "own-process open") && says(run, "own-thread open"), "%s", story(run));
    EXPECT(says(run, "given yes"), "%s", story(run));
    EXPECT(says(twin, f("user %s", user_sid())) && says(twin, "restricted 0"), "the twin: %s",
        story(twin));
}

static void online(const struct row *row)
{
    struct run *run = hop(SUITE_ONLINE, "", CHILD, "who", NULL);
    (void)row;
    CHECK(proved(run), "%s", story(run));
    EXPECT(says(run, f("user %s", name_sid(SUITE_ONLINE, NULL))), "%s", story(run));
}

static void exit_codes(const struct row *row)
{
    static const char *const codes[] = {"7", "259", "0xC0000005"};
    (void)row;
    for (size_t i = 0; i < countof(codes); i++) {
        struct run *run = hop(SUITE_OFFLINE, "", CHILD, "exit", codes[i], NULL);
        EXPECT(run->code == strtoul(codes[i], NULL, 0), "exit %s: %s", codes[i], story(run));
    }
}

static void time_limit(const struct row *row)
{
    ULONGLONG start = GetTickCount64();
    struct run *run = hop(SUITE_OFFLINE, "timeout=1500", CHILD, "tree", "45000", NULL);
    (void)row;
    EXPECT(strstr(run->err_text, "ended=timeout"), "%s", story(run));
    EXPECT(says(run, "pids "), "the tree did not start: %s", story(run));
    EXPECT(GetTickCount64() - start < 40000, "it took %llu ms", GetTickCount64() - start);
    EXPECT(!running("command-runner.exe"), "a runner is left");
}

static void handles(const struct row *row)
{
    struct run *run = hop(SUITE_OFFLINE, "", CHILD, "handles", NULL);
    (void)row;
    EXPECT(proved(run), "%s", story(run));
    EXPECT(says(run, "process-or-thread 0 token 0 pipe 0 inheritable 0"), "%s", story(run));
    /* The twin: one more pipe, inherited, is seen. */
    struct run twin = {.image = CHILD, .limit_ms = 30000};
    HANDLE other = NULL;
    SECURITY_ATTRIBUTES inherit = {sizeof inherit, NULL, TRUE};
    CHECK(CreatePipe(&twin.extra, &other, &inherit, 0), "no pipe");
    run_args(&twin, "handles", NULL);
    run_all(&twin);
    EXPECT(twin.out_text && !says(&twin, "process-or-thread 0 token 0 pipe 0 inheritable 0"),
        "the twin: %s", story(&twin));
}

static void breakaway(const struct row *row)
{
    struct run *run = hop(SUITE_OFFLINE, "", CHILD, "breakaway", NULL);
    (void)row;
    EXPECT(says(run, "refused 5"), "%s", story(run));
}

static bool any_open(const struct run *run)
{
    return says(run, "rights ") &&
           (strstr(run->out_text, "rights terminate") || strstr(run->out_text, "vm-write") ||
               strstr(run->out_text, "write-dac") || strstr(run->out_text, "vm-read") ||
               strstr(run->out_text, "dup-handle"));
}

/* Runner protection: every right on processes, threads and tokens of both stages. */
static void siege(const struct row *row)
{
    struct run *run = hop(SUITE_OFFLINE, f("recipe=%s", (const char *)row->data), CHILD, "siege",
        "command-runner.exe", NULL);
    CHECK(proved(run), "%s", story(run));
    EXPECT(says(run, "pid "), "no stage was there to besiege: %s", story(run));
    EXPECT(!any_open(run), "a stage gives rights away: %s", story(run));
    EXPECT(!strstr(run->out_text, "spoof started"), "a process in a stage's name: %s", story(run));
    EXPECT(!strstr(run->out_text, "debug debugging"), "a stage is debugged: %s", story(run));
    for (const char *p = run->out_text; (p = strstr(p, "token 0x")) != NULL; p++)
        EXPECT(p[8] == '0', "a stage's token opens: %s", story(run));
    for (const char *p = run->out_text; (p = strstr(p, " granted 0x")) != NULL; p++)
        EXPECT(p[11] == '0', "a stage's thread opens: %s", story(run));
}

/* The same words on a process that nobody locked. */
static void siege_twin(const struct row *row)
{
    struct run victim = {.image = tool("probe.exe")};
    (void)row;
    run_args(&victim, "hold", fx.res, NULL);
    CHECK(run_start(&victim) && wait_held(fx.res, 1, 10000), "no victim");
    struct run *run = call(CHILD, "siege", "probe.exe", NULL);
    TerminateProcess(victim.process, 1);
    run_finish(&victim);
    EXPECT(any_open(run), "%s", story(run));
    EXPECT(strstr(run->out_text, "spoof started") != NULL, "%s", story(run));
}

static void places(const struct row *row)
{
    static const struct {
        const char *verb, *path;
    } tries[] = {{"read", "secrets\\credentials.json"}, {"write", "secrets\\planted.txt"},
        {"write", "command-runner.exe"}, {"write", "sandbox-setup.exe"}, {"write", "planted.dll"},
        {"write", "journal.jsonl"}, {"read", "journal.jsonl"}};
    (void)row;
    for (size_t i = 0; i < countof(tries); i++) {
        char *path = f("%s\\%s", installed_dir(), tries[i].path);
        bool planted = strstr(path, "planted") != NULL;
        struct run *run = hop(SUITE_OFFLINE, "", CHILD, tries[i].verb, path, NULL);
        EXPECT(proved(run) && (says(run, "refused 5") || !strcmp(tries[i].path, "journal.jsonl")),
            "%s %s: %s", tries[i].verb, path, story(run));
        EXPECT(!says(run, "written"), "%s: %s", path, story(run));
        HANDLE file = CreateFileW(w(path),
            !strcmp(tries[i].verb, "read") ? GENERIC_READ : GENERIC_READ | GENERIC_WRITE, 7, NULL,
            planted ? CREATE_NEW : OPEN_EXISTING, planted ? FILE_FLAG_DELETE_ON_CLOSE : 0, NULL);
        EXPECT(
            file != INVALID_HANDLE_VALUE, "the twin: %s is refused with %lu", path, GetLastError());
        CloseHandle(file);
    }
}

static void identity(const struct row *row)
{
    struct run *run = hop(SUITE_OFFLINE, "sid=S-1-5-21-1-2-3-4", CHILD, "who", NULL);
    (void)row;
    EXPECT(run->code == 125 && !says(run, "user "), "another SID: %s", story(run));
    run = hop("Guest", "", CHILD, "who", NULL);
    EXPECT(run->code == 125 && !says(run, "user "), "another account: %s", story(run));
    run = hop(SUITE_OFFLINE, "stage=confine", CHILD, "who", NULL);
    EXPECT(run->code == 125 && !says(run, "user "), "another stage: %s", story(run));
    run = hop(SUITE_OFFLINE, "group=S-1-5-32-546", CHILD, "who", NULL);
    EXPECT(run->code == 125 && !says(run, "user "), "another group: %s", story(run));
}

static char *desktop_of(const struct run *run)
{
    const char *name = strstr(run->out_text, "desktop: ");
    return name ? f("%.*s", (int)strcspn(name + 9, "\r\n"), name + 9) : f("?");
}

static BOOL CALLBACK note_desktop(wchar_t *name, LPARAM context)
{
    char **all = (char **)context;
    *all = f("%s %s", *all, u(name));
    return TRUE;
}

static void desktop(const struct row *row)
{
    struct run *run = hop(SUITE_OFFLINE, "", tool("probe.exe"), "desktop-name", NULL);
    struct run *twin = call(tool("probe.exe"), "desktop-name", NULL);
    char *inside = desktop_of(run), *outside = desktop_of(twin), *left = f("%s", "");
    (void)row;
    CHECK(proved(run), "%s", story(run));
    EXPECT(strcmp(outside, "?"), "the twin: %s", story(twin));
    EXPECT(strcmp(inside, "?") && _stricmp(inside, outside), "inside '%s', outside '%s'", inside,
        outside);
    EnumDesktopsW(GetProcessWindowStation(), note_desktop, (LPARAM)&left);
    EXPECT(!strstr(left, inside), "the run's desktop is left: %s", left);
}

/* Isolated carries no logon SID of the session: nothing of its desktop opens. */
static void users_desktop(const struct row *row)
{
    struct run *run =
        hop(SUITE_OFFLINE, "recipe=isolated", tool("probe.exe"), "desktop", "Default", NULL);
    struct run *twin = call(tool("probe.exe"), "desktop", "Default", NULL);
    (void)row;
    if (!strstr(run->out_text, "= ")) {
        skip("no program starts under recipe 'isolated' here: %s", story(run));
        return;
    }
    if (twin->code != PROBE_SUCCEEDED) {
        skip("the suite itself does not open that desktop: %s", story(twin));
        return;
    }
    if (run->code == PROBE_SUCCEEDED && fact(FACT_WINE)) {
        skip("this platform checks no desktops: %s", story(run));
        return;
    }
    EXPECT(run->code == PROBE_DENIED, "%s", story(run));
}

/* The caller is killed: both stages, the child and its descendant end. */
static void death(const struct row *row)
{
    struct run driver = {.image = helper("hopdriver.exe"), .limit_ms = 30000};
    ULONGLONG end = GetTickCount64() + 20000ull * opt.slow;
    int before = running("hopchild.exe");
    (void)row;
    run_args(&driver, "run", installed_dir(), SUITE_OFFLINE, f("cwd=%s", system_directory()), "--",
        CHILD, "tree", "60000", NULL);
    CHECK(run_start(&driver), "hopdriver did not start");
    while (running("hopchild.exe") < before + 2 && GetTickCount64() < end)
        Sleep(100);
    EXPECT(running("hopchild.exe") >= before + 2, "the tree did not start");
    TerminateProcess(driver.process, 1);
    end = GetTickCount64() + 20000ull * opt.slow;
    while ((running("hopchild.exe") > before || running("command-runner.exe")) &&
           GetTickCount64() < end)
        Sleep(100);
    EXPECT(running("hopchild.exe") == before && !running("command-runner.exe"),
        "left: %d children, %d runners", running("hopchild.exe") - before,
        running("command-runner.exe"));
    run_finish(&driver);
}

/* A second operator whose token has a service's two privileges: one hop, and nothing is rotated. */
static void one_hop(const struct row *row)
{
    static const char *const rights[] = {
        "SeAssignPrimaryTokenPrivilege", "SeIncreaseQuotaPrivilege"};
    char password[40], *path = f("%s\\secrets\\credentials.json", installed_dir());
    char *before = read_file(path, NULL);
    (void)row;
    CHECK(user_make(password), "no account");
    char *sid = name_sid(SUITE_USER, NULL);
    for (size_t i = 0; i < countof(rights); i++)
        EXPECT(rights_add(sid, rights[i]), "%s cannot be given", rights[i]);
    struct run *run = set_up_again("install", sid);
    EXPECT(run->code == 0, "a second operator: %s", story(run));
    char *after = read_file(path, NULL);
    EXPECT(before && after && !strcmp(before, after), "the second operator changed the passwords");
    run = call(tool("hopdriver.exe"), "as", SUITE_USER, password, "--", "run", installed_dir(),
        SUITE_OFFLINE, f("cwd=%s", system_directory()), "--", CHILD, "who", NULL);
    EXPECT(says(run, f("user %s", name_sid(SUITE_OFFLINE, NULL))) && says(run, "restricted 1"),
        "%s", story(run));
    run = call(tool("hopdriver.exe"), "as", SUITE_USER, password, "--", "run", installed_dir(),
        SUITE_OFFLINE, f("cwd=%s", system_directory()), "--", CHILD, "siege", "command-runner.exe",
        NULL);
    const char *first = strstr(run->out_text, "pid ");
    EXPECT(first && !strstr(first + 1, "\npid "), "not exactly one stage: %s", story(run));
    EXPECT(!any_open(run), "it gives rights away: %s", story(run));
    user_remove();
}

#define HOPS                                                                                       \
    (NEED_ELEVATED | NEED(FACT_SETUP) | NEED(FACT_SECLOGON) | NEED(FACT_ACL) | NEED(FACT_RESTRICT))
#define ROW(id, name, seconds, function, data)                                                     \
    {                                                                                              \
        id, name, HOPS, seconds, function, data                                                    \
    }

static const struct row rows[] = {
    ROW("U20a", "hop__standard__child_is_the_account_restricted_and_proved", 0, recipe, "standard"),
    ROW("U20b", "hop__isolated__child_is_the_account_restricted_and_proved", 0, recipe, "isolated"),
    ROW("U20c", "hop__strict__child_is_the_account_restricted_and_proved", 0, recipe, "strict"),
    ROW("U21", "hop__online__is_the_other_account", 0, online, NULL),
    ROW("U22", "hop__exit_code__all_32_bits", 90, exit_codes, NULL),
    ROW("U23", "hop__time_limit__ends_the_tree", 90, time_limit, NULL),
    ROW("U24", "hop__handles__none_that_was_not_given", 0, handles, NULL),
    ROW("U25", "hop__breakaway__refused", 0, breakaway, NULL),
    ROW("U26a", "stages__standard__every_right__refused", 90, siege, "standard"),
    ROW("U26b", "stages__isolated__every_right__refused", 90, siege, "isolated"),
    ROW("U26c", "stages__twin__an_unlocked_process_is_open", 0, siege_twin, NULL),
    ROW("U27", "machine_state__from_inside__not_read_not_written", 180, places, NULL),
    ROW("U28", "request__of_another_identity__refused", 120, identity, NULL),
    ROW("U29a", "desktop__private__and_gone_afterwards", 0, desktop, NULL),
    ROW("U29b", "desktop__of_the_user__refused", 0, users_desktop, NULL),
    ROW("U30", "hop__caller_killed__nothing_stays", 120, death, NULL),
    ROW("U31", "hop__second_operator_with_a_services_privileges__one_hop", 180, one_hop, NULL),
};
const struct row_set rows_hops = {rows, countof(rows)};
