/*
 * One attack, three times over:
 *   twin     the same command outside the sandbox; it must work and leave the trace we look for,
 *            or the row could not see a hole
 *   ping     a harmless step through the same path inside; it must work, or a sandbox that starts
 *            nothing would look safe
 *   attack   the command inside; it must be refused with the expected error, and nothing changed
 * The fixture is made anew between the twin and the attack.
 */
#include "suite.h"

struct command {
    bool external; /* "!image|arguments" instead of probe steps */
    char *image;
    struct run words;
};

static struct command parse(const char *text)
{
    struct command command = {.external = text[0] == '!'};
    probe_words(&command.words, command.external ? text + 1 : text);
    command.image = f("%s", probe_path());
    if (command.external) {
        command.image = f("%s", command.words.argv[0]);
        memmove(command.words.argv, command.words.argv + 1, sizeof command.words.argv[0] * 40);
        command.words.argc--;
        if (!strchr(command.image, '\\'))
            command.image = f("%s\\%s", system_directory(), command.image);
    }
    return command;
}

/* How one try went, whatever the command was. */
struct verdict {
    enum probe_outcome outcome, ping;
    DWORD error;
    char *line;
    bool changed, made; /* made: the watched object was not there before */
};

static void judge(
    struct verdict *verdict, const struct command *command, const struct run *run, bool changed)
{
    struct probe_result probe = probe_judge(run);
    verdict->changed = changed;
    if (command->external) {
        /* What counts is the trace: a shell's exit code does not always tell (Wine's cmd.exe). */
        verdict->outcome = changed ? PROBE_SUCCEEDED : PROBE_DENIED;
        verdict->line = f("exit code %lu, %s", run->code, changed ? "changed" : "unchanged");
        return;
    }
    verdict->outcome = probe.outcome;
    verdict->ping = probe.first;
    verdict->error = probe.error;
    verdict->line = probe.line;
}

static struct verdict outside(const struct attack *attack)
{
    struct verdict verdict = {0};
    struct command command = parse(attack->command);
    struct run run = {.image = command.image, .cwd = fx.ws};
    for (int i = 0; i < command.words.argc; i++)
        run_arg(&run, command.words.argv[i]);
    char *watch = expand(attack->watch ? attack->watch : "{out}"), *before = snapshot(watch);
    bool ended = run_all(&run);
    EXPECT(ended, "the twin did not run: error %lu", run.start_error);
    judge(&verdict, &command, &run, strcmp(before, snapshot(watch)) != 0);
    verdict.made = verdict.changed && !strcmp(before, "absent");
    return verdict;
}

static void add_options(struct agent *agent, const char *text)
{
    char *copy = text ? expand(text) : NULL;
    for (char *p = copy, *bar; p && *p; p = bar) {
        bar = strchr(p, '|');
        if (bar)
            *bar++ = 0;
        agent_opt(agent, p, NULL);
    }
}

/* The harmless step goes first in the same process where that is possible: always for the probe,
 * and for a line of cmd.exe in a writable workspace. Other programs get a run of their own before.
 */
static void external_command(
    struct agent *agent, const struct attack *attack, const struct command *command, bool read_only)
{
    bool shell = strstr(command->image, "cmd.exe") && !read_only;
    for (int i = 0; i < command->words.argc; i++) {
        bool last = shell && i + 1 == command->words.argc;
        agent_cmd(agent, f("%s%s", last ? "echo p>ping.tmp&" : "", command->words.argv[i]), NULL);
    }
    if (shell)
        return;
    struct agent ping = {0};
    add_options(&ping, attack->options);
    agent_probe(&ping, "spawn|read|{ws}\\keep.txt");
    EXPECT(agent_go(&ping) && probe_judge(&ping.run).outcome == PROBE_SUCCEEDED,
        "the ping inside failed: %s", agent_story(&ping));
}

static bool inside(const struct attack *attack, struct verdict *verdict, struct agent *agent)
{
    struct command command = parse(attack->command);
    bool read_only = attack->options && strstr(attack->options, "read-only");
    add_options(agent, attack->options);
    agent_cmd(agent, command.image, NULL);
    if (!command.external) {
        bool seq = !strcmp(command.words.argv[0], "seq");
        agent_cmd(agent, "seq", read_only ? "read" : "create", NULL);
        agent_cmd(agent, f(read_only ? "%s\\keep.txt" : "%s\\ping.tmp", fx.ws), "+", NULL);
        for (int i = seq; i < command.words.argc; i++)
            agent_cmd(agent, command.words.argv[i], NULL);
    } else {
        external_command(agent, attack, &command, read_only);
    }
    char *watch = expand(attack->watch ? attack->watch : "{out}"), *before = snapshot(watch);
    if (!agent_go(agent))
        return false;
    char *after = snapshot(watch);
    judge(verdict, &command, &agent->run, strcmp(before, after) != 0);
    if (!command.external)
        EXPECT(verdict->ping == PROBE_SUCCEEDED, "the ping inside failed: %s", agent_story(agent));
    else
        EXPECT(!strcmp(result_text(agent, "ended"), "exit") &&
                   (read_only || !strstr(command.image, "cmd.exe") ||
                       exists(f("%s\\ping.tmp", fx.ws))),
            "the program did not run, or its ping left no trace: %s", agent_story(agent));
    EXPECT(result_number(agent, "confined") == 1, "the result does not say \"confined\": true: %s",
        agent_story(agent));
    if (verdict->changed && !(attack->flags & ATTACK_WORKS))
        diag("before: %s after: %s", before, after);
    return true;
}

