/*
 * The cases of Codex's smoke test, with the weak ones repaired: a pipe that exists (31b), a stream
 * inside a root allowed and one outside refused (32a), the user's own ssh.bat must not win (35),
 * no known failure (41 is P09). Ids are its numbers.
 */
#include "suite.h"

#define RO "--profile|read-only"
#define EXTRA "--allow-write|{extra}"
#define A(name, ...) static const struct attack name = {__VA_ARGS__}

A(cx01, RO, "create|{ws}\\new.txt", "{ws}", 5, 0, NULL, 0);
A(cx02, NULL, "create|{ws}\\new.txt", "{ws}", 0, ATTACK_WORKS, NULL, 0);
A(cx03, NULL, "create|{out}\\new.txt", NULL, 5, 0, NULL, 0);
A(cx03b, EXTRA, "create|{extra}\\new.txt", "{extra}", 0, ATTACK_WORKS, NULL, 0);
/* Other than in Codex: read-only closes the working directory, and what is allowed is allowed. */
A(cx03c, RO "|" EXTRA, "create|{extra}\\new.txt", "{extra}", 0, ATTACK_WORKS, NULL, 0);
A(cx05, RO, "create|{temp}\\sbx-suite-cx05.tmp", "{temp}\\sbx-suite-cx05.tmp", 5, 0, NULL, 0);
A(cx06, NULL, "append|{ws}\\keep.txt", "{ws}", 0, ATTACK_WORKS, NULL, 0);
A(cx07, RO, "append|{ws}\\keep.txt", "{ws}", 5, 0, NULL, 0);
A(cx08, NULL,
    "!{powershell}|-NoProfile|-NonInteractive|-Command|Set-Content -Path '{ws}\\ps.txt' -Value x",
    "{ws}", 0, ATTACK_WORKS, NULL, 0);
A(cx09, RO,
    "!{powershell}|-NoProfile|-NonInteractive|-Command|Set-Content -Path '{ws}\\ps.txt' -Value x",
    "{ws}", 0, 0, NULL, 0);
A(cx10, NULL, "seq|mkdir|{ws}\\d|+|create|{ws}\\d\\new.txt", "{ws}", 0, ATTACK_WORKS, NULL, 0);
A(cx11, NULL, "rename|{ws}\\keep.txt|{ws}\\renamed.txt", "{ws}", 0, ATTACK_WORKS, NULL, 0);
A(cx12, NULL, "seq|create|{ws}\\mine.txt|+|delete|{ws}\\keep.txt|+|delete|{ws}\\mine.txt", "{ws}",
    0, ATTACK_WORKS, NULL, 0);
A(cx13, RO, "!{python}|-c|open(r'{ws}\\py.txt','w').write('x')", "{ws}", 0, 0, NULL, 0);
A(cx14, NULL, "!{python}|-c|open(r'{ws}\\py.txt','w').write('x')", "{ws}", 0, ATTACK_WORKS, NULL,
    0);
A(cx24, NULL, "overwrite|{ws}\\bytes.bin", "{ws}", 0, ATTACK_WORKS, NULL, 0);
A(cx25, RO, "overwrite|{ws}\\bytes.bin", "{ws}", 5, 0, NULL, 0);
A(cx26, NULL,
    "seq|mkdir|{ws}\\a|+|mkdir|{ws}\\a\\b|+|mkdir|{ws}\\a\\b\\c|+|create|{ws}\\a\\b\\c\\n.txt",
    "{ws}", 0, ATTACK_WORKS, NULL, 0);
A(cx27, NULL, "rename|{ws}\\keep.txt|{ws}\\sub\\moved.txt", "{ws}", 0, ATTACK_WORKS, NULL, 0);
A(cx28, RO, "!cmd.exe|/d|/c|echo x>redirected.txt", "{ws}", 0, 0, NULL, 0);
A(cx28b, NULL, "!cmd.exe|/d|/c|echo x>..\\out\\redirected.txt", NULL, 0, 0, NULL, 0);
A(cx28c, NULL, "!cmd.exe|/d|/c|echo x>redirected.txt", "{ws}", 0, ATTACK_WORKS, NULL, 0);
A(cx30, NULL, "seq|junction|{ws}\\j|{windows}|+|create|{ws}\\j\\sbx-suite-cx30.txt",
    "{windows}\\sbx-suite-cx30.txt", 5, ATTACK_TWIN_MAY_FAIL, NULL, 0);
