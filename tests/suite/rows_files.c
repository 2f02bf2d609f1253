/* Attacks on files by their ordinary names (research: F1-F5, F8, F15-F17, F25-F27, F33). */
#include "suite.h"

#define A(name, ...) static const struct attack name = {__VA_ARGS__}

A(write_out, NULL, "write|{out}\\target.txt", NULL, 5, 0, NULL, 0);
A(append_out, NULL, "append|{out}\\target.txt", NULL, 5, 0, NULL, 0);
A(truncate_out, NULL, "truncate|{out}\\target.txt", NULL, 5, 0, NULL, 0);
/*
 * Deleting asks for DELETE on the object or FILE_DELETE_CHILD on its folder. The second is in no
 * mapping of write rights, so the pass over the restricting SIDs may never see it: then the user's
 * own full control on the folder is enough, for any write-restricted token. Tried first with a
 * token of the suite's own (ATTACK_PLATFORM); the same for a rename, which is a deletion there.
 */
A(delete_out, NULL, "delete|{out}\\target.txt", NULL, 5, ATTACK_PLATFORM, NULL, 0);
A(close_out, NULL, "delete-on-close|{out}\\target.txt", NULL, 5, ATTACK_PLATFORM, NULL, 0);
A(rename_out, NULL, "rename|{out}\\target.txt|{out}\\other.txt", NULL, 5, 0, NULL, 0);
A(steal_out, NULL, "rename|{out}\\target.txt|{ws}\\stolen.txt", NULL, 5,
    ATTACK_PLATFORM | ATTACK_MOVES, NULL, 0);
A(push_out, NULL, "rename|{ws}\\keep.txt|{out}\\pushed.txt", NULL, 5, 0, NULL, 0);
A(replace_out, NULL, "rename|{ws}\\keep.txt|{out}\\target.txt", NULL, 5, 0, NULL, 0);
A(mkdir_out, NULL, "mkdir|{out}\\made", NULL, 5, 0, NULL, 0);
A(rmdir_out, NULL, "seq|delete|{out}\\dir\\deep.txt|+|rmdir|{out}\\dir", NULL, 5, ATTACK_PLATFORM,
    NULL, 145);
A(attributes_out, NULL, "attributes|{out}\\target.txt", NULL, 5, ATTACK_PLATFORM, NULL, 0);
A(map_out, NULL, "mapwrite|{out}\\target.txt", NULL, 5, 0, NULL, 0);
A(dacl_out, NULL, "setdacl|{out}\\target.txt|D:P(A;;FA;;;WD)", NULL, 5, ATTACK_NO_CHANGE, NULL, 0);
A(owner_out, NULL, "takeown|{out}\\target.txt", NULL, 5, ATTACK_NO_CHANGE, NULL, 0);
A(deep_out, NULL, "spawn|spawn|write|{out}\\target.txt", NULL, 5, 0, NULL, 0);
A(cmd_out, NULL, "!cmd.exe|/d|/c|cmd /d /c echo x> ..\\out\\target.txt", NULL, 0, 0, NULL, 0);
A(base_out, NULL, "create|{base}\\new.txt", "{base}\\new.txt", 5, 0, NULL, 0);

A(home, NULL, "create|{home}\\sbx-suite-f01.txt", "{home}\\sbx-suite-f01.txt", 5, 0, NULL, 0);
A(startup, NULL,
    "create|{roaming}\\Microsoft\\Windows\\Start Menu\\Programs\\Startup\\sbx-suite.txt",
    "{roaming}\\Microsoft\\Windows\\Start Menu\\Programs\\Startup\\sbx-suite.txt", 5,
    ATTACK_TWIN_MAY_FAIL, NULL, 0);
A(windows, NULL, "create|{windows}\\sbx-suite-f01.txt", "{windows}\\sbx-suite-f01.txt", 5,
    ATTACK_TWIN_MAY_FAIL, NULL, 0);
A(program_files, NULL, "create|{programs}\\sbx-suite-f01.txt", "{programs}\\sbx-suite-f01.txt", 5,
    ATTACK_TWIN_MAY_FAIL, NULL, 0);
A(volume_root, NULL, "mkdir|{drive}\\sbx-suite-f03", "{drive}\\sbx-suite-f03", 5,
    ATTACK_TWIN_MAY_FAIL, NULL, 0);
