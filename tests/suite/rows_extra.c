/*
 * Rows that tests/mutants asked for: each holds a door that a second one stands behind, so that
 * the first could be taken away and no other row would notice.
 */
#include "suite.h"
#include <sddl.h>

#define A(name, ...) static const struct attack name = {__VA_ARGS__}

/* Everything in the root is open to everyone, as on some data volumes: then only the deny stands
 * between the command and the list of a protected directory. */
static void open_root(void)
{
    static const char *const names[] = {"", "\\.git", "\\.git\\config", "\\keep.txt"};
    for (size_t i = 0; i < countof(names); i++)
        CHECK(set_dacl(f("%s%s", fx.ws, names[i]), "D:(A;OICI;FA;;;WD)(A;OICI;FA;;;{user})"),
            "no access list: error %lu", GetLastError());
}

/* A second name of a file outside lies in the root before the command is started. */
static void second_name(void)
{
    CHECK(CreateHardLinkW(w(f("%s\\second.txt", fx.ws)), w(f("%s\\target.txt", fx.out)), NULL),
        "no hard link: error %lu", GetLastError());
}

A(open_dacl, NULL, "setdacl|{ws}\\.git|D:P(A;OICI;FA;;;WD)", "{ws}\\.git", 5, ATTACK_NO_CHANGE,
    open_root, 0);
A(open_owner, NULL, "takeown|{ws}\\.git", "{ws}\\.git", 5, ATTACK_NO_CHANGE, open_root, 0);
A(open_write, NULL, "write|{ws}\\.git\\config", "{ws}\\.git", 5, 0, open_root, 0);
A(open_delete, NULL, "delete|{ws}\\.git\\config", "{ws}\\.git", 5, 0, open_root, 0);
A(planted_link, NULL, "write|{ws}\\second.txt", NULL, 5, 0, second_name, 0);

/* Does this platform look at the descriptor of a process? One that grants ending and watching only
 * is put on a plain process of ours; the right to write to it must then be refused. */
static bool descriptors_count(void)
{
    struct run victim = {0};
    PSECURITY_DESCRIPTOR descriptor = NULL;
    HANDLE handle = NULL;
    probe_words(&victim, f("hold|%s", fx.res));
    if (!run_start(&victim) || !wait_held(fx.res, 1, 10000))
        return false;
    bool set = ConvertStringSecurityDescriptorToSecurityDescriptorW(
                   L"D:P(A;;GA;;;SY)(A;;0x00120001;;;OW)", SDDL_REVISION_1, &descriptor, NULL) &&
               SetKernelObjectSecurity(victim.process, DACL_SECURITY_INFORMATION, descriptor);
    if (set)
        handle = OpenProcess(PROCESS_VM_WRITE, FALSE, victim.pid);
    if (handle)
        CloseHandle(handle);
    TerminateProcess(victim.process, 1);
    run_finish(&victim);
    return set && !handle;
}

/* P2 once more, on platforms where a plain process of the user is no counterpart (M07): what takes
 * a process over, one right at a time. Ending it is left to the user, and ends the command too. */
static void taken_over(const struct row *row)
{
    static const char *const rights[] = {"VM_WRITE", "VM_OPERATION", "CREATE_THREAD", "DUP_HANDLE",
        "CREATE_PROCESS", "VM_READ", "SET_CONTEXT", "SET_THREAD_TOKEN", "WRITE_DAC", "WRITE_OWNER"};
    struct run twin = {0};
    struct agent agent = {0};
    if (!descriptors_count()) {
        skip("this platform does not check it: the descriptor of a process");
        return;
    }
    probe_words(&twin, f("spawn|spawn|%s", (const char *)row->data));
    run_all(&twin);
    CHECK(strstr(twin.out_text, "GRANTED"), "the twin outside must succeed: %.600s", twin.out_text);
    agent_probe(&agent, f("seq|create|{ws}\\ping.tmp|+|%s", (const char *)row->data));
    agent_go(&agent);
    CHECK(probe_judge(&agent.run).first == PROBE_SUCCEEDED, "ping: %s", agent_story(&agent));
    for (size_t i = 0; i < countof(rights); i++)
        EXPECT(!strstr(agent.run.out_text, f("  %s 0 GRANTED", rights[i])), "%s is granted",
            rights[i]);
    EXPECT(strstr(agent.run.out_text, "  WRITE_DAC 5"), "no answer: %.600s", agent.run.out_text);
}

