/*
 * A row's verdict. The row's process speaks to its parent through standard output, line by line:
 *   "# text"                 diagnostics
 *   "!fact N 0|1 evidence"   what the machine can do
 *   "!skip reason"
 * and by its exit code: 0 passed, 1 failed, 77 skipped; anything else is a crash.
 */
#include "suite.h"

static bool failed, skipped;
static signed char fact_values[FACT_COUNT];
static char *fact_texts[FACT_COUNT];

const char *const fact_names[FACT_COUNT] = {
    [FACT_PROGRAMS] = "programs",
    [FACT_ACL] = "volume ACLs",
    [FACT_RESTRICT] = "restricting SIDs",
    [FACT_ADMIN] = "administrator",
    [FACT_WINE] = "Wine",
    [FACT_PROCESS] = "process access checks",
    [FACT_REGISTRY] = "registry access checks",
    [FACT_PIPE] = "pipe access checks",
    [FACT_JUNCTION] = "junctions",
    [FACT_STREAM] = "alternate streams",
    [FACT_SHORT] = "short names",
    [FACT_HARDLINK] = "hard links",
    [FACT_JOB_SEEN] = "job limits seen from inside",
    [FACT_JOB_COUNT] = "job process limit",
    [FACT_JOB_MEMORY] = "job memory limit",
    [FACT_CONSOLE] = "console control events",
    [FACT_ATTACH] = "console attachment",
    [FACT_CONSOLE_HELD] = "console access checks",
    [FACT_SURROGATE] = "lone surrogates on a command line",
    [FACT_POWERSHELL] = "powershell",
    [FACT_GIT] = "git",
    [FACT_CURL] = "curl",
    [FACT_PYTHON] = "python",
    [FACT_ACCOUNTS] = "local accounts",
    [FACT_LOGON] = "logon checks",
    [FACT_NETLOGON] = "network logons",
    [FACT_SECLOGON] = "secondary logon",
    [FACT_FENCE] = "filter engine",
    [FACT_FREE] = "machine without an installation",
    [FACT_PRODUCT] = "installation by sandbox-setup",
    [FACT_SETUP] = "accounts set up",
};

static void say(const char *prefix, const char *text)
{
    /* One line each, so that text of a program cannot be taken for a verdict. */
    char *copy = f("%s%s", prefix, text), *p = copy + strlen(prefix);
    size_t length = strlen(copy);
    DWORD done = 0;
    for (; *p; p++)
        if ((unsigned char)*p < 0x20)
            *p = ' ';
    copy[length++] = '\n'; /* over the terminating NUL: the length is what counts */
    WriteFile(GetStdHandle(STD_OUTPUT_HANDLE), copy, (DWORD)length, &done, NULL);
    free(copy);
}

static char *format_list(const char *format, va_list list)
{
    char text[4096];
    vsnprintf(text, sizeof text, format, list);
    return f("%s", text);
}

void diag(const char *format, ...)
{
    va_list list;
    va_start(list, format);
    say("# ", format_list(format, list));
    va_end(list);
}

void fail_at(const char *file, int line, const char *format, ...)
{
    va_list list;
    va_start(list, format);
    const char *base = strrchr(file, '/');
    say("# ", f("%s (%s:%d)", format_list(format, list), base ? base + 1 : file, line));
    va_end(list);
    failed = true;
}

void skip(const char *format, ...)
{
    va_list list;
    va_start(list, format);
    if (!skipped)
        say("!skip ", format_list(format, list));
    va_end(list);
    skipped = true;
}

bool row_failed(void)
{
    return failed;
}

void fact_set(enum fact which, bool value, const char *format, ...)
{
    va_list list;
    va_start(list, format);
    fact_texts[which] = format_list(format, list);
    va_end(list);
    fact_values[which] = value ? 1 : -1;
    say("!fact ", f("%d %d %s", which, value, fact_texts[which]));
    if (!value)
        skip("%s", fact_texts[which]);
}

void fact_note(const char *line)
{
    char *end = NULL;
    unsigned long which = strtoul(line, &end, 10);
    if (which < FACT_COUNT && end[0] == ' ' && end[1]) {
        fact_values[which] = end[1] == '1' ? 1 : -1;
        fact_texts[which] = f("%s", end[2] ? end + 3 : "");
    }
}

/* The parent hands the facts down in a variable: "N 0|1 evidence", one a line. */
static void load_facts(void)
{
    static bool loaded;
    char *text = loaded ? NULL : env("SUITE_FACTS");
    loaded = true;
    for (char *line = text ? strtok(text, "\n") : NULL; line; line = strtok(NULL, "\n"))
        fact_note(line);
}

bool fact(enum fact which)
{
    load_facts();
    return fact_values[which] > 0;
}

const char *fact_evidence(enum fact which)
{
    load_facts();
    if (!fact_texts[which] && (which == FACT_SETUP || which == FACT_PRODUCT))
        return which == FACT_SETUP ? "neither U02 nor U03 has set up here"
                                   : "U02 has not installed here";
    return fact_texts[which] ? fact_texts[which] : "the row that finds this out did not answer";
}

const char *needs_missing(uint64_t needs)
{
    if (needs & NEED_ELEVATED && !opt.elevated)
        return "needs an administrator: run with --elevated";
    if (needs & (NEED_RUN | NEED_HELD) && !fact(FACT_PROGRAMS))
        return fact_evidence(FACT_PROGRAMS);
    if (needs & NEED_HELD && !fact(FACT_ACL))
        return f("this platform keeps no file ACLs: %s", fact_evidence(FACT_ACL));
    if (needs & (NEED_RUN | NEED_HELD) && !fact(FACT_RESTRICT) &&
        (needs & NEED_HELD || !opt.unconfined))
        return f("this platform ignores restricting SIDs: %s", fact_evidence(FACT_RESTRICT));
    if (needs & NEED_HELD && opt.unconfined)
        return "started with --unconfined: no run is confined";
    for (int i = 0; i < FACT_COUNT; i++)
        if (needs & NEED(i) && !fact((enum fact)i))
            return f("no %s: %s", fact_names[i], fact_evidence((enum fact)i));
    return NULL;
}

bool row_needs_process(const struct row *row)
{
    return !needs_missing(row->needs) ||
           (row->run == attack_run && !needs_missing(row->needs & ~NEED_HELD));
}

int row_main(const struct row *row)
{
    const char *missing = needs_missing(row->needs);
    if (missing) {
        if (row_needs_process(row)) {
            fixture_make(row->id);
            attack_twin(row);
            fixture_remove();
        }
        if (failed)
            return 1;
        skip("%s", missing);
        return 77;
    }
    fixture_make(row->id);
    row->run(row);
    fixture_remove();
    return failed ? 1 : skipped ? 77 : 0;
}