A(public_dir, NULL, "create|{public}\\sbx-suite-f04.txt", "{public}\\sbx-suite-f04.txt", 5,
    ATTACK_TWIN_MAY_FAIL, NULL, 0);
A(program_data, NULL, "create|{data}\\sbx-suite-f05.txt", "{data}\\sbx-suite-f05.txt", 5,
    ATTACK_TWIN_MAY_FAIL, NULL, 0);
A(windows_temp, NULL, "create|{windows}\\Temp\\sbx-suite-f05.txt",
    "{windows}\\Temp\\sbx-suite-f05.txt", 5, ATTACK_TWIN_MAY_FAIL, NULL, 0);
A(windows_tasks, NULL, "create|{windows}\\Tasks\\sbx-suite-f05.txt",
    "{windows}\\Tasks\\sbx-suite-f05.txt", 5, ATTACK_TWIN_MAY_FAIL, NULL, 0);
A(spool_color, NULL, "create|{sys}\\spool\\drivers\\color\\sbx-suite-f05.txt",
    "{sys}\\spool\\drivers\\color\\sbx-suite-f05.txt", 5, ATTACK_TWIN_MAY_FAIL, NULL, 0);

/* --- folders that a group may write to: the group must not be restricting --- */

#define OPEN_TO(group) "D:P(A;OICI;FA;;;{user})(A;OICI;FA;;;SY)(A;OICI;0x1301bf;;;" group ")"

static void open_out(const char *sddl)
{
    CHECK(set_dacl(fx.out, sddl), "cannot open the folder up: error %lu", GetLastError());
    remove_tree(f("%s\\target.txt", fx.out)); /* made again, so that it inherits */
    write_file(f("%s\\target.txt", fx.out), "original\n");
}

static void to_everyone(void)
{
    open_out(OPEN_TO("WD"));
}

static void to_authenticated(void)
{
    open_out(OPEN_TO("AU"));
}

static void to_users(void)
{
    open_out(OPEN_TO("BU"));
}

static void to_interactive(void)
{
    open_out(OPEN_TO("IU"));
}

static void to_owner_only(void)
{
    open_out("D:P(A;OICI;FA;;;{user})");
}

#define BOTH "seq|create|{out}\\new.txt|+|write|{out}\\target.txt"
A(everyone, NULL, BOTH, NULL, 5, ATTACK_RESIDUAL, to_everyone, 0);
A(everyone_strict, "--token|strict", BOTH, NULL, 5, 0, to_everyone, 0);
A(authenticated, NULL, BOTH, NULL, 5, 0, to_authenticated, 0);
A(users, NULL, BOTH, NULL, 5, 0, to_users, 0);
A(interactive, NULL, BOTH, NULL, 5, 0, to_interactive, 0);
A(owner_only, NULL, BOTH, NULL, 5, 0, to_owner_only, 0);

/* --- protected names --- */

#define GIT "{ws}\\.git"
A(git_config, NULL, "write|" GIT "\\config", GIT, 5, 0, NULL, 0);
A(git_hook, NULL, "create|" GIT "\\hooks\\post-commit", GIT, 5, 0, NULL, 0);
A(git_hook_write, NULL, "write|" GIT "\\hooks\\pre-commit", GIT, 5, 0, NULL, 0);
A(git_delete, NULL, "delete|" GIT "\\config", GIT, 5, 0, NULL, 0);
A(git_rename, NULL, "rename|" GIT "|{ws}\\old-git", "{ws}\\.git", 5, 0, NULL, 0);
A(git_grandchild, NULL, "spawn|overwrite|" GIT "\\hooks\\pre-commit", GIT, 5, 0, NULL, 0);
A(git_cmd, NULL, "!cmd.exe|/d|/c|echo x>.git\\hooks\\pre-commit", GIT, 0, 0, NULL, 0);
A(git_swap, NULL,
    "seq|mkdir|{ws}\\new-git|+|rename|" GIT "|{ws}\\old-git|+|rename|{ws}\\new-git|" GIT, GIT, 5, 0,
    NULL, 0);
A(git_tree, NULL,
    "seq|delete|" GIT "\\config|+|delete|" GIT "\\HEAD|+|delete|" GIT
    "\\hooks\\pre-commit|+|rmdir|" GIT "\\hooks|+|rmdir|" GIT,
    GIT, 5, 0, NULL, 145);
