/*
 * Events, mutexes and sections by name: whether a command can make them in its session, whether the
 * result tells the truth about that, what a run changes in the lists of object directories while it
 * lasts and after, and what a command cannot do there. Nothing here assumes what the lists say.
 */
#include "suite.h"
#include <sddl.h>

static const char *const kinds[] = {"event", "mutex", "section"};

/* --- what the result says, and what the command could do --- */

static char *object_name(const char *space, const char *kind)
{
    return f("%s\\sbx-suite-%s-%lu", space, kind, GetCurrentProcessId());
}

/* Steps for the probe, with a bar before each. */
static char *steps(void)
{
    char *text = f("%s", "");
    for (size_t i = 0; i < countof(kinds); i++)
        text = f("%s%s|named|%s|%s", text, i ? "|+" : "", kinds[i], object_name("Local", kinds[i]));
    return text + 1;
}

/* The kinds that it made and opened, and in words what became of each. */
static size_t made(const struct run *run, char **ret_words)
{
    size_t count = 0;
    *ret_words = f("%s", "");
    for (size_t i = 0; i < countof(kinds); i++) {
        const char *line = run->out_text ? strstr(run->out_text, f(" named %s ", kinds[i])) : NULL;
        const char *start = line;
        while (start && start > run->out_text && start[-1] != '\n')
            start--;
        char *words = start ? f("%.*s", (int)(line - start), start) : f("not tried");
        count += !strcmp(words, "= SUCCEEDED 0");
        *ret_words = f("%s%s%s %s", *ret_words, i ? ", " : "", kinds[i], words);
    }
    return count;
}

static void must_agree(const char *said, const struct run *run, const char *recipe)
{
    char *words = NULL;
    size_t count = made(run, &words);
    diag("recipe %s: the result says %s; inside: %s", recipe, said, words);
    EXPECT(!strstr(words, "not tried"), "a step is missing: %s", words);
    if (!strcmp(said, "available"))
        EXPECT(count == countof(kinds), "the result says available; inside: %s", words);
    else if (!strcmp(said, "unavailable"))
        EXPECT(count < countof(kinds), "the result says unavailable; inside: %s", words);
    else if (!strcmp(said, "unknown"))
        skip("the runner cannot try it on this machine; inside: %s", words);
    else
        EXPECT(false, "the result says '%s'", said);
}

/* Outside, the user makes all of them, or this session cannot show anything. */
static bool twin_makes_all(const char *image)
{
    struct run twin = {.image = image};
    char *words = NULL, *text = f("seq|%s", steps());
    for (char *p = strtok(text, "|"); p; p = strtok(NULL, "|"))
        run_arg(&twin, p);
    run_all(&twin);
    if (made(&twin, &words) == countof(kinds))
        return true;
    skip("outside the sandbox, this user cannot make them either: %s", words);
    return false;
}

static void agrees(const struct row *row)
{
    struct agent agent = {0};
    if (!twin_makes_all(probe_path()))
        return;
    agent_opt(&agent, "--token", row->data, NULL);
    agent_probe(&agent, f("seq|create|{ws}\\ping.tmp|+|%s", steps()));
    agent_go(&agent);
    if (strcmp(row->data, "standard") != 0 && !strcmp(result_text(&agent, "ended"), "exit") &&
        agent.run.code >= 0x80 && !strstr(agent.run.out_text, "= ")) {
        skip("no program starts under recipe '%s' here: %s", (const char *)row->data,
            agent_story(&agent));
        return;
    }
    EXPECT(probe_judge(&agent.run).first == PROBE_SUCCEEDED, "ping: %s", agent_story(&agent));
    must_agree(result_text(&agent, "namedObjects"), &agent.run, row->data);
}

static bool recipe_does_not_start(const struct run *run, const char *recipe)
{
    if (!strcmp(recipe, "standard") || strstr(run->out_text, "= ") || run->code < 0x80 ||
        !strstr(run->err_text, "ended=exit"))
        return false;
    skip("no program starts under recipe '%s' here: %s", recipe, story(run));
    return true;
}

/* What hopdriver says of the runner's result: "names=WORD ". */
static const char *names_said(const struct run *run)
{
    const char *at = strstr(run->err_text, " names=");
    return at ? f("%.*s", (int)strcspn(at + 7, " "), at + 7) : "";
}

