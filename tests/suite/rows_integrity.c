/*
 * What the result says of things that outlive a command and act later: protected names, hooks and
 * configuration, links out of the root, and what a background run leaves behind.
 */
#include "suite.h"

static const cJSON *of(const struct agent *agent, const char *key)
{
    return cJSON_GetObjectItemCaseSensitive(
        cJSON_GetObjectItemCaseSensitive(agent->result, "integrity"), key);
}

/* An element of integrity.LIST whose "path" ends so; NULL. */
static const cJSON *find(const struct agent *agent, const char *list, const char *end)
{
    const cJSON *item;
    cJSON_ArrayForEach(item, of(agent, list))
    {
        const cJSON *path = cJSON_GetObjectItemCaseSensitive(item, "path");
        size_t length = cJSON_IsString(path) ? strlen(path->valuestring) : 0;
        if (length > strlen(end) && !strcmp(path->valuestring + length - strlen(end), end))
            return item;
    }
    return NULL;
}

static bool says(const cJSON *item, const char *key, const char *value)
{
    const cJSON *at = cJSON_GetObjectItemCaseSensitive(item, key);
    return cJSON_IsString(at) && !strcmp(at->valuestring, value);
}

static char *all(const struct agent *agent)
{
    return agent->result ? cJSON_PrintUnformatted(agent->result) : f("no result");
}

/* --- git: "write" --- */

static void git_write(const struct row *row)
{
    struct agent agent = {0};
    char *policy = f("%s\\policy.json", fx.res);
    (void)row;
    write_file(policy, "{\"git\":\"write\"}");
    agent_opt(&agent, "--policy", policy, NULL);
    agent_probe(&agent, "seq|append|{ws}\\.git\\HEAD|+|create|{ws}\\.git\\config.worktree|+|create|"
                        "{ws}\\.git\\commondir");
    agent_go(&agent);
    CHECK(probe_judge(&agent.run).first == PROBE_SUCCEEDED, "git may be written: %s",
        agent_story(&agent));
    EXPECT(says(find(&agent, "changed", "\\.git\\config.worktree"), "what", "created"),
        "config.worktree is not named: %s", all(&agent));
    EXPECT(!find(&agent, "changed", "\\.git\\HEAD"), "HEAD is git's own: %s", all(&agent));
    /* It would send git to another folder: moved aside, and said. */
    EXPECT(result_has_text(&agent, "protected", "commondir") &&
               result_has_text(&agent, "protected", "quarantined"),
        "commondir is not named: %s", all(&agent));
    EXPECT(!exists(f("%s\\.git\\commondir", fx.ws)), "commondir is still there");
}

/* --- a repository made inside --- */

static void hooks_made(const struct row *row)
{
    struct agent agent = {0};
    (void)row;
    agent_probe(&agent, "seq|mkdir|{ws}\\new|+|mkdir|{ws}\\new\\.git|+|mkdir|{ws}\\new\\.git\\hooks"
                        "|+|create|{ws}\\new\\.git\\hooks\\pre-commit");
    agent_go(&agent);
    CHECK(agent.run.code == PROBE_SUCCEEDED, "%s", agent_story(&agent));
    EXPECT(result_has_text(&agent, "protected", "new\\\\.git"), "not named: %s", all(&agent));
    /* A lost watch (Wine now and then) leaves it and says so. */
    EXPECT(!exists(f("%s\\new\\.git\\hooks\\pre-commit", fx.ws)) ||
               result_has_text(&agent, "protected", "reported"),
        "the hook is still in its place: %s", all(&agent));
}

/* --- links --- */