A(git_dacl, NULL, "setdacl|" GIT "|D:P(A;OICI;FA;;;WD)", GIT, 5, ATTACK_NO_CHANGE, NULL, 0);
A(git_owner, NULL, "takeown|" GIT, GIT, 5, ATTACK_NO_CHANGE, NULL, 0);
A(git_link, NULL, "seq|hardlink|{ws}\\l.txt|" GIT "\\config|+|write|{ws}\\l.txt", GIT, 5, 0, NULL,
    2);
A(git_read, NULL, "read|" GIT "\\config", GIT, 0, ATTACK_WORKS | ATTACK_NO_CHANGE, NULL, 0);

static void git_in_extra(void)
{
    make_dir(f("%s\\.git", fx.extra));
    write_file(f("%s\\.git\\config", fx.extra), "[core]\n");
}

/* The other root, because the working directory of a process cannot be renamed by anyone. */
A(root_rename, "--allow-write|{extra}", "rename|{extra}|{extra}2", "{extra}", 5, 0, git_in_extra,
    0);
A(root_rename_in, "--allow-write|{extra}", "rename|{extra}|{ws}\\moved", "{extra}", 5,
    ATTACK_PLATFORM | ATTACK_MOVES, git_in_extra, 0);
A(root_delete, "--allow-write|{extra}", "seq|delete|{extra}\\keep.txt|+|rmdir|{extra}", "{ws}\\sub",
    5, ATTACK_PLATFORM | ATTACK_NO_CHANGE, NULL, 145);

static void make_vscode(void)
{
    make_dir(f("%s\\.vscode", fx.ws));
    write_file(f("%s\\.vscode\\tasks.json", fx.ws), "{}");
    write_file(f("%s\\.mcp.json", fx.ws), "{}");
}

A(vscode, NULL, "overwrite|{ws}\\.vscode\\tasks.json", "{ws}\\.vscode", 5, 0, make_vscode, 0);
A(mcp, NULL, "overwrite|{ws}\\.mcp.json", "{ws}\\.mcp.json", 5, 0, make_vscode, 0);
A(mcp_delete, NULL, "delete|{ws}\\.mcp.json", "{ws}\\.mcp.json", 5, 0, make_vscode, 0);

A(deny_write, "--deny-write|{ws}\\sub", "create|{ws}\\sub\\new.txt", "{ws}\\sub", 5, 0, NULL, 0);
A(deny_write_file, "--deny-write|{ws}\\keep.txt", "write|{ws}\\keep.txt", "{ws}\\keep.txt", 5, 0,
    NULL, 0);
A(deny_write_delete, "--deny-write|{ws}\\keep.txt", "delete|{ws}\\keep.txt", "{ws}\\keep.txt", 5, 0,
    NULL, 0);
A(deny_write_rename, "--deny-write|{ws}\\sub", "rename|{ws}\\sub|{ws}\\sub2", "{ws}\\sub", 5, 0,
    NULL, 0);

/* --- the child as owner of what it made --- */

A(own_dacl, NULL, "seq|mkdir|{ws}\\made|+|setdacl|{ws}\\made|D:P(A;OICI;FA;;;WD)", NULL, 5,
    ATTACK_NO_CHANGE, NULL, 0);
A(own_file_dacl, NULL, "seq|create|{ws}\\made.txt|+|setdacl|{ws}\\made.txt|D:P(A;;FA;;;WD)", NULL,
    5, ATTACK_NO_CHANGE, NULL, 0);
A(own_owner, NULL, "seq|create|{ws}\\made.txt|+|takeown|{ws}\\made.txt", NULL, 5, ATTACK_NO_CHANGE,
    NULL, 0);
A(root_dacl, NULL, "setdacl|{ws}|D:P(A;OICI;FA;;;WD)", "{ws}", 5, ATTACK_NO_CHANGE, NULL, 0);
A(root_owner, NULL, "takeown|{ws}", "{ws}", 5, ATTACK_NO_CHANGE, NULL, 0);

/* --- more than one run --- */

static bool writes_inside(
    const char *options, const char *cwd, const char *path, struct agent *agent)
{
    agent->no_cwd = true;
    agent_opt(agent, "--cwd", cwd, NULL);
    if (options)
        agent_opt(agent, "--allow-write", options, NULL);
    agent_probe(agent, f("seq|create|%s\\ping-%lu.tmp|+|create|%s", cwd, GetTickCount(), path));
    agent_go(agent);
    EXPECT(probe_judge(&agent->run).first == PROBE_SUCCEEDED, "the ping inside failed: %s",
        agent_story(agent));
    EXPECT(result_number(agent, "confined") == 1, "not confined: %s", agent_story(agent));
    return probe_judge(&agent->run).outcome == PROBE_SUCCEEDED;
}