A(cx31a, NULL, "open|\\\\.\\PhysicalDrive0|c0000000", NULL, 5,
    ATTACK_PLATFORM | ATTACK_TWIN_MAY_FAIL | ATTACK_NO_CHANGE, NULL, 0);
A(cx32a, NULL, "overwrite|{ws}\\keep.txt:stream", "{ws}", 0, ATTACK_WORKS | ATTACK_NO_CHANGE, NULL,
    0);
A(cx32c, NULL, "overwrite|{out}\\target.txt:stream", "{out}", 5, ATTACK_NO_CHANGE, NULL, 0);
A(cx32b, NULL, "create|\\\\?\\{out}\\new.txt", NULL, 5, 0, NULL, 0);
A(cx33, NULL, "overwrite|{ws}\\.GiT\\config", "{ws}\\.git", 5, 0, NULL, 0);
A(cx36, NULL, "flip|{ws}\\flip|{ws}\\sub|{out}\\dir|raced.txt|40", NULL, 5, 0, NULL, 0);
A(cx37, NULL,
    "seq|mkdir|{ws}\\a|+|mkdir|{ws}\\a\\b|+|junction|{ws}\\a\\b\\j|{out}|+|create|{ws}\\a\\b\\j\\n."
    "txt",
    NULL, 5, 0, NULL, 0);
A(cx39a, NULL, "create|\\\\localhost\\C$\\sbx-suite-cx39.txt", "C:\\sbx-suite-cx39.txt", 5,
    ATTACK_TWIN_MAY_FAIL, NULL, 0);

/* --- cases that are more than one command --- */

static void temp_write(const struct row *row)
{
    struct agent agent = {0};
    (void)row;
    agent_probe(&agent, "seq|envwrite|TEMP|cx04.txt|+|envwrite|TMP|cx04b.txt");
    agent_go(&agent);
    EXPECT(probe_judge(&agent.run).first == PROBE_SUCCEEDED && agent.run.code == PROBE_SUCCEEDED,
        "%s", agent_story(&agent));
    EXPECT(result_number(&agent, "confined") == 1, "not confined");
}

static void read_only_temp(const struct row *row)
{
    struct agent agent = {0};
    (void)row;
    agent_opt(&agent, "--profile", "read-only", NULL);
    agent_probe(&agent, "seq|read|{ws}\\keep.txt|+|create|{ws}\\x.txt");
    agent_go(&agent);
    EXPECT(probe_judge(&agent.run).first == PROBE_SUCCEEDED &&
               probe_judge(&agent.run).outcome == PROBE_DENIED,
        "%s", agent_story(&agent));
}

static void version_of(const struct row *row)
{
    struct agent agent = {0};
    const char *tool = row->data;
    (void)row;
    agent_cmd(&agent, tool, "--version", NULL);
    agent_go(&agent);
    EXPECT(agent.run.code == 0 && agent.run.out_bytes > 0, "%s", agent_story(&agent));
}

static void curl_blocked(const struct row *row)
{
    struct agent agent = {0};
    (void)row;
    /* The stubs must be what stops it, so the address needs no internet. */
    agent_cmd(&agent, "curl", "--silent", "--show-error", "--max-time", "10",
        "https://example.invalid/", NULL);
    agent_go(&agent);
    EXPECT(agent.run.code == 7 || agent.run.code == 5,
        "wanted 'cannot connect to the proxy' (7, 5): %s", agent_story(&agent));
}

/* 29: the working directory is a junction to a folder outside: its target is the root, or refused;
 * either way what was not named stays. */
static void cwd_is_junction(const struct row *row)
{
    struct agent agent = {.no_cwd = true};
    char *line = NULL;
    (void)row;
    struct run make = {0};
    probe_words(&make, "junction|{base}\\j|{out}");
    run_all(&make);
    line = make.out_text;
    CHECK(make.code == PROBE_SUCCEEDED, "no junction: %s", line);
    agent_opt(&agent, "--cwd", f("%s\\j", fx.base), NULL);
    agent_probe(&agent, "seq|ping|+|create|{ws}\\new.txt");
    agent_go(&agent);
    bool refused = agent.run.code == 125 || agent.run.code == 126;
    EXPECT(refused || probe_judge(&agent.run).outcome == PROBE_DENIED,
        "a folder beside the junction's target was written: %s", agent_story(&agent));
    RemoveDirectoryW(w(f("%s\\j", fx.base)));
}