/* A capability belongs to the folder, not to its path: a root that was moved away keeps its grants,
 * and a run in the new folder at the old path must not have them. */
static void moved_away(const struct row *row)
{
    struct agent first = {0}, second = {0};
    struct run twin = {0};
    char *moved = f("%s\\moved", fx.base);
    (void)row;
    agent_opt(&first, "--allow-write", fx.extra, NULL);
    agent_probe(&first, "create|{extra}\\one.txt");
    agent_go(&first);
    CHECK(first.run.code == PROBE_SUCCEEDED, "%s", agent_story(&first));
    /* Whoever ended last may still hold it for a moment. */
    for (int i = 0; i < 50 && !MoveFileW(w(fx.extra), w(moved)); i++)
        Sleep(100);
    CHECK(exists(moved) && !exists(fx.extra), "cannot move it: error %lu", GetLastError());
    make_dir(fx.extra);
    agent_opt(&second, "--allow-write", fx.extra, NULL);
    agent_probe(&second, f("seq|create|{extra}\\ping.tmp|+|create|%s\\two.txt", moved));
    agent_go(&second);
    struct probe_result result = probe_judge(&second.run);
    EXPECT(result.first == PROBE_SUCCEEDED, "ping: %s", agent_story(&second));
    EXPECT(result.outcome == PROBE_DENIED && result.error == 5, "the moved folder is open: %s",
        agent_story(&second));
    probe_words(&twin, f("create|%s\\three.txt", moved));
    run_all(&twin);
    EXPECT(twin.code == PROBE_SUCCEEDED, "the twin outside must succeed: %.300s", twin.out_text);
}

/* The runner's own look at the child: --wine-unconfined lists what it found. What the agent adds to
 * that list is no proof that the child was looked at. */
static void runner_looks(const struct row *row)
{
    struct agent agent = {0};
    (void)row;
    if (!opt.unconfined || !fact(FACT_WINE) || fact(FACT_RESTRICT)) {
        skip("only with --unconfined, where restricting SIDs are ignored");
        return;
    }
    agent_probe(&agent, "ping");
    agent_go(&agent);
    CHECK(agent.run.code == PROBE_SUCCEEDED && agent.result, "%s", agent_story(&agent));
    EXPECT(result_has_text(&agent, "unproved", "TokenRestrictedSids") &&
               result_has_text(&agent, "unproved", "AccessCheck"),
        "the token is not named as unproved: %s", cJSON_PrintUnformatted(agent.result));
}

#define ATTACK(id, name, needs, attack)                                                            \
    {                                                                                              \
        id, name, NEED_HELD | (needs), 0, attack_run, &(attack)                                    \
    }
static const struct row rows[] = {
    ATTACK("F14b", "hard_link_planted_before_the_run__write__denied", NEED(FACT_HARDLINK),
        planted_link),
    ATTACK("F25h", "git_in_a_root_open_to_everyone__rewrite_dacl__denied", 0, open_dacl),
    ATTACK("F25i", "git_in_a_root_open_to_everyone__take_ownership__denied", 0, open_owner),
    ATTACK("F17n", "git_in_a_root_open_to_everyone__write_config__denied", 0, open_write),
    ATTACK("F17o", "git_in_a_root_open_to_everyone__delete_config__denied", 0, open_delete),
    {"F26d", "grant_of_a_folder_moved_away__new_one_at_its_path__denied", NEED_HELD, 0, moved_away,
        NULL},
    {"E17", "platform__unconfined_run__token_named_as_unproved", NEED_RUN, 0, runner_looks, NULL},
    {"P02g", "runner_process__rights_that_take_it_over__denied", NEED_HELD, 0, taken_over,
        "process|^1|all"},
    {"P02h", "runner_threads__rights_that_take_it_over__denied", NEED_HELD, 0, taken_over,
        "thread|^1|all"},
    {"P02i", "agent_process__rights_that_take_it_over__denied", NEED_HELD, 0, taken_over,
        "process|^2|all"},
    {"P02j", "agent_threads__rights_that_take_it_over__denied", NEED_HELD, 0, taken_over,
        "thread|^2|all"},
};
const struct row_set rows_extra = {rows, countof(rows)};