static void stale_grant(const struct row *row)
{
    struct agent wide = {0}, narrow = {0};
    (void)row;
    CHECK(writes_inside(fx.extra, fx.ws, f("%s\\one.txt", fx.extra), &wide),
        "the wider run must be able to write: %s", agent_story(&wide));
    Sleep(20);
    char *before = snapshot(fx.extra);
    EXPECT(!writes_inside(NULL, fx.ws, f("%s\\two.txt", fx.extra), &narrow),
        "a grant of an earlier, wider run still counts");
    EXPECT(probe_judge(&narrow.run).error == 5, "%s", agent_story(&narrow));
    EXPECT(!strcmp(before, snapshot(fx.extra)), "the folder changed");
}

static void other_session(const struct row *row)
{
    struct agent b = {0}, a = {0};
    (void)row;
    CHECK(writes_inside(NULL, fx.extra, f("%s\\one.txt", fx.extra), &b), "session B: %s",
        agent_story(&b));
    Sleep(20);
    EXPECT(!writes_inside(NULL, fx.ws, f("%s\\two.txt", fx.extra), &a),
        "session A writes into the root of session B");
    EXPECT(probe_judge(&a.run).error == 5, "%s", agent_story(&a));
}

static void new_at_old_path(const struct row *row)
{
    struct agent first = {0}, second = {0};
    (void)row;
    CHECK(writes_inside(fx.extra, fx.ws, f("%s\\one.txt", fx.extra), &first), "%s",
        agent_story(&first));
    remove_tree(fx.extra);
    make_dir(fx.extra);
    Sleep(20);
    EXPECT(!writes_inside(NULL, fx.ws, f("%s\\two.txt", fx.extra), &second),
        "a new folder at the old path has the old grant");
}

static void read_only_after_write(const struct row *row)
{
    struct agent wide = {0}, narrow = {0};
    (void)row;
    CHECK(writes_inside(NULL, fx.ws, f("%s\\one.txt", fx.ws), &wide), "%s", agent_story(&wide));
    agent_opt(&narrow, "--profile", "read-only", NULL);
    agent_probe(&narrow, "seq|read|{ws}\\keep.txt|+|create|{ws}\\two.txt");
    agent_go(&narrow);
    EXPECT(probe_judge(&narrow.run).first == PROBE_SUCCEEDED &&
               probe_judge(&narrow.run).outcome == PROBE_DENIED,
        "%s", agent_story(&narrow));
}

/* Editors replace files: a deny that vanished with the old file must be put back. */
static void deny_put_back(const struct row *row)
{
    struct agent first = {0}, second = {0};
    (void)row;
    agent_probe(&first, "ping");
    agent_go(&first);
    remove_tree(f("%s\\.git\\config", fx.ws));
    remove_tree(f("%s\\.git", fx.ws));
    make_dir(f("%s\\.git", fx.ws));
    write_file(f("%s\\.git\\config", fx.ws), "[core]\n");
    agent_probe(&second, "seq|create|{ws}\\ping.tmp|+|write|{ws}\\.git\\config");
    agent_go(&second);
    EXPECT(probe_judge(&second.run).first == PROBE_SUCCEEDED &&
               probe_judge(&second.run).outcome == PROBE_DENIED,
        "a .git that was made anew after the first run: %s", agent_story(&second));
}

/* Names that did not exist: handled at the run's end. */
static void created_git(const struct row *row)
{
    struct agent agent = {0}, next = {0};
    (void)row;
    remove_tree(f("%s\\.git", fx.ws));
    agent_probe(&agent, "seq|mkdir|{ws}\\.git|+|mkdir|{ws}\\.git\\hooks|+|create|"
                        "{ws}\\.git\\hooks\\pre-commit|+|create|{ws}\\.git\\config|+|ping");
    agent_go(&agent);
    EXPECT(probe_judge(&agent.run).outcome == PROBE_SUCCEEDED, "%s", agent_story(&agent));
    EXPECT(!exists(f("%s\\.git\\hooks\\pre-commit", fx.ws)), "the hook is still there");
    EXPECT(result_has_text(&agent, "protected", ".git") || agent.run.code == PROBE_DENIED,
        "the result does not name it: %s", agent_story(&agent));
    agent_probe(&next, "seq|create|{ws}\\ping.tmp|+|overwrite|{ws}\\.git\\config");
    agent_go(&next);
    EXPECT(probe_judge(&next.run).outcome != PROBE_SUCCEEDED, "the next run may write to it: %s",
        agent_story(&next));
}