static void hop_agrees(const struct row *row)
{
    if (!twin_makes_all(tool("probe.exe")))
        return;
    struct run *run = hop(SUITE_OFFLINE, f("recipe=%s", (const char *)row->data), tool("probe.exe"),
        "seq", "named", "event", object_name("Local", "event"), "+", "named", "mutex",
        object_name("Local", "mutex"), "+", "named", "section", object_name("Local", "section"),
        NULL);
    if (recipe_does_not_start(run, row->data))
        return;
    EXPECT(strstr(run->err_text, "confined=1"), "%s", story(run));
    must_agree(names_said(run), run, row->data);
}

/* --- what a run changes --- */

/* The command's event, made in this session: seen from outside, whatever its own list says. */
static bool name_exists(const char *name)
{
    HANDLE event = OpenEventW(SYNCHRONIZE, FALSE, w(name));
    DWORD code = GetLastError();
    if (event)
        CloseHandle(event);
    return event || code == ERROR_ACCESS_DENIED;
}

static bool wait_for_name(const char *name)
{
    ULONGLONG end = GetTickCount64() + 15000ull * opt.slow;
    while (!name_exists(name) && GetTickCount64() < end)
        Sleep(50);
    return name_exists(name);
}

/* `run` is started and makes the event in its session; it ends by itself. */
static void must_leave_the_lists(struct run *run, bool may_grant)
{
    char *name = object_name("Local", "event"), *global = object_name("Global", "event");
    struct list before = list_of(session_directory()), now, after;
    char *others = other_lists();
    CHECK(!name_exists(name), "'%s' is there before the run", name);
    CHECK(run_start(run), "it did not start: error %lu", run->start_error);
    bool seen = wait_for_name(name);
    now = list_of(session_directory());
    if (seen && session_number())
        EXPECT(!name_exists(global), "made outside of the session's directory, too");
    else if (seen)
        diag("session 0: its directory is the machine's");
    if (may_grant && session_number())
        must_be_of_a_run(&before, &now);
    else
        EXPECT(!strcmp(list_text(&before), list_text(&now)), "before %s; while it runs %s",
            list_text(&before), list_text(&now));
    EXPECT(!strcmp(others, other_lists()), "while it runs, of others: before %s; now %s", others,
        other_lists());
    run_finish(run);
    after = list_of(session_directory());
    EXPECT(!strcmp(list_text(&before), list_text(&after)), "before %s; after %s",
        list_text(&before), list_text(&after));
    EXPECT(!strcmp(others, other_lists()), "after, of others: before %s; now %s", others,
        other_lists());
    EXPECT(!name_exists(name), "the command's event is left");
    if (before.evidence)
        skip("what stands in the list is not seen: %s", before.evidence);
    else if (!seen)
        skip("the command makes no event here: %s", story(run));
}

static void lists_kept(const struct row *row)
{
    struct run run = {.image = agent_path(), .cwd = fx.ws};
    (void)row;
    run_args(&run, "run", "--cwd", fx.ws, "--", probe_path(), "seq", "named", "event",
        object_name("Local", "event"), "+", "sleep", "2000", NULL);
    must_leave_the_lists(&run, false);
    EXPECT(strstr(run.out_text, " named event "), "it did not try: %s", story(&run));
}

static void hop_lists_kept(const struct row *row)
{
    struct run run = {.image = helper("hopdriver.exe"), .limit_ms = 60000};
    run_args(&run, "run", installed_dir(), SUITE_OFFLINE, f("cwd=%s", system_directory()),
        f("recipe=%s", (const char *)row->data), "--", tool("probe.exe"), "seq", "named", "event",
        object_name("Local", "event"), "+", "sleep", "2000", NULL);
    must_leave_the_lists(&run, strcmp(row->data, "standard") != 0);
    if (!recipe_does_not_start(&run, row->data))
        EXPECT(strstr(run.out_text, " named event "), "it did not try: %s", story(&run));
}

/* --- what a command cannot do --- */