static void must_be_refused(
    const struct attack *attack, const struct verdict *verdict, const struct agent *agent)
{
    bool weak = !strcmp(result_text(agent, "recipe"), "standard") ||
                !strcmp(result_text(agent, "recipe"), "isolated");
    if (attack->flags & ATTACK_RESIDUAL && weak && verdict->outcome == PROBE_SUCCEEDED) {
        skip("residual with recipe %s: %s", result_text(agent, "recipe"), verdict->line);
        return;
    }
    bool also =
        attack->error2 && verdict->outcome != PROBE_SUCCEEDED && verdict->error == attack->error2;
    EXPECT(verdict->outcome == PROBE_DENIED || also, "inside, wanted DENIED, got: %s (%s)",
        verdict->line, agent_story(agent));
    if (verdict->outcome == PROBE_DENIED && attack->error)
        EXPECT(
            verdict->error == attack->error || (attack->error2 && verdict->error == attack->error2),
            "inside, wanted error %lu, got: %s", attack->error, verdict->line);
    EXPECT(!verdict->changed, "the target changed");
}

/* Returns false when the row is over. */
static bool try_twin(const struct attack *attack, struct verdict *twin)
{
    *twin = outside(attack);
    bool works =
        twin->outcome == PROBE_SUCCEEDED && (twin->changed || attack->flags & ATTACK_NO_CHANGE);
    if (twin->made)
        remove_tree(expand(attack->watch)); /* made somewhere outside the fixture */
    if (works || attack->flags & ATTACK_TWIN_MAY_FAIL) {
        if (!works)
            skip("the user itself is refused here, so this shows nothing of the sandbox: %s",
                twin->line);
        return true;
    }
    fail_at(__FILE__, __LINE__, "the twin outside must succeed, got: %s, %s", twin->line,
        twin->changed ? "changed" : "unchanged");
    return false;
}

void attack_twin(const struct row *row)
{
    const struct attack *attack = row->data;
    struct verdict twin = {0};
    if (attack->prepare)
        attack->prepare();
    if (!row_failed())
        try_twin(attack, &twin);
}

/* What the suite's own token tries: the attack, or the part of it that needs no granted folder. */
static const char *platform_trial(const struct attack *attack)
{
    static char trial[256];
    const char *from = strchr(attack->command, '|');
    size_t length = from ? strcspn(from + 1, "|") : 0;

    if (!(attack->flags & ATTACK_MOVES) || !length || length > 200)
        return attack->command;
    snprintf(trial, sizeof trial, "open|%.*s|10000", (int)length, from + 1);
    return trial;
}

void attack_run(const struct row *row)
{
    const struct attack *attack = row->data;
    struct verdict twin = {.outcome = PROBE_SUCCEEDED}, result = {0};
    struct agent agent = {0};
    if (attack->prepare)
        attack->prepare();
    if (row_failed())
        return;
    if (!(attack->flags & ATTACK_WORKS)) {
        if (!try_twin(attack, &twin))
            return;
        if (attack->flags & ATTACK_PLATFORM) {
            fixture_reset(); /* the twin has used the target up */
            if (attack->prepare)
                attack->prepare();
            struct probe_result own = restricted_try(platform_trial(attack));
            if (own.outcome == PROBE_SUCCEEDED) {
                skip("this platform does not check it: a write-restricted process of the suite's "
                     "own did the same: %s",
                    own.line);
                return;
            }
        }
        fixture_reset();
        if (attack->prepare)
            attack->prepare();
    }
    if (!inside(attack, &result, &agent))
        return;
    if (attack->flags & ATTACK_WORKS) {
        EXPECT(result.outcome == PROBE_SUCCEEDED, "inside, must work, got: %s (%s)", result.line,
            agent_story(&agent));
        EXPECT(result.changed || attack->flags & ATTACK_NO_CHANGE, "it left no trace");
        return;
    }
    if (twin.outcome != PROBE_SUCCEEDED)
        EXPECT(result.outcome != PROBE_SUCCEEDED && !result.changed,
            "refused to the user, but works inside: %s", result.line);
    else
        must_be_refused(attack, &result, &agent);
}