static void created_other(const struct row *row)
{
    struct agent agent = {0};
    (void)row;
    agent_probe(&agent, "seq|mkdir|{ws}\\.vscode|+|create|{ws}\\.vscode\\tasks.json|+|create|"
                        "{ws}\\.mcp.json|+|ping");
    agent_go(&agent);
    EXPECT(probe_judge(&agent.run).outcome == PROBE_SUCCEEDED, "%s", agent_story(&agent));
    EXPECT(!exists(f("%s\\.vscode\\tasks.json", fx.ws)) && !exists(f("%s\\.mcp.json", fx.ws)),
        "a protected name that the command made is in force after it: %s", snapshot(fx.ws));
    EXPECT(result_has_text(&agent, "protected", ".vscode") &&
               result_has_text(&agent, "protected", ".mcp.json"),
        "the result does not name them: %s", agent_story(&agent));
}

/* Our own state: made by a first run, then attacked. */
static void state_directory(const struct row *row)
{
    struct agent first = {0}, agent = {0};
    char *dir = expand("{local}\\AgentSandbox"), *name = f("suite-%lu.txt", GetCurrentProcessId());
    (void)row;
    agent_probe(&first, "ping");
    agent_go(&first);
    make_dir(dir);
    struct run twin = {0};
    probe_words(&twin, f("seq|create|%s\\%s|+|delete|%s\\%s", dir, name, dir, name));
    run_all(&twin);
    CHECK(probe_judge(&twin).first == PROBE_SUCCEEDED, "the twin: %.300s", twin.out_text);
    agent_probe(&agent, f("seq|create|{ws}\\ping.tmp|+|create|%s\\%s", dir, name));
    agent_go(&agent);
    EXPECT(probe_judge(&agent.run).first == PROBE_SUCCEEDED &&
               probe_judge(&agent.run).outcome == PROBE_DENIED &&
               probe_judge(&agent.run).error == 5,
        "%s", agent_story(&agent));
    EXPECT(!exists(f("%s\\%s", dir, name)), "the file was made");
    remove_tree(f("%s\\%s", dir, name));
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
    ATTACK("F01a", "outside__write__denied", 0, write_out),
    ATTACK("F01b", "outside__append__denied", 0, append_out),
    ATTACK("F01c", "outside__truncate__denied", 0, truncate_out),
    ATTACK("F01d", "outside__delete__denied", 0, delete_out),
    ATTACK("F01e", "outside__delete_on_close__denied", 0, close_out),
    ATTACK("F01f", "outside__rename__denied", 0, rename_out),
    ATTACK("F01g", "outside__rename_into_root__denied", 0, steal_out),
    ATTACK("F01h", "outside__rename_out_of_root__denied", 0, push_out),
    ATTACK("F01i", "outside__replace_by_rename__denied", 0, replace_out),
    ATTACK("F01j", "outside__mkdir__denied", 0, mkdir_out),
    ATTACK("F01k", "outside__delete_tree__denied", 0, rmdir_out),
    ATTACK("F01l", "outside__attributes__denied", 0, attributes_out),
    ATTACK("F01m", "outside__mapped_write__denied", 0, map_out),
    ATTACK("F01n", "outside__rewrite_dacl__denied", 0, dacl_out),
    ATTACK("F01o", "outside__take_ownership__denied", 0, owner_out),
    ATTACK("F01p", "outside__write_by_grandchild__denied", 0, deep_out),
    ATTACK("F01q", "outside__write_by_cmd_in_cmd__denied", 0, cmd_out),
    ATTACK("F01r", "outside__create_beside_root__denied", 0, base_out),
    ATTACK("F01t", "profile__create__denied", 0, home),
    ATTACK("F01u", "startup_folder__create__denied", 0, startup),
    ATTACK("F01v", "windows__create__denied", 0, windows),
    ATTACK("F01w", "program_files__create__denied", 0, program_files),
    ATTACK("F02a", "open_to_everyone__write__denied_or_residual", 0, everyone),
    ATTACK("F02b", "open_to_everyone__write_under_strict__denied", 0, everyone_strict),
    ATTACK("F03a", "volume_root__mkdir__denied", 0, volume_root),
    ATTACK("F03b", "open_to_authenticated_users__write__denied", 0, authenticated),
    ATTACK("F04a", "public_folder__create__denied", 0, public_dir),
    ATTACK("F04b", "open_to_interactive__write__denied", 0, interactive),
    ATTACK("F05a", "program_data__create__denied", 0, program_data),
    ATTACK("F05b", "windows_temp__create__denied", 0, windows_temp),
    ATTACK("F05c", "windows_tasks__create__denied", 0, windows_tasks),
    ATTACK("F05d", "spool_color__create__denied", 0, spool_color),
    ATTACK("F05e", "open_to_users__write__denied", 0, users),
    ATTACK("F05f", "open_to_owner_only__write__denied", 0, owner_only),
    ATTACK("F15a", "git__delete_whole_tree__denied", 0, git_tree),
    ATTACK("F15b", "git__delete_config__denied", 0, git_delete),
    ATTACK("F15c", "git__swap_for_a_new_one__denied", 0, git_swap),
    ATTACK("F16a", "git__rename__denied", 0, git_rename),
    ATTACK("F16b", "git__rename_its_parent_away__denied", 0, root_rename),
    ATTACK("F16c", "git__rename_its_parent_into_another_root__denied", 0, root_rename_in),
    ATTACK("F16d", "root__delete_itself__denied", 0, root_delete),
    CASE("F17a", "git__made_by_the_command__hooks_emptied", 0, created_git),
    CASE("F17b", "other_protected_name__made_by_the_command__quarantined", 0, created_other),
    ATTACK("F17c", "git__write_config__denied", 0, git_config),
    ATTACK("F17d", "git__create_hook__denied", 0, git_hook),
    ATTACK("F17e", "git__write_hook__denied", 0, git_hook_write),
    ATTACK("F17f", "git__write_hook_by_grandchild__denied", 0, git_grandchild),
    ATTACK("F17g", "git__write_hook_by_cmd__denied", 0, git_cmd),
    ATTACK("F17h", "git__read__works", 0, git_read),
    ATTACK("F17i", "git__hard_link_then_write__denied", NEED(FACT_HARDLINK), git_link),
    ATTACK("F17j", "vscode__write__denied", 0, vscode),
    ATTACK("F17k", "mcp_json__write__denied", 0, mcp),
    ATTACK("F17l", "mcp_json__delete__denied", 0, mcp_delete),
    CASE("F17m", "git__made_anew_between_runs__denied", 0, deny_put_back),
    ATTACK("F25a", "own_folder__rewrite_dacl__denied", 0, own_dacl),
    ATTACK("F25b", "own_file__rewrite_dacl__denied", 0, own_file_dacl),
    ATTACK("F25g", "own_file__take_ownership__denied", 0, own_owner),
    ATTACK("F25c", "git__rewrite_dacl__denied", 0, git_dacl),
    ATTACK("F25d", "git__take_ownership__denied", 0, git_owner),
    ATTACK("F25e", "root__rewrite_dacl__denied", 0, root_dacl),
    ATTACK("F25f", "root__take_ownership__denied", 0, root_owner),
    CASE("F26a", "grant_of_a_wider_run__narrower_run__denied", 0, stale_grant),
    CASE("F26b", "grant_of_a_write_run__read_only_run__denied", 0, read_only_after_write),
    CASE("F26c", "grant_of_an_old_folder__new_one_there__denied", 0, new_at_old_path),
    CASE("F27", "session_a__root_of_session_b__denied", 0, other_session),
    ATTACK("F28a", "deny_write__create_in_it__denied", 0, deny_write),
    ATTACK("F28b", "deny_write__write_the_file__denied", 0, deny_write_file),
    ATTACK("F28c", "deny_write__delete_the_file__denied", 0, deny_write_delete),
    ATTACK("F28d", "deny_write__rename_it__denied", 0, deny_write_rename),
    CASE("F33", "state_of_the_sandbox__create__denied", 0, state_directory),
};
const struct row_set rows_files = {rows, countof(rows)};
