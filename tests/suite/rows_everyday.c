/*
 * What ordinary machines have, and no test machine of this project has had: cloud folders, a pseudo
 * console, policies that a child might take over from its creator, and Node's kind of pipe.
 */
#include "suite.h"

/* The lines "mitigation N FLAGS" of a probe. */
static char *mitigations(const struct run *run)
{
    const char *start = run->out_text ? strstr(run->out_text, "mitigation ") : NULL;
    const char *end = start ? strstr(start, "= ") : NULL;
    return start && end ? f("%.*s", (int)(end - start), start) : f("none");
}

/* The runner hardens itself (System32 first, no remote images); what it starts must not be. */
static void no_policies(const struct row *row)
{
    struct agent agent = {0};
    struct run twin = {0};
    (void)row;
    probe_words(&twin, "mitigations");
    run_all(&twin);
    CHECK(probe_judge(&twin).outcome == PROBE_SUCCEEDED, "the twin: %.300s", twin.out_text);
    agent_probe(&agent, "mitigations");
    agent_go(&agent);
    CHECK(agent.run.code == PROBE_SUCCEEDED, "%s", agent_story(&agent));
    EXPECT(!strcmp(mitigations(&agent.run), mitigations(&twin)), "inside:\n%soutside:\n%s",
        mitigations(&agent.run), mitigations(&twin));
}

/* A console of its own: what it writes comes out, and it answers with its code. */
static void terminal(const struct row *row)
{
    struct agent agent = {.run.keep_input_open = true};
    (void)row;
    if (!GetProcAddress(GetModuleHandleW(L"kernel32.dll"), "CreatePseudoConsole")) {
        skip("no pseudo consoles before Windows 10 1809");
        return;
    }
    agent_opt(&agent, "--tty", NULL);
    agent_cmd(&agent, "cmd", "/d", "/c", "echo on a screen& exit 7", NULL);
    agent_go(&agent);
    EXPECT(agent.run.code == 7, "%s", agent_story(&agent));
    /* Wine's host has not drawn a program that is as short as this. */
    EXPECT(fact(FACT_WINE) || strstr(agent.run.out_text, "on a screen"), "%s", agent_story(&agent));
}

/* --- a folder that a cloud service keeps ------------------------------------------------------
 */

/* https://learn.microsoft.com/windows/win32/api/cfapi/ns-cfapi-cf_sync_registration */
struct registration {
    ULONG size_bytes;
    const wchar_t *provider, *version;
    const void *root_identity;
    DWORD root_identity_bytes;
    const void *file_identity;
    DWORD file_identity_bytes;
    GUID provider_id;
};
/* https://learn.microsoft.com/windows/win32/api/cfapi/ns-cfapi-cf_sync_policies */
struct policies {
    ULONG size_bytes;
    USHORT hydration, hydration_modifier, population, population_modifier;
    ULONG in_sync, hard_link, placeholders;
};
typedef HRESULT(WINAPI *register_root)(
    const wchar_t *, const struct registration *, const struct policies *, ULONG);
typedef HRESULT(WINAPI *unregister_root)(const wchar_t *);

static FARPROC of_cldapi(const char *name)
{
    HMODULE dll = LoadLibraryW(w(f("%s\\cldapi.dll", system_directory())));
    return dll ? GetProcAddress(dll, name) : NULL;
}

static void in_cloud_folder(const char *folder)
{
    struct agent agent = {.no_cwd = true};
    agent_opt(&agent, "--cwd", folder, NULL);
    agent_cmd(&agent, "cmd", "/d", "/c",
        "echo x> new.txt&& mkdir below&& echo x> below\\new.txt&& type old\\old.txt>> new.txt&& "
        "echo x>> old\\old.txt",
        NULL);
    agent_go(&agent);
    EXPECT(agent.run.code == 0, "%s", agent_story(&agent));
    EXPECT(exists(f("%s\\below\\new.txt", folder)), "nothing was written");
}

static void cloud_folder(const struct row *row)
{
    FARPROC found = of_cldapi("CfRegisterSyncRoot"), back = of_cldapi("CfUnregisterSyncRoot");
    /* Hydration FULL (2), population ALWAYS_FULL (3): a folder like any other but for its kind. */
    const struct policies policies = {sizeof policies, 2, 0, 3, 0, 0, 0, 0};
    struct registration registration = {sizeof registration, L"SbxSuite", L"1", "root", 4, NULL, 0,
        {0x5b1a7e33, 0x2c0d, 0x4f4e, {0x9a, 0x51, 1, 2, 3, 4, 5, 6}}};
    register_root begin = NULL;
    unregister_root end = NULL;
    char *folder = f("%s\\cloud", fx.extra);
    (void)row;
    memcpy(&begin, &found, sizeof begin);
    memcpy(&end, &back, sizeof end);
    if (!begin || !end) {
        skip("no cloud files here (cldapi.dll)");
        return;
    }
    make_dir(f("%s\\old", folder));
    write_file(f("%s\\old\\old.txt", folder), "old\n");
    HRESULT result = begin(w(folder), &registration, &policies, 0);
    if (result < 0) {
        skip("the folder cannot be registered: 0x%08lX", (unsigned long)result);
        return;
    }
    diag("attributes 0x%lX", GetFileAttributesW(w(folder)));
    in_cloud_folder(folder);
    result = end(w(folder));
    EXPECT(result >= 0, "the folder stays registered: 0x%08lX", (unsigned long)result);
}

/* --- a pipe that names its maker ------------------------------------------------------------ */

/* README says that this does not work unelevated, and why: if it does, README is wrong. */
static const struct attack own_pipe = {.command = "own-pipe", .flags = ATTACK_NO_CHANGE};

static void accounts_pipe(const struct row *row)
{
    struct run *run = hop(SUITE_OFFLINE, "", tool("probe.exe"), "own-pipe", NULL);
    (void)row;
    EXPECT(run->code == PROBE_SUCCEEDED, "%s", story(run));
}

/* A program that Windows could not start up says nothing itself. */
static void not_started(const struct row *row)
{
    struct agent agent = {0};
    (void)row;
    agent_probe(&agent, "exit|0xC0000142");
    agent_go(&agent);
    EXPECT(agent.run.code == 0xC0000142u && strstr(agent.run.err_text, "could not start"), "%s",
        agent_story(&agent));
}

static const struct row rows[] = {
    {"W01", "mitigations__of_the_runner__not_the_childs", NEED_RUN, 0, no_policies, NULL},
    {"W02", "tty__on_this_console_host__shows_and_ends", NEED_RUN, 0, terminal, NULL},
    {"W03", "cloud_folder__as_root__written_in", NEED_HELD, 0, cloud_folder, NULL},
    {"W04", "own_default_pipe__unelevated__refused_as_documented", NEED_HELD | NEED(FACT_PIPE), 0,
        attack_run, &own_pipe},
    {"W05", "own_default_pipe__account__works",
        NEED_ELEVATED | NEED(FACT_SETUP) | NEED(FACT_SECLOGON) | NEED(FACT_ACL) |
            NEED(FACT_RESTRICT),
        0, accounts_pipe, NULL},
    {"W06", "exit_code_of_no_start_up__is_explained", NEED_RUN, 0, not_started, NULL},
};
const struct row_set rows_everyday = {rows, countof(rows)};