static void hard_links(const struct row *row)
{
    struct agent agent = {0};
    (void)row;
    agent_probe(&agent, "seq|hardlink|{ws}\\inside.txt|{ws}\\keep.txt|+|hardlink|{ws}\\leaves.txt|"
                        "{out}\\target.txt");
    agent_go(&agent);
    CHECK(probe_judge(&agent.run).first == PROBE_SUCCEEDED, "%s", agent_story(&agent));
    const cJSON *inside = find(&agent, "links", "\\inside.txt");
    EXPECT(says(inside, "kind", "hardlink") &&
               !cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(inside, "leavesRoot")),
        "the second name is not listed: %s", all(&agent));
    if (agent.run.code != PROBE_SUCCEEDED) /* refused: nothing leaves, and nothing may be there */
        EXPECT(!exists(f("%s\\leaves.txt", fx.ws)), "refused, and made: %s", agent_story(&agent));
    else
        EXPECT(!cJSON_IsFalse(cJSON_GetObjectItemCaseSensitive(
                   find(&agent, "links", "\\leaves.txt"), "leavesRoot")) &&
                   find(&agent, "links", "\\leaves.txt"),
            "a name of a file outside is not listed: %s", all(&agent));
}

static void junctions(const struct row *row)
{
    struct agent agent = {0};
    (void)row;
    agent_probe(&agent, "seq|junction|{ws}\\out|{out}|+|junction|{ws}\\in|{ws}\\sub");
    agent_go(&agent);
    CHECK(agent.run.code == PROBE_SUCCEEDED, "%s", agent_story(&agent));
    const cJSON *out = find(&agent, "links", "\\ws\\out"), *in = find(&agent, "links", "\\ws\\in");
    EXPECT(says(out, "kind", "junction") &&
               cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(out, "leavesRoot")),
        "the junction out of the root is not named: %s", all(&agent));
    EXPECT(says(in, "kind", "junction") &&
               cJSON_IsFalse(cJSON_GetObjectItemCaseSensitive(in, "leavesRoot")),
        "the junction inside is not told apart: %s", all(&agent));
}

/* --- background --- */

/* Nobody watches what a background run leaves. The suite stands for such a process. */
static void background_left(const struct row *row)
{
    struct agent first = {0}, second = {0}, third = {0};
    (void)row;
    agent_opt(&first, "--background", NULL);
    agent_probe(&first, "ping");
    agent_go(&first);
    CHECK(first.run.code == PROBE_SUCCEEDED, "%s", agent_story(&first));
    EXPECT(cJSON_IsTrue(of(&first, "background")), "it does not say so: %s", all(&first));
    make_dir(f("%s\\.vscode", fx.ws));
    struct run audit = {.image = agent_path(), .cwd = fx.ws};
    run_args(&audit, "audit", "writable", fx.ws, "--json", NULL);
    run_all(&audit);
    EXPECT(audit.code == 1 && strstr(audit.out_text, "\"backgroundLeft\":[{") &&
               strstr(audit.out_text, ".vscode"),
        "the audit does not tell: %lu %.600s %.300s", audit.code, audit.out_text, audit.err_text);
    agent_probe(&second, "ping");
    agent_go(&second);
    EXPECT(result_has_text(&second, "protected", ".vscode") &&
               result_has_text(&second, "protected", "background run"),
        "the next run does not tell: %s", all(&second));
    agent_probe(&third, "ping");
    agent_go(&third);
    EXPECT(!result_has_text(&third, "protected", ".vscode"), "told twice: %s", all(&third));
}

static const struct row rows[] = {
    {"I01", "integrity__git_write__what_runs_is_named", NEED_RUN, 0, git_write, NULL},
    {"I02", "integrity__repository_made_inside__hooks_are_named", NEED_RUN, 0, hooks_made, NULL},
    {"I03", "integrity__hard_links__named_with_where_they_lead", NEED_HELD | NEED(FACT_HARDLINK), 0,
        hard_links, NULL},
    {"I04", "integrity__junctions__named_with_where_they_lead", NEED_HELD | NEED(FACT_JUNCTION), 0,
        junctions, NULL},
    {"I05", "integrity__left_by_a_background_run__told_once_by_the_next", NEED_RUN, 0,
        background_left, NULL},
};
const struct row_set rows_integrity = {rows, countof(rows)};