/* 38: the workspace is a link to the volume's root. */
static void root_is_link(const struct row *row)
{
    struct agent agent = {.no_cwd = true};
    struct run make = {0};
    (void)row;
    probe_words(&make, "junction|{base}\\j|{drive}\\");
    run_all(&make);
    CHECK(make.code == PROBE_SUCCEEDED, "no junction: %s", make.out_text);
    agent_opt(&agent, "--cwd", f("%s\\j", fx.base), NULL);
    agent_probe(&agent, "create|{ws}\\started.txt");
    agent_go(&agent);
    EXPECT(agent.run.code == 125 || agent.run.code == 126, "wanted a refusal: %s",
        agent_story(&agent));
    EXPECT(!exists(f("%s\\started.txt", fx.ws)), "the command was started");
    RemoveDirectoryW(w(f("%s\\j", fx.base)));
}

/* 29b: a command empties its root and turns it into a junction: nobody is granted what it leads to.
 * The twin outside shows that this platform can do it at all. */
static void root_becomes_link(const struct row *row)
{
    struct agent first = {.no_cwd = true}, second = {.no_cwd = true};
    struct run twin = {0};
    char *root = f("%s\\turn", fx.base), *other = f("%s\\twin", fx.base);
    (void)row;
    make_dir(root);
    make_dir(other);
    probe_words(&twin, f("junction|%s|%s", other, fx.out));
    run_all(&twin);
    RemoveDirectoryW(w(other));
    CHECK(twin.code == PROBE_SUCCEEDED, "the twin outside must succeed: %s", twin.out_text);
    agent_opt(&first, "--cwd", root, NULL);
    agent_probe(&first, f("junction|%s|%s", root, fx.out));
    agent_go(&first);
    if (first.run.code == PROBE_DENIED) { /* held as well: then nothing was turned */
        EXPECT(!(GetFileAttributesW(w(root)) & FILE_ATTRIBUTE_REPARSE_POINT), "denied, and done");
        return;
    }
    CHECK(first.run.code == PROBE_SUCCEEDED, "%s", agent_story(&first));
    agent_opt(&second, "--cwd", root, NULL);
    agent_probe(&second, f("create|%s\\planted.txt", fx.out));
    agent_go(&second);
    EXPECT(second.run.code == 125 || second.run.code == 126, "wanted a refusal: %s",
        agent_story(&second));
    EXPECT(!exists(f("%s\\planted.txt", fx.out)), "the junction's target was granted");
    RemoveDirectoryW(w(root));
}

/* 35: a shim that the workspace brings must not stand before ours, and ours must fail. */
static void own_shim(const struct row *row)
{
    struct agent agent = {0};
    char *path = env("PATH");
    (void)row;
    write_file(f("%s\\sub\\ssh.bat", fx.ws), "@echo mine\r\n@exit /b 0\r\n");
    SetEnvironmentVariableW(L"PATH", w(f("%s\\sub;%s", fx.ws, path)));
    agent_opt(&agent, "--env", "PATH", NULL);
    agent_cmd(&agent, "cmd", "/d", "/c", "ssh host", NULL);
    agent_go(&agent);
    EXPECT(agent.run.code == 1, "wanted 1 from our stub: %s", agent_story(&agent));
    EXPECT(!strstr(agent.run.out_text, "mine"), "the shim of the workspace ran: %s",
        agent_story(&agent));
}

/* 40: after a time-out the next run is as closed as the first. */
static void after_timeout(const struct row *row)
{
    struct agent slow = {0}, next = {0};
    char *before = snapshot(fx.out);
    (void)row;
    agent_opt(&slow, "--timeout", "1", NULL);
    agent_probe(&slow, "sleep|20000");
    agent_go(&slow);
    EXPECT(slow.run.code == 124, "wanted 124: %s", agent_story(&slow));
    agent_probe(&next, "seq|create|{ws}\\ping.tmp|+|create|{out}\\new.txt");
    agent_go(&next);
    EXPECT(probe_judge(&next.run).first == PROBE_SUCCEEDED, "ping: %s", agent_story(&next));
    EXPECT(probe_judge(&next.run).outcome == PROBE_DENIED && !strcmp(before, snapshot(fx.out)),
        "%s", agent_story(&next));
}

#define ATTACK(id, name, needs, attack)                                                            \
    {                                                                                              \
        id, name, NEED_HELD | (needs), 0, attack_run, &(attack)                                    \
    }