/* Objects of the user's own: what is in them, and who may. */
static void users_object(const struct row *row)
{
    SECURITY_ATTRIBUTES attributes = {sizeof attributes, NULL, FALSE};
    const char *kind = row->data;
    char *name = object_name("Local", kind);
    ConvertStringSecurityDescriptorToSecurityDescriptorW(
        w(expand("D:P(A;;GA;;;{user})(A;;GA;;;SY)")), SDDL_REVISION_1,
        &attributes.lpSecurityDescriptor, NULL);
    HANDLE object = !strcmp(kind, "mutex") ? CreateMutexW(&attributes, FALSE, w(name))
                                           : CreateFileMappingW(INVALID_HANDLE_VALUE, &attributes,
                                                 PAGE_READWRITE, 0, 4096, w(name));
    CHECK(object, "no %s: error %lu", kind, GetLastError());
    struct attack attack = {.command = f("named-open|%s|%s", kind, name),
        .error = ERROR_ACCESS_DENIED,
        .flags = ATTACK_NO_CHANGE | ATTACK_PLATFORM};
    struct row inner = *row;
    inner.data = &attack;
    attack_run(&inner);
    CloseHandle(object);
}

static const struct attack change_list = {.command = "directory|session|40000",
    .error = ERROR_ACCESS_DENIED,
    .flags = ATTACK_NO_CHANGE | ATTACK_TWIN_MAY_FAIL | ATTACK_PLATFORM};
static const struct attack take_over = {.command = "directory|session|80000",
    .error = ERROR_ACCESS_DENIED,
    .flags = ATTACK_NO_CHANGE | ATTACK_TWIN_MAY_FAIL | ATTACK_PLATFORM};

/* Each right by which the account could keep what it has for the run, or give it to others. */
static void hop_changes_list(const struct row *row)
{
    static const char *const rights[] = {"40000", "80000", "10000"};
    for (size_t i = 0; i < countof(rights); i++) {
        struct run *twin = call(tool("probe.exe"), "directory", "session", rights[i], NULL);
        struct run *run = hop(SUITE_OFFLINE, f("recipe=%s", (const char *)row->data),
            tool("probe.exe"), "directory", "session", rights[i], NULL);
        if (recipe_does_not_start(run, row->data))
            return;
        EXPECT(strstr(run->err_text, "confined=1"), "%s", story(run));
        EXPECT(run->code == PROBE_DENIED, "right %s: %s", rights[i], story(run));
        if (twin->code != PROBE_SUCCEEDED)
            skip("this administrator does not get right %s either: %s", rights[i], story(twin));
    }
}

#define CASE(id, name, needs, function, data)                                                      \
    {                                                                                              \
        id, name, (needs), 0, function, data                                                       \
    }
static const struct row rows[] = {
    CASE("O01a", "named_objects__standard__result_and_command_agree", NEED_RUN, agrees, "standard"),
    CASE("O01b", "named_objects__isolated__result_and_command_agree", NEED_RUN, agrees, "isolated"),
    CASE("O01c", "named_objects__strict__result_and_command_agree", NEED_RUN, agrees, "strict"),
    CASE("O02", "named_objects__lists_of_directories__as_before", NEED_HELD, lists_kept, NULL),
    CASE("O03a", "users_mutex__take_over__denied", NEED_HELD, users_object, "mutex"),
    CASE("O03b", "users_section__write__denied", NEED_HELD, users_object, "section"),
    CASE("O04a", "session_directory__change_list__denied", NEED_HELD, attack_run, &change_list),
    CASE("O04b", "session_directory__take_ownership__denied", NEED_HELD, attack_run, &take_over),
};
const struct row_set rows_objects = {rows, countof(rows)};

#define HOPS                                                                                       \
    (NEED_ELEVATED | NEED(FACT_SETUP) | NEED(FACT_SECLOGON) | NEED(FACT_ACL) | NEED(FACT_RESTRICT))
static const struct row hop_rows[] = {
    CASE("U32a", "hop_objects__standard__result_and_command_agree", HOPS, hop_agrees, "standard"),
    CASE("U32b", "hop_objects__isolated__result_and_command_agree", HOPS, hop_agrees, "isolated"),
    CASE("U32c", "hop_objects__strict__result_and_command_agree", HOPS, hop_agrees, "strict"),
    CASE("U33a", "hop_objects__standard__no_list_changed", HOPS, hop_lists_kept, "standard"),
    CASE("U33b", "hop_objects__isolated__own_entries_and_only_for_the_run", HOPS, hop_lists_kept,
        "isolated"),
    CASE("U34a", "hop_objects__standard__change_the_sessions_list__denied", HOPS, hop_changes_list,
        "standard"),
    CASE("U34b", "hop_objects__isolated__change_the_sessions_list__denied", HOPS, hop_changes_list,
        "isolated"),
};
const struct row_set rows_hop_objects = {hop_rows, countof(hop_rows)};