#define CASE(id, name, needs, function)                                                            \
    {                                                                                              \
        id, name, NEED_HELD | (needs), 0, function, NULL                                           \
    }
static const struct row rows[] = {
    CASE("CX00", "read_only__read_then_write__only_the_read_works", 0, read_only_temp),
    ATTACK("CX01", "read_only__create_in_cwd__denied", 0, cx01),
    ATTACK("CX02", "workspace__create_in_cwd__works", 0, cx02),
    ATTACK("CX03", "workspace__create_outside__denied", 0, cx03),
    ATTACK("CX03b", "workspace__create_in_extra_root__works", 0, cx03b),
    ATTACK("CX03c", "read_only__create_in_allowed_root__works", 0, cx03c),
    CASE("CX04", "workspace__write_in_own_temp__works", 0, temp_write),
    ATTACK("CX05", "read_only__create_in_users_temp__denied", 0, cx05),
    ATTACK("CX06", "workspace__append__works", 0, cx06),
    ATTACK("CX07", "read_only__append__denied", 0, cx07),
    ATTACK("CX08", "workspace__powershell_set_content__works", NEED(FACT_POWERSHELL), cx08),
    ATTACK("CX09", "read_only__powershell_set_content__denied", NEED(FACT_POWERSHELL), cx09),
    ATTACK("CX10", "workspace__mkdir_and_create__works", 0, cx10),
    ATTACK("CX11", "workspace__rename__works", 0, cx11),
    ATTACK("CX12", "workspace__delete__works", 0, cx12),
    ATTACK("CX13", "read_only__python_write__denied", NEED(FACT_PYTHON), cx13),
    ATTACK("CX14", "workspace__python_write__works", NEED(FACT_PYTHON), cx14),
    CASE("CX15", "workspace__curl__stopped_by_the_dead_proxy", NEED(FACT_CURL), curl_blocked),
    {"CX19", "workspace__curl_version__works", NEED_HELD | NEED(FACT_CURL), 0, version_of, "curl"},
    {"CX21", "workspace__git_version__works", NEED_HELD | NEED(FACT_GIT), 0, version_of, "git"},
    ATTACK("CX24", "workspace__write_bytes__works", 0, cx24),
    ATTACK("CX25", "read_only__write_bytes__denied", 0, cx25),
    ATTACK("CX26", "workspace__nested_mkdir__works", 0, cx26),
    ATTACK("CX27", "workspace__move__works", 0, cx27),
    ATTACK("CX28", "read_only__cmd_redirection__denied", 0, cx28),
    ATTACK("CX28b", "workspace__cmd_redirection_outside__denied", 0, cx28b),
    ATTACK("CX28c", "workspace__cmd_redirection_inside__works", 0, cx28c),
    CASE("CX29", "workspace__cwd_is_junction__others_stay_closed", NEED(FACT_JUNCTION),
        cwd_is_junction),
    CASE("CX29B", "workspace__root_becomes_a_junction__next_run_refused",
        NEED_HELD | NEED(FACT_JUNCTION), root_becomes_link),
    ATTACK("CX30", "workspace__junction_to_windows__denied", NEED(FACT_JUNCTION), cx30),
    ATTACK("CX31", "workspace__raw_disk__denied", 0, cx31a),
    ATTACK("CX32a", "workspace__stream_inside__works", NEED(FACT_STREAM), cx32a),
    ATTACK("CX32b", "workspace__long_path_form__denied", 0, cx32b),
    ATTACK("CX32c", "workspace__stream_outside__denied", NEED(FACT_STREAM), cx32c),
    ATTACK("CX33", "workspace__git_config_in_other_case__denied", 0, cx33),
    CASE("CX35", "workspace__own_ssh_shim__does_not_win", 0, own_shim),
    ATTACK("CX36", "workspace__junction_flip__outside_unchanged", NEED(FACT_JUNCTION), cx36),
    ATTACK("CX37", "workspace__deep_junction__denied", NEED(FACT_JUNCTION), cx37),
    CASE("CX38", "workspace__root_is_link_to_volume__refused", NEED(FACT_JUNCTION), root_is_link),
    ATTACK("CX39", "workspace__loopback_share__denied", 0, cx39a),
    CASE("CX40", "workspace__after_a_time_out__still_closed", 0, after_timeout),
};
const struct row_set rows_codex = {rows, countof(rows)};
